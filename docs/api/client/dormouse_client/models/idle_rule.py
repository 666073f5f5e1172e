from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="IdleRule")


@_attrs_define
class IdleRule:
    """Only what is given changes.

    Attributes:
        minutes (int | None | Unset): That it is empty before it pauses; 0: never for being empty.
        warn (int | None | Unset): Minutes before that in which the channel is warned.
        vote (bool | None | Unset): Whether the warning asks if it shall stay open.
        watches_voice (bool | None | Unset):
    """

    minutes: int | Unset | None = UNSET
    warn: int | Unset | None = UNSET
    vote: bool | Unset | None = UNSET
    watches_voice: bool | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        minutes: int | Unset | None
        if isinstance(self.minutes, Unset):
            minutes = UNSET
        else:
            minutes = self.minutes

        warn: int | Unset | None
        if isinstance(self.warn, Unset):
            warn = UNSET
        else:
            warn = self.warn

        vote: bool | Unset | None
        if isinstance(self.vote, Unset):
            vote = UNSET
        else:
            vote = self.vote

        watches_voice: bool | Unset | None
        if isinstance(self.watches_voice, Unset):
            watches_voice = UNSET
        else:
            watches_voice = self.watches_voice

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if minutes is not UNSET:
            field_dict["minutes"] = minutes
        if warn is not UNSET:
            field_dict["warn"] = warn
        if vote is not UNSET:
            field_dict["vote"] = vote
        if watches_voice is not UNSET:
            field_dict["watches_voice"] = watches_voice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_minutes(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        minutes = _parse_minutes(d.pop("minutes", UNSET))

        def _parse_warn(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        warn = _parse_warn(d.pop("warn", UNSET))

        def _parse_vote(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        vote = _parse_vote(d.pop("vote", UNSET))

        def _parse_watches_voice(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        watches_voice = _parse_watches_voice(d.pop("watches_voice", UNSET))

        idle_rule = cls(
            minutes=minutes,
            warn=warn,
            vote=vote,
            watches_voice=watches_voice,
        )

        return idle_rule
