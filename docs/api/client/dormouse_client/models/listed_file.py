from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.listed_file_kind import ListedFileKind

T = TypeVar("T", bound="ListedFile")


@_attrs_define
class ListedFile:
    """
    Attributes:
        name (str):
        kind (ListedFileKind): A link is never followed.
        size (int): Bytes; 0 for what is no file.
        modified (datetime.datetime):
        usable (bool): False: its name is no text in UTF-8, and nobody can ask for it.
    """

    name: str
    kind: ListedFileKind
    size: int
    modified: datetime.datetime
    usable: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        kind = self.kind.value

        size = self.size

        modified = self.modified.isoformat()

        usable = self.usable

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "kind": kind,
                "size": size,
                "modified": modified,
                "usable": usable,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        kind = ListedFileKind(d.pop("kind"))

        size = d.pop("size")

        modified = datetime.datetime.fromisoformat(d.pop("modified"))

        usable = d.pop("usable")

        listed_file = cls(
            name=name,
            kind=kind,
            size=size,
            modified=modified,
            usable=usable,
        )

        listed_file.additional_properties = d
        return listed_file

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
