from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Idle")


@_attrs_define
class Idle:
    """
    Attributes:
        after (int): Seconds that it is empty before it pauses; 0: never for being empty.
        warn (int): Seconds before that in which the channel is warned.
        empty_since (datetime.datetime | None):
        pause_at (datetime.datetime | None): null: nothing will pause it.
        keep_until (datetime.datetime | None):
    """

    after: int
    warn: int
    empty_since: datetime.datetime | None
    pause_at: datetime.datetime | None
    keep_until: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        after = self.after

        warn = self.warn

        empty_since: str | None
        if isinstance(self.empty_since, datetime.datetime):
            empty_since = self.empty_since.isoformat()
        else:
            empty_since = self.empty_since

        pause_at: str | None
        if isinstance(self.pause_at, datetime.datetime):
            pause_at = self.pause_at.isoformat()
        else:
            pause_at = self.pause_at

        keep_until: str | None
        if isinstance(self.keep_until, datetime.datetime):
            keep_until = self.keep_until.isoformat()
        else:
            keep_until = self.keep_until

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "after": after,
                "warn": warn,
                "empty_since": empty_since,
                "pause_at": pause_at,
                "keep_until": keep_until,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        after = d.pop("after")

        warn = d.pop("warn")

        def _parse_empty_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                empty_since_type_0 = datetime.datetime.fromisoformat(data)

                return empty_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        empty_since = _parse_empty_since(d.pop("empty_since"))

        def _parse_pause_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                pause_at_type_0 = datetime.datetime.fromisoformat(data)

                return pause_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        pause_at = _parse_pause_at(d.pop("pause_at"))

        def _parse_keep_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                keep_until_type_0 = datetime.datetime.fromisoformat(data)

                return keep_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        keep_until = _parse_keep_until(d.pop("keep_until"))

        idle = cls(
            after=after,
            warn=warn,
            empty_since=empty_since,
            pause_at=pause_at,
            keep_until=keep_until,
        )

        idle.additional_properties = d
        return idle

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
