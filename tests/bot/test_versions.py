"""Two versions of Dormouse on one database: the older one may go on where the newer one's migrations say so."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType

import pytest
import structlog

from bot.app import build
from bot.backup import copies
from bot.check import check
from bot.database import migrate, open_database
from bot.settings import Settings, load
from core.data import schema
from core.data.database import Database
from core.data.schema import Schema
from core.errors import Misconfigured
from core.guilds.access import Actor
from core.worlds.store import open_store

ADA = Actor(user=1, guild=1)
ALLOWS = schema.revisions()[-1]
FORBIDS = "9000"
MADE_UP = '''"""A column that older code leaves alone"""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = {below!r}
{says}


def upgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        batch_op.add_column(sa.Column("mood", sa.String(), nullable=False, server_default="calm"))
'''

Newer = Callable[[str | None], Awaitable[None]]


@pytest.fixture
def empty() -> bool:
    return True


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "DORMOUSE_DISCORD_TOKEN": "planted-token",
        "DORMOUSE_DISCORD_API_URL": "http://127.0.0.1:9/api/v10",
        "DORMOUSE_DATABASE_URL": database_url,
        "DORMOUSE_DATA_DIR": str(tmp_path / "data"),
        "DORMOUSE_HEALTH": "off",
        "DORMOUSE_PORTS": "20500-20503",
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    return load(environ, None)[0]


@pytest.fixture
def newer(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newer:
    """A version with one migration more runs `dormouse migrate`; it says which is the oldest code that may go on."""

    async def run(oldest: str | None) -> None:
        theirs = tmp_path / "theirs"
        shutil.copytree(schema.MIGRATIONS, theirs)
        says = f"OLDEST_CODE = {oldest!r}" if oldest else ""
        (theirs / "versions" / "9000_made_up.py").write_text(MADE_UP.format(below=ALLOWS, says=says))
        with monkeypatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", theirs)
            await migrate(settings)

    return run


async def about_the_database(environ: dict[str, str]) -> tuple[list[str], list[str]]:
    """What `dormouse check` says of it: mistakes and remarks."""
    said = await check(environ, None)
    return [line for line in said.mistakes if "atabase" in line], [line for line in said.remarks if "atabase" in line]


async def mood(settings: Settings, server: str) -> str:
    database = Database(settings.database)
    async with database.engine.connect() as connection:
        found = await connection.exec_driver_sql(f"SELECT mood FROM servers WHERE id = '{server}'")
        said = str(found.scalar())
    await database.close()
    return said


async def test_a_newer_schema_that_allows_it_is_used_by_older_code(settings: Settings, newer: Newer) -> None:
    await newer(ALLOWS)
    with structlog.testing.capture_logs() as lines:
        app = await build(settings)
    (line,) = [line for line in lines if line["event"] == "schema of a newer version"]
    assert (line["schema"], line["own"], line["oldest_code"]) == ("9000", ALLOWS, ALLOWS)
    pond = await app.core.servers.creation.create(ADA, channel=1, game="meadow", name="Pond", size=None)
    await app.session.close()
    await app.core.database.close()
    assert await mood(settings, pond.id) == "calm"


async def test_a_newer_schema_that_forbids_it_is_refused_in_words(settings: Settings, newer: Newer) -> None:
    await newer(FORBIDS)
    with pytest.raises(Misconfigured, match="made by a newer Dormouse: start that version"):
        await open_database(settings)
    with pytest.raises(Misconfigured, match="made by a newer Dormouse: start that version"):
        await migrate(settings)


async def test_check_tells_the_two_apart(
    settings: Settings, environ: dict[str, str], newer: Newer, database_url: str, tmp_path: Path
) -> None:
    await newer(ALLOWS)
    mistakes, (remark,) = await about_the_database(environ)
    assert mistakes == []
    assert "is of a newer Dormouse, which lets this one use it, and can be written to." in remark
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(schema.set_oldest_code, FORBIDS)
    await database.close()
    (mistake,), _ = await about_the_database(environ)
    assert mistake.startswith("The database was made by a newer Dormouse")


async def test_a_schema_that_says_nothing_is_not_used_by_older_code(
    settings: Settings, newer: Newer, database_url: str
) -> None:
    await newer(ALLOWS)
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM meta")
    assert await database.schema() is Schema.TOO_NEW
    await database.close()


async def test_migrate_leaves_a_newer_schema_alone(settings: Settings, newer: Newer) -> None:
    await newer(ALLOWS)
    assert await migrate(settings) == (Schema.NEWER, "")
    database = Database(settings.database)
    assert (await database.stamp()).revision == "9000"
    await database.close()


async def test_a_copy_of_a_schema_that_forbids_it_is_not_put_back(settings: Settings, newer: Newer) -> None:
    """Nor, on PostgreSQL, one of any newer schema: this version could not make it. What was there stays."""
    await newer(FORBIDS)
    store = open_store(settings.store_place.place, settings.store_place.env)
    await copies.keep(settings)
    with pytest.raises(Misconfigured, match="newer Dormouse \\(9000\\): put it back with that version"):
        await asyncio.to_thread(copies.restore, store, "newest", settings.database, settings.data_dir)
    database = Database(settings.database)
    assert (await database.stamp()).revision == "9000"
    await database.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_copy_of_a_schema_that_allows_it_is_put_back(settings: Settings, newer: Newer) -> None:
    await newer(ALLOWS)
    store = open_store(settings.store_place.place, settings.store_place.env)
    await copies.keep(settings)
    assert await asyncio.to_thread(copies.restore, store, "newest", settings.database, settings.data_dir)
    database = await open_database(settings)
    assert await database.schema() is Schema.NEWER
    await database.close()


async def test_a_copy_that_came_back_still_says_which_code_may_use_it(settings: Settings) -> None:
    await (await open_database(settings)).close()
    store = open_store(settings.store_place.place, settings.store_place.env)
    await copies.keep(settings)
    await asyncio.to_thread(copies.restore, store, "newest", settings.database, settings.data_dir)
    database = Database(settings.database)
    assert await database.stamp() == schema.Stamp(ALLOWS, migrations()[-1].OLDEST_CODE)
    await database.close()


# what each migration says


def migrations() -> list[ModuleType]:
    """In order."""
    found = []
    for file in sorted((schema.MIGRATIONS / "versions").glob("[0-9]*_*.py")):
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(module)
    return found


def test_every_migration_says_which_code_may_go_on() -> None:
    silent = [each.revision for each in migrations() if not hasattr(each, "OLDEST_CODE")]
    assert silent == [], "say OLDEST_CODE: the oldest revision whose code may use the schema after this one"


def test_the_oldest_code_is_one_there_is_and_never_goes_back() -> None:
    said = [(each.revision, each.OLDEST_CODE) for each in migrations()]
    for (revision, oldest), (_, below) in zip(said, [("", "0001"), *said], strict=False):
        assert oldest in schema.revisions(), revision
        assert below <= oldest <= revision, revision


def test_revisions_compare_as_text() -> None:
    assert all(len(each) == 4 and each.isdigit() for each in schema.revisions())


async def test_a_migration_that_says_nothing_does_not_run(settings: Settings, newer: Newer) -> None:
    await (await open_database(settings)).close()
    with pytest.raises(AttributeError, match="OLDEST_CODE"):
        await newer(None)
    database = Database(settings.database)
    assert await database.schema() is Schema.CURRENT, "the transaction kept nothing of it"
    await database.close()
