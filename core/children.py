"""Child processes: which programs of ours there are, what environment they get, and what they say in JSON lines.

Only the standard library is imported here: the agent has to stay small.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.progress import OnProgress

PROJECT = Path(__file__).resolve().parent.parent
"""Where `python -m core…` and `python -m bot…` are found from any working directory."""

_LINE = 1024 * 1024  # bytes of one line: a result may name many files
_GRACE = 5.0  # seconds between SIGTERM and SIGKILL


class Program(StrEnum):
    """All our programs that are started by their module's name. The import rules cannot see such a name, so it stands
    here and nowhere else."""

    AGENT = "core.agent"
    SNAPSHOT = "core.worlds.snapshot"
    RESTORE = "core.worlds.restore"
    VERIFY = "core.worlds.verify"
    BRING = "core.worlds.bring"
    EXPORT = "core.worlds.export"
    PRUNE = "core.worlds.prune"
    DRAW = "core.activity.draw"
    BACKUP = "bot.backup"


def command(program: Program, *arguments: str, python: str = "") -> list[str]:
    """The command line that starts `program` by our own Python, or by `python`: in our image that is its name."""
    return [python or sys.executable, "-m", program.value, *arguments]


def minimal_env(home: str, *, python: bool) -> dict[str, str]:
    """Built anew, so that nothing of the bot's own environment reaches an agent or a game."""
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "LANG": "C.UTF-8"}
    if python:
        # Safe path: the working directory is members' files, and must not be where modules are looked for.
        env |= {
            "PYTHONSAFEPATH": "1",
            "PYTHONPATH": str(PROJECT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    return env


class ChildFailed(Exception):
    """What a child was to do was not done, or could not even be asked of it. `kind` as in core/worlds/failures.py,
    `detail` is for the log, `said` is all that the child said at last."""

    def __init__(self, kind: str, detail: str, said: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.said = dict(said or {})


async def run_child(
    program: Program,
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    progress: OnProgress | None = None,
    within: float | None = None,
    pass_fds: Sequence[int] = (),
    given: bytes | None = None,
) -> dict[str, Any]:
    """The result of `program`, which reads `given`. It is ended after `within` seconds, and when this is cancelled.
    Raises `ChildFailed`."""
    process = await asyncio.create_subprocess_exec(
        *command(program, *arguments),
        env=dict(env),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
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
            if process.stdin is not None and given is not None:
                with contextlib.suppress(ConnectionError):
                    process.stdin.write(given)
                    await process.stdin.drain()
                process.stdin.close()
            while line := await process.stdout.readline():
                said = _said(line)
                if said.get("event") == "progress" and progress is not None:
                    progress(int(said.get("done") or 0), int(said.get("total") or 0))
                elif said.get("event") in ("done", "failed"):
                    last = said
            code = await process.wait()
            complaint = (await errors)[-2000:].decode(errors="replace").strip()
    except TimeoutError:
        raise ChildFailed("killed", f"{program} took longer than {within:g} s") from None
    except ValueError as wrong:  # a line beyond all measure
        raise ChildFailed("failed", f"{program}: {wrong}") from wrong
    finally:
        await _end(process)
        errors.cancel()
    if last.get("event") == "done":
        return dict(last.get("result") or {})
    if last.get("event") == "failed":
        raise ChildFailed(str(last.get("kind") or "failed"), str(last.get("detail") or ""), last)
    raise ChildFailed("killed" if code < 0 else "failed", f"{program} ended with {code}: {complaint}")


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
