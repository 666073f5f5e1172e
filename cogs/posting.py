"""Getting a message into a channel, or finding out that it never will be.

`Poster` is the only one that sends, edits and looks. What Discord refuses goes by cogs.refusals: it is mended once
where that helps, else the place is dead (`DeadDestination`) or the message gone (`MessageGone`); whatever else is
raised heals by itself. A place that is dead is left alone for a while, for each refusal counts towards the 10,000 in
10 minutes after which Discord blocks an address.

In a forum each message is a post: a thread with a title, whose first message has the thread's id. So a message of a
forum is named as one of a text channel is, by channel and id, and `Poster` finds its thread (`post`).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

import discord

from cogs import forums
from cogs.refusals import TRIES, Then, closes, then
from core.clock import is_ahead
from core.queues import Queues

NOBODY = discord.AllowedMentions.none()
SHUT, SHUT_LONGEST = 60.0, 3600.0  # seconds that a dead place is left alone: at first, and at most
CLOSED_FOR = 24 * 3600.0  # seconds in which a closed post gets one successor in its forum
UNWANTED = 600.0  # seconds that a place which did not want one message is not asked to take it again
BEHIND = 30.0  # seconds for which what may wait lets others go first in its channel
MAY_WAIT: ContextVar[bool] = ContextVar("may wait", default=False)
"""Of what this task sends: other requests go first. `bot.throttle` minds it."""
_Result = TypeVar("_Result")


class DeadDestination(Exception):
    """This place does not take the message. `beside`: the channel that it is a thread of."""

    def __init__(self, beside: int | None = None) -> None:
        super().__init__("it takes no message")
        self.beside = beside


class MessageGone(Exception):
    """The message that was to be changed is not there, or is not ours."""


class PostClosed(MessageGone):
    """It is a post in a forum that is locked for us, or cannot be opened: another one may take its place."""


class NotNow(Exception):
    """Discord does not show us that guild at the moment: ask again later, nothing is lost."""


class Done(StrEnum):
    """What became of a card or a notice."""

    CARD_POSTED = "card_posted"
    CARD_EDITED = "card_edited"
    CARD_FAILED = "card_failed"
    NOTICE_SENT = "notice_sent"  # or edited
    NOTICE_FAILED = "notice_failed"  # to be tried again
    NOTICE_DEAD = "notice_dead"  # no destination takes it


class Route(StrEnum):
    """Discord limits each for itself, in each channel."""

    SEND = "send"
    EDIT = "edit"


@dataclass(slots=True)
class _Shut:
    guild: int
    until: float
    wait: float


class Poster:
    """What it remembers of places is of this process only: whoever begins anew asks Discord once more."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._queues = Queues()
        self._shut: dict[tuple[int, Route | None], _Shut] = {}  # by channel, person or guild; None: for everything
        self._refused: dict[tuple[str, int], tuple[int, float]] = {}  # by message and place: how often, and when last
        self._closed: dict[
            tuple[str, int], tuple[int, float]
        ] = {}  # by message and forum: so many posts, and when last
        self.stopping = False

    @contextlib.asynccontextmanager
    async def queue(self, place: int, route: Route, *, may_wait: bool = False) -> AsyncIterator[bool]:
        """Messages to one place go one after the other. Gives whether others went first."""
        async with self._queues.of((place, route), behind=BEHIND if may_wait else 0.0) as waited:
            if self.stopping:
                raise NotNow("the bot stops")
            before = MAY_WAIT.set(may_wait)
            try:
                yield waited
            finally:
                MAY_WAIT.reset(before)

    def reopen(self, guilds: Collection[int]) -> None:
        """Something changed there: what refused us may take something now."""
        self._shut = {key: shut for key, shut in self._shut.items() if shut.guild not in guilds}
        self._refused.clear()

    # places

    async def home(self, guild: int) -> discord.Guild:
        """DeadDestination where the bot was removed, NotNow while Discord does not tell."""
        home = self._client.get_guild(guild)
        if home is not None and not home.unavailable:
            return home
        if home is None and self._client.is_ready() and (self._is_shut(guild) or await self._has_left(guild)):
            raise DeadDestination
        raise NotNow(f"guild {guild} is not available")

    async def channel(self, guild: int, channel: int) -> Any:
        """A channel that the bot may write in. DeadDestination, or NotNow while the guild is not there."""
        home = await self.home(guild)
        if self._is_shut(channel):
            raise DeadDestination
        found: Any = home.get_channel_or_thread(channel)
        if found is None:
            # An archived thread is not in the cache.
            found = await self._ask(channel, guild, lambda: self._client.fetch_channel(channel))
        takes = hasattr(found, "send") or isinstance(found, discord.ForumChannel)
        if not takes or getattr(found, "guild", None) != home:
            raise DeadDestination
        self._check_permissions(found)
        return found

    async def place(self, guild: int, channel: int) -> Any:
        """Where a message of ours stands: a channel of the guild, or somebody's direct messages."""
        home = self._client.get_guild(guild)
        if home is not None and (home.unavailable or home.get_channel_or_thread(channel) is not None):
            return await self.channel(guild, channel)
        if self._is_shut(channel):
            raise DeadDestination
        found = await self._ask(channel, guild, lambda: self._client.fetch_channel(channel))
        return found if isinstance(found, discord.DMChannel) else await self.channel(guild, channel)

    async def post(self, forum: discord.ForumChannel, message: int) -> discord.Thread:
        """The thread of a forum that begins with this message. MessageGone where there is none, or it is locked for us:
        then there is room for another one in the forum."""
        found: Any = forum.get_thread(message)
        if found is None:  # it is archived, or new
            try:
                found = await self._client.fetch_channel(message)
            except discord.InvalidData as strange:
                raise MessageGone from strange
            except discord.HTTPException as refused:
                if then(refused) is Then.AGAIN:
                    raise
                raise MessageGone from refused
        if not isinstance(found, discord.Thread) or found.parent_id != forum.id:
            raise MessageGone
        may = _may(found)
        if found.locked and may is not None and not may.manage_threads:
            raise PostClosed
        return found

    async def direct(self, user: int) -> Any:
        """The direct messages with somebody."""
        if self._is_shut(user):
            raise DeadDestination
        return await self._ask(user, 0, lambda: self._client.create_dm(discord.Object(user)))

    def check(self, target: Any, route: Route) -> None:
        """DeadDestination where such a request was refused lately."""
        if self._is_shut(target.id, route):
            raise DeadDestination(_beside(target))

    def was_closed(self, forum: Any, about: str) -> None:
        """A post of this message's was closed: the next one is its successor."""
        times, last = self._closed.get((about, forum.id), (0, 0.0))
        self._closed[about, forum.id] = (times + 1 if self._now() - last < CLOSED_FOR else 1, self._now())

    def check_closed(self, forum: Any, about: str) -> None:
        """DeadDestination where the successor was closed, too: whoever does so would get a post for each change."""
        times, last = self._closed.get((about, forum.id), (0, 0.0))
        if times > 1 and self._now() - last < CLOSED_FOR:
            raise DeadDestination

    # messages; `about` names ours from one try to the next

    async def send(
        self,
        target: Any,
        layout: Any,
        about: str,
        *,
        nonce: str,
        title: str = "",
        reply: discord.MessageReference | None = None,
    ) -> int:
        """The new message's id. MessageGone where it was sent before, and somebody deleted it. `title`: of the post
        that it becomes in a forum, where no nonce guards."""
        if isinstance(target, discord.ForumChannel):
            return await self._carry_out(target, Route.SEND, about, lambda: forums.begin(target, layout, title))

        async def plainly() -> Any:
            return await target.send(view=layout, nonce=nonce, allowed_mentions=NOBODY)

        async def as_reply() -> Any:
            return await target.send(
                view=layout, nonce=nonce, allowed_mentions=NOBODY, reference=reply, mention_author=False
            )

        if reply is None or not _reads(target):
            sent = await self._carry_out(target, Route.SEND, about, plainly)
        else:
            sent = await self._carry_out(target, Route.SEND, about, as_reply, plainly=plainly)
        return int(sent.id)

    async def edit(self, target: Any, message: int, layout: Any, about: str, *, title: str = "") -> None:
        if isinstance(target, discord.ForumChannel):
            thread = await self.post(target, message)
            try:
                await self.edit(thread, message, layout, about)
            except DeadDestination as dead:
                if isinstance(dead.__cause__, discord.HTTPException) and closes(dead.__cause__):
                    raise PostClosed from dead
                raise DeadDestination from dead
            await self._entitle(thread, title)
            return
        if getattr(target, "archived", False):
            await self._carry_out(target, Route.EDIT, about, lambda: target.edit(archived=False))
        partial = target.get_partial_message(message)
        await self._carry_out(target, Route.EDIT, about, lambda: partial.edit(view=layout, allowed_mentions=NOBODY))

    async def delete(self, target: Any, message: int, about: str) -> None:
        """In a forum the whole post, where we may."""
        if isinstance(target, discord.ForumChannel):
            thread = await self.post(target, message)
            if (may := _may(thread)) is not None and may.manage_threads:
                await self._carry_out(thread, Route.EDIT, about, thread.delete)
                return
            target = thread
        await self._carry_out(target, Route.EDIT, about, target.get_partial_message(message).delete)

    async def look(self, target: Any, message: int) -> discord.Message | None:
        """The message as it is; None where we may not look. MessageGone."""
        if not _reads(target):
            return None
        if isinstance(target, discord.ForumChannel):
            target = await self.post(target, message)
        try:
            found: discord.Message = await target.fetch_message(message)
        except discord.HTTPException as refused:
            match then(refused):
                case Then.GONE:
                    raise MessageGone from refused
                case Then.AGAIN:
                    raise
                case _:
                    return None
        return found

    async def look_back(self, target: Any, number: int, since: datetime, now: datetime) -> int | None:
        """Our message whose container has the component id `number`, if a send that seemed to fail happened after
        all: among the first messages from `since` on; where our clock was set back, among the newest."""
        me, after = self._client.user, None if is_ahead(since, now) else since - timedelta(seconds=30)
        if isinstance(target, discord.ForumChannel) and me is not None:
            found: AsyncIterator[discord.Message] = forums.ours(target, me.id, after)
        else:
            found = target.history(limit=100, after=after)
        try:
            async for message in found:
                if me is not None and message.author.id == me.id and number in map(_id, message.components):
                    return int(message.id)
        except discord.HTTPException as refused:
            if then(refused) is Then.AGAIN:
                raise
        return None  # without Read Message History only the nonce guards

    # helpers

    async def _entitle(self, thread: discord.Thread, title: str) -> None:
        """Let the post have this title, where Discord lets us: it takes few changes in ten minutes."""
        if title and thread.name != title and not thread.archived:
            with contextlib.suppress(discord.HTTPException, discord.RateLimited):
                await thread.edit(name=title)

    async def _has_left(self, guild: int) -> bool:
        """Whether Discord knows nothing of us there: somebody removed the bot."""
        try:
            await self._ask(guild, guild, lambda: self._client.fetch_guild(guild, with_counts=False))
        except DeadDestination:
            return True
        return False

    def _check_permissions(self, target: Any) -> None:
        """Refused by what we know already, without a request that must fail."""
        may, is_thread = _may(target), isinstance(target, discord.Thread)
        if may is None:
            return
        writes = may.send_messages_in_threads if is_thread else may.send_messages
        if not (may.view_channel and writes) or (is_thread and target.locked and not may.manage_threads):
            raise DeadDestination(_beside(target))

    async def _ask(self, place: int, guild: int, call: Callable[[], Awaitable[_Result]]) -> _Result:
        """Ask Discord for a place. DeadDestination where there is none."""
        try:
            found = await call()
        except discord.InvalidData as strange:
            raise DeadDestination from strange
        except discord.HTTPException as refused:
            if then(refused) is Then.AGAIN:
                raise
            self._close((place, None), guild)
            raise DeadDestination from refused
        self._shut.pop((place, None), None)
        return found

    async def _carry_out(
        self,
        target: Any,
        route: Route,
        about: str,
        call: Callable[[], Awaitable[_Result]],
        *,
        plainly: Callable[[], Awaitable[_Result]] | None = None,
    ) -> _Result:
        """`call`, or in its place `plainly` where what it answers to cannot be referred to."""
        self.check(target, route)
        opened, beside = False, _beside(target)
        times, last = self._refused.get((about, target.id), (0, 0.0))
        if self._now() - last >= UNWANTED:
            times = 0
        if times >= TRIES:
            raise DeadDestination(beside)
        while True:
            try:
                result = await call()
            except discord.HTTPException as refused:
                match then(refused):
                    case Then.AGAIN:
                        raise
                    case Then.GONE:
                        raise MessageGone from refused
                    case Then.PLAIN if plainly is not None:
                        call, plainly = plainly, None
                    case Then.OPEN if not opened:
                        opened = True
                        await self._carry_out(target, route, about, lambda: target.edit(archived=False))
                    case Then.UNKNOWN | Then.UNWANTED as found:
                        times = TRIES if found is Then.UNWANTED else times + 1
                        self._note_refusal(about, target.id, times)
                        if times < TRIES:
                            raise
                        raise DeadDestination(beside) from refused
                    case _:
                        self._close((target.id, route), getattr(getattr(target, "guild", None), "id", 0))
                        raise DeadDestination(beside) from refused
            else:
                self._refused.pop((about, target.id), None)
                self._shut.pop((target.id, route), None)
                return result

    def _note_refusal(self, about: str, place: int, times: int) -> None:
        now = self._now()
        self._refused = {key: known for key, known in self._refused.items() if now - known[1] < UNWANTED}
        self._refused[about, place] = (times, now)

    def _close(self, key: tuple[int, Route | None], guild: int) -> None:
        before = self._shut.get(key)
        wait = min(before.wait * 2, SHUT_LONGEST) if before else SHUT
        self._shut[key] = _Shut(guild, self._now() + wait, wait)

    def _is_shut(self, place: int, route: Route | None = None) -> bool:
        shut = self._shut.get((place, route))
        return shut is not None and self._now() < shut.until

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def nonce_of(kind: str, number: int, count: int, channel: int) -> str:
    """At most 25 characters. Discord looks for it in all channels, so a message that moves needs another one."""
    return kind + hashlib.sha256(f"{number}-{count}-{channel}".encode()).hexdigest()[:20]


def _reads(target: Any) -> bool:
    """Whether we may read what was written there, as far as we know."""
    may = _may(target)
    return may is None or may.read_message_history


def _may(target: Any) -> discord.Permissions | None:
    """None where nobody told us."""
    if not isinstance(target, discord.abc.GuildChannel | discord.Thread) or target.guild.me is None:
        return None
    if isinstance(target, discord.Thread) and target.parent is None:
        return None
    return target.permissions_for(target.guild.me)


def _beside(target: Any) -> int | None:
    return target.parent_id if isinstance(target, discord.Thread) else None


def _id(component: Any) -> int | None:
    return getattr(component, "id", None)
