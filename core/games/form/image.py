"""How a game is started: from an image, or as a child process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from core.games.form.model import MOST_VOLUME, Identifier, Model

Capability = Literal[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
]
"""Those that Kubernetes' Pod Security Standard `baseline` lets a container add."""


class Mount(Model):
    """One more folder that the image writes to."""

    path: str
    name: Identifier
    keep: bool = True  # on the volume, beside the world; else empty at every start


class File(Model):
    """A file written below the data folder before every start; values are put in as `escaped` says."""

    path: Annotated[str, Field(pattern=r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$")]
    content: str


class Trust(Model):
    """What the image believes: where it finds `file`, it takes `vouches` to be there too, and fetches nothing. Paths
    below the data folder; with a / at the end, a folder."""

    file: str
    vouches: tuple[str, ...]


class Instead(Model):
    """Another image where a setting has this value: versions are tags of it."""

    setting: str
    value: str
    ref: str


class Image(Model):
    """How the game runs in a pod or container. `ref` "dormouse" is Dormouse's own image."""

    ref: str
    digest: str | None = None  # of `ref`
    instead: tuple[Instead, ...] = ()  # the first that fits takes its place
    command: tuple[str, ...] = ()  # empty: the image's own
    uid: int | None = None  # None: the image's own user, for all we know root
    gid: int | None = None  # None: as `uid`. Without that: the group that it gives its data to, which pods' agents need
    capabilities: tuple[Capability, ...] = ()
    data: str = "/data"  # where the volume is mounted
    mounts: tuple[Mount, ...] = ()
    files: tuple[File, ...] = ()
    trusts: tuple[Trust, ...] = ()
    env: dict[str, str] = Field({})  # in a pod only; on top of the game's `env`
    read_only: bool = False  # the image gets on with a root file system that it cannot write to
    downloads: bool = False  # fetches the game at its first start: 60 min to become ready instead of 5
    room: int = Field(0, ge=0, le=MOST_VOLUME)  # GiB of disk for what it fetches, on top of the game's `volume`

    def ref_for(self, values: Mapping[str, str]) -> str:
        """What is pulled where the settings have these values."""
        for each in self.instead:
            if values.get(each.setting) == each.value:
                return each.ref
        return f"{self.ref}@{self.digest}" if self.digest else self.ref


class Local(Model):
    """How the game runs as a child process, its working directory the volume."""

    command: tuple[str, ...]
