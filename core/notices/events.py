"""Events: append-only facts, written in the transaction that makes them true. They are the audit and the bill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.data.tables import EventRow
from core.notices.codec import event_of, to_json
from core.notices.kinds.events import Event

STANDARD = "standard"
"""The price class of ordinary capacity."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What is in force from an event on: millicores, MiB, bytes of the volume's claim, public ports, bytes on the
    store; and the class that says at what price."""

    cpu: int = 0
    memory: int = 0
    volume_bytes: int = 0
    exposure: int = 0
    stored_bytes: int = 0
    price_class: str = STANDARD


def record(
    session: AsyncSession,
    event: Event,
    at: datetime,
    *,
    guild: int,
    server: str | None = None,
    usage: Usage | None = None,
) -> None:
    """Write it, in the transaction that makes it true. Where messages may have something to say of it: `telling`."""
    usage, data = usage or Usage(), to_json(event)
    session.add(
        EventRow(
            at=at,
            guild=guild,
            server=server,
            kind=event.kind,
            by=data.pop("by", None),
            trace=trace.current(),
            data=data,
            cpu=usage.cpu,
            memory=usage.memory,
            volume_bytes=usage.volume_bytes,
            exposure=usage.exposure,
            stored_bytes=usage.stored_bytes,
            price_class=usage.price_class,
        )
    )


def read(row: EventRow) -> Event:
    """ValueError for what only a newer version writes."""
    return event_of(row.kind, row.data, row.by)
