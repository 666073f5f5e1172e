"""Logs: secrets are hidden also where a library says them, and one trace id tells one story."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from bot.telemetry import logs
from core import trace


@pytest.fixture
def written() -> Iterator[Callable[[], list[Any]]]:
    """What was logged so far, one object a line."""
    loggers = [logging.getLogger(name) for name in ("", "discord", "apscheduler", "aiohttp.access", "alembic")]
    before, handlers = [logger.level for logger in loggers], loggers[0].handlers[:]
    logs.set_up(readable=False, secrets=["planted-secret", "short"])
    stream, (handler,) = io.StringIO(), loggers[0].handlers
    handler.setStream(stream)  # type: ignore[attr-defined]
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    loggers[0].handlers[:] = handlers
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)
    structlog.reset_defaults()


def test_a_secret_that_a_library_says_is_hidden(written: Any) -> None:
    logging.getLogger("library").warning("refused by %s", "https://planted-secret@host/")
    (line,) = written()
    assert line["event"] == "refused by https://***@host/"


def test_a_secret_in_a_traceback_is_hidden(written: Any) -> None:
    try:
        raise KeyError("planted-secret")
    except KeyError:
        structlog.get_logger().exception("bug")
    (line,) = written()
    assert "KeyError" in line["exception"]
    assert "planted-secret" not in line["exception"]


def test_a_word_is_not_taken_for_a_secret(written: Any) -> None:
    logging.getLogger("library").warning("in short")
    assert written()[0]["event"] == "in short"


def test_tokens_of_interactions_are_hidden_in_addresses(written: Any) -> None:
    address = "https://discord.com/api/v10/webhooks/1455000000000000002/aW50ZXJhY3Rpb246MTQ1NTAwMDA/messages/@original"
    logging.getLogger("discord.http").warning("rate limited: %s", address)
    assert written()[0]["event"].endswith("/webhooks/1455000000000000002/***/messages/@original")


def test_every_line_has_the_trace_of_what_is_being_done(written: Any) -> None:
    trace.begin("0123456789abcdef0123456789abcdef")
    structlog.get_logger().info("one")
    logging.getLogger("library").warning("other")
    assert [line["trace"] for line in written()] == ["0123456789abcdef0123456789abcdef"] * 2


@pytest.mark.process
async def test_one_id_runs_from_the_command_through_event_and_notice_to_the_log(watched: Any) -> None:
    await watched.create()
    await watched.message("**Pond** is ready")
    assert await watched.stop() == 0
    database = sqlite3.connect(watched.folder / "bot" / "dormouse.db")
    ((story,),) = database.execute("SELECT trace FROM events WHERE kind = 'created'")
    phases = set(database.execute("SELECT trace FROM events WHERE kind = 'phase'"))
    notices = list(database.execute("SELECT trace, state FROM notices WHERE kind = 'ready'"))
    database.close()
    assert (phases, notices) == ({(story,)}, [(story, "sent")])
    lines = [json.loads(line) for line in watched.log.splitlines() if line.startswith("{")]
    told = [(line["event"], line.get("name") or line.get("kind")) for line in lines if line["trace"] == story]
    assert told == [("interaction", "server create"), ("notice sent", "ready")]


@pytest.mark.parametrize(
    ("logger", "message"),
    [
        ("discord.shard", "Attempting a reconnect for shard ID %s in %.2fs"),
        ("discord.client", "Attempting a reconnect in %.2fs"),
    ],
)
def test_a_line_that_was_lost_is_a_warning_and_no_traceback(written: Any, logger: str, message: str) -> None:
    """It happens every day, and nobody is to be woken by it."""
    try:
        raise ConnectionResetError("Cannot write to closing transport")
    except ConnectionResetError as lost:
        values = (0, 1.5) if "ID" in message else (1.5,)
        logging.getLogger(logger).error(message, *values, exc_info=lost)
    (line,) = written()
    assert line["level"] == "warning"
    assert line["event"] == f"{message % values} (Cannot write to closing transport)"
    assert "exception" not in line


def test_a_bug_that_discord_py_tells_of_stays_one(written: Any) -> None:
    try:
        raise KeyError("name")
    except KeyError as wrong:
        logging.getLogger("discord.client").error("Attempting a reconnect in %.2fs", 1.5, exc_info=wrong)
    (line,) = written()
    assert (line["level"], "KeyError" in line["exception"]) == ("error", True)
