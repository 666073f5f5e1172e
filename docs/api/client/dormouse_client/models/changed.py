from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Changed")


@_attrs_define
class Changed:
    """
    Attributes:
        path (str):
        saved (None | str): The snapshot that takes this change back, with the changes shortly before it; null: worlds
            are kept nowhere.
        size (int | None | Unset):
        version (None | str | Unset): Also the ETag.
    """

    path: str
    saved: str | None
    size: int | Unset | None = UNSET
    version: str | Unset | None = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        path = self.path

        saved: str | None
        saved = self.saved

        size: int | Unset | None
        if isinstance(self.size, Unset):
            size = UNSET
        else:
            size = self.size

        version: str | Unset | None
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "path": path,
                "saved": saved,
            }
        )
        if size is not UNSET:
            field_dict["size"] = size
        if version is not UNSET:
            field_dict["version"] = version

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        path = d.pop("path")

        def _parse_saved(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        saved = _parse_saved(d.pop("saved"))

        def _parse_size(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        size = _parse_size(d.pop("size", UNSET))

        def _parse_version(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        changed = cls(
            path=path,
            saved=saved,
            size=size,
            version=version,
        )

        changed.additional_properties = d
        return changed

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
