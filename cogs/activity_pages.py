"""Pure: the answers about activity as text, and what stands beside the picture. Both show the same figures."""

from __future__ import annotations

from discord.ui import Button, Container, LayoutView, MediaGallery, TextDisplay

from cogs.cards import button, rows
from cogs.escape import escape, plain
from cogs.marks import MARKDOWN
from cogs.replies import Answer, WithFile
from core.activity.report import Report
from core.activity.report_text import figures, lines, title
from core.text import say

PICTURE = "picture.png"
LONGEST_ALT = 1024


def page(found: Report, language: str, picture: bytes | None = None) -> Answer:
    """`picture` None: there is none, and the text says it all."""
    heading = f"### {title(found, language, escape(found.name))}"
    buttons: list[Button[LayoutView]] = []
    if found.may_forget and found.named and found.server:
        buttons = [button("forget", found.server, language)]
    container: Container[LayoutView] = Container(TextDisplay(heading))
    if picture is not None:
        gallery: MediaGallery[LayoutView] = MediaGallery()
        gallery.add_item(media=f"attachment://{PICTURE}", description=alt(found, language))
        container.add_item(gallery)
    container.add_item(TextDisplay(_said(found, language)))
    for row in rows(buttons):
        container.add_item(row)
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout if picture is None else WithFile(layout, PICTURE, picture)


def alt(found: Report, language: str) -> str:
    """The picture in words, for whoever does not see it."""
    said = [title(found, language, plain(found.name)), say(language, "activity.alt"), *figures(found, language)]
    return " ".join(said).replace("**", "")[:LONGEST_ALT]


def _said(found: Report, language: str) -> str:
    said = lines(found, language, MARKDOWN)
    return "\n".join(said if found.is_empty else [*said[:-1], f"-# {said[-1]}"])


def forgotten(name: str, language: str) -> str:
    return say(language, "forget.done", name=f"**{escape(name)}**")
