from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Text")


@_attrs_define
class Text:
    """
    Attributes:
        path (str):
        text (None | str): null: it is large, or no text in UTF-8.
        large (bool):
        size (int):
        modified (datetime.datetime):
        version (str): Also the ETag.
    """

    path: str
    text: str | None
    large: bool
    size: int
    modified: datetime.datetime
    version: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        path = self.path

        text: str | None
        text = self.text

        large = self.large

        size = self.size

        modified = self.modified.isoformat()

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "path": path,
                "text": text,
                "large": large,
                "size": size,
                "modified": modified,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        path = d.pop("path")

        def _parse_text(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        text = _parse_text(d.pop("text"))

        large = d.pop("large")

        size = d.pop("size")

        modified = datetime.datetime.fromisoformat(d.pop("modified"))

        version = d.pop("version")

        text = cls(
            path=path,
            text=text,
            large=large,
            size=size,
            modified=modified,
            version=version,
        )

        text.additional_properties = d
        return text

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
