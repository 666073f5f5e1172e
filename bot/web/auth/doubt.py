"""A provider's answer or token that cannot be trusted: why exactly goes to the log, what to do to the person."""

from __future__ import annotations

import structlog

from core.accounts.claims import AppOnly, OtherTenant, Untrusted
from core.errors import NotAllowed, Refusal

log = structlog.get_logger()


def in_words(wrong: Untrusted, provider: str) -> Refusal:
    log.warning("sign-in refused", provider=provider, why=wrong.why)
    match wrong:
        case OtherTenant():
            return NotAllowed("signin.tenant")
        case AppOnly():
            return NotAllowed("signin.app_only")
        case _:
            return NotAllowed("signin.untrusted", provider=provider)


def unlinked(provider: str) -> Refusal:
    """It is somebody, but nobody whom Discord knows."""
    log.warning("sign-in refused", provider=provider, why="unlinked")
    return NotAllowed("signin.unlinked", provider=provider)
