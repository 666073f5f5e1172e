from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.share_role import ShareRole

T = TypeVar("T", bound="As")


@_attrs_define
class As:
    """
    Attributes:
        role (ShareRole): As what it is shared.
    """

    role: ShareRole

    def to_dict(self) -> dict[str, Any]:
        role = self.role.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "role": role,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        role = ShareRole(d.pop("role"))

        as_ = cls(
            role=role,
        )

        return as_
