from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job_state import JobState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.archive import Archive
    from ..models.brought import Brought
    from ..models.problem import Problem
    from ..models.server import Server


T = TypeVar("T", bound="Job")


@_attrs_define
class Job:
    """Long work. Ask for it until `state` is not `running` any more; it is kept for an hour after that.

    Attributes:
        id (str):
        do (str):
        state (JobState):
        began_at (datetime.datetime):
        ended_at (datetime.datetime | None):
        server (None | Server | Unset):
        snapshot (None | str | Unset):
        archive (Archive | None | Unset):
        brought (Brought | None | Unset):
        problem (None | Problem | Unset): Of one that was refused.
    """

    id: str
    do: str
    state: JobState
    began_at: datetime.datetime
    ended_at: datetime.datetime | None
    server: Server | Unset | None = UNSET
    snapshot: str | Unset | None = UNSET
    archive: Archive | Unset | None = UNSET
    brought: Brought | Unset | None = UNSET
    problem: Problem | Unset | None = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.archive import Archive
        from ..models.brought import Brought
        from ..models.problem import Problem
        from ..models.server import Server

        id = self.id

        do = self.do

        state = self.state.value

        began_at = self.began_at.isoformat()

        ended_at: str | None
        if isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        server: dict[str, Any] | Unset | None
        if isinstance(self.server, Unset):
            server = UNSET
        elif isinstance(self.server, Server):
            server = self.server.to_dict()
        else:
            server = self.server

        snapshot: str | Unset | None
        if isinstance(self.snapshot, Unset):
            snapshot = UNSET
        else:
            snapshot = self.snapshot

        archive: dict[str, Any] | Unset | None
        if isinstance(self.archive, Unset):
            archive = UNSET
        elif isinstance(self.archive, Archive):
            archive = self.archive.to_dict()
        else:
            archive = self.archive

        brought: dict[str, Any] | Unset | None
        if isinstance(self.brought, Unset):
            brought = UNSET
        elif isinstance(self.brought, Brought):
            brought = self.brought.to_dict()
        else:
            brought = self.brought

        problem: dict[str, Any] | Unset | None
        if isinstance(self.problem, Unset):
            problem = UNSET
        elif isinstance(self.problem, Problem):
            problem = self.problem.to_dict()
        else:
            problem = self.problem

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "do": do,
                "state": state,
                "began_at": began_at,
                "ended_at": ended_at,
            }
        )
        if server is not UNSET:
            field_dict["server"] = server
        if snapshot is not UNSET:
            field_dict["snapshot"] = snapshot
        if archive is not UNSET:
            field_dict["archive"] = archive
        if brought is not UNSET:
            field_dict["brought"] = brought
        if problem is not UNSET:
            field_dict["problem"] = problem

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.archive import Archive
        from ..models.brought import Brought
        from ..models.problem import Problem
        from ..models.server import Server

        d = dict(src_dict)
        id = d.pop("id")

        do = d.pop("do")

        state = JobState(d.pop("state"))

        began_at = datetime.datetime.fromisoformat(d.pop("began_at"))

        def _parse_ended_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)

                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ended_at = _parse_ended_at(d.pop("ended_at"))

        def _parse_server(data: object) -> Server | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                server_type_0 = Server.from_dict(data)

                return server_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Server | Unset, data)

        server = _parse_server(d.pop("server", UNSET))

        def _parse_snapshot(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        snapshot = _parse_snapshot(d.pop("snapshot", UNSET))

        def _parse_archive(data: object) -> Archive | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                archive_type_0 = Archive.from_dict(data)

                return archive_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Archive | None | Unset, data)

        archive = _parse_archive(d.pop("archive", UNSET))

        def _parse_brought(data: object) -> Brought | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                brought_type_0 = Brought.from_dict(data)

                return brought_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Brought | None | Unset, data)

        brought = _parse_brought(d.pop("brought", UNSET))

        def _parse_problem(data: object) -> Problem | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                problem_type_0 = Problem.from_dict(data)

                return problem_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Problem | Unset, data)

        problem = _parse_problem(d.pop("problem", UNSET))

        job = cls(
            id=id,
            do=do,
            state=state,
            began_at=began_at,
            ended_at=ended_at,
            server=server,
            snapshot=snapshot,
            archive=archive,
            brought=brought,
            problem=problem,
        )

        job.additional_properties = d
        return job

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
