from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.longest import Longest
    from ..models.not_seen import NotSeen
    from ..models.point import Point
    from ..models.server_hours import ServerHours


T = TypeVar("T", bound="Figures")


@_attrs_define
class Figures:
    """Times in seconds.

    Attributes:
        since (datetime.datetime):
        until (datetime.datetime):
        time_zone (str):
        played (float): Of all players together.
        high (int): The most at once, on one server.
        points (list[Point]):
        hours (list[float]): Players on average in each hour of the day.
        ran (float):
        slept (float): Paused by itself, until somebody wanted something else.
        memory_not_used (int): MiB times seconds that it would have held meanwhile.
        pauses (int):
        pauses_by_itself (int):
        cpu (int): Millicores: the most that a game used; 0: nobody knows.
        memory (int): MiB, likewise.
        longest (Longest | None):
        not_seen (list[NotSeen]): Players who were there before and not for 30 days.
        servers (list[ServerHours]): Of a guild: where most was played.
    """

    since: datetime.datetime
    until: datetime.datetime
    time_zone: str
    played: float
    high: int
    points: list[Point]
    hours: list[float]
    ran: float
    slept: float
    memory_not_used: int
    pauses: int
    pauses_by_itself: int
    cpu: int
    memory: int
    longest: Longest | None
    not_seen: list[NotSeen]
    servers: list[ServerHours]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.longest import Longest

        since = self.since.isoformat()

        until = self.until.isoformat()

        time_zone = self.time_zone

        played = self.played

        high = self.high

        points = []
        for points_item_data in self.points:
            points_item = points_item_data.to_dict()
            points.append(points_item)

        hours = self.hours

        ran = self.ran

        slept = self.slept

        memory_not_used = self.memory_not_used

        pauses = self.pauses

        pauses_by_itself = self.pauses_by_itself

        cpu = self.cpu

        memory = self.memory

        longest: dict[str, Any] | None
        if isinstance(self.longest, Longest):
            longest = self.longest.to_dict()
        else:
            longest = self.longest

        not_seen = []
        for not_seen_item_data in self.not_seen:
            not_seen_item = not_seen_item_data.to_dict()
            not_seen.append(not_seen_item)

        servers = []
        for servers_item_data in self.servers:
            servers_item = servers_item_data.to_dict()
            servers.append(servers_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "since": since,
                "until": until,
                "time_zone": time_zone,
                "played": played,
                "high": high,
                "points": points,
                "hours": hours,
                "ran": ran,
                "slept": slept,
                "memory_not_used": memory_not_used,
                "pauses": pauses,
                "pauses_by_itself": pauses_by_itself,
                "cpu": cpu,
                "memory": memory,
                "longest": longest,
                "not_seen": not_seen,
                "servers": servers,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.longest import Longest
        from ..models.not_seen import NotSeen
        from ..models.point import Point
        from ..models.server_hours import ServerHours

        d = dict(src_dict)
        since = datetime.datetime.fromisoformat(d.pop("since"))

        until = datetime.datetime.fromisoformat(d.pop("until"))

        time_zone = d.pop("time_zone")

        played = d.pop("played")

        high = d.pop("high")

        points = []
        _points = d.pop("points")
        for points_item_data in _points:
            points_item = Point.from_dict(points_item_data)

            points.append(points_item)

        hours = cast(list[float], d.pop("hours"))

        ran = d.pop("ran")

        slept = d.pop("slept")

        memory_not_used = d.pop("memory_not_used")

        pauses = d.pop("pauses")

        pauses_by_itself = d.pop("pauses_by_itself")

        cpu = d.pop("cpu")

        memory = d.pop("memory")

        def _parse_longest(data: object) -> Longest | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                longest_type_0 = Longest.from_dict(data)

                return longest_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Longest | None, data)

        longest = _parse_longest(d.pop("longest"))

        not_seen = []
        _not_seen = d.pop("not_seen")
        for not_seen_item_data in _not_seen:
            not_seen_item = NotSeen.from_dict(not_seen_item_data)

            not_seen.append(not_seen_item)

        servers = []
        _servers = d.pop("servers")
        for servers_item_data in _servers:
            servers_item = ServerHours.from_dict(servers_item_data)

            servers.append(servers_item)

        figures = cls(
            since=since,
            until=until,
            time_zone=time_zone,
            played=played,
            high=high,
            points=points,
            hours=hours,
            ran=ran,
            slept=slept,
            memory_not_used=memory_not_used,
            pauses=pauses,
            pauses_by_itself=pauses_by_itself,
            cpu=cpu,
            memory=memory,
            longest=longest,
            not_seen=not_seen,
            servers=servers,
        )

        figures.additional_properties = d
        return figures

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
