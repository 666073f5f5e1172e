"""An image of games that need no more than their package has: what is installed here, with the libraries that it loads.
Nothing has to be fetched. The same for podman and for a Kubernetes node.

    PYTHONPATH=tests/support python tests/realgames/box.py FILE    the image as an archive that a cluster can load
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path

from rootfs import add, add_folder, libraries

IMAGE = "localhost/dormouse-games:test"
GAMES = ["bzflag", "teeworlds"]
_PROGRAMS = ["/usr/games/bzfs", "/usr/games/teeworlds-server", "/bin/sh", "/bin/cat"]
_DATA = "/usr/share/games/teeworlds/data"
_FOLDERS = [f"{_DATA}/maps", f"{_DATA}/mapres"]  # by the second it finds the first


@cache
def made() -> str:
    """The image's name, once podman has it."""
    content = rootfs()
    own = hashlib.sha256(content).hexdigest()
    has = _podman("image", "inspect", "--format", "{{.Comment}}", IMAGE, check=False)
    if has.strip() != own.encode():
        _podman("import", "--message", own, "--change", "ENV PATH=/bin:/usr/games", "-", IMAGE, given=content)
    return IMAGE


def rootfs() -> bytes:
    """A tar file; the same each time."""
    programs = {Path(each) for each in _PROGRAMS}
    data = {each for folder in _FOLDERS for each in Path(folder).rglob("*") if each.is_file()}
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for file in sorted(programs | data | {library for each in programs for library in libraries(each)}):
            add(tar, str(file), file.resolve().read_bytes())
        for name, mode in (("tmp", 0o1777), ("data", 0o755)):
            add_folder(tar, name, mode)
    return written.getvalue()


def _podman(*arguments: str, given: bytes | None = None, check: bool = True) -> bytes:
    return subprocess.run(["podman", *arguments], input=given, capture_output=True, timeout=120, check=check).stdout


if __name__ == "__main__":
    Path(sys.argv[1]).unlink(missing_ok=True)
    _podman("save", "--format", "docker-archive", "--output", sys.argv[1], made())
