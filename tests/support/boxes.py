"""The smallest game (tinygame.py) in an image of its own, and whether there is an engine to run it.

The image is this Python with the modules that the game loads, at the paths that they have here, so that nothing has to
be fetched. CONTAINERS=required lets tests fail where there is no podman, which else are skipped.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rootfs import add, add_folder, libraries
from tiny import specs

from core.cluster.port import ServerSpec
from core.games.form.game import Game
from core.games.form.image import Image

GAME = Path(__file__).with_name("tinygame.py")
UID = 1000
"""The user of the game in its image."""
_LOADED = """import encodings.idna, runpy, sys
runpy.run_path(sys.argv[1])
print(*(getattr(each, "__file__", 0) for each in sys.modules.values()))"""


def needs_podman() -> None:
    """Called by a module at its import: skips it, with the reason, where there is no podman to try it with."""
    if shutil.which("podman") is None:
        why = "there is no podman to try it with"
        if os.environ.get("CONTAINERS") == "required":
            pytest.fail(why, pytrace=False)
        pytest.skip(why, allow_module_level=True)


def podman(*arguments: str, env: Mapping[str, str] | None = None, given: bytes | None = None) -> str:
    ended = subprocess.run(["podman", *arguments], input=given, capture_output=True, timeout=120, env=env, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode().strip()


@cache
def tiny_image() -> str:
    """Its name, once it is there."""
    content = rootfs()
    name = f"localhost/dormouse-tiny:{hashlib.sha256(content).hexdigest()[:12]}"
    if subprocess.run(["podman", "image", "exists", name], check=False).returncode:
        podman("import", "--change", "ENV PATH=/bin", "-", name, given=content)
    return name


@cache
def rootfs() -> bytes:
    """A tar file of all that the game needs; the same each time."""
    python = Path(sys.executable).resolve()
    said = subprocess.run([python, "-I", "-c", _LOADED, str(GAME)], capture_output=True, text=True, check=True)
    files = {Path(each) for each in said.stdout.split() if each.startswith("/")} - {GAME}
    loaded = {
        library for each in (python, *(file for file in files if file.suffix == ".so")) for library in libraries(each)
    }
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for file in sorted({python, *files, *loaded}):
            add(tar, str(file), file.resolve().read_bytes())
        add(tar, "/tinygame.py", GAME.read_bytes())
        link = tarfile.TarInfo("bin/python")
        link.type, link.linkname = tarfile.SYMTYPE, str(python)
        tar.addfile(link)
        for name, mode in (("tmp", 0o1777), ("data", 0o755), ("more", 0o755)):
            add_folder(tar, name, mode)
    return made.getvalue()


def boxed(game: Game, **image: Any) -> Game:
    """The game as its image runs it, and in no other way."""
    values = {"ref": tiny_image(), "command": ("{python}", "/tinygame.py"), "uid": UID, "gid": UID} | image
    sizes = [each.model_copy(update={"cpu": 1000}) for each in game.sizes]  # a fifth of a core would be waited for
    return game.model_copy(update={"image": Image.model_validate(values), "local": None, "sizes": tuple(sizes)})


def boxed_specs() -> Callable[..., ServerSpec]:
    make = specs()

    def made(*, image: Mapping[str, Any] | None = None, **more: Any) -> ServerSpec:
        spec = make(**more)
        game = boxed(spec.game, **(image or {}))
        return replace(spec, game=game, size=game.sizes[0])

    return made
