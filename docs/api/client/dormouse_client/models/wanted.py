from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Wanted")


@_attrs_define
class Wanted:
    """A server to be made.

    Attributes:
        guild (str):
        game (str): Its id, or its name.
        name (str):
        size (None | str | Unset): null: the smallest that is offered.
        description (str | Unset):  Default: ''.
        channel (None | str | Unset): Where its card and messages go, where the guild has not chosen a channel for
            these. null: where others' are.
    """

    guild: str
    game: str
    name: str
    size: str | Unset | None = UNSET
    description: str | Unset = ""
    channel: str | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        guild = self.guild

        game = self.game

        name = self.name

        size: str | Unset | None
        if isinstance(self.size, Unset):
            size = UNSET
        else:
            size = self.size

        description = self.description

        channel: str | Unset | None
        if isinstance(self.channel, Unset):
            channel = UNSET
        else:
            channel = self.channel

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "guild": guild,
                "game": game,
                "name": name,
            }
        )
        if size is not UNSET:
            field_dict["size"] = size
        if description is not UNSET:
            field_dict["description"] = description
        if channel is not UNSET:
            field_dict["channel"] = channel

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        guild = d.pop("guild")

        game = d.pop("game")

        name = d.pop("name")

        def _parse_size(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        size = _parse_size(d.pop("size", UNSET))

        description = d.pop("description", UNSET)

        def _parse_channel(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        channel = _parse_channel(d.pop("channel", UNSET))

        wanted = cls(
            guild=guild,
            game=game,
            name=name,
            size=size,
            description=description,
            channel=channel,
        )

        return wanted
