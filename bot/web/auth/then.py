"""Pure: where a browser goes after a sign-in: to a page of ours, and nowhere else."""

from __future__ import annotations

import re

HOME = "/"
LONGEST = 500
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path of visible ASCII: browsers take `//host` and `/\\host` for another host, and drop tabs and line breaks."""


def local(path: str) -> str:
    """The path itself where it leads to a page of ours, else HOME. Never back into a sign-in."""
    if len(path) > LONGEST or not _LOCAL.fullmatch(path) or path.startswith("/auth/"):
        return HOME
    return path
