from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="QuotaEdit")


@_attrs_define
class QuotaEdit:
    """Only what is given changes. Bytes; memory in MiB, 0: no limit of theirs.

    Attributes:
        servers (int | None | Unset):
        memory (int | None | Unset):
        storage (int | None | Unset):
    """

    servers: int | Unset | None = UNSET
    memory: int | Unset | None = UNSET
    storage: int | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
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

        storage: int | Unset | None
        if isinstance(self.storage, Unset):
            storage = UNSET
        else:
            storage = self.storage

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if servers is not UNSET:
            field_dict["servers"] = servers
        if memory is not UNSET:
            field_dict["memory"] = memory
        if storage is not UNSET:
            field_dict["storage"] = storage

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

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

        def _parse_storage(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        storage = _parse_storage(d.pop("storage", UNSET))

        quota_edit = cls(
            servers=servers,
            memory=memory,
            storage=storage,
        )

        return quota_edit
