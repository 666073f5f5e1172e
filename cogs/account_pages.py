"""Pure: answers about one's account: the link, tokens, and being forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from discord import ButtonStyle
from discord.ui import Button, LayoutView

from cogs.escape import code, escape, when
from cogs.pages import page_of
from core.accounts.forgetting import Stays
from core.accounts.identities import Linked
from core.accounts.tokens import Token
from core.text import count, say


def link(address: str, linked: Linked | None, language: str) -> str:
    """`address` empty: there are no pages on which to sign in."""
    lines = [is_linked(linked, language) if linked else ""]
    lines.append(say(language, "account.link", address=address) if address else say(language, "account.link_off"))
    return "\n".join(filter(None, lines))


def unlinked(linked: Linked, language: str) -> str:
    return say(language, "account.unlinked", name=escape(linked.name), organisation=escape(linked.organisation))


def is_linked(linked: Linked, language: str) -> str:
    return say(language, "account.linked", name=escape(linked.name), organisation=escape(linked.organisation))


def made(token: Token, secret: str, language: str) -> str:
    """The one answer in which it can be read."""
    return "\n".join(
        [
            say(language, "account.token_made", name=escape(token.name), until=when(token.ends_at, "D")),
            f"||{code(secret)}||",
            _scopes(token, language),
        ]
    )


def tokens(found: Sequence[Token], language: str) -> str:
    if not found:
        return say(language, "account.no_tokens")
    lines = [f"### {say(language, 'account.tokens')}"]
    for each in found:
        used = when(each.used_at, "R") if each.used_at else say(language, "account.token_unused")
        lines.append(f"**{escape(each.name)}** · {code(each.id)}")
        lines.append(say(language, "account.token_is", until=when(each.ends_at, "D"), used=used))
        lines.append(f"-# {_scopes(each, language)}")
    return "\n".join(lines)


def revoked(token: Token, language: str) -> str:
    return say(language, "account.token_revoked", name=escape(token.name))


def ask_to_forget(stays: Stays, language: str) -> LayoutView:
    lines = [f"### {say(language, 'account.forget_title')}", say(language, "account.forget_erases")]
    lines += [*_stays(stays, language), say(language, "account.forget_ends")]
    yes: Button[LayoutView] = Button(
        style=ButtonStyle.danger, label=say(language, "button.account_forget"), custom_id="dm:account_forget"
    )
    return page_of("\n".join(lines), [yes])


def forgotten(stays: Stays, language: str) -> LayoutView:
    """In place of the question."""
    return page_of("\n".join([say(language, "account.forgotten"), *_stays(stays, language)]), [])


def _stays(stays: Stays, language: str) -> list[str]:
    owned = [count(language, "account.forget_servers", stays.servers)] if stays.servers else []
    return [*owned, say(language, "account.forget_stays")]


def _scopes(token: Token, language: str) -> str:
    return say(language, "account.token_scopes", scopes=", ".join(token.scopes))
