"""`dormouse check` against a guild on loopback, databases of both kinds, and a machine where things are in the way.

Whatever it says, no secret is in it, and nothing was changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import discord
import pytest
from aiohttp import web

from bot.app import build
from bot.check import check
from bot.check import discord as check_discord
from bot.check.report import Report
from bot.database import open_database
from bot.demo.guild import cast
from bot.demo.guild.bodies import answer
from bot.demo.guild.server import Guild
from bot.lock import only_one
from bot.settings import load
from core.data.database import Database
from core.errors import Misconfigured
from core.guilds.access import Actor

ROOT = Path(__file__).parents[3]
TOKEN, PASSWORD = "planted-token", "planted-password"
FIRST = "0001"

Said = tuple[list[str], list[str]]
Check = Callable[..., Awaitable[Said]]


@pytest.fixture
async def guild() -> AsyncIterator[Guild]:
    guild = Guild(None)
    await guild.start()
    yield guild
    await guild.stop()


@pytest.fixture
def settings(guild: Guild, tmp_path: Path) -> dict[str, str]:
    """Of a house where all is well."""
    return {
        "DORMOUSE_DISCORD_TOKEN": TOKEN,
        "DORMOUSE_DISCORD_API_URL": guild.api_url,
        "DORMOUSE_DATA_DIR": str(tmp_path / "data"),
        "DORMOUSE_HEALTH": "off",
        "DORMOUSE_PORTS": "20500-20503",
    }


@pytest.fixture
def checked(settings: Mapping[str, str]) -> Check:
    async def run(**more: str) -> Said:
        """Mistakes and remarks; `more` are settings without their prefix."""
        said = await check({**settings, **{f"DORMOUSE_{name}": value for name, value in more.items()}}, None)
        assert not [line for line in said.mistakes + said.remarks if TOKEN in line or PASSWORD in line]
        return said.mistakes, said.remarks

    return run


def answered(guild: Guild, path: str, body: Any, status: int = 200) -> None:
    """Discord answers this to a GET."""

    async def before(request: web.Request) -> web.Response | None:
        return answer(body, status) if request.path.endswith(path) else None

    guild.before.append(before)


# Discord


async def test_a_good_configuration_has_no_mistakes_and_changes_nothing(checked: Check, settings: Any) -> None:
    mistakes, remarks = await checked()
    assert mistakes == []
    assert "Games on offer: Meadow." in remarks
    assert "It has the permissions it needs in its guilds." in remarks
    assert not os.path.exists(settings["DORMOUSE_DATA_DIR"])  # noqa: ASYNC240


async def test_the_invite_asks_for_what_is_needed_and_nothing_else(checked: Check) -> None:
    _, remarks = await checked()
    (link,) = [line for line in remarks if line.startswith("Invite it with: ")]
    assert f"client_id={cast.APPLICATION}" in link
    assert "scope=bot+applications.commands" in link
    number = int(link.split("permissions=")[1].partition("&")[0])
    assert {name for name, has in discord.Permissions(number) if has} == {
        "read_messages",
        "send_messages",
        "read_message_history",
        "send_messages_in_threads",
    }


async def test_asking_signs_nobody_in(checked: Check, guild: Guild) -> None:
    await checked()
    assert guild.gateway.identified == 0
    assert {request.method for request in guild.requests} == {"GET"}


async def test_a_token_that_discord_does_not_know(checked: Check, guild: Guild) -> None:
    answered(guild, "/applications/@me", {"message": "401: Unauthorized", "code": 0}, 401)
    mistakes, _ = await checked()
    assert len(mistakes) == 1
    assert mistakes[0].startswith("DORMOUSE_DISCORD_TOKEN: Discord does not know this token.")


@pytest.mark.parametrize(
    ("status", "words"), [(429, "Discord asks us to wait"), (503, "Discord answers 503 to /applications/@me")]
)
async def test_a_discord_that_refuses(checked: Check, guild: Guild, status: int, words: str) -> None:
    answered(guild, "/applications/@me", {}, status)
    ((mistake,), _) = await checked()
    assert words in mistake


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9/api/v10", "connection refused"),
        ("http://nowhere.invalid/api/v10", "the name of its host is not known here"),
    ],
)
async def test_a_discord_that_cannot_be_reached(checked: Check, url: str, why: str) -> None:
    mistakes, remarks = await checked(DISCORD_API_URL=url)
    assert mistakes == [f"Discord cannot be reached at {url}: {why}."]
    assert "Games on offer: Meadow." in remarks  # and the rest is looked at all the same


async def test_a_gateway_that_cannot_be_reached(checked: Check) -> None:
    mistakes, _ = await checked(DISCORD_GATEWAY_URL="ws://127.0.0.1:9/gateway")
    assert mistakes == ["Discord's gateway cannot be reached at ws://127.0.0.1:9/gateway: connection refused."]


async def test_a_gateway_that_is_none(checked: Check, guild: Guild) -> None:
    ((mistake,), _) = await checked(DISCORD_GATEWAY_URL=guild.gateway_url.replace("gateway", "page"))
    assert "what answers there is not Discord" in mistake


async def test_a_day_without_any_sign_in_left(checked: Check, guild: Guild) -> None:
    limit = {"remaining": 0, "reset_after": 7_200_000}
    answered(guild, "/gateway/bot", guild.gateway.bot_info() | {"session_start_limit": limit})
    ((mistake,), _) = await checked()
    assert mistake == "Discord lets this bot sign in no more times today: wait 2 h."


@pytest.mark.parametrize(
    ("is_so", "words"),
    [
        ({"integration_types_config": {"1": {}}}, "Guild Install is off"),
        ({"bot_require_code_grant": True}, "Requires OAuth2 Code Grant"),
    ],
)
async def test_an_application_that_no_guild_can_install(
    checked: Check, guild: Guild, is_so: dict[str, Any], words: str
) -> None:
    answered(guild, "/applications/@me", {"id": cast.APPLICATION, "name": "Dormouse", **is_so})
    ((mistake,), _) = await checked()
    assert words in mistake


async def test_privileged_intents_are_not_needed(checked: Check, guild: Guild) -> None:
    answered(guild, "/applications/@me", {"id": cast.APPLICATION, "name": "Dormouse", "flags": 1 << 15 | 1 << 19})
    mistakes, remarks = await checked()
    assert mistakes == []
    assert "Privileged intents that are on and not needed: Server Members, Message Content." in remarks


async def test_a_guild_that_withholds_a_permission_is_named(checked: Check, guild: Guild) -> None:
    only_view = str(discord.Permissions(view_channel=True).value)
    for role in (cast.EVERYONE, cast.BOT_ROLE):
        guild.world.edit_role(role, permissions=only_view)
    _, remarks = await checked()
    assert (
        "In the guild The Hollow Oak it lacks Send Messages, Read Message History: a role or channel has to give that."
        in remarks
    )


def test_an_administrator_lacks_nothing() -> None:
    report = Report()
    check_discord._guilds([{"name": "Oak", "permissions": str(1 << 3)}], {}, report)
    assert report.remarks == ["It has the permissions it needs in its guilds."]


# the machine


async def test_a_data_folder_that_cannot_be_made(checked: Check, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ((mistake,), _) = await checked(DATA_DIR=str(tmp_path / "file" / "data"))
    assert mistake.startswith("DORMOUSE_DATA_DIR: ")


async def test_a_data_folder_that_cannot_be_written_to(checked: Check) -> None:
    ((mistake,), _) = await checked(DATA_DIR="/proc/dormouse")
    assert mistake.startswith("DORMOUSE_DATA_DIR: /proc cannot be written to")


@pytest.mark.parametrize(
    ("room", "free", "refused"),
    [("", 100, None), ("2", 100, None), ("1", 100, "0.5"), ("", 1, "0.5"), ("40", 1, "0.5")],
)
async def test_how_large_a_world_may_be_to_be_downloaded_is_said(
    checked: Check, monkeypatch: pytest.MonkeyPatch, room: str, free: int, refused: str | None
) -> None:
    """Meadow's worlds have a disk of 1 GiB, and room is needed for one twice."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free * 1024**3))
    _, remarks = await checked(SCRATCH=room)
    said = [line for line in remarks if line.startswith("Downloads and imports have")]
    assert [f"worlds over {refused} GiB are refused there" in line for line in said] == ([True] if refused else [])
    assert all("2 GiB are room for all" in line for line in said)
    assert bool([line for line in remarks if line.startswith("DORMOUSE_SCRATCH is 40 GiB, but")]) is (room == "40")


