"""The one way to the Kubernetes API: plain dictionaries over one connection pool, with one circuit breaker.

Signing in is `kubernetes.aio`'s (in-cluster, else KUBECONFIG); requests are raw, because its models cost twenty times
the time and memory. Only this module, and what imports it, needs the package.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from core.cluster.kubernetes.trim import parse
from core.errors import ClusterAway, ClusterError
from core.words import Problem

if TYPE_CHECKING:
    from kubernetes.aio.client import Configuration

Raw = dict[str, Any]

PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "statefulsets": ("create", "delete", "list", "patch", "watch"),
    "pods": ("delete", "list", "watch"),
    "pods/log": ("get",),
    "persistentvolumeclaims": ("create", "delete", "list", "patch", "watch"),
    "services": ("create", "delete", "list", "patch", "watch"),
    "networkpolicies": ("create", "delete", "list", "patch", "watch"),
    "secrets": ("create", "delete", "patch"),
    "poddisruptionbudgets": ("create", "delete", "list", "patch"),
    "events": ("list",),
    "jobs": ("create", "delete", "list", "patch"),
}
"""All that is ever asked of the namespace: the Role of the bot. An apply that makes the object needs `create` too."""

CLUSTER_PERMISSIONS: Mapping[str, tuple[str, ...]] = {"nodes": ("list", "watch")}
"""The optional ClusterRole: without it a lost node is read from its pods."""

METRICS_PERMISSIONS: Mapping[str, tuple[str, ...]] = {"pods.metrics.k8s.io": ("get", "list")}
"""Also in the Role: how much a pod uses, from the metrics API. Where there is none, or it may not be asked, nothing is
missed but this. Never `nodes/proxy`, which tells the same and lets one run commands in every pod."""

GROUPS: Mapping[str, str] = {
    "statefulsets": "apps",
    "networkpolicies": "networking.k8s.io",
    "poddisruptionbudgets": "policy",
    "jobs": "batch",
}
"""API groups of the resources that are not in the core group; all are at version v1."""

MANAGER = "dormouse"
"""The field manager of every apply."""

_PATIENCE = aiohttp.ClientTimeout(total=20, sock_connect=5)
_METRICS_PATIENCE = aiohttp.ClientTimeout(total=1)
_ALL_METRICS_PATIENCE = aiohttp.ClientTimeout(total=20)
_HALF_OPEN_AFTER = 5.0  # seconds that an open breaker refuses everybody but the watches
_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Expired(Exception):
    """410: what was to be continued is too old; list anew."""


class NotAllowedHere(ClusterError):
    """403: the bot's role does not reach, or admission refused."""


class Missing(ClusterError):
    """404."""


class Conflict(ClusterError):
    """409: another UID, or somebody was faster."""


def own_namespace() -> str | None:
    """The namespace this process's own pod lives in; None outside a cluster."""
    with contextlib.suppress(OSError):
        return (_SERVICE_ACCOUNT / "namespace").read_text("ascii").strip()
    return None


async def configuration(kubeconfig: str | None = None) -> Configuration:
    """In-cluster where there is a service account, else `kubeconfig` or KUBECONFIG. Raises `ClusterError`."""
    from kubernetes.aio import config
    from kubernetes.aio.client import Configuration

    made = Configuration()
    try:
        if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ and own_namespace():
            config.load_incluster_config(client_configuration=made)  # type: ignore[no-untyped-call]
        else:
            await config.load_kube_config(config_file=kubeconfig, client_configuration=made)  # type: ignore[no-untyped-call]
    except (config.ConfigException, OSError, ValueError) as wrong:
        raise ClusterError(f"no way to the Kubernetes API: {wrong}") from wrong
    return made


