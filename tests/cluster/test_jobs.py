"""Saving a volume at rest by a job: begun once, waited for, its last words read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import kube
import pytest

from core.cluster import jobs as module
from core.cluster import names
from core.cluster.jobs import Jobs
from core.cluster.local_files import StoreFile
from core.cluster.reduced import SetRecord
from core.errors import ClusterError
from core.words import Problem
from tests.cluster.test_receipts import SERVER, Store, file, name

WORLD = json.dumps({"uid": 10001, "gid": None, "save": {}})
SET = SetRecord(SERVER, SERVER, 1, "", "", False, replicas=0, run=4, volume=2, fingerprint="f", world=WORLD)


class Api:
    """A cluster in which a job's pod ends with `words` as soon as there is one."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {"jobs": {}, "secrets": {}}
        self.words: str | None = None
        self.phase = "Succeeded"

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
    return Jobs(api, kube.site(store=StoreFile("b2:worlds")), Store())  # type: ignore[arg-type]


async def test_what_the_job_saved_is_the_receipt_and_the_job_goes(jobs: Jobs, api: Api) -> None:
    api.words = json.dumps({"saved": file(5)})
    saved = await jobs.save(SET, 2, name="seal-2-4", verify=True)
    assert saved is not None
    assert saved.name == name(5)
    assert api.objects["jobs"] == {}
    assert list(api.objects["secrets"]) == [names.store_secret(SERVER)]


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


async def test_a_job_that_finds_no_place_is_given_up_with_the_reason(
    jobs: Jobs, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BEGINS_WITHIN", -1.0)
    api.phase = "Pending"
    with pytest.raises(ClusterError, match="no such image") as refused:
        await jobs.save(SET, 2, name="seal-2-4")
    assert refused.value.problem == Problem.NO_PLACE
    assert api.objects["jobs"] == {}
