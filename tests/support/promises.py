"""What Dormouse promises whatever happens, and what holds once the world has calmed down. Read it as a list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hollow import GRACE, WARN, Hollow, moment

from core.idle.rules import DELIVERY_PATIENCE, FRESH
from core.words import Empty, PodPhase

Row = Mapping[str, Any]


@dataclass
class Ledger:
    """What was seen so far, by somebody who forgets nothing."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    ports: dict[str, list[int]] = field(default_factory=dict)
    last_event: int = 0
    warned: dict[str, float] = field(default_factory=dict)
    """True time of the warning of each server's present episode."""
    kept: dict[str, float] = field(default_factory=dict)
    """Until when somebody was promised, in this run, that it stays awake; unix seconds."""
    exits: Counter[str] = field(default_factory=Counter)
    """Exits of the game since the server was last started by somebody."""


@dataclass(frozen=True)
class Look:
    """One look at all that is committed, and what was there the look before."""

    world: Hollow
    ledger: Ledger
    rows: dict[str, dict[str, Any]]
    events: list[dict[str, Any]]
    """New ones, in order."""
    notices: list[dict[str, Any]]
    ports: dict[str, list[int]]

    def idle_pauses(self) -> list[dict[str, Any]]:
        return [each for each in self.events if each["kind"] == "paused" and each["data"]["because"] == "idle"]


Promise = Callable[[Look], None]
PROMISES: dict[str, Promise] = {}


def promise(sentence: str) -> Callable[[Promise], Promise]:
    def keep(check: Promise) -> Promise:
        PROMISES[sentence] = check
        return check

    return keep


def look(world: Hollow, ledger: Ledger) -> None:
    """Check every promise on what is committed now."""
    seen = Look(world, ledger, world.servers(), world.events(ledger.last_event), world.notices(), world.ports())
    for event in seen.events:
        _note(seen, event)
    for sentence, check in PROMISES.items():
        try:
            check(seen)
        except AssertionError as broken:
            raise AssertionError(f"{sentence}\n{broken}") from broken
    for event in seen.events:
        ledger.last_event = event["id"]
    ledger.rows = seen.rows
    for server, ports in seen.ports.items():
        ledger.ports.setdefault(server, ports)


def _note(seen: Look, event: Row) -> None:
    server, ledger = event["server"], seen.ledger
    match event["kind"]:
        case "created" | "resumed" | "restarted" | "deleted":
            for memory in (ledger.warned, ledger.kept):
                memory.pop(server, None)
        case "warned":
            ledger.warned[server] = seen.world.clock.true
        case "kept":
            ledger.kept[server] = event["data"]["until"]
        case "recalled":
            ledger.warned.pop(server, None)


# whatever happens


@promise("There is never more than one pod on a volume, and none of a run that nobody asked for.")
def _(seen: Look) -> None:  # the cluster itself refuses a second pod: hollow.SlowCluster
    for server, pod in seen.world.cluster.pods.items():
        assert pod.run <= seen.rows[server]["run"]


@promise("Nobody is paused away: right before an idle pause the game says that nobody is on. Not knowing pauses none.")
def _(seen: Look) -> None:
    for event in seen.idle_pauses():
        [port] = seen.ledger.ports[event["server"]]
        at, evidence = seen.world.games.said[port]
        assert isinstance(evidence, Empty)
        assert seen.world.clock.true - at <= FRESH.total_seconds()


@promise("No idle pause without a warning that could be read for its full time; or that no place took, in 15 minutes.")
def _(seen: Look) -> None:
    for event in seen.idle_pauses():
        now, warned = seen.world.clock.true, seen.ledger.warned[event["server"]]
        episode = seen.rows[event["server"]]["episode"]
        [notice] = [
            each
            for each in seen.notices
            if (each["server"], each["kind"], each["episode"]) == (event["server"], "idle", episode)
        ]
        posted = [each.at for each in seen.world.channel.values() if each.notice == notice["id"]]
        read = bool(posted) and now - min(posted) >= WARN.total_seconds()
        dead = notice["state"] == "dead" and now - warned >= WARN.total_seconds()
        assert read or dead or now - warned >= DELIVERY_PATIENCE.total_seconds()


@promise("No idle pause before the time that the rules or a Keep alive say.")
def _(seen: Look) -> None:
    for event in seen.idle_pauses():
        row, at = seen.ledger.rows[event["server"]], moment(event["at"])
        assert at.timestamp() >= seen.ledger.kept.get(event["server"], 0.0)
        if (ready := row["ready_at"]) is not None:
            assert at >= moment(ready) + GRACE


@promise("A server's row that differs is a newer version of it, but for when the same was heard last.")
def _(seen: Look) -> None:
    for server, row in seen.rows.items():
        before = seen.ledger.rows.get(server, row) | {"known_at": row["known_at"]}
        assert row == before or row["version"] > before["version"]


