"""What the cluster and the pure rules are told about a server's row. No method reads or writes anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.cluster.port import PortSpec, ServerSpec, fingerprint
from core.data.tables import GuildRow, ServerRow
from core.games.catalogue import Catalogue
from core.games.form.game import Game
from core.games.form.reached import Port
from core.games.form.setting import Size
from core.guilds.limits import WORLD_BYTES, volume_bytes
from core.guilds.quotas import limits_of
from core.idle.rules import Facts, Memory, Policy
from core.idle.schedule import Span, State, Timetable, timetable
from core.notices.events import Usage
from core.servers.host_rules import HostRules
from core.servers.lifecycle import Wanted
from core.servers.observed import ObservedServers
from core.servers.passwords import Passwords
from core.servers.rows import RowContext
from core.servers.usage import in_force
from core.words import Desired, Phase, Problem
from core.zones import DEFAULT_ZONE


def size_of_run(row: ServerRow) -> str:
    """Of this run, and of the next start where there is none."""
    return row.size if row.run_size is None else row.run_size


def settings_of_run(row: ServerRow) -> dict[str, str]:
    """Likewise, as they were chosen."""
    return row.settings if row.run_settings is None else row.run_settings


class Projections:
    def __init__(self, catalogue: Catalogue, rules: HostRules, passwords: Passwords, observed: ObservedServers) -> None:
        self._catalogue = catalogue
        self._rules = rules
        self._passwords = passwords
        self._observed = observed

    def game(self, row: ServerRow) -> Game | None:
        """None while it is missing from the catalogue."""
        return self._catalogue.get(row.game)

    def keeps(self, row: ServerRow) -> bool:
        """Whether there is a volume of which a snapshot is to be kept."""
        return self._rules.keeps_worlds and row.bound == row.volume

    def secret_settings(self, row: ServerRow) -> list[str]:
        """Ids of its settings that are."""
        game = self.game(row)
        return [setting.id for setting in game.settings if setting.type == "secret"] if game else []

    def secrets(self, row: ServerRow) -> list[str]:
        """What this server knows and nobody is to read in what its game writes."""
        game, ids = self.game(row), self.secret_settings(row)
        known = [values.get(each, "") for values in (row.settings, settings_of_run(row)) for each in ids]
        defaults = [game.values({})[each] for each in ids] if game else []
        return [
            *{*filter(None, [*known, *defaults, self._rules.curseforge_key])},
            self._passwords.of("console", row.id),
            self._passwords.of("agent", row.id),
        ]

    # for the cluster

    def spec(self, row: ServerRow, context: RowContext, *, replicas: int, trace: str = "") -> ServerSpec | None:
        """None while the game is missing from the catalogue."""
        game = self.game(row)
        if game is None:
            return None
        given = {port.name: port.port for port in context.ports}
        size, limits = game.sized(size_of_run(row)), limits_of(context.guild, self._rules.guild_storage)
        return ServerSpec(
            server=row.id,
            guild=row.guild,
            owner=row.owner,
            name=row.name,
            game=game,
            size=size,
            run=row.run,
            volume=row.volume,
            replicas=replicas,
            ports=tuple(_port(port, given) for port in game.ports),
            settings=game.values(settings_of_run(row)),
            console_secret=self._passwords.of("console", row.id),
            agent_secret=self._passwords.of("agent", row.id),
            curseforge_key=self._rules.curseforge_key if game.asks_for("curseforge") else "",
            volume_bytes=volume_bytes(game, size, limits),
            source=row.source,
            made=row.bound == row.volume,
            trace=trace,
        )

    # for lifecycle and plan

    def wanted(self, row: ServerRow, context: RowContext) -> Wanted:
        spec = self.spec(row, context, replicas=1) if row.desired == Desired.RUNNING else None
        return Wanted(
            server=row.id,
            desired=Desired(row.desired),
            run=row.run,
            volume=row.volume,
            phase=Phase(row.phase),
            problem=Problem(row.problem) if row.problem else None,
            start_by=row.start_by,
            ready_at=row.ready_at,
            purge_at=row.purge_at,
            fingerprint=fingerprint(spec) if spec else "",
            keeps_worlds=self._rules.keeps_worlds,
            bound=row.bound,
            sealed=row.sealed is not None,
        )

    # for events

    def usage(self, row: ServerRow, guild: GuildRow | None) -> Usage:
        """What the server uses from now on. Where no worlds are kept, no row says that a volume is gone: it counts."""
        game = self.game(row)
        size = game.sized(size_of_run(row)) if game else None
        return in_force(
            Desired(row.desired),
            Phase(row.phase),
            size=size,
            claim=self._observed.of(row.id).claim or self._asked(game, size, guild),
            has_volume=row.bound > 0 or not self._rules.keeps_worlds,
            public_ports=sum(port.public for port in game.ports) if game else 0,
            keeps_ports=self._rules.keeps_addresses,
            stored_bytes=row.stored_bytes,
        )

    def _asked(self, game: Game | None, size: Size | None, guild: GuildRow | None) -> int:
        """Bytes that its volume is asked for with, where nobody sees how large it is."""
        limits = limits_of(guild, self._rules.guild_storage)
        return volume_bytes(game, size, limits) if game and size else WORLD_BYTES

    # for idle.rules

    def policy(self, row: ServerRow, guild: GuildRow | None) -> Policy:
        """Server, then guild, then host."""

        def first(own: int | None, rule: int | None, host: timedelta) -> timedelta:
            chosen = own if own is not None else rule
            return host if chosen is None else timedelta(seconds=chosen)

        after = first(row.idle_after, guild.idle_after if guild else None, self._rules.idle_after)
        warn = first(row.idle_warn, guild.idle_warn if guild else None, self._rules.idle_warn)
        return Policy(after=after, warn=warn, grace=self._rules.idle_grace)

    def memory(self, row: ServerRow) -> Memory:
        return Memory(empty_since=row.empty_since, known_at=row.known_at, unknown_since=row.unknown_since)

    def timetable(self, row: ServerRow, guild: GuildRow | None) -> Timetable:
        """In its own zone, else in its guild's."""
        return timetable(row.schedule, row.schedule_zone or (guild.time_zone if guild else None) or DEFAULT_ZONE)

    def scheduled(self, row: ServerRow, guild: GuildRow | None, now: datetime) -> State | None:
        """None where it has no schedule."""
        return self.timetable(row, guild).at(now) if row.schedule else None

    def planned(self, row: ServerRow) -> Span | None:
        """When an occasion keeps it on, now or next."""
        return Span(row.occasion_from, row.occasion_until) if row.occasion_until is not None else None

    def facts(self, row: ServerRow, guild: GuildRow | None, now: datetime) -> Facts:
        return Facts(
            running=row.phase == Phase.RUNNING and row.desired == Desired.RUNNING,
            ready_since=row.ready_at,
            problem=row.problem is not None,
            playing=row.players_online,
            keep_until=row.keep_until,
            vote_until=row.vote_until,
            event=self.planned(row),
            schedule=self.scheduled(row, guild, now),
            awake_until=row.awake_until,
            restart_by=row.restart_by,
            warned_at=row.warned_at,
            delivered_at=row.warning_delivered_at,
            undeliverable=row.warning_dead,
        )


def _port(port: Port, given: Mapping[str, int]) -> PortSpec:
    """`given`: the public numbers by name."""
    base = given.get(port.shares or port.name)
    number = None if base is None else base + port.plus
    inside = number if port.as_outside and number is not None else port.container
    return PortSpec(port.name, port.protocol, inside, number if port.public else None)