@pytest.mark.parametrize(("free", "words"), [(100, "has only 100 MiB free: make room."), (3072, "has 3.0 GiB free")])
async def test_a_disk_that_is_almost_full(
    checked: Check, monkeypatch: pytest.MonkeyPatch, free: int, words: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free * 1024**2))
    mistakes, remarks = await checked()
    assert [line for line in (mistakes if free == 100 else remarks) if words in line]


async def test_another_copy_on_the_same_folder(checked: Check, settings: Any) -> None:
    folder = Path(settings["DORMOUSE_DATA_DIR"])
    with only_one(folder):
        mistakes, remarks = await checked()
    assert mistakes == [], "one may look at a bot that runs"
    assert f"Dormouse is running on {folder} (process {os.getpid()})." in remarks
    assert not [line for line in (await checked())[1] if "is running" in line]


async def test_ports_that_something_else_uses(checked: Check) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        mistakes, _ = await checked(PORTS=f"{port}-{port}", HEALTH=f"127.0.0.1:{port}")
    assert mistakes == [
        f"DORMOUSE_PORTS: something else uses {port}: free them, or choose another range.",
        f"DORMOUSE_HEALTH: 127.0.0.1:{port} cannot be listened on (Address already in use): "
        "choose another port, or off.",
    ]


