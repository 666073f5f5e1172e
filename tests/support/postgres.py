"""A PostgreSQL of the tests' own, from Debian's package: in a temporary folder, on loopback, stopped at the end."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ports import ports

_PLACES = [Path("/usr/lib/postgresql"), Path("/usr/local/pgsql")]


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl, the newest there is."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    folders = [
        each for place in _PLACES if place.is_dir() for each in place.glob("*/bin") if (each / "initdb").exists()
    ]
    return max(folders, default=None, key=lambda folder: int("".join(filter(str.isdigit, folder.parent.name)) or 0))


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of a running server, without a database: `postgresql+asyncpg://user@host:port`."""
    where = binaries()
    assert where is not None
    folder = Path(tempfile.mkdtemp(prefix="dormouse-postgres-"))
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **as_user)

    port = ports().partition("-")[0]
    data = folder / "data"
    try:
        run(str(where / "initdb"), "-D", str(data), "-U", "dormouse", "--auth=trust", "--no-sync", "-E", "UTF8")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c synchronous_commit=off -c max_connections=200"
        run(str(where / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+asyncpg://dormouse@127.0.0.1:{port}"
        finally:
            run(str(where / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_name() -> str:
    return f"t{secrets.token_hex(6)}"
