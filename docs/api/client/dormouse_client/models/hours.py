from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Hours")


@_attrs_define
class Hours:
    """
    Attributes:
        hours (int | Unset):  Default: 1.
    """

    hours: int | Unset = 1

    def to_dict(self) -> dict[str, Any]:
        hours = self.hours

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if hours is not UNSET:
            field_dict["hours"] = hours

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        hours = d.pop("hours", UNSET)

        hours = cls(
            hours=hours,
        )

        return hours
