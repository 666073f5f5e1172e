"""Events: append-only facts, written in the transaction that makes them true. They are the audit and the bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.data.tables import EventRow
from core.words import EventKind


@dataclass(frozen=True, slots=True)
class Usage:
    """What is in force: millicores, MiB, volume bytes, public ports, bytes on the store."""

    cpu: int = 0
    memory: int = 0
    volume_bytes: int = 0
    exposure: int = 0
    stored_bytes: int = 0


def record(
    session: AsyncSession,
    kind: EventKind,
    *,
    at: datetime,
    guild: int,
    server: str | None = None,
    by: int | None = None,
    data: Mapping[str, Any] | None = None,
    usage: Usage | None = None,
) -> None:
    usage = usage or Usage()
    session.add(
        EventRow(
            at=at,
            guild=guild,
            server=server,
            kind=kind,
            by=by,
            trace=trace.current(),
            data=dict(data or {}),
            cpu=usage.cpu,
            memory=usage.memory,
            volume_bytes=usage.volume_bytes,
            exposure=usage.exposure,
            stored_bytes=usage.stored_bytes,
        )
    )