async def test_the_ports_of_servers_that_run_are_rightly_in_use(checked: Check, settings: Any) -> None:
    app = await build(load(settings, None)[0])
    ada = Actor(user=1, guild=1)
    pond = await app.core.servers.creation.create(ada, channel=1, game="meadow", name="Pond", size=None)
    await app.session.close()
    await app.core.database.close()
    assert pond.address is not None
    with socket.socket() as game:
        game.bind(("127.0.0.1", int(pond.address.rpartition(":")[2])))
        game.listen()
        assert (await checked())[0] == []


async def test_a_public_host_that_is_another_machines(checked: Check) -> None:
    ((mistake,), _) = await checked(PUBLIC_HOST="192.0.2.1")
    assert mistake.startswith("DORMOUSE_PUBLIC_HOST: this machine cannot listen on 192.0.2.1")


async def test_ports_that_outgoing_connections_may_take(checked: Check) -> None:
    _, remarks = await checked(PORTS="50000-50003")
    assert [line for line in remarks if line.startswith("DORMOUSE_PORTS overlaps the ports ")]


async def test_games_that_cannot_be_read(checked: Check, tmp_path: Path) -> None:
    (tmp_path / "games").mkdir()
    (tmp_path / "games" / "broken.toml").write_text("id = ")
    ((mistake,), _) = await checked(GAMES_DIR=str(tmp_path / "games"))
    assert "broken.toml" in mistake


# the database


@pytest.fixture
async def prepared(database_url: str, settings: dict[str, str]) -> Database:
    """An up to date database that the settings name."""
    settings["DORMOUSE_DATABASE_URL"] = database_url
    return Database(database_url)


async def test_a_database_that_is_up_to_date(checked: Check, prepared: Database) -> None:
    mistakes, remarks = await checked()
    assert mistakes == []
    kind = "SQLite" if prepared.is_sqlite else "PostgreSQL"
    assert f"The database ({kind}) is up to date and can be written to." in remarks
    async with prepared.engine.connect() as connection:
        names = "sqlite_master" if prepared.is_sqlite else "pg_tables"
        column = "name" if prepared.is_sqlite else "tablename"
        found = set((await connection.exec_driver_sql(f"SELECT {column} FROM {names}")).scalars())
    await prepared.close()
    assert "servers" in found
    assert "dormouse_check" not in found


async def stamp(database: Database, revision: str) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    await database.close()


async def test_an_old_schema_on_postgresql_is_not_touched_by_a_start(
    checked: Check, prepared: Database, settings: Any
) -> None:
    await stamp(prepared, FIRST)
    mistakes, _ = await checked()
    started = open_database(load(settings, None)[0])
    if prepared.is_sqlite:  # migrated by a start, after a copy
        assert mistakes == []
        started.close()
        return
    assert mistakes == ["The database's schema is from an older Dormouse: run `dormouse migrate`."]
    with pytest.raises(Misconfigured, match="run `dormouse migrate`, then start"):
        await started


async def test_a_file_that_is_no_database(checked: Check, tmp_path: Path) -> None:
    (tmp_path / "dormouse.db").write_bytes(b"not a database at all" * 100)
    ((mistake,), _) = await checked(DATA_DIR=str(tmp_path))
    assert mistake == "The database cannot be used: file is not a database."


async def test_a_postgresql_that_is_not_there(checked: Check) -> None:
    mistakes, _ = await checked(DATABASE_URL=f"postgresql://dormouse:{PASSWORD}@127.0.0.1:9/none")
    assert mistakes == ["DORMOUSE_DATABASE_URL: the database cannot be used: nothing listens at its address."]


