from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="GuildEdit")


@_attrs_define
class GuildEdit:
    """Only what is given changes; null unsets it.

    Attributes:
        server_channel (None | str | Unset):
        notice_channel (None | str | Unset):
        admin_role (None | str | Unset):
        create_role (None | str | Unset):
        language (None | str | Unset):
        time_zone (None | str | Unset):
        names (bool | None | Unset):
        link_to_create (bool | None | Unset):
        entra_admin (list[str] | None | Unset): All of them, each by its name or as `TENANT/NAME`.
        entra_create (list[str] | None | Unset):
        idle_after (int | None | Unset):
        idle_warn (int | None | Unset):
    """

    server_channel: str | Unset | None = UNSET
    notice_channel: str | Unset | None = UNSET
    admin_role: str | Unset | None = UNSET
    create_role: str | Unset | None = UNSET
    language: str | Unset | None = UNSET
    time_zone: str | Unset | None = UNSET
    names: bool | Unset | None = UNSET
    link_to_create: bool | Unset | None = UNSET
    entra_admin: list[str] | Unset | None = UNSET
    entra_create: list[str] | Unset | None = UNSET
    idle_after: int | Unset | None = UNSET
    idle_warn: int | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        server_channel: str | Unset | None
        if isinstance(self.server_channel, Unset):
            server_channel = UNSET
        else:
            server_channel = self.server_channel

        notice_channel: str | Unset | None
        if isinstance(self.notice_channel, Unset):
            notice_channel = UNSET
        else:
            notice_channel = self.notice_channel

        admin_role: str | Unset | None
        if isinstance(self.admin_role, Unset):
            admin_role = UNSET
        else:
            admin_role = self.admin_role

        create_role: str | Unset | None
        if isinstance(self.create_role, Unset):
            create_role = UNSET
        else:
            create_role = self.create_role

        language: str | Unset | None
        if isinstance(self.language, Unset):
            language = UNSET
        else:
            language = self.language

        time_zone: str | Unset | None
        if isinstance(self.time_zone, Unset):
            time_zone = UNSET
        else:
            time_zone = self.time_zone

        names: bool | Unset | None
        if isinstance(self.names, Unset):
            names = UNSET
        else:
            names = self.names

        link_to_create: bool | Unset | None
        if isinstance(self.link_to_create, Unset):
            link_to_create = UNSET
        else:
            link_to_create = self.link_to_create

        entra_admin: list[str] | Unset | None
        if isinstance(self.entra_admin, Unset):
            entra_admin = UNSET
        elif isinstance(self.entra_admin, list):
            entra_admin = self.entra_admin

        else:
            entra_admin = self.entra_admin

        entra_create: list[str] | Unset | None
        if isinstance(self.entra_create, Unset):
            entra_create = UNSET
        elif isinstance(self.entra_create, list):
            entra_create = self.entra_create

        else:
            entra_create = self.entra_create

        idle_after: int | Unset | None
        if isinstance(self.idle_after, Unset):
            idle_after = UNSET
        else:
            idle_after = self.idle_after

        idle_warn: int | Unset | None
        if isinstance(self.idle_warn, Unset):
            idle_warn = UNSET
        else:
            idle_warn = self.idle_warn

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if server_channel is not UNSET:
            field_dict["server_channel"] = server_channel
        if notice_channel is not UNSET:
            field_dict["notice_channel"] = notice_channel
        if admin_role is not UNSET:
            field_dict["admin_role"] = admin_role
        if create_role is not UNSET:
            field_dict["create_role"] = create_role
        if language is not UNSET:
            field_dict["language"] = language
        if time_zone is not UNSET:
            field_dict["time_zone"] = time_zone
        if names is not UNSET:
            field_dict["names"] = names
        if link_to_create is not UNSET:
            field_dict["link_to_create"] = link_to_create
        if entra_admin is not UNSET:
            field_dict["entra_admin"] = entra_admin
        if entra_create is not UNSET:
            field_dict["entra_create"] = entra_create
        if idle_after is not UNSET:
            field_dict["idle_after"] = idle_after
        if idle_warn is not UNSET:
            field_dict["idle_warn"] = idle_warn

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_server_channel(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        server_channel = _parse_server_channel(d.pop("server_channel", UNSET))

        def _parse_notice_channel(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        notice_channel = _parse_notice_channel(d.pop("notice_channel", UNSET))

        def _parse_admin_role(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        admin_role = _parse_admin_role(d.pop("admin_role", UNSET))

        def _parse_create_role(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        create_role = _parse_create_role(d.pop("create_role", UNSET))

        def _parse_language(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        language = _parse_language(d.pop("language", UNSET))

        def _parse_time_zone(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        time_zone = _parse_time_zone(d.pop("time_zone", UNSET))

        def _parse_names(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        names = _parse_names(d.pop("names", UNSET))

        def _parse_link_to_create(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        link_to_create = _parse_link_to_create(d.pop("link_to_create", UNSET))

        def _parse_entra_admin(data: object) -> list[str] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                entra_admin_type_0 = cast(list[str], data)

                return entra_admin_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        entra_admin = _parse_entra_admin(d.pop("entra_admin", UNSET))

        def _parse_entra_create(data: object) -> list[str] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                entra_create_type_0 = cast(list[str], data)

                return entra_create_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        entra_create = _parse_entra_create(d.pop("entra_create", UNSET))

        def _parse_idle_after(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        idle_after = _parse_idle_after(d.pop("idle_after", UNSET))

        def _parse_idle_warn(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        idle_warn = _parse_idle_warn(d.pop("idle_warn", UNSET))

        guild_edit = cls(
            server_channel=server_channel,
            notice_channel=notice_channel,
            admin_role=admin_role,
            create_role=create_role,
            language=language,
            time_zone=time_zone,
            names=names,
            link_to_create=link_to_create,
            entra_admin=entra_admin,
            entra_create=entra_create,
            idle_after=idle_after,
            idle_warn=idle_warn,
        )

        return guild_edit
