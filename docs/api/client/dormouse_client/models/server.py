from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.because import Because
from ..models.desired import Desired
from ..models.phase import Phase
from ..models.server_problem import ServerProblem
from ..models.step import Step

if TYPE_CHECKING:
    from ..models.idle import Idle
    from ..models.players import Players
    from ..models.server_addresses import ServerAddresses


T = TypeVar("T", bound="Server")


@_attrs_define
class Server:
    """A server as it is now. `version` grows with every change, and is the ETag.

    Attributes:
        id (str):
        guild (str):
        name (str):
        description (str):
        owner (None | str): null: it belongs to the guild's admins.
        game (str):
        size (str):
        desired (Desired): What somebody asked for. Only use-cases and the sweep write it.
        because (Because): Why it is desired.
        phase (Phase): What people are told: folded from desired and observed (core.servers.lifecycle).
        phase_since (datetime.datetime):
        step (None | Step):
        problem (None | ServerProblem):
        address (None | str):
        addresses (ServerAddresses):
        players (Players):
        idle (Idle):
        ready_at (datetime.datetime | None):
        saved_at (datetime.datetime | None):
        saved_bytes (int | None):
        purge_at (datetime.datetime | None): Until when a deleted server can be brought back.
        offered_to (None | str): Who may take it, until `offered_until`.
        offered_until (datetime.datetime | None):
        pending (list[str]): Settings that its next start takes; `/size` stands for its size.
        fresh (bool): False: the cluster is away, and this is what was known last.
        version (int):
    """

    id: str
    guild: str
    name: str
    description: str
    owner: str | None
    game: str
    size: str
    desired: Desired
    because: Because
    phase: Phase
    phase_since: datetime.datetime
    step: Step | None
    problem: ServerProblem | None
    address: str | None
    addresses: ServerAddresses
    players: Players
    idle: Idle
    ready_at: datetime.datetime | None
    saved_at: datetime.datetime | None
    saved_bytes: int | None
    purge_at: datetime.datetime | None
    offered_to: str | None
    offered_until: datetime.datetime | None
    pending: list[str]
    fresh: bool
    version: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        guild = self.guild

        name = self.name

        description = self.description

        owner: str | None
        owner = self.owner

        game = self.game

        size = self.size

        desired = self.desired.value

        because = self.because.value

        phase = self.phase.value

        phase_since = self.phase_since.isoformat()

        step: str | None
        if isinstance(self.step, Step):
            step = self.step.value
        else:
            step = self.step

        problem: str | None
        if isinstance(self.problem, ServerProblem):
            problem = self.problem.value
        else:
            problem = self.problem

        address: str | None
        address = self.address

        addresses = self.addresses.to_dict()

        players = self.players.to_dict()

        idle = self.idle.to_dict()

        ready_at: str | None
        if isinstance(self.ready_at, datetime.datetime):
            ready_at = self.ready_at.isoformat()
        else:
            ready_at = self.ready_at

        saved_at: str | None
        if isinstance(self.saved_at, datetime.datetime):
            saved_at = self.saved_at.isoformat()
        else:
            saved_at = self.saved_at

        saved_bytes: int | None
        saved_bytes = self.saved_bytes

        purge_at: str | None
        if isinstance(self.purge_at, datetime.datetime):
            purge_at = self.purge_at.isoformat()
        else:
            purge_at = self.purge_at

        offered_to: str | None
        offered_to = self.offered_to

        offered_until: str | None
        if isinstance(self.offered_until, datetime.datetime):
            offered_until = self.offered_until.isoformat()
        else:
            offered_until = self.offered_until

        pending = self.pending

        fresh = self.fresh

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "guild": guild,
                "name": name,
                "description": description,
                "owner": owner,
                "game": game,
                "size": size,
                "desired": desired,
                "because": because,
                "phase": phase,
                "phase_since": phase_since,
                "step": step,
                "problem": problem,
                "address": address,
                "addresses": addresses,
                "players": players,
                "idle": idle,
                "ready_at": ready_at,
                "saved_at": saved_at,
                "saved_bytes": saved_bytes,
                "purge_at": purge_at,
                "offered_to": offered_to,
                "offered_until": offered_until,
                "pending": pending,
                "fresh": fresh,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.idle import Idle
        from ..models.players import Players
        from ..models.server_addresses import ServerAddresses

        d = dict(src_dict)
        id = d.pop("id")

        guild = d.pop("guild")

        name = d.pop("name")

        description = d.pop("description")

        def _parse_owner(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        owner = _parse_owner(d.pop("owner"))

        game = d.pop("game")

        size = d.pop("size")

        desired = Desired(d.pop("desired"))

        because = Because(d.pop("because"))

        phase = Phase(d.pop("phase"))

        phase_since = datetime.datetime.fromisoformat(d.pop("phase_since"))

        def _parse_step(data: object) -> Step | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                step_type_0 = Step(data)

                return step_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Step, data)

        step = _parse_step(d.pop("step"))

        def _parse_problem(data: object) -> ServerProblem | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                problem_type_0 = ServerProblem(data)

                return problem_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ServerProblem, data)

        problem = _parse_problem(d.pop("problem"))

        def _parse_address(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        address = _parse_address(d.pop("address"))

        addresses = ServerAddresses.from_dict(d.pop("addresses"))

        players = Players.from_dict(d.pop("players"))

        idle = Idle.from_dict(d.pop("idle"))

        def _parse_ready_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ready_at_type_0 = datetime.datetime.fromisoformat(data)

                return ready_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ready_at = _parse_ready_at(d.pop("ready_at"))

        def _parse_saved_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                saved_at_type_0 = datetime.datetime.fromisoformat(data)

                return saved_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        saved_at = _parse_saved_at(d.pop("saved_at"))

        def _parse_saved_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        saved_bytes = _parse_saved_bytes(d.pop("saved_bytes"))

        def _parse_purge_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                purge_at_type_0 = datetime.datetime.fromisoformat(data)

                return purge_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        purge_at = _parse_purge_at(d.pop("purge_at"))

        def _parse_offered_to(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        offered_to = _parse_offered_to(d.pop("offered_to"))

        def _parse_offered_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                offered_until_type_0 = datetime.datetime.fromisoformat(data)

                return offered_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        offered_until = _parse_offered_until(d.pop("offered_until"))

        pending = cast(list[str], d.pop("pending"))

        fresh = d.pop("fresh")

        version = d.pop("version")

        server = cls(
            id=id,
            guild=guild,
            name=name,
            description=description,
            owner=owner,
            game=game,
            size=size,
            desired=desired,
            because=because,
            phase=phase,
            phase_since=phase_since,
            step=step,
            problem=problem,
            address=address,
            addresses=addresses,
            players=players,
            idle=idle,
            ready_at=ready_at,
            saved_at=saved_at,
            saved_bytes=saved_bytes,
            purge_at=purge_at,
            offered_to=offered_to,
            offered_until=offered_until,
            pending=pending,
            fresh=fresh,
            version=version,
        )

        server.additional_properties = d
        return server

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
