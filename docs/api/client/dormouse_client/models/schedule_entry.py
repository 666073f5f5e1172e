from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.schedule_kind import ScheduleKind

T = TypeVar("T", bound="ScheduleEntry")


@_attrs_define
class ScheduleEntry:
    """It repeats each week.

    Attributes:
        mark (str): By which it is removed.
        kind (ScheduleKind): What an entry of a server's schedule says.
        days (list[int]): On which it begins; Monday is 0.
        begins (str): `HH:MM`, by the clock on the wall of the schedule's time zone.
        ends (None | str): null: a restart lasts no time.
        days_later (int): Days from the one on which it begins to the one on which it ends.
        firm (bool): Of sleep: whoever plays.
    """

    mark: str
    kind: ScheduleKind
    days: list[int]
    begins: str
    ends: str | None
    days_later: int
    firm: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        mark = self.mark

        kind = self.kind.value

        days = self.days

        begins = self.begins

        ends: str | None
        ends = self.ends

        days_later = self.days_later

        firm = self.firm

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "mark": mark,
                "kind": kind,
                "days": days,
                "begins": begins,
                "ends": ends,
                "days_later": days_later,
                "firm": firm,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        mark = d.pop("mark")

        kind = ScheduleKind(d.pop("kind"))

        days = cast(list[int], d.pop("days"))

        begins = d.pop("begins")

        def _parse_ends(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        ends = _parse_ends(d.pop("ends"))

        days_later = d.pop("days_later")

        firm = d.pop("firm")

        schedule_entry = cls(
            mark=mark,
            kind=kind,
            days=days,
            begins=begins,
            ends=ends,
            days_later=days_later,
            firm=firm,
        )

        schedule_entry.additional_properties = d
        return schedule_entry

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
