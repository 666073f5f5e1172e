"""What events and notices look like in the database, and that rows of every version can be read."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from core.notices.codec import EVENTS, NOTICES, event_of, notice_of, to_json
from core.notices.kinds import alarms, events, notices
from core.notices.kinds.alarms import (
    AlarmNotice,
    BackupAlarm,
    DrillAlarm,
    ForeignAlarm,
    HeldAlarm,
    HostAlarm,
    NodeAlarm,
    UnsavedAlarm,
)
from core.notices.kinds.carried import Trouble
from core.notices.kinds.events import Event, Withdrawn
from core.notices.kinds.notices import (
    CrashedNotice,
    CrashOver,
    DeletedNotice,
    DeletionFinal,
    DeletionUndone,
    IdleEnded,
    IdleGathered,
    IdleInVoice,
    IdleJoined,
    IdleKept,
    IdlePaused,
    IdleResumed,
    IdleVoted,
    IdleWarned,
    InterruptedNotice,
    InterruptionOver,
    NodeAwayNotice,
    NodeBack,
    Notice,
    NotWokenNotice,
    OfferNotice,
    OfferOver,
    OfferTaken,
    PausedNotice,
    PauseOver,
    ReadyNotice,
    RestoringNotice,
    StartFailedNotice,
    StartFailureOver,
    StorageNotice,
    UnknownNotice,
    WelcomeNotice,
    WorldLost,
)
from core.words import (
    Because,
    EventKind,
    Fill,
    GuildSetting,
    Lack,
    NoticeKind,
    Phase,
    Problem,
    Reason,
    Step,
    WebhookChange,
)

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECONDS = int(AT.timestamp())
SNAPSHOT = "000001-000001-000001-0"
TROUBLE = Trouble(
    problem=Problem.NO_PLACE,
    lacks=Lack.CPU,
    step=Step.PLACE,
    step_took=4.5,
    code=137,
    reason="OOMKilled",
    count=3,
    most=3,
    ever_ready=False,
    memory=2048,
    more_memory=True,
    cpu=500,
)
OLD_TROUBLE: dict[str, Any] = {
    "problem": "no_place",
    "lacks": "cpu",
    "step": "place",
    "step_took": 4.5,
    "code": 137,
    "reason": "OOMKilled",
    "count": 3,
    "most": 3,
    "ever_ready": False,
    "memory": 2048,
    "more_memory": True,
    "cpu": 500,
}

# Rows as the first version wrote them. Keys that are not read any more stay here for that reason.
OLD_EVENTS: list[tuple[dict[str, Any], Event]] = [
    ({"game": "meadow", "name": "Pond", "size": "small"}, events.Created("meadow", "Pond", "small", by=1)),
    (
        {"game": "meadow", "name": "Pond", "size": "small", "source": "abc/x"},
        events.Created("meadow", "Pond", "small", "abc/x", by=1),
    ),
    ({}, events.Resumed(by=1)),
    ({}, events.Restarted(by=1)),
    ({"because": "operator"}, events.Paused(Because.OPERATOR, by=1)),
    ({"until": SECONDS}, events.Kept(AT, by=1)),
    ({"line": "say hello"}, events.LineSent("say hello", by=1)),
    ({"path": "plugins"}, events.FolderMade("plugins", by=1)),
    ({"path": "motd", "sure": False}, events.FileWritten("motd", sure=False, by=1)),
    ({"path": "a.jar", "size": 9}, events.FileUploaded("a.jar", 9, by=1)),
    ({"path": "a", "to": "b"}, events.FileRenamed("a", "b", by=1)),
    ({"path": "a"}, events.FileDeleted("a", by=1)),
    ({"changed": ["season", "name"]}, events.Edited(("season", "name"), by=1)),
    (
        {"changed": ["name"], "before": {"name": "Pond"}, "after": {"name": "Lake"}},
        events.Edited(("name",), {"name": "Pond"}, {"name": "Lake"}, by=1),
    ),
    ({"after": 900, "before": {"after": None}}, events.IdleSet(900, before={"after": None}, by=1)),
    (
        {"language": "de", "before": {"language": None}},
        events.GuildSet({GuildSetting.LANGUAGE: "de"}, {GuildSetting.LANGUAGE: None}, by=1),
    ),
    (
        {"target": 5, "of": "role", "servers": 3, "memory_before": 1024},
        events.QuotaSet(5, "role", 3, memory_before=1024, by=1),
    ),
    (
        {"game": "meadow", "sizes": ["small"], "before": []},
        events.GameOffered("meadow", ("small",), by=1),
    ),
    (
        {"ports": ["game"], "before": [25500], "after": [25501]},
        events.PortsMoved(("game",), (25500,), (25501,)),
    ),
    ({"after": 900, "warn": None, "voice": 5, "vote": True}, events.IdleSet(900, None, 5, by=1, vote=True)),
    ({"until": SECONDS}, events.Voted(AT, by=1)),
    (
        {"before": "", "after": "restart 0 05:00", "zone_before": None, "zone": "Europe/Berlin"},
        events.ScheduleSet("", "restart 0 05:00", None, "Europe/Berlin", by=1),
    ),
    (
        {"target": 5, "of": "role", "before": "player", "after": "manager"},
        events.Shared(5, "role", "player", "manager", by=1),
    ),
    ({"to": 5, "until": SECONDS}, events.Offered(5, AT, by=1)),
    ({"to": 5}, events.OfferEnded(5, by=1)),
    ({"before": 1, "to": 5}, events.Transferred(1, 5, by=5)),
    ({"owner": 1, "admins": True, "until": SECONDS}, events.OwnerGone(1, True, AT)),
    ({"owner": 1}, events.OwnerBack(1, by=1)),
    ({"name": "Pond"}, events.Deleted("Pond", by=1)),
    ({}, events.Undeleted(by=1)),
    ({}, events.PurgeAsked(by=1)),
    ({}, events.Purged()),
    ({"from": "starting", "to": "running"}, events.PhaseChanged(Phase.STARTING, Phase.RUNNING)),
    ({"problem": "no_place", "detail": "0/3 nodes"}, events.ProblemChanged(Problem.NO_PLACE, "0/3 nodes")),
    ({"problem": None, "detail": ""}, events.ProblemChanged()),
    (
        {"problem": "node_away", "detail": "x", "node": "n1", "since": SECONDS},
        events.ProblemChanged(Problem.NODE_AWAY, "x", "n1", AT),
    ),
    (
        {"code": 137, "reason": "OOMKilled", "count": 1, "log": "boom"},
        events.Crashed(Trouble(code=137, reason="OOMKilled", count=1), "boom"),
    ),
    ({"code": None, "reason": "", "count": 1, "log": ""}, events.Crashed(Trouble(count=1))),
    (
        {"state": "warned", "last_players": ["Bo"], "empty_since": SECONDS, "pause_at": None},
        events.Warned(("Bo",), AT),
    ),
    ({"state": "ended"}, events.Recalled()),
    ({"state": "joined", "names": ["Bo"]}, events.Recalled(Withdrawn.JOINED, ("Bo",))),
    (
        {"name": SNAPSHOT, "size": 100, "new": 10, "checked": True},
        events.SnapshotTaken(SNAPSHOT, 100, 10, True),
    ),
    ({"problem": "store_refused"}, events.NotSaved(Problem.STORE_REFUSED)),
    ({"name": SNAPSHOT, "note": "castle"}, events.SnapshotAsked(SNAPSHOT, "castle", by=1)),
    ({"name": SNAPSHOT, "volume": 2, "safety": None}, events.RestoreAsked(SNAPSHOT, 2, by=1)),
    ({"name": SNAPSHOT, "volume": 2, "to": SECONDS}, events.Restored(SNAPSHOT, 2, AT)),
    ({"volume": 1}, events.VolumeMade(1)),
    ({"volume": 1}, events.VolumeLost(1)),
    ({}, events.ArchiveAsked(by=1)),
    ({"because": "guild_gone"}, events.ArchiveAsked(Because.GUILD_GONE, by=1)),
    ({"volume": 1, "name": ""}, events.Archived(1, "")),
    ({"name": SNAPSHOT, "size": 100, "into": "plugins"}, events.Imported(SNAPSHOT, "plugins", 100, by=1)),
    ({"name": SNAPSHOT, "size": 100}, events.Exported(SNAPSHOT, 100, by=1)),
    ({"snapshots": 2, "packs": 1}, events.Collected(2, 1)),
    (
        {"language": "de", "server_channel": None, "storage": 5},
        events.GuildSet(
            {GuildSetting.LANGUAGE: "de", GuildSetting.SERVER_CHANNEL: None, GuildSetting.STORAGE: 5}, by=1
        ),
    ),
    ({}, events.GuildJoined()),
    ({}, events.GuildLeft()),
    ({"words": "Mining"}, events.GuildBlocked("Mining", by=1)),
    ({}, events.GuildUnblocked(by=1)),
    (
        {"name": "EULA", "url": "https://example.org", "version": "1", "game": "meadow"},
        events.LicenceAccepted("EULA", "https://example.org", "1", "meadow", by=1),
    ),
    ({}, events.NameForgotten(by=1)),
    (
        {"change": "added", "webhook": "abcdefghijkl", "host": "example.org"},
        events.WebhookChanged(WebhookChange.ADDED, "abcdefghijkl", "example.org", by=1),
    ),
]
OLD_NOTICES: list[tuple[NoticeKind, dict[str, Any], Notice]] = [
    (
        NoticeKind.IDLE,
        {"state": "warned", "last_players": ["Bo"], "empty_since": SECONDS, "pause_at": SECONDS},
        IdleWarned(("Bo",), AT, AT),
    ),
    (NoticeKind.IDLE, {"state": "kept", "by": 1, "keep_until": SECONDS, "pause_at": 5}, IdleKept(AT, by=1)),
    (
        NoticeKind.IDLE,
        {"state": "warned", "last_players": [], "empty_since": None, "pause_at": SECONDS, "reason": "sleep"},
        IdleWarned((), None, AT, Reason.SLEEP),
    ),
    (NoticeKind.IDLE, {"state": "voted", "by": 1, "until": SECONDS}, IdleVoted(AT, by=1)),
    (
        NoticeKind.SCHEDULE,
        {"why": "host.maintenance_because", "values": [["words", "New disks"]]},
        NotWokenNotice("host.maintenance_because", (("words", "New disks"),)),
    ),
    (NoticeKind.OFFER, {"state": "offered", "to": 5, "until": SECONDS, "by": 1}, OfferNotice(5, AT, by=1)),
    (NoticeKind.OFFER, {"state": "taken", "by": 5}, OfferTaken(by=5)),
    (NoticeKind.OFFER, {"state": "over", "by": 5}, OfferOver(by=5)),
    (
        NoticeKind.OWNER_GONE,
        {"state": "gone", "owner": 1, "admins": True, "until": SECONDS},
        notices.OwnerGoneNotice(1, True, AT),
    ),
    (NoticeKind.OWNER_GONE, {"state": "passed", "owner": 1}, notices.OwnerGonePassed(1)),
    (NoticeKind.OWNER_GONE, {"state": "admins", "owner": 1}, notices.OwnerGoneAdmins(1)),
    (NoticeKind.OWNER_GONE, {"state": "taken", "by": 5}, notices.OwnerGoneTaken(5)),
    (NoticeKind.OWNER_GONE, {"state": "back", "owner": 1}, notices.OwnerGoneBack(1)),
    (NoticeKind.OWNER_GONE, {"state": "over"}, notices.OwnerGoneOver()),
    (
        NoticeKind.FOLLOW,
        {"to": 5, "names": ["Bo"], "online": 2, "language": "de"},
        notices.FollowNotice(5, ("Bo",), 2, "de"),
    ),
    (NoticeKind.BLOCKED, {"state": "blocked", "words": "Mining", "channel": 5}, notices.BlockedNotice(5, "Mining")),
    (NoticeKind.BLOCKED, {"state": "over"}, notices.BlockOver()),
    (NoticeKind.BROADCAST, {"words": "We move"}, notices.BroadcastNotice(words="We move")),
    (NoticeKind.IDLE, {"state": "joined", "names": ["Bo"], "last_players": []}, IdleJoined(("Bo",))),
    (NoticeKind.IDLE, {"state": "voice", "voice": 34}, IdleInVoice(34)),
    (NoticeKind.IDLE, {"state": "event", "occasion": "Raid"}, IdleGathered("Raid")),
    (NoticeKind.IDLE, {"state": "ended", "last_players": []}, IdleEnded()),
    (NoticeKind.IDLE, {"state": "paused", "after": 900, "paused_at": SECONDS}, IdlePaused(after=900)),
    (NoticeKind.IDLE, {"state": "paused", "after": None, "paused_at": SECONDS}, IdlePaused()),
    (NoticeKind.IDLE, {"state": "paused", "because": "owner", "by": 1}, IdlePaused(Because.OWNER, by=1)),
    (NoticeKind.IDLE, {"state": "resumed", "by": 1, "after": 900}, IdleResumed(by=1)),
    (NoticeKind.IDLE, {"state": "of another version"}, IdleEnded()),
    (
        NoticeKind.PAUSED,
        {"state": "paused", "because": "operator", "by": 9, "words": "New disks"},
        PausedNotice(Because.OPERATOR, by=9, words="New disks"),
    ),
    (NoticeKind.PAUSED, {"state": "paused", "because": "of another version", "by": None}, PausedNotice()),
    (NoticeKind.PAUSED, {"state": "resumed", "because": "owner", "by": 1}, PauseOver(by=1)),
    (NoticeKind.PAUSED, {}, PausedNotice()),
    (NoticeKind.READY, {"took": 4.2, "by": 1}, ReadyNotice(4.2)),
    (NoticeKind.READY, {"took": None, "by": None}, ReadyNotice()),
    (NoticeKind.CRASHED, OLD_TROUBLE | {"log": "boom"}, CrashedNotice(TROUBLE, "boom")),
    (
        NoticeKind.CRASHED,
        OLD_TROUBLE | {"log": "boom", "gave_up": True},
        CrashedNotice(TROUBLE, "boom", gave_up=True),
    ),
    (
        NoticeKind.CRASHED,
        OLD_TROUBLE | {"log": "boom", "gave_up": True, "state": "resumed", "by": 1},
        CrashOver(TROUBLE, by=1),
    ),
    (NoticeKind.START_FAILED, OLD_TROUBLE | {"log": "boom"}, StartFailedNotice(TROUBLE, "boom")),
    (NoticeKind.START_FAILED, OLD_TROUBLE | {"log": "", "state": "resumed", "by": 1}, StartFailureOver(by=1)),
    (
        NoticeKind.START_FAILED,
        {"problem": "of another version", "step": "too", "code": 1},
        StartFailedNotice(Trouble(code=1)),
    ),
    (NoticeKind.DELETED, {"state": "deleted", "by": 1, "purge_at": SECONDS}, DeletedNotice(1, AT)),
    (NoticeKind.DELETED, {"state": "undone", "by": 1, "purge_at": SECONDS}, DeletionUndone(1)),
    (NoticeKind.DELETED, {"state": "purged", "by": 1, "purge_at": SECONDS}, DeletionFinal(1)),
    (NoticeKind.NODE_AWAY, {"node": "n1", "since": SECONDS}, NodeAwayNotice("n1", AT)),
    (NoticeKind.NODE_AWAY, {"state": "back", "node": "n1", "since": SECONDS, "until": SECONDS}, NodeBack("n1", AT, AT)),
    (NoticeKind.INTERRUPTED, {"problem": "drained"}, InterruptedNotice(Problem.DRAINED)),
    (NoticeKind.INTERRUPTED, {"state": "over", "problem": "drained"}, InterruptionOver(Problem.DRAINED)),
    (NoticeKind.UNKNOWN, {"since": SECONDS}, UnknownNotice()),
    (NoticeKind.WELCOME, {}, WelcomeNotice()),
    (
        NoticeKind.RESTORED,
        {"state": "restoring", "volume": 2, "by": 1, "to": SECONDS},
        RestoringNotice(2, AT, by=1),
    ),
    (
        NoticeKind.RESTORED,
        {"state": "restoring", "volume": 2, "by": 1, "to": SECONDS, "back": True},
        RestoringNotice(2, AT, True, by=1),
    ),
    (NoticeKind.RESTORED, {"state": "lost", "volume": 2}, WorldLost(2)),
    (NoticeKind.RESTORED, {"state": "lost", "volume": 2, "back": True, "to": SECONDS}, WorldLost(2, AT, True)),
    (NoticeKind.STORAGE, {"fill": 80, "used": 8, "limit": 10}, StorageNotice(Fill.CLOSE, 8, 10)),
    (
        NoticeKind.STORAGE,
        {"fill": 100, "used": 9, "limit": 9, "largest": [["Pond", 9]], "channel": 5},
        StorageNotice(Fill.FULL, 9, 9, (("Pond", 9),), 5),
    ),
    (NoticeKind.ADDRESS, {"taken": [25500]}, notices.AddressNotice((25500,))),
    (NoticeKind.ALARM, {"alarm": "foreign", "about": "a", "guild": 7, "count": 2}, ForeignAlarm("a", 7, count=2)),
    (
        NoticeKind.ALARM,
        {"alarm": "held", "about": "a", "guild": 7, "why": "x", "to": 1},
        HeldAlarm("a", 7, 1, why="x"),
    ),
    (
        NoticeKind.ALARM,
        {"alarm": "drill", "about": "a", "guild": 7, "kind": "damaged", "why": "x"},
        DrillAlarm("a", 7, why="x"),
    ),
    (NoticeKind.ALARM, {"alarm": "unsaved", "about": "", "why": "x"}, alarms.UnsavedAlarm(why="x")),
    (NoticeKind.ALARM, {"alarm": "backup", "about": "", "why": "x", "times": 3}, BackupAlarm(why="x", times=3)),
    (NoticeKind.ALARM, {"alarm": "unsaved", "about": "a", "guild": 7, "why": "x"}, UnsavedAlarm("a", 7, why="x")),
    (NoticeKind.ALARM, {"alarm": "node", "about": "n1", "count": 3}, NodeAlarm("n1", count=3)),
    (
        NoticeKind.ALARM,
        {"alarm": "host", "about": "no_node", "count": 3, "server": "a", "why": "x"},
        HostAlarm("no_node", count=3, server="a", why="x"),
    ),
    (NoticeKind.ALARM, {"alarm": "of another version", "about": "a"}, AlarmNotice("a")),
]


@pytest.mark.parametrize(("data", "event"), OLD_EVENTS, ids=lambda each: str(getattr(each, "kind", "")))
def test_an_old_event_is_read(data: dict[str, Any], event: Event) -> None:
    assert event_of(event.kind, data, getattr(event, "by", None)) == event


@pytest.mark.parametrize(("kind", "data", "notice"), OLD_NOTICES, ids=lambda each: str(getattr(each, "kind", "")))
def test_an_old_notice_is_read(kind: NoticeKind, data: dict[str, Any], notice: Notice) -> None:
    assert notice_of(kind, data) == notice


@pytest.mark.parametrize("event", [event for _, event in OLD_EVENTS], ids=lambda event: str(event.kind))
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    data = to_json(event)
    assert event_of(event.kind, data, data.pop("by", None)) == event


@pytest.mark.parametrize("notice", [notice for *_, notice in OLD_NOTICES], ids=lambda each: type(each).__name__)
def test_a_notice_is_read_as_it_was_written(notice: Notice) -> None:
    assert notice_of(notice.kind, to_json(notice)) == notice


def test_the_keys_of_a_row_are_those_of_the_first_version() -> None:
    for data, event in OLD_EVENTS:
        assert to_json(event).keys() <= data.keys() | {"by"}
    for _, data, notice in OLD_NOTICES:
        if data.get("state", data.get("alarm")) in (None, *notice.MARK.values()):
            assert to_json(notice).keys() <= data.keys() | notice.MARK.keys()


def test_every_kind_and_every_state_has_an_old_row_here() -> None:
    assert {event.kind for _, event in OLD_EVENTS} == set(EventKind) == EVENTS.keys()
    states = {state for each in NOTICES.values() for state in each}
    assert NOTICES.keys() == set(NoticeKind)
    assert {type(notice) for *_, notice in OLD_NOTICES} == states
    assert all(state.kind is kind for kind, each in NOTICES.items() for state in each)


def test_every_notice_can_be_read_from_nothing() -> None:
    for kind in NoticeKind:
        assert notice_of(kind, {}) == NOTICES[kind][-1]()


def test_one_strange_value_takes_none_of_the_others_with_it() -> None:
    data = {"state": "warned", "last_players": [5], "empty_since": "soon", "pause_at": SECONDS, "colour": "red"}
    assert notice_of(NoticeKind.IDLE, data) == IdleWarned(pause_at=AT)


def test_a_guilds_setting_that_this_version_does_not_have_is_left_out() -> None:
    event = event_of(EventKind.GUILD_SET, {"language": "de", "colour": "red"}, 1)
    assert event == events.GuildSet({GuildSetting.LANGUAGE: "de"}, by=1)


def test_an_event_without_what_every_version_wrote_is_refused() -> None:
    with pytest.raises(ValidationError):
        event_of(EventKind.KEPT, {}, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        events.Paused("of my own making"),  # type: ignore[arg-type]
        events.Warned(last_players=[5]),  # type: ignore[arg-type,list-item]
        StorageNotice(used="much"),  # type: ignore[arg-type]
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_its_type_does_not_say_is_not_written(wrong: Event | Notice) -> None:
    with pytest.raises(PydanticSerializationError):
        to_json(wrong)


def test_nothing_is_written_that_says_nothing() -> None:
    assert to_json(PausedNotice()) == {"state": "paused"}
    assert to_json(replace(events.Paused(Because.IDLE), after=5)) == {"because": "idle", "after": 5}


def test_no_field_hides_a_mark() -> None:
    for states in NOTICES.values():
        for state in states:
            assert not state.MARK.keys() & {each.name for each in fields(state)}
