"""Parts of a root file system, as a tar file: what an image of something that is installed here is made of."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from pathlib import Path


def libraries(file: Path) -> set[Path]:
    """The shared ones that it loads."""
    said = subprocess.run(["ldd", file], capture_output=True, text=True, check=False).stdout
    return {Path(each) for each in re.findall(r"(/\S+) \(0x", said)}


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """A file that everybody may run. Nothing of it depends on when it is made."""
    entry = tarfile.TarInfo(name.lstrip("/"))
    entry.size, entry.mode = len(content), 0o755
    tar.addfile(entry, io.BytesIO(content))


def add_folder(tar: tarfile.TarFile, name: str, mode: int) -> None:
    folder = tarfile.TarInfo(name)
    folder.type, folder.mode = tarfile.DIRTYPE, mode
    tar.addfile(folder)
