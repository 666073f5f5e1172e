"""After a game's licence is accepted, what was asked for goes on by itself: once, however often that is pressed.

The question is taken before the work, and put back where that is refused. The licence is kept in the transaction that
starts the server, or not at all. A file that was sent is not kept here: then the licence alone is accepted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.errors import LicenceNeeded, Refusal
from core.guilds.access import Actor, Do
from core.servers.lookup import Lookup
from core.servers.power import Power
from core.servers.questions import Questions, Wish
from core.servers.views import ServerView
from core.servers.worlds import TakenIn, Worlds

BEFORE = ""
"""It was pressed before: what was asked for is done, or under way, or ended with the bot in the middle of it."""


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

    async def go_on(self, actor: Actor, server: str, question: str) -> WentOn:
        """Refusal where there is no such question, or what it asks for is refused now: then nothing is accepted, and
        it can be pressed again. LicenceNeeded where the text is another one by now."""
        view = await self._lookup.get(actor, server, Do.ACCEPT)
        wish = await self._questions.take(actor, server, question)
        if wish is None:
            return WentOn(BEFORE, view)
        try:
            done = await self._done(wish, actor, server)
        except LicenceNeeded:
            raise  # with a question of its own
        except BaseException:
            await self._questions.put_back(question, wish)
            raise
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
