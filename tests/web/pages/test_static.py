"""Styles and scripts: what is not ours is as it came, and what is served may be kept."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from setuptools import find_namespace_packages
from webface import Face

from bot.web.pages.static import FOLDER, address

VENDORED = tomllib.loads((FOLDER / "vendored.toml").read_text())
OWN = {"app.css", "app.js", "chart.js", "console.js", "dormouse.svg", "vendored.toml"}


@pytest.mark.parametrize("name", VENDORED)
def test_what_is_not_ours_is_as_it_came(name: str) -> None:
    entry = VENDORED[name]
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == entry["sha256"]
    assert all(entry[key] for key in ("package", "version", "path", "licence"))


def test_nothing_else_is_there() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.is_file()} <= OWN | VENDORED.keys()


def test_nothing_of_ours_is_loaded_from_elsewhere() -> None:
    ours = [FOLDER / "app.css", *FOLDER.glob("*[a-z].js"), *(FOLDER.parent / "pages" / "templates").rglob("*.html")]
    for path in (path for path in ours if path.name not in VENDORED):
        text = Path(path).read_text()
        assert re.findall(r"""(?:src|href|url|import)\s*[=(]\s*["']?(?:https?:)?//""", text) == [], path
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", text) == [], path


async def test_with_its_hash_it_is_kept_for_ever_and_without_it_asked_for_again(face: Face) -> None:
    kept = await face.get(address("app.css"))
    assert "immutable" in kept.headers["Cache-Control"]
    assert kept.headers["Content-Type"].startswith("text/css")
    asked = await face.get("/static/app.css", headers={"If-None-Match": kept.headers["ETag"]})
    assert (asked.status, asked.headers["Cache-Control"]) == (304, "no-cache")


async def test_no_other_file_is_served(face: Face) -> None:
    for path in ("/static/vendored.toml", "/static/..%2Fapp.py", "/static/nothing.js"):
        assert (await face.get(path)).status == 404


def test_a_wheel_has_all_of_it() -> None:
    told = tomllib.loads((FOLDER.parents[2] / "pyproject.toml").read_text())["tool"]["setuptools"]
    packages = find_namespace_packages(str(FOLDER.parents[2]), include=told["packages"]["find"]["include"])
    for package in ("bot.web.static", "bot.web.pages.templates"):
        assert package in packages
        folder = FOLDER.parents[2].joinpath(*package.split("."))
        for file in (each for each in folder.iterdir() if each.is_file()):
            assert any(file.match(pattern) for pattern in told["package-data"]["*"]), file
