"""What a hostile game puts where something else is expected."""

from __future__ import annotations

import os
import stat
from pathlib import Path

KINDS = ("link", "hard link", "pipe", "socket", "folder")


def stand(path: Path, what: str, target: Path | None = None) -> None:
    """In the place of what is there. `target`: where a link leads."""
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f"{path.name}-before"))
    path.unlink(missing_ok=True)
    match what:
        case "link":
            path.symlink_to(target or "/nowhere")
        case "hard link":
            assert target is not None
            path.hardlink_to(target)
        case "pipe":
            os.mkfifo(path)
        case "socket":
            os.mknod(path, stat.S_IFSOCK | 0o600)
        case "folder":
            path.mkdir()
            (path / "inside").write_text("something")
        case _:
            raise ValueError(what)
