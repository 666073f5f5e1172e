"""Commands for whoever runs Dormouse, by direct message: `@Dormouse health`, and what `help` lists.

They speak English, as settings, `check` and logs do. Operators are the application's owner or team, and the settings'
ids; being one gives no rights inside a guild. In guilds there are no such commands, and nobody else learns what they
would do.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

import discord
import structlog
from discord.ext import commands
from discord.ext.commands import Context

from cogs import alarms
from cogs.buttons import SNOWFLAKE
from cogs.escape import escape
from cogs.replies import in_words
from core import trace
from core.bugs import note
from core.host import GuildSummary, Health, Operations
from core.servers.drill import Drill
from core.text import DEFAULT, duration, say, size
from core.words import Phase

log = structlog.get_logger()

HELP = """\
**What I do for whoever runs me**, by direct message only:
`health` how I am: database, cluster, Discord, servers, messages that wait
`sync` tell Discord my commands again (it allows 200 a day)
`maintenance on [words]` nobody can create, resume or restart; what runs goes on, and pauses when nobody plays
`maintenance off`
`pause all [words]` pause every server of every guild; their worlds stay, their guilds are told
`guilds` what each guild has: servers, those that run, GiB on the store
`block <id> [words]` pause what runs in a guild, and let nothing start there; its worlds stay, it is told
`unblock <id>` its members can resume again
`broadcast <words>` one message to each guild, in its notice channel"""
LONGEST = 1900  # characters of one message


_KNOWN_BY_DATABASE = (
    "Servers",
    "Problems",
    "Messages waiting",
    "Last drill",
    "Last copy of the database",
    "Alarms",
    "Maintenance",
)


class GuildId(commands.Converter[int]):
    """As `guilds` shows it."""

    async def convert(self, ctx: Context[Any], argument: str) -> int:
        if not SNOWFLAKE.fullmatch(argument):
            raise commands.BadArgument
        return int(argument)


class NotForYou(commands.CheckFailure):
    """Not an operator."""


class OperatorCog(commands.Cog):
    """`sync` tells Discord the commands."""

    def __init__(self, bot: Any, operations: Operations, sync: Callable[[], Awaitable[object]]) -> None:
        self._bot: commands.Bot = bot
        self._operations = operations
        self._sync = sync

    async def cog_check(self, ctx: Context[Any]) -> bool:
        if ctx.guild is not None:
            raise commands.PrivateMessageOnly
        if not await self._is_operator(ctx.author):
            raise NotForYou
        return True

    async def cog_before_invoke(self, ctx: Context[Any]) -> None:
        trace.begin()
        log.info("operator command", name=ctx.command.qualified_name if ctx.command else "", user=ctx.author.id)

    @commands.command()
    async def help(self, ctx: Context[Any]) -> None:
        await ctx.send(HELP)

    @commands.command()
    async def health(self, ctx: Context[Any]) -> None:
        await ctx.send(in_lines(await self._operations.health(), self._bot.latency, len(self._bot.guilds)))

    @commands.command()
    async def sync(self, ctx: Context[Any]) -> None:
        await self._sync()
        await ctx.send("Discord knows my commands as they are now.")

    @commands.command()
    async def maintenance(self, ctx: Context[Any], state: Literal["on", "off"], *, words: str = "") -> None:
        if state == "off":
            await self._operations.maintain(None, by=ctx.author.id)
            await ctx.send("Maintenance is off. Members can start servers again.")
            return
        await self._operations.maintain(words, by=ctx.author.id)
        await ctx.send(
            "Maintenance is on: nobody can create, resume or restart a server. Those that run go on; "
            "`pause all` pauses them."
        )

    @commands.group(invoke_without_command=True)
    async def pause(self, ctx: Context[Any]) -> None:
        await ctx.send(HELP)

    @pause.command(name="all")  # type: ignore[arg-type]
    async def pause_all(self, ctx: Context[Any], *, words: str = "") -> None:
        count = await self._operations.pause_all(words, by=ctx.author.id)
        if not count:
            await ctx.send("No server is running, so there was nothing to pause.")
            return
        await ctx.send(f"Pausing {_many(count, 'server')}. Their worlds stay, and their guilds are told.")

    @commands.command()
    async def guilds(self, ctx: Context[Any]) -> None:
        for page in in_pages(await self._operations.guilds(), self._bot.get_guild):
            await ctx.send(page)

    @commands.command()
    async def block(self, ctx: Context[Any], guild: Annotated[int, GuildId], *, words: str = "") -> None:
        changed = await self._operations.block(guild, words, by=ctx.author.id)
        count = await self._operations.settle_blocks()
        if not changed and not count:
            await ctx.send("It is blocked with these words already.")
            return
        await ctx.send(f"Blocked. Pausing {_many(count, 'server')}. The worlds stay, and the guild is told.")

    @commands.command()
    async def unblock(self, ctx: Context[Any], guild: Annotated[int, GuildId]) -> None:
        if await self._operations.unblock(guild, by=ctx.author.id):
            await ctx.send("It is not blocked any more. Its servers stay paused until somebody resumes them.")
        else:
            await ctx.send("It is not blocked.")

    @commands.command()
    async def broadcast(self, ctx: Context[Any], *, words: str) -> None:
        count = await self._operations.broadcast(words, by=ctx.author.id)
        await ctx.send(f"It goes to {_many(count, 'guild')}.")

    @commands.Cog.listener()
    async def on_command_error(self, ctx: Context[Any], error: commands.CommandError) -> None:
        """Every error of every command; silent in guilds, and to strangers who mistyped."""
        if ctx.guild is not None:
            return
        wrong = error.original if isinstance(error, commands.CommandInvokeError) else error
        match wrong:
            case NotForYou():
                await ctx.send(say(DEFAULT, "operator.only"))
            case commands.CommandNotFound() if not await self._is_operator(ctx.author):
                pass
            case commands.CommandNotFound() | commands.UserInputError():
                await ctx.send(HELP)
            case _:
                text = in_words(wrong, DEFAULT)
                await ctx.send(text or say(DEFAULT, "bug", code=note(wrong, user=ctx.author.id)))

    async def _is_operator(self, user: discord.abc.User) -> bool:
        return user.id in self._operations.operators or await self._bot.is_owner(user)


async def operators_of(client: discord.Client, named: frozenset[int]) -> list[int]:
    """Who is told of alarms: those that the settings name, else the application's owner, or its team's developers."""
    if named:
        return sorted(named)
    application = client.application or await client.application_info()
    if application.team is None:
        return [application.owner.id]
    may = (discord.TeamMemberRole.admin, discord.TeamMemberRole.developer)
    return [member.id for member in application.team.members if member.role in may]


def in_lines(health: Health, latency: float, guilds: int) -> str:
    """How the host is, a line for each part. `latency` is Discord's, in seconds; not a number: not connected."""
    database = "does not answer" if health.database is None else f"answers in {health.database * 1000:.0f} ms"
    cluster = "seen" if health.stale_since is None else f"not seen since {_ago(health.stale_since)}"
    connected = math.isfinite(latency)
    discord_is = f"{latency * 1000:.0f} ms, {_many(guilds, 'guild')}" if connected else "not connected"
    phases = [f"{health.phases[phase]} {phase}" for phase in Phase if health.phases.get(phase)]
    problems = [f"{count} {problem}" for problem, count in sorted(health.problems.items())]
    backlog = health.backlog
    waiting = str(backlog.waiting)
    if backlog.oldest is not None:
        waiting += f", the oldest for {duration(DEFAULT, (health.at - backlog.oldest).total_seconds())}"
    if backlog.dead:
        waiting += f"; {backlog.dead} that no channel took"
    maintenance = "off" if health.maintenance is None else f"**on** {escape(health.maintenance)}".rstrip()
    lines = [
        ("Version", f"{health.version}, up since {_ago(health.started_at)}"),
        ("Database", database),
        ("Cluster", cluster),
        ("Discord", discord_is),
        ("Servers", ", ".join(phases) or "none"),
        ("Problems", ", ".join(problems) or "none"),
        ("Messages waiting", waiting),
        ("Last sweep", _ago(health.last_sweep) if health.last_sweep else "none yet"),
        ("Last drill", _drill(health.drill)),
        ("Last copy of the database", _ago(health.copied_at) if health.copied_at else "none yet"),
        ("Alarms", alarms.in_short(health.alarms)),
        ("Maintenance", maintenance),
    ]
    if health.database is None:
        lines = [line for line in lines if line[0] not in _KNOWN_BY_DATABASE]
    return "\n".join(f"**{name}:** {value}" for name, value in lines)


