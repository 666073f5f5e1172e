from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.schedule_entry import ScheduleEntry


T = TypeVar("T", bound="Schedule")


@_attrs_define
class Schedule:
    """
    Attributes:
        entries (list[ScheduleEntry]):
        time_zone (str):
        own_time_zone (bool): False: the guild's.
        woken_until (datetime.datetime | None): Until when somebody woke it although it should sleep.
        changes_at (datetime.datetime | None): When something else holds.
    """

    entries: list[ScheduleEntry]
    time_zone: str
    own_time_zone: bool
    woken_until: datetime.datetime | None
    changes_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        entries = []
        for entries_item_data in self.entries:
            entries_item = entries_item_data.to_dict()
            entries.append(entries_item)

        time_zone = self.time_zone

        own_time_zone = self.own_time_zone

        woken_until: str | None
        if isinstance(self.woken_until, datetime.datetime):
            woken_until = self.woken_until.isoformat()
        else:
            woken_until = self.woken_until

        changes_at: str | None
        if isinstance(self.changes_at, datetime.datetime):
            changes_at = self.changes_at.isoformat()
        else:
            changes_at = self.changes_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "entries": entries,
                "time_zone": time_zone,
                "own_time_zone": own_time_zone,
                "woken_until": woken_until,
                "changes_at": changes_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.schedule_entry import ScheduleEntry

        d = dict(src_dict)
        entries = []
        _entries = d.pop("entries")
        for entries_item_data in _entries:
            entries_item = ScheduleEntry.from_dict(entries_item_data)

            entries.append(entries_item)

        time_zone = d.pop("time_zone")

        own_time_zone = d.pop("own_time_zone")

        def _parse_woken_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                woken_until_type_0 = datetime.datetime.fromisoformat(data)

                return woken_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        woken_until = _parse_woken_until(d.pop("woken_until"))

        def _parse_changes_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                changes_at_type_0 = datetime.datetime.fromisoformat(data)

                return changes_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        changes_at = _parse_changes_at(d.pop("changes_at"))

        schedule = cls(
            entries=entries,
            time_zone=time_zone,
            own_time_zone=own_time_zone,
            woken_until=woken_until,
            changes_at=changes_at,
        )

        schedule.additional_properties = d
        return schedule

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
