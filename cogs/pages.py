"""Pure: the answers to commands and buttons, which only the member who asked can see."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from discord.ui import Button, Container, LayoutView, TextDisplay

from cogs.cards import button, card, rows
from cogs.escape import code, escape, plain, when
from cogs.marks import MARKDOWN
from cogs.people import mention
from core.cluster.port import InUse
from core.guilds.access import EVERYTHING, Rights, Share, Who
from core.guilds.refused import named
from core.servers import answer_text
from core.servers.card_text import listens, needed, needs, owner_of
from core.servers.following import Followed
from core.servers.sharing import Shares
from core.servers.views import ServerView
from core.text import count, say
from core.words import Desired, Phase, Sharer, ShareRole

PER_PAGE = 10
MOST_KEPT = 9
LONGEST_LABEL = 80
LONGEST = 3900
MORE = ("edit", "console", "logs", "share", "snapshots", "delete")


def created(view: ServerView, language: str) -> str:
    return say(language, "answer.created", name=_name(view))


def resumed(view: ServerView, language: str) -> str:
    return answer_text.resumed(view, language, MARKDOWN)


def pausing(view: ServerView, language: str) -> str:
    return answer_text.pausing(view, language, MARKDOWN)


def restarted(view: ServerView, language: str) -> str:
    return answer_text.restarted(view, language, MARKDOWN)


def kept(view: ServerView, language: str) -> str:
    return answer_text.kept(view, language, MARKDOWN)


def voted(view: ServerView, language: str) -> str:
    return answer_text.voted(view, language, MARKDOWN)


def idle(view: ServerView, language: str) -> str:
    return answer_text.idle(view, language, MARKDOWN)


def undone(view: ServerView, language: str) -> LayoutView:
    paused = view.desired is Desired.PAUSED
    said = say(language, "answer.undone" if paused else "answer.not_deleted", name=_name(view))
    return page_of(said, [button("resume", view.id, language)] if paused else [])


def deleted(view: ServerView, language: str) -> LayoutView:
    until = when(view.purge_at, "f") if view.purge_at else "…"
    text = say(language, "answer.deleted", name=_name(view), until=until)
    return page_of(text, [button("undo", view.id, language)])


def purging(view: ServerView, language: str) -> str:
    return say(language, "answer.purging", name=_name(view))


def kept_for_undo(views: Sequence[ServerView], language: str, why: str = "") -> LayoutView | str:
    """Deleted servers that can still be brought back, each with a way to let go of it before its time is over. `why`
    somebody is shown them."""
    if not views:
        return why or say(language, "kept.none")
    shown = views[:MOST_KEPT]
    lines = [why or say(language, "kept.intro"), ""]
    lines += [
        say(language, "kept.line", name=_name(view), until=when(view.purge_at, "f") if view.purge_at else "…")
        for view in shown
    ]
    lines += ["…"] if len(views) > len(shown) else []
    return page_of("\n".join(lines), [_purge(view, language) for view in shown])


def _purge(view: ServerView, language: str) -> Button[LayoutView]:
    made = button("purge", view.id, language)
    made.label = say(language, "button.purge", name=plain(view.name))[:LONGEST_LABEL]
    return made


def idling(view: ServerView, language: str) -> LayoutView | str:
    """The answer of `/server idle`: the rules, and a way to let go of the voice channel."""
    said = idle(view, language)
    if view.idle.voice is None and not view.idle.voice_gone:
        return said
    return page_of(said, [button("voice_off", view.id, language)])


def no_voice(view: ServerView, language: str) -> str:
    return f"{say(language, 'answer.voice_off', name=_name(view))} {idle(view, language)}"


def shared(shares: Shares, language: str, deleted: Collection[int] = ()) -> LayoutView | str:
    """With whom it is shared now, and what that means for everybody else. `deleted`: roles that are there no more."""
    name = _name(shares.server)
    lines = [say(language, "share.done" if shares.changed else "share.no_change", name=name)]
    for role in (ShareRole.MANAGER, ShareRole.PLAYER):
        them = ", ".join(_sharer(each, language, deleted) for each in shares.all if each.role == role)
        if them:
            lines.append(f"- {say(language, f'share.{role}s')} {them}")
    lines += who_shares(shares, language, deleted)
    text = "\n".join(lines)
    return page_of(text, [button("share_clean", shares.server.id, language)]) if deleted else text


def who_shares(shares: Shares, language: str, deleted: Collection[int] = ()) -> list[str]:
    """What that means for everybody else, and what removing deleted roles would change."""
    players = [each for each in shares.all if each.role == ShareRole.PLAYER]
    lines = [say(language, "share.closed" if players else "share.open")]
    if deleted and players and all(each.target in deleted for each in players):
        lines.append(say(language, "share.opens"))
    return lines


def _sharer(share: Share, language: str, deleted: Collection[int]) -> str:
    if share.target in deleted:
        return say(language, "share.deleted_role")
    return mention(Sharer(share.kind), share.target)


def followed(followed: Followed, language: str) -> str:
    state = "begins" if followed.follows else "ends" if followed.changed else "not"
    return say(language, f"follow.{state}", name=_name(followed.server))


def offered(view: ServerView, language: str, whom: int) -> str:
    return say(language, "transfer.offered", name=_name(view), whom=mention(Sharer.MEMBER, whom))


def taken(view: ServerView, language: str) -> str:
    return say(language, "transfer.taken", name=_name(view))


def inherited(view: ServerView, language: str) -> str:
    return say(language, "heir.taken", name=_name(view))


def declined(view: ServerView, language: str) -> str:
    return say(language, "transfer.declined", name=_name(view))


def join(view: ServerView, language: str) -> LayoutView | str:
    """Address, password and how to, or what has to happen first."""
    if view.phase is not Phase.RUNNING or view.address is None:
        return _not_up(view, language)
    lines = [f"### {escape(view.name)}", say(language, "card.address", address=code(view.address))]
    if view.url:
        lines.append(say(language, "card.open", url=view.url))
    lines += _needed(view, language)
    lines += [view.game.join.text] if view.game and view.game.join.text else []
    return page_of("\n".join(lines), [])


def more(view: ServerView, language: str, rights: Rights = EVERYTHING) -> LayoutView:
    """What the card has no room for, and the way to change it: for whoever has no right to that, who has."""
    verbs = () if view.desired is Desired.DELETED else [verb for verb in MORE if verb != "console" or listens(view)]
    mine = [verb for verb in verbs if rights.may(needs(verb))]
    others: dict[Who, list[str]] = {}
    for verb in verbs:
        if verb not in mine:
            others.setdefault(rights.who(needs(verb)), []).append(say(language, f"button.{verb}"))
    lines = [f"### {escape(view.name)}", "\n".join(answer_text.details(view, language, MARKDOWN))]
    lines += [
        f"-# {say(language, 'more.others', what=', '.join(what), who=named(who, language, escape))}"
        for who, what in others.items()
    ]
    return page_of("\n".join(lines), [button(verb, view.id, language) for verb in mine])


def show(view: ServerView, language: str, in_use: InUse | None = None, rights: Rights = EVERYTHING) -> LayoutView:
    """The card with the buttons that this member may use, and below it the details, with what it uses now where that is
    known."""
    layout = card(view, language, number=1, rights=rights)
    layout.add_item(Container(TextDisplay("\n".join(answer_text.details(view, language, MARKDOWN, in_use)))))
    return layout


def listing(
    views: Sequence[ServerView], language: str, *, whose: str, page: int = 0, reader: int | None = None
) -> LayoutView | str:
    """Ten to a page; a page beyond the last shows the last. What is offered to the reader comes first."""
    if not views:
        return say(language, f"list.none_{whose}")
    views = sorted(views, key=lambda view: not _is_offered(view, reader))
    buttons: list[Button[LayoutView]] = []
    last = (len(views) - 1) // PER_PAGE
    page = min(page, last)
    lines = [f"### {count(language, 'list.title', len(views))}"]
    for view in views[page * PER_PAGE : (page + 1) * PER_PAGE]:
        owner = owner_of(view.owner, language, MARKDOWN)
        lines += [
            f"**{escape(view.name)}** · {say(language, f'phase.{view.phase}')}{_crowd(view, language)}",
            f"-# {say(language, 'list.line', game=escape(view.game_name), owner=owner)}",
        ]
        if _is_offered(view, reader) and view.offered_until is not None:
            lines.append(say(language, "list.offered", until=when(view.offered_until, "f")))
            if not buttons:
                buttons = [button(verb, view.id, language) for verb in ("offer_take", "offer_decline")]
    if not last:
        return page_of("\n".join(lines), buttons)
    lines += ["", f"-# {say(language, 'list.page', page=page + 1, pages=last + 1)}"]
    turns = {"back": page - 1, "next": page + 1}
    buttons += [
        Button(label=say(language, f"button.{way}"), custom_id=f"dm:list:{whose}_{to}")
        for way, to in turns.items()
        if 0 <= to <= last
    ]
    return page_of("\n".join(lines), buttons)


def _is_offered(view: ServerView, reader: int | None) -> bool:
    return reader is not None and view.offered_to == reader


def page_of(text: str, buttons: list[Button[LayoutView]]) -> LayoutView:
    """A box of text with buttons below."""
    container: Container[LayoutView] = Container(TextDisplay(text if len(text) <= LONGEST else f"{text[:LONGEST]}…"))
    for row in rows(buttons):
        container.add_item(row)
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def _name(view: ServerView) -> str:
    return f"**{escape(view.name)}**"


def _not_up(view: ServerView, language: str) -> LayoutView | str:
    if view.desired is Desired.RUNNING:
        return say(language, "answer.not_up", name=_name(view))
    return page_of(say(language, "answer.not_on", name=_name(view)), [button("resume", view.id, language)])


def _crowd(view: ServerView, language: str) -> str:
    if view.phase is not Phase.RUNNING or not view.players_known:
        return ""
    return f" · {count(language, 'list.players', view.players_online)}"


def _needed(view: ServerView, language: str) -> list[str]:
    """What a player needs besides the address, as the game's entry of the catalogue says."""
    return [
        say(language, "answer.password", password=_spoiler(value))
        if setting.type == "secret"
        else f"{setting.label}: {code(value)}"
        for setting, value in needed(view)
    ]


def _spoiler(password: str) -> str:
    """Hidden until it is pressed. Escaping parts the bars inside, the spaces those at its ends."""
    return f"|| {escape(password)} ||" if "||" in password else f"||{code(password)}||"
