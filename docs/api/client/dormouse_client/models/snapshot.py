from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Snapshot")


@_attrs_define
class Snapshot:
    """A point in time that one can go back to. Sizes in bytes.

    Attributes:
        name (str):
        at (datetime.datetime):
        size (int):
        files (int):
        new_bytes (int):
        note (str):
        complete (bool): False: something of the folder is missing in it.
    """

    name: str
    at: datetime.datetime
    size: int
    files: int
    new_bytes: int
    note: str
    complete: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        at = self.at.isoformat()

        size = self.size

        files = self.files

        new_bytes = self.new_bytes

        note = self.note

        complete = self.complete

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "at": at,
                "size": size,
                "files": files,
                "new_bytes": new_bytes,
                "note": note,
                "complete": complete,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        size = d.pop("size")

        files = d.pop("files")

        new_bytes = d.pop("new_bytes")

        note = d.pop("note")

        complete = d.pop("complete")

        snapshot = cls(
            name=name,
            at=at,
            size=size,
            files=files,
            new_bytes=new_bytes,
            note=note,
            complete=complete,
        )

        snapshot.additional_properties = d
        return snapshot

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
