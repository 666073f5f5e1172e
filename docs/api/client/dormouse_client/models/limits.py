from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Limits")


@_attrs_define
class Limits:
    """Bytes; memory in MiB. null: as much as the host has.

    Attributes:
        per_member (int):
        servers (int):
        memory (int | None):
        world (int):
        storage (int):
        retention (None | str): How far back one can go; null: the default.
    """

    per_member: int
    servers: int
    memory: int | None
    world: int
    storage: int
    retention: str | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        per_member = self.per_member

        servers = self.servers

        memory: int | None
        memory = self.memory

        world = self.world

        storage = self.storage

        retention: str | None
        retention = self.retention

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "per_member": per_member,
                "servers": servers,
                "memory": memory,
                "world": world,
                "storage": storage,
                "retention": retention,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        per_member = d.pop("per_member")

        servers = d.pop("servers")

        def _parse_memory(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        memory = _parse_memory(d.pop("memory"))

        world = d.pop("world")

        storage = d.pop("storage")

        def _parse_retention(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        retention = _parse_retention(d.pop("retention"))

        limits = cls(
            per_member=per_member,
            servers=servers,
            memory=memory,
            world=world,
            storage=storage,
            retention=retention,
        )

        limits.additional_properties = d
        return limits

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
