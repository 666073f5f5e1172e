"""What is applied anew, or as it is already, because Kubernetes does not change it in place.

tests/cluster/kubernetes/test_settings_change.py shows that a real one refuses so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import kube
import pytest

from core.cluster.kubernetes.addresses import Exposure
from core.cluster.kubernetes.applied import Applier
from core.cluster.kubernetes.manifests import manifests
from core.cluster.kubernetes.reduced import ClaimRecord
from core.errors import ClusterError
from core.words import VolumePhase

Raw = dict[str, Any]


class Api:
    """Takes what `refuses` has nothing against."""

    def __init__(self, refuses: Callable[[Raw], str | None]) -> None:
        self.refuses = refuses
        self.took: list[Raw] = []
        self.deleted: list[str] = []
        self.size = ""  # of the claim by now; empty: it is not there

    async def apply(self, resource: str, manifest: Raw) -> Raw:
        if (why := self.refuses(manifest["spec"])) is not None:
            raise ClusterError(f"{resource}: {why}")
        self.took.append(manifest["spec"])
        return {"metadata": {"managedFields": ""}}

    async def everything(self, resource: str, query: dict[str, str]) -> list[Raw]:
        assert query == {"fieldSelector": "metadata.name=data-aaaaaaaaaaaa-1"}
        return [{"spec": {"resources": {"requests": {"storage": self.size}}}}] if self.size else []

    async def delete(self, resource: str, name: str) -> bool:
        self.deleted.append(f"{resource}/{name}")
        self.refuses = lambda _: None
        return True


def of(resource: str, exposure: Exposure = Exposure.NODEPORT, **given: Any) -> Raw:
    found: Raw = dict(manifests(kube.make_spec("aaaaaaaaaaaa", **given), kube.site(exposure)))[resource]
    return found


def claim(size: str = "5Gi", storage_class: str | None = "fast") -> ClaimRecord:
    common = ("data-aaaaaaaaaaaa-1", "aaaaaaaaaaaa", 1, "", "", False)
    return ClaimRecord(*common, volume=1, phase=VolumePhase.BOUND, size=size, storage_class=storage_class)


def size_of(spec: Raw) -> str:
    size: str = spec["resources"]["requests"]["storage"]
    return size


async def test_a_volume_that_may_grow_does() -> None:
    api = Api(lambda spec: None)
    await Applier(api).apply_claim(of("persistentvolumeclaims", volume_bytes=9 << 30), claim())  # type: ignore[arg-type]
    assert [size_of(spec) for spec in api.took] == [str(9 << 30)]


@pytest.mark.parametrize(
    "why",
    [
        "persistentvolumeclaims is forbidden: the storageclass that provisions the pvc must support resize (403)",
        "exceeded quota: games, requested: requests.storage=4Gi (403)",
        "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity (422)",
    ],
)
async def test_a_volume_that_may_not_stays_as_it_is(why: str) -> None:
    api = Api(lambda spec: None if size_of(spec) == "5Gi" else why)
    await Applier(api).apply_claim(of("persistentvolumeclaims", volume_bytes=9 << 30), claim())  # type: ignore[arg-type]
    assert [size_of(spec) for spec in api.took] == ["5Gi"]


async def test_a_volume_that_somebody_just_made_larger_stays_so() -> None:
    """What was seen of it last is smaller."""
    api = Api(lambda spec: None if size_of(spec) == "20Gi" else "field can not be less than status.capacity (422)")
    api.size = "20Gi"
    await Applier(api).apply_claim(of("persistentvolumeclaims", volume_bytes=9 << 30), claim())  # type: ignore[arg-type]
    assert [size_of(spec) for spec in api.took] == ["20Gi"]


async def test_a_new_volume_that_is_refused_is_refused() -> None:
    api = Api(lambda spec: "exceeded quota: games (403)")
    with pytest.raises(ClusterError, match="exceeded quota"):
        await Applier(api).apply_claim(of("persistentvolumeclaims"), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("there", ["fast", "", None])
async def test_the_storage_class_of_a_volume_that_exists_is_never_changed(there: str | None) -> None:
    api = Api(lambda spec: None)
    wanted = of("persistentvolumeclaims")
    wanted["spec"]["storageClassName"] = "slow"
    await Applier(api).apply_claim(wanted, claim(storage_class=there))  # type: ignore[arg-type]
    assert [spec.get("storageClassName") for spec in api.took] == [there]


async def test_a_service_that_cannot_become_headless_is_made_anew() -> None:
    api = Api(lambda spec: 'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set (422)')
    await Applier(api).apply("services", of("services", Exposure.HOSTPORT))  # type: ignore[arg-type]
    assert api.deleted == ["services/aaaaaaaaaaaa"]
    assert [spec["clusterIP"] for spec in api.took] == ["None"]


async def test_a_service_that_is_refused_for_another_reason_stays() -> None:
    api = Api(lambda spec: "spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated (422)")
    with pytest.raises(ClusterError, match="already allocated"):
        await Applier(api).apply("services", of("services"))  # type: ignore[arg-type]
    assert api.deleted == []
