from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.sharer import Sharer

T = TypeVar("T", bound="SpecialQuota")


@_attrs_define
class SpecialQuota:
    """Of one member, or of each member with one role. null: the guild's rule holds.

    Attributes:
        kind (Sharer): What a server can be shared with, and whom a quota can be for.
        id (str):
        servers (int | None):
        memory (int | None):
        storage (int | None):
    """

    kind: Sharer
    id: str
    servers: int | None
    memory: int | None
    storage: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind.value

        id = self.id

        servers: int | None
        servers = self.servers

        memory: int | None
        memory = self.memory

        storage: int | None
        storage = self.storage

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "kind": kind,
                "id": id,
                "servers": servers,
                "memory": memory,
                "storage": storage,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = Sharer(d.pop("kind"))

        id = d.pop("id")

        def _parse_servers(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        servers = _parse_servers(d.pop("servers"))

        def _parse_memory(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        memory = _parse_memory(d.pop("memory"))

        def _parse_storage(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        storage = _parse_storage(d.pop("storage"))

        special_quota = cls(
            kind=kind,
            id=id,
            servers=servers,
            memory=memory,
            storage=storage,
        )

        special_quota.additional_properties = d
        return special_quota

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
