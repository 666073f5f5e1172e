"""All records of an installation, grouped by server, as they come from the watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from core.cluster.kubernetes import names
from core.cluster.kubernetes.api import Api, Raw
from core.cluster.kubernetes.reduced import (
    ClaimRecord,
    Held,
    ObjectRecord,
    ServiceRecord,
    SetRecord,
    reduce_claim,
    reduce_policy,
    reduce_service,
    reduce_set,
)
from core.cluster.kubernetes.reduced_pod import PodRecord, reduce_pod
from core.cluster.kubernetes.watch import Follower, Timing

Slot = Callable[[Held, str, Any], None]
"""Puts a record, or None for one that went, into its place."""


class Holdings:
    """Five watches. `changed(server)` after each change, `freshness()` when one of them lost or found the cluster."""

    def __init__(
        self,
        api: Api,
        installation: str,
        *,
        changed: Callable[[str], None],
        freshness: Callable[[], None],
        timing: Timing | None = None,
    ) -> None:
        self._held: dict[str, Held] = {}
        self._changed = changed
        turn = asyncio.Lock()
        query = {"labelSelector": f"{names.INSTALLATION}={installation}"}

        def follow(resource: str, reduce: Callable[[Raw, Any], Any], slot: Slot) -> Follower[Any]:
            return Follower(
                api,
                resource,
                query,
                reduce,
                changed=lambda before, after: self._put(slot, before, after),
                freshness=freshness,
                timing=timing,
                turn=turn,
            )

        self.followers: dict[str, Follower[Any]] = {
            each.resource: each
            for each in (
                follow("statefulsets", lambda raw, _: reduce_set(raw), _set),
                follow("pods", reduce_pod, _pod),
                follow("persistentvolumeclaims", lambda raw, _: reduce_claim(raw), _claim),
                follow("services", lambda raw, _: reduce_service(raw), _service),
                follow("networkpolicies", lambda raw, _: reduce_policy(raw), _policy),
            )
        }

    @property
    def why_stale(self) -> str | None:
        """None while every watch is up to date."""
        return next((f"{each.resource}: {each.why}" for each in self.followers.values() if not each.fresh), None)

    def __iter__(self) -> Iterator[str]:
        """The servers of which there is anything."""
        return iter(self._held)

    def of(self, server: str) -> Held:
        return self._held.get(server) or Held(server)

    def learn(self, resource: str, raw: Raw) -> None:
        """An apply's answer, so that whoever applied sees it before the watch comes round."""
        if resource in self.followers:
            self.followers[resource].learn(raw)

    def _put(self, slot: Slot, before: Any, after: Any) -> None:
        record = after or before
        if not record.server:
            return
        held = self._held.setdefault(record.server, Held(record.server))
        slot(held, record.name, after)
        if held.pods:
            held.why_no_pod = None
        if not (held.waits_for_volume or held.waits_for_mount):
            held.why_no_volume = None
        if held.empty:
            del self._held[record.server]
        self._changed(record.server)


def _set(held: Held, name: str, record: SetRecord | None) -> None:
    held.set = record


def _service(held: Held, name: str, record: ServiceRecord | None) -> None:
    held.service = record


def _policy(held: Held, name: str, record: ObjectRecord | None) -> None:
    held.policy = record


def _pod(held: Held, name: str, record: PodRecord | None) -> None:
    _in(held.pods, name, record)


def _claim(held: Held, name: str, record: ClaimRecord | None) -> None:
    _in(held.claims, name, record)


def _in(records: dict[str, Any], name: str, record: Any) -> None:
    if record is None:
        records.pop(name, None)
    else:
        records[name] = record
