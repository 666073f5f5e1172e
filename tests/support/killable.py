"""The shipped program with a fuse: told by SIGUSR1, it kills itself before or after its n-th commit from then on.

`python killable.py FUSE` runs `dormouse run`; `python killable.py FUSE guilds block 1` that, with its fuse lit from the
start. At SIGUSR1 it reads the file FUSE, which holds `before 3` or `after 3`, or nothing to take it out, and tells in
FUSE.lit how many commits there were since the SIGUSR1 before. `python killable.py FUSE hasty` runs a bot that does at
once what it does by the minute, and whose clock is FUSE.days ahead. Nothing of the product knows of this.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

last = 0
passed = 0
when = ""


def light(fuse: Path) -> None:
    global last, passed, when
    told = fuse.with_suffix(".told")
    told.write_text(str(passed))
    when, _, number = fuse.read_text().partition(" ")
    last, passed = int(number or 0) or -1, 0  # not 0: what is being committed just now would count as that one
    told.rename(fuse.with_suffix(".lit"))


def hurry(fuse: Path) -> None:
    from bot import app
    from core.servers import blocking, departures, left_owners

    days = fuse.with_suffix(".days")

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(days=float(days.read_text()) if days.exists() else 0)

    app.utc_now = now
    departures.EVERY = blocking.EVERY = left_owners.EVERY = left_owners.ROUND = timedelta(seconds=0.7)


def main() -> None:
    fuse, words = Path(sys.argv[1]), sys.argv[2:]
    commit = DefaultDialect.do_commit

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        global passed
        passed += 1
        if passed == last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, connection)
        if passed == last and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
    signal.signal(signal.SIGUSR1, lambda *_: light(fuse))
    if words == ["hasty"]:
        hurry(fuse)
        words = []
    if words:
        light(fuse)
    from bot.__main__ import main as dormouse

    dormouse(words or ["run"])


if __name__ == "__main__":
    main()
