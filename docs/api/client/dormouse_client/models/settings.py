from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.settings_settings import SettingsSettings


T = TypeVar("T", bound="Settings")


@_attrs_define
class Settings:
    """What people set of a server, and what its next start takes. Of a secret, null is shown.

    Attributes:
        name (str):
        description (str):
        settings (SettingsSettings):
    """

    name: str
    description: str
    settings: SettingsSettings
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        description = self.description

        settings = self.settings.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "description": description,
                "settings": settings,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.settings_settings import SettingsSettings

        d = dict(src_dict)
        name = d.pop("name")

        description = d.pop("description")

        settings = SettingsSettings.from_dict(d.pop("settings"))

        settings = cls(
            name=name,
            description=description,
            settings=settings,
        )

        settings.additional_properties = d
        return settings

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
