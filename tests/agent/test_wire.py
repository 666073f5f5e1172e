"""What a bot and an agent of different versions leave to each other: keys of JSON that nobody may rename."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import kube
import pytest

from core.agent.files import read_record
from core.agent.wire import Container, PodSpec, RunningAgent, State, receipt_of
from core.cluster.kubernetes.manifests_pod import pod_spec
from core.cluster.local.spec import from_json, to_json
from core.errors import ClusterError
from core.record import Record
from core.words import Problem
from core.worlds.receipt import Receipt
from core.worlds.store.place import StorePlace

AT = datetime(2026, 11, 24, 11, tzinfo=UTC)
NAME = "000001-000001-000001-" + "0" * 32
RECEIPT = {"name": NAME, "saved_at": AT.isoformat(), "size": 7, "new_bytes": 3, "stored": 9, "checked": True}


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        (Receipt, "name saved_at size new_bytes stored checked cpu_seconds gaps"),
        (StorePlace, "place secrets every"),
        (RunningAgent, "uid pid identity port"),
        (
            State,
            "uid revision phase detail restarts exit_code exit_reason exit_at ready_since pid identity saving saved "
            "not_saved not_saved_kind taken inner_pid inner_identity",
        ),
        (
            PodSpec,
            "server uid run volume token command env host ports udp ready ready_log ready_within query console "
            "stop_signal stop_console grace probe_every save console_rule secret closed container",
        ),
        (Container, "engine name env files folders emptied owner ports opened stop_command"),
    ],
)
def test_keys_are_never_renamed(kind: type[Record], keys: str, tmp_path: Path) -> None:
    made: dict[type[Record], Record] = {
        Receipt: Receipt(NAME, AT, 7),
        StorePlace: StorePlace("folder:x"),
        RunningAgent: RunningAgent("u", 1, "who", 2),
        State: State("u"),
        PodSpec: pod_spec(kube.make_spec()),
        Container: Container(["podman"], "dormouse-x-y", {}),
    }
    assert list(made[kind].to_json()) == keys.split()
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps(made[kind].to_json() | {"of a newer version": 1}))
    assert read_record(kind, kept) == made[kind]


@pytest.mark.parametrize("kept", ["", "[]", '{"name": "x"}', '{"name": "x", "saved_at": "soon", "size": 1}'])
def test_half_of_a_receipt_is_none(kept: str, tmp_path: Path) -> None:
    (tmp_path / "saved.json").write_text(kept)
    assert read_record(Receipt, tmp_path / "saved.json") is None


def test_what_is_wanted_comes_back_as_it_was_written() -> None:
    wanted = kube.make_spec()
    assert from_json(json.loads(json.dumps(to_json(wanted)))) == wanted


def test_an_answer_is_a_receipt_or_a_refusal() -> None:
    assert receipt_of({"saved": RECEIPT}) == Receipt(NAME, AT, 7, 3, 9, True)
    for said in ({"kind": "away", "error": "no answer"}, {"kind": "away", "error": "no answer", "saved": None}):
        with pytest.raises(ClusterError, match="no answer") as refused:
            receipt_of(said)
        assert refused.value.problem is Problem.STORE_AWAY
    with pytest.raises(ClusterError) as unclear:
        receipt_of({"saved": {"name": "half"}})
    assert unclear.value.problem is Problem.CANNOT_APPLY
