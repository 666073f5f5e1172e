"""The lock is closed: what it says is all there is to install, so that no day's new release can break a set-up.

`make dev` and `make demo` install what the lock says and resolve nothing. So every requirement of every locked package,
with its extras and markers, has to be met by the lock itself, on each Python and system that Dormouse promises.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11.0", "3.11.7", "3.12.1", "3.13.0", "3.14.0")
SYSTEMS = (("linux", "Linux", "x86_64"), ("linux", "Linux", "aarch64"), ("darwin", "Darwin", "arm64"))
LOCKS = {"requirements.txt": ("build",), "requirements-dev.txt": ("build", "dev")}

ELSEWHERE: dict[str, list[str]] = {"audioop-lts": []}
"""Locked packages that not every Python installs, and what they require; on those that do, it is compared."""

Environment = dict[str, str]


def environments() -> Iterator[Environment]:
    for python, (platform, system, machine) in product(PYTHONS, SYSTEMS):
        yield {
            "implementation_name": "cpython",
            "implementation_version": python,
            "os_name": "posix",
            "platform_machine": machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": system,
            "platform_version": "",
            "python_full_version": python,
            "python_version": python.rpartition(".")[0],
            "sys_platform": platform,
        }


def locked(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text().splitlines()
    return [Requirement(line.rstrip(" \\")) for line in lines if re.match(r"[A-Za-z0-9]", line)]


def roots(extras: tuple[str, ...]) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(each for extra in extras for each in project["optional-dependencies"][extra])]
    return [Requirement(each) for each in wanted]


def required_by(name: str) -> list[Requirement]:
    try:
        return [Requirement(each) for each in requires(name) or ()]
    except PackageNotFoundError:
        return [Requirement(each) for each in ELSEWHERE[name]]


def applies(requirement: Requirement, environment: Environment, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**environment, "extra": extra})


def unmet(lock: list[Requirement], wanted: list[Requirement], environment: Environment) -> set[str]:
    """What is wanted, by whom, and not locked; walks from `wanted` through all that follows."""
    held = {canonicalize_name(each.name): each for each in lock if applies(each, environment, "")}
    missing: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [(each, "pyproject.toml") for each in wanted if applies(each, environment, "")]
    while waiting:
        requirement, whose = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in held:
            missing.add(f"{whose} wants {requirement}, which is not locked")
            continue
        version = Version(str(held[name].specifier).removeprefix("=="))
        if not requirement.specifier.contains(version, prereleases=True):
            missing.add(f"{whose} wants {requirement}, and {version} is locked")
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            waiting += [(each, name) for each in required_by(name) if applies(each, environment, extra)]
    return missing


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_of_every_locked_package_is_met_by_the_lock(name: str) -> None:
    lock, wanted = locked(name), roots(LOCKS[name])
    assert {why for environment in environments() for why in unmet(lock, wanted, environment)} == set()


def test_a_requirement_that_the_lock_misses_is_named() -> None:
    lock = [each for each in locked("requirements.txt") if each.name != "aiohappyeyeballs"]
    environment = next(environments())
    assert {why.split(",")[0] for why in unmet(lock, roots(("build",)), environment)} == {
        "aiohttp wants aiohappyeyeballs>=2.5.0"
    }


def test_a_version_that_somebody_refuses_is_named() -> None:
    lock = [
        Requirement("discord.py==1.0") if each.name == "discord-py" else each for each in locked("requirements.txt")
    ]
    assert unmet(lock, roots(("build",)), next(environments())) >= {
        "pyproject.toml wants discord.py==2.7.1, and 1.0 is locked"
    }


def test_what_is_locked_for_users_is_locked_for_contributors_in_the_same_version() -> None:
    contributors = {each.name: str(each.specifier) for each in locked("requirements-dev.txt")}
    for each in locked("requirements.txt"):
        assert contributors[each.name] == str(each.specifier)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_said_of_packages_of_other_pythons_is_true_where_they_are(name: str) -> None:
    try:
        found = requires(name) or []
    except PackageNotFoundError:
        pytest.skip(f"{name} is for other versions of Python")
    assert found == ELSEWHERE[name]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_hash_for_each_package_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
