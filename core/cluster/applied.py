"""Server-side apply that knows afterwards which fields are Dormouse's, so that a foreign edit shows.

Kubernetes keeps, per manager, the fields it owns (`managedFields`): a field that somebody sets otherwise, or removes,
leaves Dormouse's. A digest of what Dormouse owns right after its apply is stored on the object; while it still fits,
nobody touched anything. It says nothing of values, so that it is known beforehand for objects of the same shape.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from core.cluster import names
from core.cluster.api import Api, Raw
from core.cluster.reduced import owned
from core.errors import ClusterError

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

        A claim that somebody made larger stays so: Kubernetes refuses to make one smaller, so then its size is not ours
        to say."""
        try:
            return await self._apply(resource, manifest, known)
        except ClusterError as refused:
            if resource != "persistentvolumeclaims" or not refused.detail.endswith("(422)"):
                raise
            unsized = {key: each for key, each in manifest["spec"].items() if key != "resources"}
            try:
                return await self._apply(resource, manifest | {"spec": unsized}, known)
            except ClusterError:
                raise refused from None

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
