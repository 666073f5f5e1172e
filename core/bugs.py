"""A bug in the log, under a code that a person reads: it is all that they see of it."""

from __future__ import annotations

import secrets

import structlog

log = structlog.get_logger()
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def note(bug: BaseException, **where: object) -> str:
    """Log a bug, and give the code under which the log has it."""
    code = "".join(secrets.choice(_CODE) for _ in range(4))
    log.error("bug", code=code, exc_info=bug, **where)
    return code
