from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="To")


@_attrs_define
class To:
    """
    Attributes:
        member (str):
    """

    member: str

    def to_dict(self) -> dict[str, Any]:
        member = self.member

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "member": member,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        member = d.pop("member")

        to = cls(
            member=member,
        )

        return to
