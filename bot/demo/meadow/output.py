"""Lines on stdout: log and console answers alike."""

from __future__ import annotations

import os
import sys


def say(line: str) -> None:
    """Print one line at once. A reader that went away does not stop the game."""
    try:
        print(line, flush=True)
    except OSError:
        # What is still buffered would fail again at exit and spoil the exit code.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.stdout.flush()
