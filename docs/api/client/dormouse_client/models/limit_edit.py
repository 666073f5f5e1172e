from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.limit_edit_retention_type_0 import LimitEditRetentionType0
from ..types import UNSET, Unset

T = TypeVar("T", bound="LimitEdit")


@_attrs_define
class LimitEdit:
    """Only what is given changes. Bytes; memory in MiB, 0: no limit.

    Attributes:
        per_member (int | None | Unset):
        servers (int | None | Unset):
        memory (int | None | Unset):
        world (int | None | Unset):
        storage (int | None | Unset):
        retention (LimitEditRetentionType0 | None | Unset):
    """

    per_member: int | Unset | None = UNSET
    servers: int | Unset | None = UNSET
    memory: int | Unset | None = UNSET
    world: int | Unset | None = UNSET
    storage: int | Unset | None = UNSET
    retention: LimitEditRetentionType0 | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        per_member: int | Unset | None
        if isinstance(self.per_member, Unset):
            per_member = UNSET
        else:
            per_member = self.per_member

        servers: int | Unset | None
        if isinstance(self.servers, Unset):
            servers = UNSET
        else:
            servers = self.servers

        memory: int | Unset | None
        if isinstance(self.memory, Unset):
            memory = UNSET
        else:
            memory = self.memory

        world: int | Unset | None
        if isinstance(self.world, Unset):
            world = UNSET
        else:
            world = self.world

        storage: int | Unset | None
        if isinstance(self.storage, Unset):
            storage = UNSET
        else:
            storage = self.storage

        retention: str | Unset | None
        if isinstance(self.retention, Unset):
            retention = UNSET
        elif isinstance(self.retention, LimitEditRetentionType0):
            retention = self.retention.value
        else:
            retention = self.retention

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if per_member is not UNSET:
            field_dict["per_member"] = per_member
        if servers is not UNSET:
            field_dict["servers"] = servers
        if memory is not UNSET:
            field_dict["memory"] = memory
        if world is not UNSET:
            field_dict["world"] = world
        if storage is not UNSET:
            field_dict["storage"] = storage
        if retention is not UNSET:
            field_dict["retention"] = retention

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_per_member(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        per_member = _parse_per_member(d.pop("per_member", UNSET))

        def _parse_servers(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        servers = _parse_servers(d.pop("servers", UNSET))

        def _parse_memory(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        memory = _parse_memory(d.pop("memory", UNSET))

        def _parse_world(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        world = _parse_world(d.pop("world", UNSET))

        def _parse_storage(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        storage = _parse_storage(d.pop("storage", UNSET))

        def _parse_retention(data: object) -> LimitEditRetentionType0 | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                retention_type_0 = LimitEditRetentionType0(data)

                return retention_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LimitEditRetentionType0 | None | Unset, data)

        retention = _parse_retention(d.pop("retention", UNSET))

        limit_edit = cls(
            per_member=per_member,
            servers=servers,
            memory=memory,
            world=world,
            storage=storage,
            retention=retention,
        )

        return limit_edit
