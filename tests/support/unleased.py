"""The shipped bot, but that it acts whether or not another one does: what a lease normally prevents.

`python unleased.py` runs `dormouse run`. Nothing of the product knows of this.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.data.lease import Lease


async def hold(self: Lease, work: Callable[[], Awaitable[None]]) -> None:
    self.held = True
    await work()


if __name__ == "__main__":
    Lease.hold = hold  # type: ignore[method-assign]
    from bot.__main__ import main

    main(["run"])
