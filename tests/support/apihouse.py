"""The HTTP face of a host with people of every kind, and as many servers as one asks for: no controller runs, so each
server stays as it was put there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import migrated
import webface
from fakecluster import FakeCluster
from onesave import AT, SAVED, Shelf
from sqlmodel import select

from core.accounts.scopes import ALL, Scope
from core.agent.file_wire import FileAnswer, FileOrder, answer_of
from core.agent.volume import Volume
from core.agent.world_files import WorldFiles
from core.assemble import Core, assemble
from core.data.database import Database
from core.data.tables import GuildRow, MemberRow, PlaySessionRow, ServerRow, ShareRow
from core.games.catalogue import BUILT_IN, Catalogue
from core.guilds.access import Actor
from core.guilds.membership import Membership, Present
from core.servers import names
from core.servers.host_rules import HostRules
from core.words import Because, Desired, Gone, Phase, Sharer, ShareRole, new_server_id
from core.worlds.receipt import Receipt

GUILD, THEIRS, CHANNEL, PLAYERS = 700, 800, 701, 777
PEOPLE = {
    "member": Actor(2, GUILD, "Bo"),  # the servers are shared with others
    "player": Actor(5, GUILD, "Dee", roles=frozenset({PLAYERS})),
    "manager": Actor(4, GUILD, "Max"),
    "owner": Actor(1, GUILD, "Ada"),
    "admin": Actor(3, GUILD, "Cy", manages_guild=True),
    "operator": Actor(9, GUILD, "Op"),
    "stranger": Actor(6, THEIRS, "Eve", manages_guild=True),
}
OWNER, STRANGER = PEOPLE["owner"], PEOPLE["stranger"]
SHARES = ((4, Sharer.MEMBER, ShareRole.MANAGER), (PLAYERS, Sharer.ROLE, ShareRole.PLAYER))


class _Everybody(Membership):
    def answers(self) -> bool:
        return True

    async def of(self, guild: int, user: int) -> Present | Gone:
        found = next((each for each in PEOPLE.values() if (each.guild, each.user) == (guild, user)), None)
        return Gone() if found is None else Present(found.roles, found.manages_guild)


@dataclass
class ApiHouse:
    core: Core
    face: webface.Face
    tokens: dict[tuple[str, frozenset[Scope]], str] = field(default_factory=dict)
    made: int = 0

    async def token(self, who: str, scopes: frozenset[Scope] = ALL) -> str:
        if (who, scopes) not in self.tokens:
            self.tokens[who, scopes] = await self.face.token(PEOPLE[who], scopes)
        return self.tokens[who, scopes]

    async def server(self, state: str = "running", owner: Actor = OWNER) -> str:
        """A new one, shared as SHARES has it; the others of the guild go. `state`: `running`, `paused`, `deleted`, or
        `offered` to the player."""
        self.made += 1
        now, number, name = self.core.now(), new_server_id(), f"Pond{self.made}"
        desired = {"paused": Desired.PAUSED, "deleted": Desired.DELETED}.get(state, Desired.RUNNING)
        phase = {"paused": Phase.PAUSED, "deleted": Phase.PAUSED}.get(state, Phase.RUNNING)
        row = ServerRow(
            id=number,
            guild=owner.guild,
            owner=owner.user,
            game="meadow",
            name=name,
            name_key=names.key(name),
            size="small",
            settings={},
            channel=CHANNEL,
            desired=desired,
            because=Because.OWNER,
            phase=phase,
            phase_since=now,
            started_at=now,
            ready_at=now if phase is Phase.RUNNING else None,
            known_at=now,
            bound=1,
            saved_name=SAVED,
            saved_at=AT,
            saved_bytes=100,
            good=SAVED,
            undo_to=SAVED,
            idle_vote=True,
            purge_at=now + timedelta(days=7) if state == "deleted" else None,
            offered_to=PEOPLE["player"].user if state == "offered" else None,
            offered_until=now + timedelta(days=7) if state == "offered" else None,
        )
        async with self.core.database.begin() as session:
            for old in await session.exec(select(ServerRow).where(ServerRow.guild == owner.guild)):
                old.desired, old.phase, old.purge_at = Desired.DELETED, Phase.DELETED, None
                session.add(old)
            session.add(row)
            await session.flush()
            for target, kind, role in SHARES:
                session.add(ShareRow(server=number, target=target, kind=kind, role=role))
            session.add(PlaySessionRow(server=number, name="Max", began=now, began_seen=True))
        return number

    async def name(self, server: str) -> str:
        async with self.core.database.session() as session:
            return (await session.get_one(ServerRow, server)).name


@asynccontextmanager
async def standing(folder: Path) -> AsyncIterator[ApiHouse]:
    await migrated.file(folder / "test.db")
    database, cluster = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}"), FakeCluster()

    async def snapshot(server: str, *, note: str = "", full: bool = False) -> Receipt:
        return Receipt(SAVED, AT, 100)

    worlds: dict[str, WorldFiles] = {}

    async def files(server: str, order: FileOrder) -> FileAnswer:
        """Of a world in which somebody took notes."""
        if server not in worlds:
            (volume := Volume(folder / "worlds" / server, 1)).make_empty()
            (notes := volume.data / "world").mkdir()
            (notes / "notes.txt").write_text("Mind the dragon.")
            worlds[server] = WorldFiles(volume)
        return answer_of(await worlds[server].answer(order.to_json()))

    async def console(server: str, line: str) -> str:
        return "Said."

    cluster.snapshot = snapshot  # type: ignore[method-assign]
    cluster.files, cluster.console = files, console  # type: ignore[method-assign]
    rules = HostRules(public_host="127.0.0.1", ports=range(25500, 25999), master_key=b"key")
    core = assemble(
        database,
        Catalogue.load(BUILT_IN),
        cluster,
        replace(rules, keeps_worlds=True),
        lambda: datetime.now(UTC),
        shelf=Kept(),  # type: ignore[arg-type]
        ledgers=folder / "ledger",
        membership=_Everybody(),
        operators=frozenset({PEOPLE["operator"].user}),
        version="1.2.3",
    )
    async with database.begin() as session:
        session.add_all([GuildRow(id=GUILD, server_channel=CHANNEL), GuildRow(id=THEIRS, server_channel=801)])
        session.add_all(MemberRow(guild=each.guild, user=each.user, name=each.name) for each in PEOPLE.values())
    async with webface.serving(core) as face:
        yield ApiHouse(core, face)
    await database.close()


class Kept(Shelf):
    """Imports and exports end at once, with something small."""

    @asynccontextmanager
    async def scratch(self, size: int) -> AsyncIterator[Path]:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)

    @property
    def room(self) -> Any:
        return type("Room", (), {"whole": 2**40})

    async def run(self, program: Any, arguments: Any, **_: Any) -> dict[str, Any]:
        if str(program).endswith("EXPORT") or "export" in str(program):
            return {"key": "exports/a/b/Pond.zip", "size": 3}
        return {"name": SAVED, "size": 3, "taken": ["region/r.0.0.mca"]}

    async def ask(self, work: Any) -> Any:
        return b"PK!"