async def test_a_host_that_is_not_known(checked: Check) -> None:
    mistakes, _ = await checked(DATABASE_URL=f"postgresql://dormouse:{PASSWORD}@nowhere.invalid/none")
    assert mistakes == ["DORMOUSE_DATABASE_URL: the database cannot be used: the host in its address is not known."]


async def test_no_database_of_that_name(checked: Check, postgres_server: str) -> None:
    mistakes, _ = await checked(DATABASE_URL=f"{postgres_server}/none")
    assert mistakes == [
        "DORMOUSE_DATABASE_URL: the database cannot be used: the server has no database of that name: create it first."
    ]


async def test_a_wrong_password(checked: Check, postgres_server: str) -> None:
    url = f"{postgres_server}/postgres".replace("dormouse@", f"guarded:{PASSWORD}@")
    connection = await asyncpg.connect(f"{postgres_server}/postgres".replace("+asyncpg", ""))
    await connection.execute("DROP ROLE IF EXISTS guarded")
    await connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'another'")
    with first_line(await connection.fetchval("SHOW hba_file"), "host all guarded all scram-sha-256"):
        await connection.execute("SELECT pg_reload_conf()")
        async with asyncio.timeout(10):
            while not (mistakes := (await checked(DATABASE_URL=url))[0]) or "password" not in mistakes[0]:
                await asyncio.sleep(0.05)  # the server takes a moment to read its rules again
    await connection.close()
    assert mistakes == ["DORMOUSE_DATABASE_URL: the database cannot be used: its password is wrong."]


@contextlib.contextmanager
def first_line(file: str, line: str) -> Iterator[None]:
    before = Path(file).read_text()
    Path(file).write_text(f"{line}\n{before}")
    yield
    Path(file).write_text(before)


async def test_a_user_who_may_not_write(checked: Check, postgres_server: str) -> None:
    connection = await asyncpg.connect(f"{postgres_server}/postgres".replace("+asyncpg", ""))
    await connection.execute("DROP ROLE IF EXISTS reader")
    await connection.execute("CREATE ROLE reader LOGIN")
    await connection.close()
    ((mistake,), _) = await checked(DATABASE_URL=f"{postgres_server}/postgres".replace("dormouse@", "reader@"))
    assert mistake.endswith("this user may not do that there: make it the database's owner.")


@pytest.mark.parametrize("url", ["nonsense:{}", "mysql://u:{}@host/name", "postgresql://u:{}@host:port/name"])
async def test_an_address_that_is_none_is_not_repeated(checked: Check, url: str) -> None:
    mistakes, _ = await checked(DATABASE_URL=url.format(PASSWORD))
    assert mistakes == ["DORMOUSE_DATABASE_URL: takes an address such as postgresql://user:password@host/name."]


# as it is typed


async def typed(settings: Mapping[str, str], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}
    environ |= {f"DORMOUSE_{name}": value for name, value in more.items()}
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "bot", "check"],
        cwd=folder, env=environ, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.process
async def test_all_is_well(settings: Any, tmp_path: Path) -> None:
    ended = await typed(settings, tmp_path, IDEL_AFTER="1")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.endswith("All is well.\n")
    assert "DORMOUSE_IDEL_AFTER is set, but Dormouse does not know it." in ended.stdout
    assert TOKEN not in ended.stdout


@pytest.mark.process
async def test_everything_that_is_wrong_is_said_at_once(settings: Any, guild: Guild, tmp_path: Path) -> None:
    answered(guild, "/applications/@me", {}, 401)
    database = f"postgresql://dormouse:{PASSWORD}@127.0.0.1:9/none"
    ended = await typed(settings, tmp_path, DATABASE_URL=database, PUBLIC_HOST="192.0.2.1", HEALTH="192.0.2.1:1")
    assert ended.returncode == 1
    names = [line.partition(":")[0].strip(" -") for line in ended.stderr.splitlines()[1:]]
    assert names == [f"DORMOUSE_{name}" for name in ("DISCORD_TOKEN", "DATABASE_URL", "PUBLIC_HOST", "HEALTH")]
    assert not [word for word in ("Traceback", TOKEN, PASSWORD) if word in ended.stderr + ended.stdout]


@pytest.mark.process
async def test_a_settings_mistake_is_said_by_check_as_by_a_start(settings: Any, tmp_path: Path) -> None:
    ended = await typed(settings, tmp_path, PORTS="many")
    assert ended.returncode == 1
    assert "DORMOUSE_PORTS: takes two port numbers" in ended.stderr
