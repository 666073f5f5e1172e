from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.alarm import Alarm
    from ..models.drill import Drill
    from ..models.host_health_phases import HostHealthPhases
    from ..models.host_health_problems import HostHealthProblems


T = TypeVar("T", bound="HostHealth")


@_attrs_define
class HostHealth:
    """
    Attributes:
        at (datetime.datetime):
        version (str):
        started_at (datetime.datetime):
        database_seconds (float | None): Of a round trip; null: it does not answer, and what it would tell is missing.
        cluster_stale_since (datetime.datetime | None): null: it is seen now.
        phases (HostHealthPhases):
        problems (HostHealthProblems):
        messages_waiting (int):
        messages_waiting_since (datetime.datetime | None):
        messages_dead (int):
        last_sweep (datetime.datetime | None):
        maintenance (None | str): What members are told; null: there is none.
        drill (Drill | None):
        alarms (list[Alarm]):
    """

    at: datetime.datetime
    version: str
    started_at: datetime.datetime
    database_seconds: float | None
    cluster_stale_since: datetime.datetime | None
    phases: HostHealthPhases
    problems: HostHealthProblems
    messages_waiting: int
    messages_waiting_since: datetime.datetime | None
    messages_dead: int
    last_sweep: datetime.datetime | None
    maintenance: str | None
    drill: Drill | None
    alarms: list[Alarm]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.drill import Drill

        at = self.at.isoformat()

        version = self.version

        started_at = self.started_at.isoformat()

        database_seconds: float | None
        database_seconds = self.database_seconds

        cluster_stale_since: str | None
        if isinstance(self.cluster_stale_since, datetime.datetime):
            cluster_stale_since = self.cluster_stale_since.isoformat()
        else:
            cluster_stale_since = self.cluster_stale_since

        phases = self.phases.to_dict()

        problems = self.problems.to_dict()

        messages_waiting = self.messages_waiting

        messages_waiting_since: str | None
        if isinstance(self.messages_waiting_since, datetime.datetime):
            messages_waiting_since = self.messages_waiting_since.isoformat()
        else:
            messages_waiting_since = self.messages_waiting_since

        messages_dead = self.messages_dead

        last_sweep: str | None
        if isinstance(self.last_sweep, datetime.datetime):
            last_sweep = self.last_sweep.isoformat()
        else:
            last_sweep = self.last_sweep

        maintenance: str | None
        maintenance = self.maintenance

        drill: dict[str, Any] | None
        if isinstance(self.drill, Drill):
            drill = self.drill.to_dict()
        else:
            drill = self.drill

        alarms = []
        for alarms_item_data in self.alarms:
            alarms_item = alarms_item_data.to_dict()
            alarms.append(alarms_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "version": version,
                "started_at": started_at,
                "database_seconds": database_seconds,
                "cluster_stale_since": cluster_stale_since,
                "phases": phases,
                "problems": problems,
                "messages_waiting": messages_waiting,
                "messages_waiting_since": messages_waiting_since,
                "messages_dead": messages_dead,
                "last_sweep": last_sweep,
                "maintenance": maintenance,
                "drill": drill,
                "alarms": alarms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.alarm import Alarm
        from ..models.drill import Drill
        from ..models.host_health_phases import HostHealthPhases
        from ..models.host_health_problems import HostHealthProblems

        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        version = d.pop("version")

        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))

        def _parse_database_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        database_seconds = _parse_database_seconds(d.pop("database_seconds"))

        def _parse_cluster_stale_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                cluster_stale_since_type_0 = datetime.datetime.fromisoformat(data)

                return cluster_stale_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        cluster_stale_since = _parse_cluster_stale_since(d.pop("cluster_stale_since"))

        phases = HostHealthPhases.from_dict(d.pop("phases"))

        problems = HostHealthProblems.from_dict(d.pop("problems"))

        messages_waiting = d.pop("messages_waiting")

        def _parse_messages_waiting_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                messages_waiting_since_type_0 = datetime.datetime.fromisoformat(data)

                return messages_waiting_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        messages_waiting_since = _parse_messages_waiting_since(d.pop("messages_waiting_since"))

        messages_dead = d.pop("messages_dead")

        def _parse_last_sweep(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_sweep_type_0 = datetime.datetime.fromisoformat(data)

                return last_sweep_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_sweep = _parse_last_sweep(d.pop("last_sweep"))

        def _parse_maintenance(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        maintenance = _parse_maintenance(d.pop("maintenance"))

        def _parse_drill(data: object) -> Drill | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                drill_type_0 = Drill.from_dict(data)

                return drill_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Drill | None, data)

        drill = _parse_drill(d.pop("drill"))

        alarms = []
        _alarms = d.pop("alarms")
        for alarms_item_data in _alarms:
            alarms_item = Alarm.from_dict(alarms_item_data)

            alarms.append(alarms_item)

        host_health = cls(
            at=at,
            version=version,
            started_at=started_at,
            database_seconds=database_seconds,
            cluster_stale_since=cluster_stale_since,
            phases=phases,
            problems=problems,
            messages_waiting=messages_waiting,
            messages_waiting_since=messages_waiting_since,
            messages_dead=messages_dead,
            last_sweep=last_sweep,
            maintenance=maintenance,
            drill=drill,
            alarms=alarms,
        )

        host_health.additional_properties = d
        return host_health

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
