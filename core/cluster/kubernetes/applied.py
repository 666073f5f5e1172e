"""Server-side apply that knows afterwards which fields are Dormouse's, so that a foreign edit shows.

Kubernetes keeps, per manager, the fields it owns (`managedFields`): a field that somebody sets otherwise, or removes,
leaves Dormouse's. A digest of what Dormouse owns right after its apply is stored on the object; while it still fits,
nobody touched anything. It says nothing of values, so that it is known beforehand for objects of the same shape.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import structlog

from core.cluster.kubernetes import names
from core.cluster.kubernetes.api import Api, Raw
from core.cluster.kubernetes.reduced import ClaimRecord, owned
from core.errors import ClusterError

log = structlog.get_logger()

_TOLD_APART = ("name", "port", "containerPort", "protocol", "mountPath")
"""Kubernetes knows entries of lists by these: their values are part of which fields there are."""
_MOST_SHAPES = 2000


class Applier:
    """`tolerated`: (name, digest) of objects that something in the cluster changes at once, whenever they are applied:
    applying them for ever would help nobody."""

    def __init__(self, api: Api) -> None:
        self.tolerated: frozenset[tuple[str, str]] = frozenset()
        self._api = api
        self._digests: dict[str, str] = {}

    async def apply(self, resource: str, manifest: Raw, *, known: str = "") -> Raw:
        """The object as it is then. `known`: the digest that it carries already. A first apply of its shape takes two
        requests. Raises as `Api`.

        A Service cannot become headless, nor stop to be: it holds nothing, and is made anew."""
        try:
            return await self._apply(resource, manifest, known)
        except ClusterError as refused:
            if resource != "services" or "clusterIP" not in refused.detail:
                raise
        await self._api.delete(resource, manifest["metadata"]["name"])
        return await self._apply(resource, manifest, "")

    async def apply_claim(self, manifest: Raw, there: ClaimRecord | None) -> Raw:
        """Likewise, for one that is `there`: its StorageClass cannot change any more, and its size only where the
        cluster lets it grow; else the size stays as it is, as it does where somebody made it larger by hand."""
        resource = "persistentvolumeclaims"
        if there is None:
            return await self.apply(resource, manifest)
        spec = {key: each for key, each in manifest["spec"].items() if key != "storageClassName"}
        if there.storage_class is not None:
            spec["storageClassName"] = there.storage_class
        try:
            return await self.apply(resource, manifest | {"spec": spec}, known=there.told)
        except ClusterError as refused:
            if not refused.detail.endswith(("(403)", "(422)")):
                raise
            size = {"resources": {"requests": {"storage": await self._size_of(there)}}}
            try:
                made = await self.apply(resource, manifest | {"spec": spec | size}, known=there.told)
            except ClusterError:
                raise refused from None
            log.info("claim keeps its size", claim=there.name, why=refused.detail)
            return made

    async def _size_of(self, claim: ClaimRecord) -> str:
        """Asked now: what was seen last may be of before somebody made it larger."""
        found = await self._api.everything("persistentvolumeclaims", {"fieldSelector": f"metadata.name={claim.name}"})
        return str(found[0]["spec"]["resources"]["requests"]["storage"]) if found else claim.size

    async def _apply(self, resource: str, manifest: Raw, known: str) -> Raw:
        shape = _shape(resource, manifest)
        told = self._digests.get(shape) or known
        for _ in range(2):
            manifest["metadata"].setdefault("annotations", {})[names.OWNED] = told
            made = await self._api.apply(resource, manifest)
            if (now := owned(made)) == told:
                break
            told = now
        else:
            self.tolerated |= {(manifest["metadata"]["name"], told)}
        if len(self._digests) >= _MOST_SHAPES:
            self._digests.clear()
        self._digests[shape] = told
        return made


def _shape(resource: str, manifest: Raw) -> str:
    text = json.dumps([resource, _keys(manifest)], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: each if key in _TOLD_APART else _keys(each) for key, each in value.items()}
    return [_keys(each) for each in value] if isinstance(value, list) else None
