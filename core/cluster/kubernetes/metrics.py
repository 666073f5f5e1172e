"""Pure: what the metrics API says of a pod.

https://github.com/kubernetes/metrics: usage of each container over the last window, as quantities.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from core.cluster.kubernetes import names
from core.cluster.port import InUse

_UNITS = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
}
"""https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""


def in_use(raw: Mapping[str, Any]) -> InUse | None:
    """Of the game's container alone: the agent beside it is no part of the size. None where nothing is measured yet."""
    for container in raw.get("containers") or ():
        if container.get("name") == names.GAME_CONTAINER:
            usage = container.get("usage") or {}
            try:
                cpu, memory = quantity(usage["cpu"]) * 1000, quantity(usage["memory"])
            except (KeyError, ValueError):
                return None
            return InUse(cpu=round(cpu), memory=int(memory)) if memory else None
    return None


def quantity(text: str) -> Decimal:
    """`12345678n`, `61440Ki`, `0.5`, `1e3`. Raises `ValueError`."""
    number = text.rstrip("numkKMGTi")
    try:
        return Decimal(number) * (_UNITS[text[len(number) :]] if number != text else 1)
    except (InvalidOperation, KeyError) as wrong:
        raise ValueError(text) from wrong
