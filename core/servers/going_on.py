"""After a game's licence is accepted, what was asked for goes on by itself: once, however often that is pressed.

The licence is kept, and the question answered, in the transaction that starts the server, or not at all: whatever ends
before, a refusal or the process, leaves both as they were, and it can be pressed again. A file that was sent is not
kept here: then the licence alone is accepted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.errors import Refusal
from core.guilds.access import Actor, Do
from core.servers.lookup import Lookup
from core.servers.power import Power
from core.servers.questions import Answered, Questions, Wish, answering
from core.servers.views import ServerView
from core.servers.worlds import TakenIn, Worlds

BEFORE = ""
"""It was pressed before: what was asked for is done, or under way."""


@dataclass(frozen=True, slots=True)
class WentOn:
    """`do`: `restore`, `undo`, `good`, `import`, `file`, or BEFORE. `taken_in`: of an import."""

    do: str
    server: ServerView
    taken_in: TakenIn | None = None


class GoingOn:
    def __init__(self, questions: Questions, lookup: Lookup, power: Power, worlds: Worlds | None) -> None:
        self._questions = questions
        self._lookup = lookup
        self._power = power
        self._worlds = worlds
        self._under_way = set[str]()  # questions that this process is at work on; of another's the first one wins

    async def go_on(self, actor: Actor, server: str, question: str) -> WentOn:
        """Refusal where there is no such question, or what it asks for is refused now: then nothing is accepted, and
        it can be pressed again. LicenceNeeded where the text is another one by now."""
        view = await self._lookup.get(actor, server, Do.ACCEPT)
        wish = await self._questions.take(actor, server, question)
        if wish is None or question in self._under_way:
            return WentOn(BEFORE, view)
        self._under_way.add(question)
        try:
            with answering(question):
                done = await self._done(wish, actor, server)
        except Answered:
            return WentOn(BEFORE, view)
        finally:
            self._under_way.discard(question)
        return WentOn(wish.do, done.view, done) if isinstance(done, TakenIn) else WentOn(wish.do, done)

    async def _done(self, wish: Wish, actor: Actor, server: str) -> ServerView | TakenIn:
        given = wish.given
        if wish.do == "file":
            return await self._power.accept(actor, server, wish.mark)
        if self._worlds is None:
            raise Refusal("world.nowhere")
        ways: dict[str, Callable[[], Awaitable[ServerView | TakenIn]]] = {
            "restore": lambda: worlds.restore(actor, server, given["snapshot"], accepts=wish.mark),
            "undo": lambda: worlds.undo(actor, server, accepts=wish.mark),
            "good": lambda: worlds.restore_good(actor, server, accepts=wish.mark),
            "import": lambda: worlds.bring_in(
                actor, server, file=None, url=given["url"], into=given["into"], accepts=wish.mark
            ),
        }
        worlds = self._worlds
        return await ways[wish.do]()
