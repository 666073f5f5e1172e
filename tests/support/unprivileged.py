"""A Python that may not read what a file's mode forbids. Root may read everything, so root's is one that has lost the
capabilities for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_WRAPPER = """#!{python}
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH (capabilities(7))
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: gone from the next exec on
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


def python(folder: Path) -> str:
    """In place of `sys.executable`. Skips the test where there is none."""
    if os.geteuid() != 0:
        return sys.executable
    wrapper, closed = folder / "unprivileged-python", folder / "closed"
    wrapper.write_text(_WRAPPER.format(python=sys.executable))
    wrapper.chmod(0o755)
    closed.touch(mode=0o000)
    read = f"import sys; sys.exit(not open({str(closed)!r}).close())"
    tried = subprocess.run([str(wrapper), "-c", read], capture_output=True, text=True, check=False)
    closed.unlink()
    if "PermissionError" not in tried.stderr:
        pytest.skip("root may read everything here, and cannot let go of that")
    return str(wrapper)