class Api:
    """Requests in one namespace; answers are as trim.py leaves them. Every method raises `ClusterAway` where nobody
    answers, else `ClusterError`.

    The breaker: once nobody answers, requests are refused at once until one gets through again; those marked `trial`
    (the watches') are always sent, and without a watch one is let through every few seconds.
    """

    def __init__(self, configuration: Configuration, namespace: str) -> None:
        self.namespace = namespace
        self._configuration = configuration
        self._session: aiohttp.ClientSession | None = None
        self._refused_until: float | None = None
        self._why = ""

    async def open(self) -> None:
        """Idempotent."""
        if self._session is not None:
            return
        from kubernetes.aio.client.rest import RESTClientObject

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=RESTClientObject(self._configuration).ssl_context, limit=64),
            timeout=_PATIENCE,
            trust_env=True,
            proxy=self._configuration.proxy or None,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    # what is asked

    async def apply(self, resource: str, manifest: Raw, *, dry_run: bool = False) -> Raw:
        """Server-side apply, forced: what the manifest says holds, whoever set it otherwise."""
        query = {"fieldManager": MANAGER, "force": "true"} | ({"dryRun": "All"} if dry_run else {})
        path = self._path(resource, manifest["metadata"]["name"])
        return await self._json("patch", resource, path, query, body=manifest, kind="application/apply-patch+yaml")

    async def delete(self, resource: str, name: str, *, uid: str | None = None) -> bool:
        """Whether there was such an object (with that UID). A pod gets the grace of its spec."""
        body: Raw = {"propagationPolicy": "Background"} | ({"preconditions": {"uid": uid}} if uid else {})
        try:
            await self._json("delete", resource, self._path(resource, name), {}, body=body)
        except (Missing, Conflict):
            return False
        return True

    async def page(
        self, resource: str, query: Mapping[str, str], *, limit: int, after: str = "", trial: bool = False
    ) -> Raw:
        """One page of a list; `metadata.continue` of the answer is the next `after`. Raises `Expired`."""
        asked = {**query, "limit": str(limit)} | ({"continue": after} if after else {})
        return await self._json("list", resource, self._path(resource), asked, trial=trial)

    async def everything(self, resource: str, query: Mapping[str, str]) -> list[Raw]:
        """A list of few objects."""
        found: list[Raw] = []
        after = ""
        while True:
            answer = await self.page(resource, query, limit=500, after=after)
            found += answer.get("items") or []
            after = (answer.get("metadata") or {}).get("continue") or ""
            if not after:
                return found

    async def log(self, pod: str, query: Mapping[str, str]) -> str:
        """Of container `query["container"]`. Raises `Missing` for a pod or a container that has none."""
        path = self._path("pods", pod) + "/log"
        async with self._send("get", "pods/log", path, query) as answer:
            return (await answer.read()).decode(errors="replace")

    @asynccontextmanager
    async def log_stream(
        self, pod: str, query: Mapping[str, str], *, within: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.StreamReader]:
        """`log` as it is written, for as long as the caller reads."""
        path = self._path("pods", pod) + "/log"
        asked = {**query, "follow": "true"}
        async with self._send("get", "pods/log", path, asked, within=within, trial=True) as answer:
            yield answer.content

    async def metrics(self, pod: str) -> Raw | None:
        """What the metrics API measured of a pod lately; None where it does not say. It is another program than the
        API itself, so its being away opens no breaker."""
        return await self._metrics("get", f"/{pod}", {}, _METRICS_PATIENCE)

    async def metrics_of_all(self, query: Mapping[str, str]) -> list[Raw]:
        """Likewise of all pods that the query means, in one request; none where it does not say."""
        said = await self._metrics("list", "", query, _ALL_METRICS_PATIENCE) or {}
        items = said.get("items")
        return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []

    async def _metrics(
        self, verb: str, pod: str, query: Mapping[str, str], within: aiohttp.ClientTimeout
    ) -> Raw | None:
        resource, group = "pods.metrics.k8s.io", "/apis/metrics.k8s.io/v1beta1"
        path = f"{group}/namespaces/{self.namespace}/pods{pod}"
        try:
            async with self._send(verb, resource, path, query, within=within, vital=False) as answer:
                said = json.loads(await answer.read())
        except (ClusterError, Expired, ValueError):
            return None
        return said if isinstance(said, dict) else None

    @asynccontextmanager
    async def stream(
        self, resource: str, query: Mapping[str, str], *, within: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.StreamReader]:
        """A watch: newline-separated JSON for as long as the caller reads. Raises `Expired`."""
        asked = {**query, "watch": "1"}
        async with self._send("watch", resource, self._path(resource), asked, within=within, trial=True) as answer:
            yield answer.content

    # how it is asked

    def _path(self, resource: str, name: str = "") -> str:
        group = GROUPS.get(resource)
        root = f"/apis/{group}/v1" if group else "/api/v1"
        place = "" if resource in CLUSTER_PERMISSIONS else f"/namespaces/{self.namespace}"
        return f"{root}{place}/{resource}" + (f"/{name}" if name else "")

    async def _json(
        self,
        verb: str,
        resource: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: Raw | None = None,
        kind: str = "application/json",
        trial: bool = False,
    ) -> Raw:
        async with self._send(verb, resource, path, query, body=body, kind=kind, trial=trial) as answer:
            try:
                made = parse(await answer.read())
            except ValueError as wrong:
                raise ClusterError(f"{resource}: the answer is not JSON") from wrong
        return made if isinstance(made, dict) else {}

    @asynccontextmanager
    async def _send(
        self,
        verb: str,
        resource: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: Raw | None = None,
        kind: str = "application/json",
        within: aiohttp.ClientTimeout = _PATIENCE,
        trial: bool = False,
        vital: bool = True,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """`vital`: that it is not answered tells something about the API."""
        tables = (PERMISSIONS, CLUSTER_PERMISSIONS, METRICS_PERMISSIONS)
        allowed = next((table[resource] for table in tables if resource in table), ())
        if verb not in allowed:
            raise AssertionError(f"{verb} {resource} is not in the role")
        self._ask_breaker(trial=trial)
        assert self._session is not None, "open() first"
        method = {"patch": "PATCH", "delete": "DELETE"}.get(verb, "GET")
        headers = {"Content-Type": kind} if body is not None else {}
        answered = False
        try:
            async with self._session.request(
                method,
                self._configuration.host + path,
                params=query,
                data=None if body is None else json.dumps(body),
                headers=headers | await self._authorization(),
                timeout=within,
                server_hostname=self._configuration.tls_server_name or None,
            ) as answer:
                if answer.status >= 400:
                    raise _refusal(resource, answer.status, await answer.read())
                self._refused_until = None
                answered = True
                yield answer
        except (aiohttp.ClientError, OSError, TimeoutError) as away:
            why = str(away) or type(away).__name__
            if vital and not (answered and trial):  # a watch that is cut says nothing yet
                self._open_breaker(why)
            raise ClusterAway(f"{resource}: {why}") from away
        except ClusterAway as away:
            if vital:
                self._open_breaker(away.detail)
            raise

    async def _authorization(self) -> dict[str, str]:
        """Asked at each request: tokens of service accounts and of cloud log-ins are exchanged by the hour."""
        settings: Mapping[str, Any] = await self._configuration.auth_settings()
        return {each["key"]: each["value"] for each in settings.values() if each.get("value")}

    def _ask_breaker(self, *, trial: bool) -> None:
        if self._refused_until is None or trial:
            return
        if time.monotonic() < self._refused_until:
            raise ClusterAway(self._why)
        self._refused_until = time.monotonic() + _HALF_OPEN_AFTER

    def _open_breaker(self, why: str) -> None:
        self._why = why
        self._refused_until = time.monotonic() + _HALF_OPEN_AFTER


def _refusal(resource: str, status: int, body: bytes) -> Exception:
    """What an answer of 400 or more means. Its message is the cluster's own words; it never repeats a Secret's data."""
    said = body.decode(errors="replace")[:2000]
    with contextlib.suppress(ValueError, AttributeError):
        said = str(json.loads(body).get("message") or said)
    detail = f"{resource}: {said} ({status})"
    match status:
        case 401 | 429 | 502 | 503:  # not 500 and 504: a webhook that fails answers so, for one object
            return ClusterAway(detail)
        case 403:
            problem = Problem.QUOTA if "exceeded quota" in said else Problem.REFUSED
            return NotAllowedHere(detail, problem=problem)
        case 404:
            return Missing(detail)
        case 409:
            return Conflict(detail)
        case 410:
            return Expired(detail)
    return ClusterError(detail, problem=Problem.CANNOT_APPLY)
