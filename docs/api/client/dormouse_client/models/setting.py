from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Setting")


@_attrs_define
class Setting:
    """
    Attributes:
        id (str):
        group (str):
        label (str):
        description (str):
        type_ (str):
        default (None | str): null: of a secret.
        low (int | None): Of a number.
        high (int | None):
        longest (int | None): Of a text, in characters.
        choices (list[str]):
    """

    id: str
    group: str
    label: str
    description: str
    type_: str
    default: str | None
    low: int | None
    high: int | None
    longest: int | None
    choices: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        group = self.group

        label = self.label

        description = self.description

        type_ = self.type_

        default: str | None
        default = self.default

        low: int | None
        low = self.low

        high: int | None
        high = self.high

        longest: int | None
        longest = self.longest

        choices = self.choices

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "group": group,
                "label": label,
                "description": description,
                "type": type_,
                "default": default,
                "low": low,
                "high": high,
                "longest": longest,
                "choices": choices,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        group = d.pop("group")

        label = d.pop("label")

        description = d.pop("description")

        type_ = d.pop("type")

        def _parse_default(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        default = _parse_default(d.pop("default"))

        def _parse_low(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        low = _parse_low(d.pop("low"))

        def _parse_high(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        high = _parse_high(d.pop("high"))

        def _parse_longest(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        longest = _parse_longest(d.pop("longest"))

        choices = cast(list[str], d.pop("choices"))

        setting = cls(
            id=id,
            group=group,
            label=label,
            description=description,
            type_=type_,
            default=default,
            low=low,
            high=high,
            longest=longest,
            choices=choices,
        )

        setting.additional_properties = d
        return setting

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
