"""The shipped bot with a fuse: told by SIGUSR1, it kills itself before or after its n-th commit from then on.

`python killable.py FUSE` runs `dormouse run`; the file FUSE holds `before 3` or `after 3`, or nothing to take it out.
Nothing of the product knows of this.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

left = 0
when = ""


def light(fuse: Path) -> None:
    global left, when
    when, _, number = fuse.read_text().partition(" ")
    left = int(number or 0)
    fuse.with_suffix(".lit").touch()


def main() -> None:
    fuse = Path(sys.argv[1])
    commit = DefaultDialect.do_commit

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        global left
        left -= 1
        if left == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, connection)
        if left == 0 and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
    signal.signal(signal.SIGUSR1, lambda *_: light(fuse))
    from bot.__main__ import main as dormouse

    dormouse(["run"])


if __name__ == "__main__":
    main()
