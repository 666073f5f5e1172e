from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Clone")


@_attrs_define
class Clone:
    """
    Attributes:
        name (str):
        snapshot (None | str | Unset): null: as it is now.
        channel (None | str | Unset):
    """

    name: str
    snapshot: str | Unset | None = UNSET
    channel: str | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        snapshot: str | Unset | None
        if isinstance(self.snapshot, Unset):
            snapshot = UNSET
        else:
            snapshot = self.snapshot

        channel: str | Unset | None
        if isinstance(self.channel, Unset):
            channel = UNSET
        else:
            channel = self.channel

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
            }
        )
        if snapshot is not UNSET:
            field_dict["snapshot"] = snapshot
        if channel is not UNSET:
            field_dict["channel"] = channel

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        def _parse_snapshot(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        snapshot = _parse_snapshot(d.pop("snapshot", UNSET))

        def _parse_channel(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        channel = _parse_channel(d.pop("channel", UNSET))

        clone = cls(
            name=name,
            snapshot=snapshot,
            channel=channel,
        )

        return clone
