from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="GuildSettings")


@_attrs_define
class GuildSettings:
    """null: not set; Discord's or the host's default applies.

    Attributes:
        server_channel (None | str): Where cards stand.
        notice_channel (None | str):
        admin_role (None | str):
        create_role (None | str): Who may make servers; null: everybody.
        language (None | str):
        time_zone (None | str):
        names (bool): Whether players are named.
        link_to_create (bool): Whether only those who linked an account at the OpenID provider make servers.
        entra_admin (list[str]): The provider's app roles and groups that stand for admin.
        entra_create (list[str]): Those whose people may make servers.
        idle_after (int | None): Seconds that a server is empty before it pauses; 0: never.
        idle_warn (int | None): Seconds before that.
    """

    server_channel: str | None
    notice_channel: str | None
    admin_role: str | None
    create_role: str | None
    language: str | None
    time_zone: str | None
    names: bool
    link_to_create: bool
    entra_admin: list[str]
    entra_create: list[str]
    idle_after: int | None
    idle_warn: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        server_channel: str | None
        server_channel = self.server_channel

        notice_channel: str | None
        notice_channel = self.notice_channel

        admin_role: str | None
        admin_role = self.admin_role

        create_role: str | None
        create_role = self.create_role

        language: str | None
        language = self.language

        time_zone: str | None
        time_zone = self.time_zone

        names = self.names

        link_to_create = self.link_to_create

        entra_admin = self.entra_admin

        entra_create = self.entra_create

        idle_after: int | None
        idle_after = self.idle_after

        idle_warn: int | None
        idle_warn = self.idle_warn

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "server_channel": server_channel,
                "notice_channel": notice_channel,
                "admin_role": admin_role,
                "create_role": create_role,
                "language": language,
                "time_zone": time_zone,
                "names": names,
                "link_to_create": link_to_create,
                "entra_admin": entra_admin,
                "entra_create": entra_create,
                "idle_after": idle_after,
                "idle_warn": idle_warn,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_server_channel(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        server_channel = _parse_server_channel(d.pop("server_channel"))

        def _parse_notice_channel(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        notice_channel = _parse_notice_channel(d.pop("notice_channel"))

        def _parse_admin_role(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        admin_role = _parse_admin_role(d.pop("admin_role"))

        def _parse_create_role(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        create_role = _parse_create_role(d.pop("create_role"))

        def _parse_language(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        language = _parse_language(d.pop("language"))

        def _parse_time_zone(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        time_zone = _parse_time_zone(d.pop("time_zone"))

        names = d.pop("names")

        link_to_create = d.pop("link_to_create")

        entra_admin = cast(list[str], d.pop("entra_admin"))

        entra_create = cast(list[str], d.pop("entra_create"))

        def _parse_idle_after(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        idle_after = _parse_idle_after(d.pop("idle_after"))

        def _parse_idle_warn(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        idle_warn = _parse_idle_warn(d.pop("idle_warn"))

        guild_settings = cls(
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

        guild_settings.additional_properties = d
        return guild_settings

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
