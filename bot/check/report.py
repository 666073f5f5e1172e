"""What `dormouse check` has found so far."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    """`mistakes`: a start would fail, or members could not use it. `remarks`: good to know."""

    mistakes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
