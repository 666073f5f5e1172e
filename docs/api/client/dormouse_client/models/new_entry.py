from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.schedule_kind import ScheduleKind
from ..types import UNSET, Unset

T = TypeVar("T", bound="NewEntry")


@_attrs_define
class NewEntry:
    """
    Attributes:
        kind (ScheduleKind): What an entry of a server's schedule says.
        when (str): As people type it, in English or German. A restart has no end: `daily 05:00`.
        firm (bool | Unset): Of sleep: whoever plays. Default: False.
    """

    kind: ScheduleKind
    when: str
    firm: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind.value

        when = self.when

        firm = self.firm

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "when": when,
            }
        )
        if firm is not UNSET:
            field_dict["firm"] = firm

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = ScheduleKind(d.pop("kind"))

        when = d.pop("when")

        firm = d.pop("firm", UNSET)

        new_entry = cls(
            kind=kind,
            when=when,
            firm=firm,
        )

        return new_entry
