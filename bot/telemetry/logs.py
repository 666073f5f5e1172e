"""Logs: one JSON line an event (or a readable one on a terminal), each with the trace id. No secret reaches them.

No code logs a secret; what a library says in its own words (an address that it was refused, say) is searched for them.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

from core import trace

HIDDEN = "***"
_TOKENS = re.compile(r"(/(?:interactions|webhooks)/\d+/)[\w.-]{20,}")
"""What lets its holder answer an interaction, in the addresses that discord.py logs."""
_RECONNECTS = ("Attempting a reconnect", "Failed to connect for shard_id")
_SHORTEST = 8
"""A secret of fewer characters would be found in words that are none."""


def set_up(*, readable: bool | None = None, level: int = logging.INFO, secrets: Iterable[str] = ()) -> None:
    """Route structlog and the standard library's logging (discord.py's) through one renderer to standard error."""
    readable = sys.stderr.isatty() if readable is None else readable
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _trace,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if readable:
        # Not the default, which shows the values of variables where rich is installed.
        plain = structlog.dev.plain_traceback
        last: list[Any] = [structlog.dev.ConsoleRenderer(exception_formatter=plain)]
    else:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter(
            secrets,
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    handler.addFilter(_reconnects_are_no_errors)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("discord", "apscheduler", "aiohttp.access", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _reconnects_are_no_errors(record: logging.LogRecord) -> bool:
    """discord.py tells of each lost connection as an error with a traceback, though it only connects again: that is a
    warning, and why in a word."""
    lost = record.exc_info[1] if record.exc_info else None
    if record.name.startswith("discord.") and str(record.msg).startswith(_RECONNECTS) and _is_of_the_line(lost):
        record.msg, record.args = f"{record.getMessage()} ({str(lost) or type(lost).__name__})", ()
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
    return True


def _is_of_the_line(wrong: BaseException | None) -> bool:
    """By the names of modules: who only reads settings need not load discord.py."""
    return isinstance(wrong, OSError) or type(wrong).__module__.partition(".")[0] in ("aiohttp", "discord")


class _Formatter(structlog.stdlib.ProcessorFormatter):
    def __init__(self, secrets: Iterable[str], **options: Any) -> None:
        super().__init__(**options)
        self._secrets = sorted((each for each in secrets if len(each) >= _SHORTEST), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        return _TOKENS.sub(rf"\1{HIDDEN}", line)


def _trace(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.setdefault("trace", trace.current())
    return event