@promise("The newest event about a server says what it uses now.")
def _(seen: Look) -> None:
    for event in {each["server"]: each for each in seen.events if each["server"]}.values():
        row = seen.rows[event["server"]]
        on = row["desired"] == "running" or row["phase"] in ("starting", "running", "stopping")
        there = row["phase"] != "deleted"
        used = (event["cpu"], event["memory"], event["volume_bytes"], event["exposure"], event["price_class"])
        assert used == (100 * on, 96 * on, 2**30 * there, int(there), "standard")


@promise("One episode, one message in a channel, however often it is tried.")
def _(seen: Look) -> None:
    posted = Counter((each.notice, each.channel) for each in seen.world.channel.values())
    assert max(posted.values(), default=0) <= 1


@promise("At most one warning is open, and only of a server that is to run.")
def _(seen: Look) -> None:
    for server, row in seen.rows.items():
        told = [each for each in seen.notices if each["server"] == server and each["data"].get("state") == "warned"]
        assert len(told) == (row["warned_at"] is not None)
        assert row["warned_at"] is None or row["desired"] == "running"


@promise("Runs and volumes only grow.")
def _(seen: Look) -> None:
    for server, row in seen.ledger.rows.items():
        assert seen.rows[server]["run"] >= row["run"]
        assert seen.rows[server]["volume"] >= row["volume"]


@promise("A port belongs to one server, from its creation until it is gone for good.")
def _(seen: Look) -> None:
    taken = [port for ports in seen.ports.values() for port in ports]
    assert len(set(taken)) == len(taken)
    for server, row in seen.rows.items():
        if row["phase"] == "deleted":
            assert server not in seen.ports
        else:
            assert seen.ports[server] == seen.ledger.ports.get(server, seen.ports[server])


@promise("Delete wins over all but Undo, which works until its time is over.")
def _(seen: Look) -> None:
    for server, before in seen.ledger.rows.items():
        row, until = seen.rows[server], moment(before["purge_at"])
        if before["desired"] == "deleted" and row["desired"] != "deleted":
            [undone] = [each for each in seen.events if (each["server"], each["kind"]) == (server, "undeleted")]
            assert moment(undone["at"]) < until
        if before["desired"] == row["desired"] == "deleted" and row["purge_at"] != before["purge_at"]:
            assert row["purge_at"] is None
            assert until <= seen.world.clock.wall


@promise("What is gone for good is gone with all that it had.")
def _(seen: Look) -> None:
    for server, row in seen.rows.items():
        if row["phase"] == "deleted":
            assert row["purge_at"] is None
            assert server not in seen.world.cluster.specs
            assert server not in seen.world.cluster.pods


@promise("Every change of phase is an event.")
def _(seen: Look) -> None:
    for server, row in seen.rows.items():
        before = seen.ledger.rows.get(server, {"phase": "starting"})["phase"]
        for event in seen.events:
            if event["server"] == server:
                told = {"deleted": "deleting", "undeleted": "stopping"}.get(event["kind"])
                if event["kind"] == "phase":
                    assert event["data"]["from"] == before
                    told = event["data"]["to"]
                before = told or before
        assert before == row["phase"]


@promise("Giving up for crashes takes three exits before the game was ever ready, or five.")
def _(seen: Look) -> None:
    for event in seen.events:
        if event["kind"] == "paused" and event["data"]["because"] == "crashes":
            assert seen.ledger.exits[event["server"]] >= 3
        if event["kind"] == "crashed":
            assert 1 <= event["data"]["count"] <= seen.ledger.exits[event["server"]]


@promise("One name, one server.")
def _(seen: Look) -> None:
    names = [row["name_key"] for row in seen.rows.values() if row["desired"] != "deleted"]
    assert len(set(names)) == len(names)


_NAME = re.compile(r"\*\*\w+\*\*")
"""A message keeps the name that a server had when it was told."""


# once the world has calmed down: the cluster answers, pods come and go as they should, messages arrive


def at_rest(world: Hollow) -> None:
    for server, row in world.servers().items():
        pod = world.cluster.pods.get(server)
        state = (row["name"], row["desired"], row["because"], row["phase"], pod)
        assert row["problem"] is None, state
        match row["desired"]:
            case "running":
                assert row["phase"] == "running", state
                assert pod is not None, state
                assert (pod.pod, pod.run) == (PodPhase.READY, row["run"]), state
            case "paused":
                assert (row["phase"], pod) == ("paused", None), state
            case "deleted":
                assert row["phase"] in ("deleting", "deleted"), state
                assert pod is None, state
    for notice in world.notices():
        assert notice["state"] in ("sent", "dead", "dropped"), notice
        posted = [each for each in world.channel.values() if each.notice == notice["id"]]
        shows = world.show(notice)
        if notice["state"] == "sent" and shows is not None:
            assert _NAME.sub("", posted[-1].shows) == _NAME.sub("", shows), (notice, posted[-1].shows, shows)


def nothing_to_do(world: Hollow) -> None:
    """A world at rest is left alone."""
    world.cluster.calls.clear()
    for _ in range(3):
        world.advance(60)
    assert world.cluster.calls == []
