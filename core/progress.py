"""How far long work is, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable

OnProgress = Callable[[int, int], object]
"""Is called with (done, total), in bytes, as often as something is done. `total` is 0 while it is not known; it may be
an estimate, which `done` may pass."""
