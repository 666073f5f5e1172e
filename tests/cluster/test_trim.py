"""What is cut out of the API's JSON, and that cutting loses nothing that somebody asks for."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.cluster.kubernetes.trim import parse

Raw = dict[str, Any]


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def entry(manager: str, fields: Raw, operation: str = "Apply") -> Raw:
    return {"manager": manager, "operation": operation, "time": "2026-11-24T12:00:00Z", "fieldsV1": fields}


def item(*managed: Raw, words: str = "") -> Raw:
    return {
        "metadata": {"name": "a", "annotations": {"words": words}, "managedFields": list(managed)},
        "spec": {"x": 1},
    }


def digest(*managed: Raw) -> str:
    found: str = parse(compact(item(*managed)))["metadata"]["managedFields"]
    return found


def test_the_digest_is_of_dormouses_fields_whoever_else_stands_beside() -> None:
    ours = entry("dormouse", {"f:spec": {"f:replicas": {}}})
    theirs = entry("kubectl-edit", {"f:spec": {"f:paused": {}}}, "Update")
    assert digest(ours) == digest(theirs, ours) == digest(ours, theirs) == digest(theirs, ours, theirs)


def test_the_digest_changes_with_a_field_and_not_with_the_time() -> None:
    ours = entry("dormouse", {"f:spec": {"f:replicas": {}}})
    assert digest(ours) == digest(ours | {"time": "2027-01-01T00:00:00Z"})
    assert digest(ours) != digest(entry("dormouse", {"f:spec": {}}))


def test_what_dormouse_did_not_apply_has_none() -> None:
    assert digest(entry("kubectl", {"f:spec": {}})) == ""


def test_every_object_of_a_list_keeps_its_own() -> None:
    ours, none = entry("dormouse", {"f:spec": {}}), entry("kubectl", {})
    page = parse(compact({"items": [item(ours), item(none), item(ours)]}))
    digests = [each["metadata"]["managedFields"] for each in page["items"]]
    assert digests == [digest(ours), "", digest(ours)]
    assert [each["spec"] for each in page["items"]] == [{"x": 1}] * 3


def test_of_a_pod_only_what_stands_behind_its_containers_is_left() -> None:
    pod = {
        "metadata": {"name": "a"},
        "spec": {
            "volumes": [],
            "initContainers": [{"name": "agent", "restartPolicy": "Always"}],
            "containers": [],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 25,
            "nodeName": "n",
        },
        "status": {"phase": "Running"},
    }
    assert parse(compact(pod)) == pod | {
        "spec": {"restartPolicy": "Always", "terminationGracePeriodSeconds": 25, "nodeName": "n"}
    }


def test_of_a_set_its_template_goes_and_its_replicas_stay() -> None:
    found = {
        "metadata": {"name": "a"},
        "spec": {"replicas": 1, "template": {"metadata": {"name": "x"}, "spec": {}}, "serviceName": "a"},
    }
    assert parse(compact(found))["spec"] == {"replicas": 1, "template": {}, "serviceName": "a"}


@given(st.text())
def test_what_people_write_is_never_taken_for_a_mark(words: str) -> None:
    tricky = f'{words}"managedFields":[]}},"spec":{{"volumes":['
    made = item(entry("dormouse", {}), words=tricky)
    parsed = parse(compact(made))
    assert parsed["metadata"]["annotations"]["words"] == tricky
    assert parsed["spec"] == {"x": 1}
