"""Everything an operator can set: from the environment, a `.env` file, or for secrets a file named by `NAME_FILE`.

All mistakes are listed at once, in words (`Misconfigured`). The table is in docs/settings.md.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from core.accounts.claims import TENANT
from core.edited import read_edited
from core.errors import Misconfigured
from core.guilds.limits import STORAGE_BYTES
from core.worlds.store.b2_place import B2Place
from core.worlds.store.place import StorePlace

PREFIX = "DORMOUSE_"
SECRETS = (
    "DISCORD_TOKEN",
    "MASTER_KEY",
    "DATABASE_URL",
    "B2_KEY",
    "CURSEFORGE_KEY",
    "OIDC_CLIENT_SECRET",
    "DISCORD_CLIENT_SECRET",
)
SHORTEST_KEY = 16  # characters
ROLES = ("discord", "control", "web")
_ADDRESS = re.compile(r"(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")


class Settings(BaseSettings):
    """Names as in PREFIX + upper case. Built by `load`, which reads nothing but what it is given."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    discord_token: SecretStr | None = None
    discord_api_url: str | None = None
    discord_gateway_url: str | None = None
    data_dir: Path = Path("./data")
    database_url: SecretStr | None = None
    master_key: SecretStr | None = None
    operators: tuple[int, ...] = ()
    roles: tuple[str, ...] = ROLES
    cluster: Literal["local", "kubernetes"] = "local"
    containers: Literal["podman", "docker"] | None = None
    namespace: str = Field("dormouse-servers", pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")
    image: str | None = None
    pod_file: Path | None = None
    exposure: Literal["loadbalancer", "nodeport", "hostport", "router"] = "loadbalancer"
    traffic_policy: Literal["local", "cluster"] | None = None
    addresses: tuple[str, ...] = ()
    public_host: str = "127.0.0.1"
    ports: str = "25500-25999"
    idle_after: int = Field(900, ge=0, le=86400)
    idle_warn: int = Field(300, ge=0, le=3600)
    idle_grace: int = Field(600, ge=0, le=86400)
    games_dir: Path | None = None
    curseforge_key: SecretStr | None = None
    scratch: int | None = Field(None, ge=1, le=1_000_000)
    store: str | None = None
    b2_key_id: str | None = None
    b2_key: SecretStr | None = None
    b2_realm: str | None = None
    snapshot_every: int | None = Field(None, ge=1, le=86400)
    guild_storage: int = Field(STORAGE_BYTES // 2**30, ge=1, le=1_000_000)
    health: str = "127.0.0.1:8081"
    web: str = "off"
    public_url: str | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_tenants: tuple[str, ...] = ()
    oidc_audience: str | None = None
    discord_client_id: str | None = Field(None, pattern=r"^\d{1,20}$")
    discord_client_secret: SecretStr | None = None
    discord_oauth_url: str | None = None

    @classmethod
    def settings_customise_sources(  # type: ignore[override]
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **_: object
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @field_validator("operators", mode="before")
    @classmethod
    def _ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part for part in re.split(r"[,\s]+", value) if part]
        if not all(part.isdigit() for part in parts):
            raise ValueError("takes Discord ids (numbers), separated by commas")
        return tuple(map(int, parts))

    @field_validator("roles", mode="before")
    @classmethod
    def _roles(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = tuple(part for part in re.split(r"[,\s]+", value) if part)
        if not parts or set(parts) - set(ROLES):
            raise ValueError(f"takes some of {', '.join(ROLES)}, separated by commas")
        return parts

    @field_validator("addresses", mode="before")
    @classmethod
    def _addresses(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = tuple(part for part in re.split(r"[,\s]+", value) if part)
        for part in parts:
            try:
                ip_address(part)
            except ValueError:
                raise ValueError(f"takes addresses such as 203.0.113.7, separated by commas, not {part}") from None
        return parts

    @field_validator("ports")
    @classmethod
    def _range(cls, value: str) -> str:
        found = re.fullmatch(r"(\d+)-(\d+)", value)
        if not found or not 1024 <= int(found[1]) <= int(found[2]) <= 65535:
            raise ValueError("takes two port numbers from 1024 to 65535, such as 25500-25999")
        return value

    @field_validator("health", "web")
    @classmethod
    def _address(cls, value: str, about: ValidationInfo) -> str:
        found = _ADDRESS.fullmatch(value)
        if value != "off" and not (found and int(found["port"]) <= 65535):
            example = {"health": "127.0.0.1:8081", "web": "0.0.0.0:8080"}[str(about.field_name)]
            raise ValueError(f"takes an address with a port, such as {example}, or off")
        return value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", value):
            raise ValueError("takes an address such as https://dormouse.example.org")
        return value

    @field_validator("oidc_issuer", "discord_oauth_url")
    @classmethod
    def _provider(cls, value: str | None) -> str | None:
        if value is not None and not is_private_address(value):
            raise ValueError("takes an address such as https://login.example.org (http only on loopback)")
        return value

    @field_validator("oidc_tenants", mode="before")
    @classmethod
    def _tenants(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = tuple(part.lower() for part in re.split(r"[,\s]+", value) if part)
        if not all(TENANT.fullmatch(part) for part in parts):
            raise ValueError("takes tenants' ids, such as 72f988bf-86f1-41af-91ab-2d7cd011db47, separated by commas")
        return parts

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        url = "sqlite://" if value is None else value.get_secret_value()
        try:
            make_url(url)
        except (ArgumentError, ValueError):
            url = ""
        if not re.match(r"(postgres(ql)?|sqlite)(\+\w+)?://", url):
            raise ValueError("takes an address such as postgresql://user:password@host/name") from None
        return value

    @field_validator("store")
    @classmethod
    def _store(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"(folder:.|b2:[^/]+(/|$))", value):
            raise ValueError("takes folder:PATH or b2:BUCKET/PREFIX")
        return value

    @field_validator("discord_api_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^/]+/", value):
            raise ValueError("takes an address such as http://127.0.0.1:8300/api/v10")
        return value

    @field_validator("discord_gateway_url")
    @classmethod
    def _socket(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"wss?://[^/]+", value):
            raise ValueError("takes an address such as ws://127.0.0.1:8300/gateway")
        return value

    @property
    def name_of_all(self) -> str:
        """The name or address that leads to every server; empty: each has its own (Kubernetes without a name, or with
        a router)."""
        if self.cluster == "kubernetes" and self.exposure == "router":
            return ""
        return self.public_host if self.cluster == "local" or "public_host" in self.model_fields_set else ""

    @property
    def secrets(self) -> list[str]:
        """What must stand in no log: all that was set of them, and the password within the database's address."""
        given = [self.discord_token, self.database_url, self.master_key, self.b2_key, self.curseforge_key]
        given += [self.oidc_client_secret, self.discord_client_secret]
        values = [each.get_secret_value() for each in given if each is not None]
        password = make_url(self.database).password
        return [*values, str(password)] if password else values

    @property
    def port_range(self) -> range:
        first, last = map(int, self.ports.split("-"))
        return range(first, last + 1)

    @property
    def scratch_bytes(self) -> int | None:
        """That may lie in the folder `work` of the data folder; None: as many as its disk has."""
        return None if self.scratch is None else self.scratch * 2**30

    @property
    def health_address(self) -> tuple[str, int] | None:
        """Host and port, 0 for any free one; None: off."""
        return _host_and_port(self.health)

    @property
    def web_address(self) -> tuple[str, int] | None:
        """Likewise."""
        return _host_and_port(self.web)

    @property
    def link_url(self) -> str:
        """Where people link themselves to who they are at the OpenID provider; empty: nowhere."""
        given = (self.public_url, self.oidc_issuer, self.oidc_client_id, self.discord_client_id)
        return f"{(self.public_url or '').rstrip('/')}/auth/link" if all(given) and self.web != "off" else ""

    @property
    def store_place(self) -> StorePlace:
        """Where worlds are kept, as the processes that go there are told. Misconfigured where it is no such place."""
        place = self.store or f"folder:{self.data_dir / 'store'}"
        kind, _, rest = place.partition(":")
        if kind == "folder":
            return StorePlace(f"folder:{Path(rest).absolute()}", every=self.snapshot_every)
        key = self.b2_key.get_secret_value() if self.b2_key else ""
        try:
            B2Place.parse(place, self.b2_key_id or "", key, self.b2_realm or "")
        except ValueError as wrong:
            raise Misconfigured([f"DORMOUSE_STORE: {wrong}."]) from None
        secrets = {"B2_KEY_ID": self.b2_key_id, "B2_KEY": key, "B2_REALM": self.b2_realm}
        told = {PREFIX + name: value for name, value in secrets.items() if value}
        return StorePlace(place, told, every=self.snapshot_every)

    @property
    def database(self) -> str:
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'dormouse.db'}"
        url = self.database_url.get_secret_value()
        return re.sub(r"^postgres(ql)?://", "postgresql+asyncpg://", url)


def is_private_address(url: str) -> bool:
    """Whether nobody on the way can read what is sent there: https, or this machine itself."""
    parts = urlsplit(url)
    try:
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.query or parts.fragment or re.search(r"\s", url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _host_and_port(address: str) -> tuple[str, int] | None:
    found = _ADDRESS.fullmatch(address)
    return (found["host"].strip("[]"), int(found["port"])) if found else None


def load(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> tuple[Settings, list[str]]:
    """The settings, and the DORMOUSE_ names that nobody knows. Raises Misconfigured with all mistakes at once."""
    environ = os.environ if environ is None else environ
    given, mistakes = _of_file(env_file) if env_file is not None and env_file.is_file() else ({}, [])
    given |= environ
    named = {key.removeprefix(PREFIX): value for key, value in given.items() if key.startswith(PREFIX) and value != ""}
    for name in SECRETS:
        if (path := named.pop(f"{name}_FILE", None)) is not None:
            try:
                named[name] = read_edited(Path(path)).strip()
            except Misconfigured as wrong:
                mistakes += [f"{PREFIX}{name}_FILE: {line}" for line in wrong.lines]
    known = {name.upper() for name in Settings.model_fields}
    unknown = sorted(PREFIX + name for name in named if name not in known)
    try:
        settings = Settings(**{name.lower(): value for name, value in named.items() if name in known})  # type: ignore[arg-type]
    except ValidationError as wrong:
        for each in wrong.errors():
            name = PREFIX + str(each["loc"][0]).upper()
            what = each["msg"].removeprefix("Value error, ")
            mistakes.append(f"{name}: {what[0].lower()}{what[1:]}.")
        raise Misconfigured(mistakes) from None
    if settings.database.startswith("sqlite") and not {"discord", "control"} <= set(settings.roles):
        mistakes.append(
            f"{PREFIX}ROLES: with SQLite there is one process, which has to do everything: "
            "leave it out, or set DORMOUSE_DATABASE_URL to a PostgreSQL."
        )
    try:
        _ = settings.store_place
    except Misconfigured as wrong:
        mistakes += wrong.lines
    if mistakes:
        raise Misconfigured(mistakes)
    return settings, unknown


def _of_file(path: Path) -> tuple[dict[str, str], list[str]]:
    """What a `.env` file sets, and what is wrong with it."""
    try:
        text = read_edited(path)
    except Misconfigured as wrong:
        return {}, wrong.lines
    broken = [each.original for each in parse_stream(StringIO(text)) if each.error]
    lines = [each.line + len(each.string) - len(each.string.lstrip("\n")) for each in broken]  # behind empty ones
    if lines:
        return {}, [f"{path}, line {line}: this is not NAME=value." for line in lines]
    return {key: value for key, value in dotenv_values(stream=StringIO(text)).items() if value is not None}, []


def master_key(settings: Settings) -> bytes:
    """The key that passwords are derived from; made once in the data folder, readable by its owner only."""
    if settings.master_key is not None:
        return settings.master_key.get_secret_value().encode()
    file = settings.data_dir / "master.key"
    if not file.exists():
        made = file.with_name(f"{file.name}.{os.getpid()}")
        with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
            target.write(secrets.token_hex(32).encode())
            target.flush()
            os.fsync(target.fileno())
        with suppress(FileExistsError):  # another process made one meanwhile: that one counts
            os.link(made, file)
        made.unlink()
    key = file.read_bytes().strip()
    if len(key) < SHORTEST_KEY:
        raise Misconfigured(
            [f"The master key in {file} is damaged: put it back, or remove the file to have a new one made."]
        )
    return key
