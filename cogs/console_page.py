"""Pure: what a game answered on its console, what it wrote, and the form for one more line.

All of it is text that players may have written: it stands in a code block that it cannot leave, or in a file.
"""

from __future__ import annotations

from collections.abc import Mapping

from discord.ui import Button, Container, File, Label, LayoutView, Modal, TextDisplay, TextInput

from cogs.cards import button, rows
from cogs.escape import block_of, escape
from cogs.replies import WithFile
from core.servers.console import LONGEST_LINE, GameLog, Sent
from core.servers.views import ServerView
from core.text import say

LINES = 20
"""Of a log, where nobody says how many."""
DRAFT = LINE = "line"
BEFORE = "before"
FILE = "log.txt"
MOST = 3000
"""Characters of a code block: the rest is in the file. Discord takes 4,000 in all."""
_TITLE = 45


def answer(sent: Sent, language: str) -> LayoutView | WithFile:
    """The line and the answer, as a terminal shows them."""
    view = sent.server
    shown, whole = block_of(f"> {sent.line}\n{sent.answer}", MOST)
    lines = [f"### {escape(view.name)}", shown]
    if not sent.answer.strip():
        lines.append(f"-# {say(language, 'console.silent')}")
    buttons = [button("console", view.id, language, label="console_again"), button("logs", view.id, language)]
    return _page(lines, buttons, language, "" if whole else sent.answer)


def log(found: GameLog, language: str) -> LayoutView | WithFile:
    """The newest lines, as far as a message takes them, and all of them as a file where there are more."""
    view = found.server
    shown, whole = block_of(found.text, MOST, newest=True)
    kind = "last_words" if found.last_words else BEFORE if found.before else ""
    lines = [f"### {escape(view.name)}"]
    if not shown:
        lines.append(say(language, "logs.none_before" if found.before else "logs.none"))
    elif kind:
        lines.append(say(language, f"logs.of_{kind}"))
    lines.append(shown)
    buttons = [button("logs", view.id, language, label="logs_again")]
    if not found.before and not found.last_words:
        before = button("logs", view.id, language, label="logs_before")
        before.custom_id = f"dm:logs:{view.id}:{BEFORE}"
        buttons.append(before)
    return _page(lines, buttons, language, "" if whole else found.text)


def form(view: ServerView, language: str, draft: Mapping[str, str] | None = None) -> Modal:
    """One line to the game's console."""
    title = say(language, "console.title", name=view.name)
    modal = Modal(title=title[:_TITLE], custom_id=f"dm:console_form:{view.id}", timeout=None)
    typed = (draft or {}).get(LINE, "")[:LONGEST_LINE]
    field: TextInput[Modal] = TextInput(custom_id=LINE, default=typed or None, required=True, max_length=LONGEST_LINE)
    modal.add_item(
        Label(text=say(language, "console.line"), description=say(language, "console.hint"), component=field)
    )
    return modal


def _page(lines: list[str], buttons: list[Button[LayoutView]], language: str, whole: str) -> LayoutView | WithFile:
    """`whole`: what goes into a file; empty: all is shown."""
    container: Container[LayoutView] = Container(TextDisplay("\n".join(filter(None, lines))))
    if whole:
        container.add_item(TextDisplay(f"-# {say(language, 'console.file')}"))
        container.add_item(File(f"attachment://{FILE}"))
    for row in rows(buttons):
        container.add_item(row)
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return WithFile(layout, FILE, whole.encode(errors="replace")) if whole else layout
