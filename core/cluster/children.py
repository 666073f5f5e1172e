"""Work in a child process that speaks as core/worlds/process.py says: its progress, its result, or how it failed.

Only the standard library is imported here: the agent has to stay small.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_LINE = 1024 * 1024  # bytes of one line: a result may name many files
_GRACE = 5.0  # seconds between SIGTERM and SIGKILL

Progress = Callable[[int, int], None]
"""(done, total), in bytes."""


class ChildFailed(Exception):
    """`kind` as in core/worlds/process.py, or "killed" where the child said nothing; `detail` is for the log."""

    def __init__(self, kind: str, detail: str, said: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.said = dict(said or {})


async def run_child(
    module: str,
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    progress: Progress | None = None,
    within: float | None = None,
    pass_fds: Sequence[int] = (),
) -> dict[str, Any]:
    """The result of `python -m module`, ended after `within` seconds or when cancelled. Raises `ChildFailed`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        env=dict(env),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LINE,
        pass_fds=pass_fds,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    last: dict[str, Any] = {}
    try:
        async with asyncio.timeout(within):
            while line := await process.stdout.readline():
                said = _said(line)
                if said.get("event") == "progress" and progress is not None:
                    progress(int(said.get("done") or 0), int(said.get("total") or 0))
                elif said.get("event") in ("done", "failed"):
                    last = said
            code = await process.wait()
            complaint = (await errors)[-2000:].decode(errors="replace").strip()
    except TimeoutError:
        raise ChildFailed("killed", f"{module} took longer than {within:g} s") from None
    except ValueError as wrong:  # a line beyond all measure
        raise ChildFailed("failed", f"{module}: {wrong}") from wrong
    finally:
        await _end(process)
        errors.cancel()
    if last.get("event") == "done":
        return dict(last.get("result") or {})
    if last.get("event") == "failed":
        raise ChildFailed(str(last.get("kind") or "failed"), str(last.get("detail") or ""), last)
    raise ChildFailed("killed" if code < 0 else "failed", f"{module} ended with {code}: {complaint}")


def saving(
    server: str,
    data: Path,
    *,
    volume: int,
    run: int,
    rules: Mapping[str, Sequence[str]],
    note: str = "",
    full: bool = False,
    verify: bool = False,
) -> list[str]:
    """The arguments of core.worlds.snapshot. `rules`: the `include` and `exclude` of core.games.catalogue.Save."""
    return [
        *("--server", server, str(data.absolute()), f"--volume={volume}", f"--run={run}"),
        *([f"--note={note}"] if note else []),
        *(["--full"] if full else []),
        *(["--verify"] if verify else []),
        *(f"--include={glob}" for glob in rules.get("include", ())),
        *(f"--exclude={glob}" for glob in rules.get("exclude", ())),
    ]


def _said(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
