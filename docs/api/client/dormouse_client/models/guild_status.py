from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.guild_status_phases import GuildStatusPhases
    from ..models.limits import Limits
    from ..models.special_quota import SpecialQuota
    from ..models.usage import Usage


T = TypeVar("T", bound="GuildStatus")


@_attrs_define
class GuildStatus:
    """What there is, and what of the limits is used. Bytes; memory in MiB.

    Attributes:
        limits (Limits): Bytes; memory in MiB. null: as much as the host has.
        special (list[SpecialQuota]):
        used (list[Usage]):
        phases (GuildStatusPhases):
        deleted (int): Servers that can still be brought back.
        memory (int):
        storage (int):
        most_storage (int): What the host gives.
        most_world (int):
    """

    limits: Limits
    special: list[SpecialQuota]
    used: list[Usage]
    phases: GuildStatusPhases
    deleted: int
    memory: int
    storage: int
    most_storage: int
    most_world: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        limits = self.limits.to_dict()

        special = []
        for special_item_data in self.special:
            special_item = special_item_data.to_dict()
            special.append(special_item)

        used = []
        for used_item_data in self.used:
            used_item = used_item_data.to_dict()
            used.append(used_item)

        phases = self.phases.to_dict()

        deleted = self.deleted

        memory = self.memory

        storage = self.storage

        most_storage = self.most_storage

        most_world = self.most_world

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "limits": limits,
                "special": special,
                "used": used,
                "phases": phases,
                "deleted": deleted,
                "memory": memory,
                "storage": storage,
                "most_storage": most_storage,
                "most_world": most_world,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.guild_status_phases import GuildStatusPhases
        from ..models.limits import Limits
        from ..models.special_quota import SpecialQuota
        from ..models.usage import Usage

        d = dict(src_dict)
        limits = Limits.from_dict(d.pop("limits"))

        special = []
        _special = d.pop("special")
        for special_item_data in _special:
            special_item = SpecialQuota.from_dict(special_item_data)

            special.append(special_item)

        used = []
        _used = d.pop("used")
        for used_item_data in _used:
            used_item = Usage.from_dict(used_item_data)

            used.append(used_item)

        phases = GuildStatusPhases.from_dict(d.pop("phases"))

        deleted = d.pop("deleted")

        memory = d.pop("memory")

        storage = d.pop("storage")

        most_storage = d.pop("most_storage")

        most_world = d.pop("most_world")

        guild_status = cls(
            limits=limits,
            special=special,
            used=used,
            phases=phases,
            deleted=deleted,
            memory=memory,
            storage=storage,
            most_storage=most_storage,
            most_world=most_world,
        )

        guild_status.additional_properties = d
        return guild_status

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
