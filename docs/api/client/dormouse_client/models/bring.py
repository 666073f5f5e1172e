from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.bring_into import BringInto
from ..types import UNSET, Unset

T = TypeVar("T", bound="Bring")


@_attrs_define
class Bring:
    """
    Attributes:
        url (str): Of an archive, for everybody to read.
        into (BringInto | Unset):  Default: BringInto.WORLD.
    """

    url: str
    into: BringInto | Unset = BringInto.WORLD

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        into: str | Unset = UNSET
        if not isinstance(self.into, Unset):
            into = self.into.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "url": url,
            }
        )
        if into is not UNSET:
            field_dict["into"] = into

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = d.pop("url")

        _into = d.pop("into", UNSET)
        into: BringInto | Unset
        if isinstance(_into, Unset):
            into = UNSET
        else:
            into = BringInto(_into)

        bring = cls(
            url=url,
            into=into,
        )

        return bring
