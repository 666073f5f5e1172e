"""The shipped bot on a machine whose clock is set back by two hours when it gets SIGUSR1; what it has started itself
keeps its clock. Nothing of the product knows of this.

`python setback.py` runs `dormouse run`.
"""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

from bot import app
from bot.__main__ import main

offset = timedelta(0)


def now() -> datetime:
    return datetime.now(UTC) + offset


def set_back(*_: object) -> None:
    global offset
    offset -= timedelta(hours=2)


if __name__ == "__main__":
    app.utc_now = now
    signal.signal(signal.SIGUSR1, set_back)
    main(["run"])
