from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.edit_settings_type_0 import EditSettingsType0


T = TypeVar("T", bound="Edit")


@_attrs_define
class Edit:
    """Only what is given changes. `settings` by their ids; the game's entry in the catalogue has them.

    Attributes:
        name (None | str | Unset):
        description (None | str | Unset):
        settings (EditSettingsType0 | None | Unset):
    """

    name: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    settings: EditSettingsType0 | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.edit_settings_type_0 import EditSettingsType0

        name: str | Unset | None
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        description: str | Unset | None
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        settings: dict[str, Any] | Unset | None
        if isinstance(self.settings, Unset):
            settings = UNSET
        elif isinstance(self.settings, EditSettingsType0):
            settings = self.settings.to_dict()
        else:
            settings = self.settings

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if name is not UNSET:
            field_dict["name"] = name
        if description is not UNSET:
            field_dict["description"] = description
        if settings is not UNSET:
            field_dict["settings"] = settings

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.edit_settings_type_0 import EditSettingsType0

        d = dict(src_dict)

        def _parse_name(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_description(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        def _parse_settings(data: object) -> EditSettingsType0 | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                settings_type_0 = EditSettingsType0.from_dict(data)

                return settings_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EditSettingsType0 | None | Unset, data)

        settings = _parse_settings(d.pop("settings", UNSET))

        edit = cls(
            name=name,
            description=description,
            settings=settings,
        )

        return edit
