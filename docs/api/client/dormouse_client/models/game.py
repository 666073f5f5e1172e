from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.licence import Licence
    from ..models.setting import Setting
    from ..models.size import Size


T = TypeVar("T", bound="Game")


@_attrs_define
class Game:
    """
    Attributes:
        id (str):
        name (str):
        summary (str):
        licence (Licence | None): It has to be accepted once in a guild.
        sizes (list[Size]):
        settings (list[Setting]):
    """

    id: str
    name: str
    summary: str
    licence: Licence | None
    sizes: list[Size]
    settings: list[Setting]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.licence import Licence

        id = self.id

        name = self.name

        summary = self.summary

        licence: dict[str, Any] | None
        if isinstance(self.licence, Licence):
            licence = self.licence.to_dict()
        else:
            licence = self.licence

        sizes = []
        for sizes_item_data in self.sizes:
            sizes_item = sizes_item_data.to_dict()
            sizes.append(sizes_item)

        settings = []
        for settings_item_data in self.settings:
            settings_item = settings_item_data.to_dict()
            settings.append(settings_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "name": name,
                "summary": summary,
                "licence": licence,
                "sizes": sizes,
                "settings": settings,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.licence import Licence
        from ..models.setting import Setting
        from ..models.size import Size

        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        summary = d.pop("summary")

        def _parse_licence(data: object) -> Licence | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                licence_type_0 = Licence.from_dict(data)

                return licence_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Licence | None, data)

        licence = _parse_licence(d.pop("licence"))

        sizes = []
        _sizes = d.pop("sizes")
        for sizes_item_data in _sizes:
            sizes_item = Size.from_dict(sizes_item_data)

            sizes.append(sizes_item)

        settings = []
        _settings = d.pop("settings")
        for settings_item_data in _settings:
            settings_item = Setting.from_dict(settings_item_data)

            settings.append(settings_item)

        game = cls(
            id=id,
            name=name,
            summary=summary,
            licence=licence,
            sizes=sizes,
            settings=settings,
        )

        game.additional_properties = d
        return game

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
