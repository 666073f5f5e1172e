"""What of an event programs get: a stable shape, no secrets, nobody named where nobody is shown."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.feed.payload import KINDS, TABLE, Written, payload_of
from core.guilds.access import NEEDS, Do, Level
from core.notices.codec import EVENTS
from core.notices.kinds import events
from core.notices.kinds.carried import Trouble
from core.notices.kinds.events import Event
from core.words import EventKind, GuildSetting, Phase, Problem

AT = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)


def written(event: Event, by: int | None = None) -> Written:
    return Written(7, AT, 700, event, "abcdefghijkl", "Pond", by, "f" * 32)


def test_every_kind_has_a_row_that_says_what_of_it_leaves() -> None:
    assert set(TABLE) == set(EventKind)
    for kind, row in TABLE.items():
        has = {field.name for field in fields(EVENTS[kind])}
        assert row is None or set(row.fields) <= has - {"by", "log"}


def test_an_event_as_programs_get_it() -> None:
    event = written(events.PhaseChanged(Phase.STARTING, Phase.RUNNING))
    assert payload_of(event, names_shown=True) == {
        "id": 7,
        "kind": "phase",
        "at": "2026-03-01T20:30:00Z",
        "guild": "700",
        "server": {"id": "abcdefghijkl", "name": "Pond"},
        "by": None,
        "trace": "f" * 32,
        "data": {"before": "starting", "to": "running"},
    }


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (events.Transferred(before=0, to=2**60), {"before": None, "to": str(2**60)}),
        (
            events.GuildSet({GuildSetting.ADMIN_ROLE: 2**60, GuildSetting.SERVERS: 3}),
            {"changed": {"admin_role": str(2**60), "servers": 3}, "before": None},
        ),
        (
            events.Crashed(Trouble(problem=Problem.OUT_OF_MEMORY, code=137), log="Ada said her password"),
            {"trouble": {"problem": "out_of_memory", "code": 137}},
        ),
        (events.Kept(until=AT), {"until": "2026-03-01T20:30:00Z"}),
    ],
)
def test_ids_are_strings_and_times_are_iso(event: Event, data: object) -> None:
    assert payload_of(written(event), names_shown=True)["data"] == data


def test_nobody_who_plays_is_named_where_a_guild_shows_no_names() -> None:
    warned = payload_of(written(events.Warned(last_players=("Ada",))), names_shown=False)
    kept = payload_of(written(events.Kept(until=AT), by=1), names_shown=False)
    assert "Ada" not in json.dumps(warned)
    assert kept["by"] is None
    assert payload_of(written(events.Kept(until=AT), by=1), names_shown=True)["by"] == "1"


@given(st.sampled_from(sorted(KINDS)).flatmap(lambda kind: st.from_type(EVENTS[kind])), st.booleans())
@settings(max_examples=200)
def test_every_event_becomes_json(event: Event, names_shown: bool) -> None:
    json.dumps(payload_of(written(event), names_shown=names_shown))


@pytest.mark.parametrize("kind", [EventKind.LINE_SENT, EventKind.EDITED, EventKind.SHARED])
def test_what_managers_alone_see_is_not_everybodys(kind: EventKind) -> None:
    row = TABLE[kind]
    assert row is not None
    assert isinstance(row.verb, Do)
    assert NEEDS[row.verb] >= Level.MANAGER


def test_the_documentation_has_every_kind_and_what_of_it_leaves() -> None:
    text = (Path(__file__).parents[2] / "docs/api/events.md").read_text()
    for kind, row in TABLE.items():
        listed = re.search(rf"^\| `{kind}` \| (\w+) \| (.*) \|$", text, re.MULTILINE)
        assert (listed is None) == (row is None), kind
        if listed and row:
            assert tuple(re.findall(r"`(\w+)`", listed[2])) == row.fields
