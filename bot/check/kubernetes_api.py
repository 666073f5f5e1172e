"""Single requests as `dormouse check` makes them. Unlike `core.cluster.kubernetes.api`, which acts, it wants to see
every status and warning, and asks for things that the bot's role may not allow."""

from __future__ import annotations

import contextlib
import json
import os
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from core.cluster.kubernetes.api import configuration, own_namespace

if TYPE_CHECKING:
    from kubernetes.aio.client import Configuration

PATIENCE = aiohttp.ClientTimeout(total=10)
MANAGER = "dormouse-check"
_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')
"""A Warning header: RFC 7234, 5.5."""


class Away(Exception):
    """It does not answer; where, and the reason in words."""


@dataclass(frozen=True, slots=True)
class TrialAnswer:
    status: int
    body: dict[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        return str(self.body.get("message") or f"it answers {self.status}")


class TrialApi:
    """`inside`: this process runs in a pod of the cluster. Every request raises Away where no answer comes."""

    def __init__(self, session: aiohttp.ClientSession, settings: Configuration, *, inside: bool) -> None:
        self._session = session
        self._settings = settings
        self.inside = inside
        self.host = str(settings.host)

    async def get(self, path: str) -> TrialAnswer:
        return await self._ask("GET", path)

    async def post(self, path: str, body: dict[str, Any]) -> TrialAnswer:
        return await self._ask("POST", path, body)

    async def dry_run(self, path: str, body: dict[str, Any]) -> TrialAnswer:
        """A server-side apply that keeps nothing."""
        query = f"dryRun=All&fieldManager={MANAGER}&force=true"
        return await self._ask("PATCH", f"{path}?{query}", body, "application/apply-patch+yaml")

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, kind: str = "application/json"
    ) -> TrialAnswer:
        signing_in: Any = await self._settings.auth_settings()
        credentials = {each["key"]: each["value"] for each in signing_in.values()}
        try:
            async with self._session.request(
                method,
                self.host + path,
                data=None if body is None else json.dumps(body),
                headers={"Content-Type": kind, **credentials},
                server_hostname=self._settings.tls_server_name or None,
            ) as response:
                text = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as wrong:
            raise Away(f"{self.host}: {_why(wrong)}") from None
        try:
            read = json.loads(text)
        except ValueError:
            read = None
        said = _WARNING.findall(", ".join(response.headers.getall("Warning", [])))
        warnings = tuple(re.sub(r"\\(.)", r"\1", each) for each in said)
        return TrialAnswer(response.status, read if isinstance(read, dict) else {}, warnings)


@contextlib.asynccontextmanager
async def connect(kubeconfig: str | None) -> AsyncIterator[TrialApi]:
    """Signed in as the bot would be. ClusterError where no credentials can be read."""
    settings = await configuration(kubeconfig)
    from kubernetes.aio.client.rest import RESTClientObject

    connector = aiohttp.TCPConnector(ssl=RESTClientObject(settings).ssl_context)
    async with aiohttp.ClientSession(
        connector=connector, timeout=PATIENCE, trust_env=True, proxy=settings.proxy or None
    ) as session:
        inside = kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ and own_namespace() is not None
        yield TrialApi(session, settings, inside=inside)


def _why(wrong: BaseException) -> str:
    match wrong:
        case aiohttp.ClientConnectorDNSError():
            return "the name of its host is not known here"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError() | ssl.SSLError():
            return "its certificate is not trusted"
        case aiohttp.ClientConnectorError(os_error=OSError(errno=int(number))):
            return os.strerror(number).lower()
        case TimeoutError():
            return "no answer in time"
        case _:
            return "what answers there is no Kubernetes API server"
