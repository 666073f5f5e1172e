"""Saving a volume at rest by a job: begun once, waited for, its last words read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import kube
import pytest

from core.cluster.kubernetes import jobs as module
from core.cluster.kubernetes import names
from core.cluster.kubernetes.jobs import Jobs
from core.cluster.kubernetes.keys import Keys
from core.cluster.kubernetes.reduced import SetRecord
from core.errors import ClusterError
from core.words import Problem
from core.worlds.store.place import StorePlace
from tests.cluster.test_receipts import SERVER, Store, file, name

WORLD = json.dumps({"uid": 10001, "gid": None, "save": {}})
SET = SetRecord(SERVER, SERVER, 1, "", "", False, replicas=0, run=4, volume=2, fingerprint="f", world=WORLD)


class Api:
    """A cluster in which a job's pod ends with `words` as soon as there is one."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {"jobs": {}, "secrets": {}, "networkpolicies": {}}
        self.words: str | None = None
        self.phase = "Succeeded"
        self.unplaced = ""  # the scheduler's words

    async def everything(self, resource: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        if resource == "jobs":
            wanted = query["fieldSelector"].partition("=")[2]
            return [each for key, each in self.objects["jobs"].items() if key == wanted]
        job = query["labelSelector"].removeprefix(f"{names.JOB}=")
        if job not in self.objects["jobs"]:
            return []
        ended = {"exitCode": 0, "reason": "Completed", "message": self.words or ""}
        waiting = {"reason": "ErrImagePull", "message": "no such image"}
        state = {"waiting": waiting} if self.phase == "Pending" else {"terminated": ended}
        if self.unplaced:
            condition = {"type": "PodScheduled", "reason": "Unschedulable", "message": self.unplaced}
            return [{"status": {"phase": self.phase, "conditions": [condition]}}]
        return [{"status": {"phase": self.phase, "containerStatuses": [{"state": state}]}}]

    async def apply(self, resource: str, manifest: dict[str, Any]) -> dict[str, Any]:
        self.objects[resource][manifest["metadata"]["name"]] = manifest
        return manifest

    async def delete(self, resource: str, key: str) -> bool:
        return self.objects[resource].pop(key, None) is not None


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    return Api()


@pytest.fixture
def jobs(api: Api) -> Jobs:
    site = kube.site(store=StorePlace("b2:worlds"))
    keys = Keys(api, site, Store(), None, None)  # type: ignore[arg-type]
    return Jobs(api, site, keys)  # type: ignore[arg-type]


async def test_what_the_job_saved_is_the_receipt_and_the_job_goes(jobs: Jobs, api: Api) -> None:
    api.words = json.dumps({"saved": file(5)})
    saved = await jobs.save(SET, 2, name="seal-2-4", verify=True)
    assert saved is not None
    assert saved.name == name(5)
    assert api.objects["jobs"] == {}
    assert list(api.objects["secrets"]) == [names.store_secret(SERVER)]


async def test_a_job_is_under_a_policy_before_it_begins(jobs: Jobs, api: Api) -> None:
    """A server's policy selects its own pods only, and a job's must not look like one."""
    api.words = json.dumps({"saved": file(5)})
    await jobs.save(SET, 2, name="seal-2-4")
    (policy,) = api.objects["networkpolicies"].values()
    assert policy["spec"]["podSelector"] == {"matchExpressions": [{"key": names.JOB, "operator": "Exists"}]}
    assert (policy["spec"]["policyTypes"], policy["spec"].get("ingress", [])) == (["Ingress", "Egress"], [])
    assert names.SERVER not in policy["metadata"]["labels"]


async def test_a_job_that_is_there_is_not_begun_again(jobs: Jobs, api: Api) -> None:
    api.objects["jobs"]["seal-2-4"] = {}
    api.words = json.dumps({"saved": file(5)})
    assert await jobs.save(SET, 2, name="seal-2-4") is not None
    assert api.objects["secrets"] == {}


async def test_a_volume_without_a_world(jobs: Jobs, api: Api) -> None:
    api.words = json.dumps({"nothing": True})
    assert await jobs.save(SET, 2, name="seal-2-4") is None


@pytest.mark.parametrize(
    ("phase", "words", "problem"),
    [
        ("Failed", json.dumps({"kind": "away", "error": "503"}), Problem.STORE_AWAY),
        ("Failed", json.dumps({"kind": "not_empty", "error": "no marker"}), Problem.VOLUME_FOREIGN),
        ("Failed", "killed", Problem.CANNOT_APPLY),
        ("Succeeded", "", Problem.CANNOT_APPLY),
    ],
)
async def test_why_nothing_was_saved(jobs: Jobs, api: Api, phase: str, words: str, problem: Problem) -> None:
    api.phase, api.words = phase, words
    with pytest.raises(ClusterError) as refused:
        await jobs.save(SET, 2, name="seal-2-4")
    assert refused.value.problem == problem
    assert api.objects["jobs"] == {}


@pytest.mark.parametrize(
    ("unplaced", "why", "problem"),
    [
        ("", "no such image", Problem.IMAGE),
        ("0/1 nodes are available: 1 Insufficient memory.", "Insufficient memory", Problem.NO_PLACE),
        ("0/1 nodes are available: 1 node(s) had untolerated taint(s).", "untolerated", Problem.NO_NODE),
    ],
)
async def test_a_job_that_does_not_begin_is_given_up_with_the_reason(
    jobs: Jobs, api: Api, monkeypatch: pytest.MonkeyPatch, unplaced: str, why: str, problem: Problem
) -> None:
    monkeypatch.setattr(module, "BEGINS_WITHIN", -1.0)
    api.phase, api.unplaced = "Pending", unplaced
    with pytest.raises(ClusterError, match=why) as refused:
        await jobs.save(SET, 2, name="seal-2-4")
    assert refused.value.problem == problem
    assert api.objects["jobs"] == {}
