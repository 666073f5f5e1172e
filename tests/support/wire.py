"""The bot on a guild on loopback, all in this process, and people whose interactions reach it as raw as they like.

The guild's page refuses what Discord would refuse; `Wire` does not: what it sends is what the gateway delivers. So it
can press buttons that no card has, choose what was not offered, deliver a thing twice, and do all of it at once.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import discord
import migrated
import yarl
from fakecluster import FakeCluster
from sqlmodel import delete, select

from bot.client import Client
from bot.demo.guild import cast, commands, components, requests
from bot.demo.guild.events import Event, Message, MessageCreated
from bot.demo.guild.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Interaction
from bot.demo.guild.server import Guild
from bot.demo.guild.validation import EPHEMERAL, LOADING, V2
from cogs.faces import Faces
from cogs.membership import DiscordMembership
from cogs.replies import Replies
from core.assemble import assemble
from core.data.database import Database, insert_missing
from core.data.tables import CardRow, EventRow, GuildRow, NoticeRow, PortRow, ServerRow
from core.games.catalogue import BUILT_IN, Catalogue
from core.guilds.access import Actor
from core.servers.host_rules import HostRules
from core.worlds.shelf import Shelf
from core.worlds.store.place import StorePlace

ADA, BO, CY = cast.ADA, cast.BO, cast.CY
NEIGHBOURS = 77
"""The id of a guild that the bot is in as well, and that these people are not."""
BUTTON, TEXT_INPUT, LABEL = components.BUTTON, components.TEXT_INPUT, components.LABEL
STRING, AT_ONCE = 3, 60.0
IN_GUILD = dict.fromkeys((commands.USER_OPTION, commands.MENTIONABLE), "users roles") | {commands.CHANNEL: "channels"}


@dataclass(frozen=True, slots=True)
class Said:
    """What the bot answered one interaction with, all messages of it together."""

    kind: str
    """message, update, modal, choices; "failed" where Discord shows that the application did not respond."""
    text: str = ""
    modal: Mapping[str, Any] = field(default_factory=dict)
    choices: Sequence[Mapping[str, Any]] = ()
    shown: tuple[Message, ...] = ()
    private: bool = True

    def custom_id(self, label: str) -> str:
        for message in self.shown:
            for each, _ in components.walk(message.data["components"]):
                if each.get("label") == label:
                    return str(each["custom_id"])
        raise AssertionError(f"no button {label!r}")


class Cluster(FakeCluster):
    """No volume of it has anything that counts as a world."""

    async def seal(self, server: str, volume: int) -> None:
        return None


class Wire:
    def __init__(self, guild: Guild, database: Database, *, departures: bool = False) -> None:
        self.guild, self.database = guild, database
        self._departures = departures
        self.changed = asyncio.Event()
        self.cluster = Cluster(self.now)
        rules = HostRules("127.0.0.1", ports=range(25500, 25600), master_key=b"key", keeps_worlds=True)
        self._folder = TemporaryDirectory(prefix="dormouse-wire-")
        place = Path(self._folder.name)
        shelf = Shelf(StorePlace(f"folder:{place / 'store'}"), place / "work")
        membership = DiscordMembership(lambda: self.client)
        self.core = assemble(
            database, Catalogue.load(BUILT_IN), self.cluster, rules, self.now, shelf=shelf, membership=membership
        )
        self.core.changes.subscribe(lambda _: self.changed.set())
        self.client: Client | None = None
        """The one that connected last."""
        self._all_faces: list[Faces] = []
        self._stack = AsyncExitStack()
        self._sent: list[Message] = []
        guild.world.emitter.listeners.append(self._note)

    # the bot

    async def connect(self) -> None:
        """One more client, with nothing remembered: while another is connected, they are two processes."""
        await self._stack.enter_async_context(self._client())

    async def disconnect(self) -> None:
        await self._stack.aclose()

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[None]:
        faces = Faces.of(self.core, Replies())
        if not self._departures:
            faces = replace(faces, departures=None)
        client = Client(faces, self.database)
        client._connection.guild_ready_timeout = 0.02
        self.client = client
        self._all_faces.append(faces)
        task = asyncio.create_task(client.start("a token"))
        try:
            async with asyncio.timeout(60):
                while not (client.is_ready() and client._syncing and client._syncing.done()):
                    if task.done():
                        task.result()
                    await asyncio.sleep(0.005)
            yield
        finally:
            self._all_faces.remove(faces)
            await client.close()
            await asyncio.gather(task, return_exceptions=True)

    def _note(self, event: Event) -> None:
        if isinstance(event, MessageCreated):
            self._sent.append(event.message)

    def now(self) -> datetime:
        return datetime.now(UTC)

    # what there is

    def actor(self, person: str = ADA, guild: int = int(cast.GUILD)) -> Actor:
        return Actor(user=int(person), guild=guild, name=self.guild.world.user(person)["global_name"])

    async def create(self, name: str = "Pond", person: str = ADA, guild: int = int(cast.GUILD)) -> str:
        """A server that runs."""
        view = await self.core.servers.creation.create(
            self.actor(person, guild), channel=int(cast.SERVERS), game="meadow", name=name, size=None
        )
        await self.until(view.id, "running")
        return view.id

    async def row(self, server: str) -> ServerRow:
        async with self.database.session() as session:
            return await session.get_one(ServerRow, server)

    async def until(self, server: str, phase: str) -> ServerRow:
        async with asyncio.timeout(60):
            while (row := await self.row(server)).phase != phase:
                self.changed.clear()
                if (row := await self.row(server)).phase != phase:
                    await self.changed.wait()
            return row

    async def events(self, server: str, kind: str) -> int:
        async with self.database.session() as session:
            found = await session.exec(select(EventRow).where(EventRow.server == server, EventRow.kind == kind))
            return len(list(found))

    async def allow(self, servers: int, *, each: int | None = None) -> None:
        """The guilds' quotas from now on. `each`: of a member, where that is less."""
        async with self.database.begin() as session:
            for guild in (int(cast.GUILD), NEIGHBOURS):
                row = GuildRow(id=guild, servers_per_member=each or servers, servers_per_guild=servers)
                await insert_missing(session, row, update=("servers_per_member", "servers_per_guild"))

    async def forget_all(self) -> None:
        """As if there had never been a server."""
        async with self.database.begin() as session:
            for table in (NoticeRow, EventRow, CardRow, PortRow, ServerRow):
                await session.exec(delete(table))
        for server in list(self.cluster.specs):
            await self.cluster.remove(server)

    # what people do

    async def command(self, person: str, name: str, /, **options: Any) -> Said:
        return await self.send(person, COMMAND, self._options(name, options))

    async def complete(self, person: str, name: str, focused: str, typed: str) -> Said:
        return await self.send(person, AUTOCOMPLETE, self._options(name, {focused: typed}, focused=focused))

    async def press(self, person: str, custom_id: str, *, direct: bool = False) -> Said:
        """A button on a message of the bot's own that has it, wherever that message came from."""
        data = {"custom_id": custom_id, "component_type": BUTTON}
        source = self.post([button(custom_id)], cast.DIRECT_CHANNELS[person] if direct else cast.SERVERS)
        return await self.send(person, COMPONENT, data, source=source, direct=direct)

    async def submit(self, person: str, custom_id: str, fields: Mapping[str, str]) -> Said:
        """A modal that may never have been opened."""
        filled = [
            {"type": LABEL, "id": number, "component": {"type": TEXT_INPUT, "id": 50 + number, **text}}
            for number, text in enumerate({"custom_id": key, "value": value} for key, value in fields.items())
        ]
        return await self.send(person, MODAL, {"custom_id": custom_id, "components": filled})

    def post(self, buttons: Sequence[Mapping[str, Any]], channel: str = cast.SERVERS) -> Message:
        body = {"flags": V2, "components": [{"type": 1, "components": list(buttons)}]}
        return self.guild.world.messages.create(channel, cast.BOT, body, [])

    async def send(
        self,
        person: str,
        kind: int,
        data: Mapping[str, Any],
        *,
        source: Message | None = None,
        direct: bool = False,
        times: int = 1,
    ) -> Said:
        """Let the gateway deliver this, `times` over with the same id; the answer when every handler has ended."""
        interactions, world = self.guild.interactions, self.guild.world
        made = Interaction(
            id=world.snowflakes.make(),
            token=secrets.token_urlsafe(16),
            kind=kind,
            user_id=person,
            channel_id=cast.DIRECT_CHANNELS[person] if direct else cast.SERVERS,
            created=world.clock(),
            result=asyncio.get_running_loop().create_future(),
            metadata={},
            source=source,
            option_type=STRING if kind == AUTOCOMPLETE else 0,
        )
        owners = {"0": "0" if direct else cast.GUILD}
        made.metadata = {"id": made.id, "type": kind, "user": world.user(person)}
        made.metadata["authorizing_integration_owners"] = owners
        interactions._by_token[made.token] = made
        payload = interactions._payload(made, dict(data), "en-US")
        for _ in range(times):
            self.guild.gateway.dispatch("INTERACTION_CREATE", payload, direct=direct)
        try:
            async with asyncio.timeout(60):  # Discord waits 3 s; how fast we are is no test's affair here
                first = await made.result
        except TimeoutError:
            return Said("failed")
        for faces in self._all_faces:
            await faces.replies.drain(AT_ONCE)
        return self._said(made, first)

    def _said(self, made: Interaction, first: Mapping[str, Any]) -> Said:
        kind = {"deferred": "message", "deferred_update": "update"}.get(first["answer"], first["answer"])
        mine = [each for each in self._sent if each.data.get("interaction_metadata", {}).get("id") == made.id]
        if kind == "update" and made.source is not None:
            mine = [made.source, *mine]
        if any(each.data["flags"] & LOADING for each in mine):
            kind = "failed"  # it thinks for ever
        return Said(
            kind,
            "\n".join(text for each in mine for text in components.texts(each.data["components"])),
            first.get("modal", {}),
            first.get("choices", ()),
            tuple(mine),
            all(each.data["flags"] & EPHEMERAL for each in mine if each is not made.source),
        )

    def _options(self, name: str, options: Mapping[str, Any], *, focused: str = "") -> dict[str, Any]:
        """A person's, role's or channel's id is one of the guild's where the command asks for that."""
        first, *path = name.split(" ")
        found = next(each for each in self.guild.world.commands.values() if each["name"] == first)
        leaf, resolved = found, dict[str, Any]()
        for word in path:
            leaf = next(each for each in leaf["options"] if each["name"] == word)
        kinds = {each["name"]: each["type"] for each in leaf.get("options", ())}
        typed: list[dict[str, Any]] = []
        for key, value in options.items():
            found_in = IN_GUILD.get(kinds.get(key, 0))
            kind = kinds[key] if found_in else STRING if isinstance(value, str) else 4
            typed.append({"name": key, "type": kind, "value": value} | ({"focused": True} if key == focused else {}))
            if found_in:
                requests._resolve(self.guild.world, resolved, found_in, value, channel_types=None)
        for word in reversed(path):
            typed = [{"name": word, "type": 1, "options": typed}]
        more = {"resolved": resolved} if resolved else {}
        return {"id": found["id"], "name": first, "type": 1, "options": typed} | more


def button(custom_id: str) -> dict[str, Any]:
    return {"type": BUTTON, "style": 2, "label": "Press", "custom_id": custom_id}


@asynccontextmanager
async def wired(folder: Path, *, departures: bool = False, url: str = "") -> AsyncIterator[Wire]:
    """Everything is up and the commands are registered. `departures`: guilds that the bot was removed from are minded:
    the neighbours' would be one, because the small Discord has no guild but ours. `url`: a database that is ready; by
    itself a new one in `folder`."""
    if not url:
        await migrated.file(folder / "wire.db")
        url = f"sqlite+aiosqlite:///{folder / 'wire.db'}"
    guild, database = Guild(), Database(url)
    base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    await guild.start()
    discord.http.Route.BASE = guild.api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(guild.gateway_url)
    wire = Wire(guild, database, departures=departures)
    controlling = asyncio.create_task(wire.core.controller.run())
    try:
        await wire.connect()
        yield wire
    finally:
        await wire.disconnect()
        controlling.cancel()
        await asyncio.gather(controlling, return_exceptions=True)
        await database.close()
        await guild.stop()
        discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
