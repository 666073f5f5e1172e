"""How many cases of a long series a run takes: `make soak` all of them, any other run a sample.

CASES is `all`, or what the sample is drawn by: .ci/run gives the commit, so that each takes others. It is the same in
every process of a run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

_CASES = os.environ.get("CASES", "")
_T = TypeVar("_T")

ALL = _CASES == "all"


def sample(series: Sequence[_T], number: int, of: str) -> list[_T]:
    """`number` of them in their order, or all. `of` names the series: two of one length do not draw alike."""
    if ALL or number >= len(series):
        return list(series)
    drawn = random.Random(f"{of} {_CASES}").sample(range(len(series)), number)
    return [series[at] for at in sorted(drawn)]
