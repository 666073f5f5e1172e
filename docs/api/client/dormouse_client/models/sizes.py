from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="Sizes")


@_attrs_define
class Sizes:
    """
    Attributes:
        sizes (list[str]): None: the game is not offered.
    """

    sizes: list[str]

    def to_dict(self) -> dict[str, Any]:
        sizes = self.sizes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sizes": sizes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        sizes = cast(list[str], d.pop("sizes"))

        sizes = cls(
            sizes=sizes,
        )

        return sizes
