"""The shipped bot with a fuse: told by SIGUSR1, it kills itself before or after its n-th commit from then on.

`python killable.py FUSE` runs `dormouse run`. At SIGUSR1 it reads the file FUSE, which holds `before 3` or `after 3`,
or nothing to take it out, and tells in FUSE.lit how many commits there were since the SIGUSR1 before. Nothing of the
product knows of this.
"""

from __future__ import annotations

import os
import signal
import sys
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


def main() -> None:
    fuse = Path(sys.argv[1])
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
    from bot.__main__ import main as dormouse

    dormouse(["run"])


if __name__ == "__main__":
    main()