def in_pages(guilds: Iterable[GuildSummary], named: Callable[[int], discord.Guild | None]) -> list[str]:
    """A line for each guild, in messages that Discord takes; `named` is what Discord tells of one."""
    pages = [""]
    for each in guilds:
        line = guild_line(each, named(each.id))
        if len(pages[-1]) + len(line) > LONGEST:
            pages.append("")
        pages[-1] += line + "\n"
    return [page for page in pages if page] or ["I am in no guild yet."]


def guild_line(each: GuildSummary, guild: discord.Guild | None) -> str:
    name = escape(guild.name) if guild is not None else "(I am not there)" if each.left else "(its name is not known)"
    members = [_many(guild.member_count, "member")] if guild is not None and guild.member_count else []
    parts = [f"`{each.id}` **{name}**", *members, f"{_many(each.servers, 'server')}, {each.running} to run"]
    parts.append(size(DEFAULT, each.stored))
    if each.blocked_at is not None:
        parts.append(f"**blocked** {_ago(each.blocked_at)} {escape(each.blocked_words)}".rstrip())
    return " · ".join(parts)


def _drill(drill: Drill | None) -> str:
    if drill is None:
        return "none yet"
    took = duration(DEFAULT, max(1.0, drill.seconds))
    return f"{_ago(drill.at)}, `{drill.server}` came back: {size(DEFAULT, drill.size)} in {took}"


def _many(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _ago(moment: datetime) -> str:
    return discord.utils.format_dt(moment, "R")
