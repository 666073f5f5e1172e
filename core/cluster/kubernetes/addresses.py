"""Pure: how members reach a game on Kubernetes, a strategy with a limit that is said (`dormouse check` prints it)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.cluster.port import PortSpec, ServerSpec

NODE_PORTS = range(30000, 32768)
"""Kubernetes' default `--service-node-port-range`."""


class Exposure(StrEnum):
    LOADBALANCER = "loadbalancer"
    NODEPORT = "nodeport"
    HOSTPORT = "hostport"
    ROUTER = "router"


class TrafficPolicy(StrEnum):
    """`externalTrafficPolicy` of a Service: whether a node hands a player on to another node, as which it then does so.
    https://kubernetes.io/docs/reference/networking/virtual-ips/#external-traffic-policy"""

    LOCAL = "local"  # the game sees the player's own address: it can ban by it
    CLUSTER = "cluster"  # the game sees a node's address; every node takes players for every server


LIMITS = {
    Exposure.LOADBALANCER: "One load-balancer port for each game port; Azure stops near 299 ports a cluster.",
    Exposure.NODEPORT: f"At most {len(NODE_PORTS)} ports a cluster, the same on every node.",
    Exposure.HOSTPORT: "A server's address is its node's and may change with each run; grows with the nodes. The "
    "namespace of the games has to allow host ports (Pod Security `privileged`).",
    Exposure.ROUTER: "Minecraft: Java Edition by name, without a limit; every other game as with loadbalancer.",
}

ROUTED = "mc-router.itzg.me/externalServerName"
"""Annotation of a Service: the name under which mc-router leads players to it, at its port `ROUTED_PORT`.
https://github.com/itzg/mc-router, server/k8s.go"""
ROUTED_PORT = "mc-router"
_LONGEST_LABEL = 63  # characters (RFC 1035, section 2.3.4)
_OF_ID = 4  # characters of a server's id that tell two of one name apart


@dataclass(frozen=True, slots=True)
class Addresses:
    """`static` are the shared addresses of a load balancer, `public_host` a name that leads to every server, `domain`
    the one below which a router has a name for each. `traffic` None: what fits."""

    exposure: Exposure
    installation: str
    static: tuple[str, ...] = ()
    public_host: str = ""
    traffic: TrafficPolicy | None = None
    domain: str = ""

    @property
    def balances(self) -> bool:
        """Whether games that no router knows get a load balancer."""
        return self.exposure in (Exposure.LOADBALANCER, Exposure.ROUTER)

    @property
    def traffic_policy(self) -> TrafficPolicy | None:
        """Local where members come to the game's own node or to an address that is this server's alone: a name for all
        may lead to any node, and MetalLB shares an address under `Cluster` only. None: host ports need no Service."""
        if self.exposure is Exposure.HOSTPORT:
            return None
        own = not self.static and not self.public_host
        return self.traffic or (TrafficPolicy.LOCAL if own else TrafficPolicy.CLUSTER)

    def mistakes(self, ports: range) -> list[str]:
        """What cannot work, in words; `ports` is the pool."""
        wrong = []
        if self.exposure is Exposure.NODEPORT and (ports.start not in NODE_PORTS or ports.stop - 1 not in NODE_PORTS):
            wrong.append(
                f"DORMOUSE_PORTS: with DORMOUSE_EXPOSURE=nodeport they lie within {NODE_PORTS.start}-{NODE_PORTS[-1]}."
            )
        if self.static and not self.balances:
            wrong.append("DORMOUSE_ADDRESSES is for DORMOUSE_EXPOSURE=loadbalancer or router only: remove it.")
        if self.exposure is Exposure.ROUTER and not _DOMAIN.fullmatch(self.domain):
            wrong.append(
                "DORMOUSE_EXPOSURE=router gives each Minecraft server a name below DORMOUSE_PUBLIC_HOST: set that to a "
                "domain such as play.example.org, and let *.play.example.org lead to mc-router."
            )
        if self.traffic and self.exposure is Exposure.HOSTPORT:
            wrong.append(
                "DORMOUSE_TRAFFIC_POLICY is not for DORMOUSE_EXPOSURE=hostport, where games see players' own addresses "
                "anyway: remove it."
            )
        if self.public_host and len(self.static) > 1:
            wrong.append(
                "DORMOUSE_PUBLIC_HOST is one name, but each server is on one of several DORMOUSE_ADDRESSES: give one."
            )
        return wrong

    @property
    def kept(self) -> bool:
        """Whether paused servers keep their addresses. A load balancer of one server's own is given back: a cloud bills
        it."""
        return not self.balances or bool(self.static)

    def address(self, server: str) -> str:
        """The static address that this server shares; empty without. Stays the same for as long as the list does."""
        if not self.static:
            return ""
        number = int.from_bytes(hashlib.sha256(server.encode()).digest()[:8], "big")
        return self.static[number % len(self.static)]

    def host_port(self, port: PortSpec) -> int | None:
        """What the pod itself takes of its node."""
        return port.host if self.exposure is Exposure.HOSTPORT else None

    def hostname(self, spec: ServerSpec) -> str:
        """The name under which a router leads players to this server; empty where none does."""
        if self.exposure is not Exposure.ROUTER or _routed(spec) is None:
            return ""
        return f"{_label(spec.name, spec.server)}.{self.domain.lower()}"

    def annotations(self, spec: ServerSpec) -> dict[str, str]:
        """Of a Service: its name for a router, or what lets it share an address. MetalLB: same key, different ports,
        `externalTrafficPolicy: Cluster` (https://metallb.io/usage/#ip-address-sharing); Azure takes the address alone.
        Each ignores the other's."""
        if hostname := self.hostname(spec):
            return {ROUTED: hostname}
        if not self.balances or not (address := self.address(spec.server)):
            return {}
        return {
            "metallb.io/loadBalancerIPs": address,
            "metallb.io/allow-shared-ip": f"dormouse-{self.installation}",
            "service.beta.kubernetes.io/azure-load-balancer-ipv4": address,
        }

    def service(self, spec: ServerSpec) -> dict[str, Any]:
        """The Service's spec, without its selector."""
        public = [port for port in spec.ports if port.host is not None]
        if self.hostname(spec):
            by_name = _routed(spec)
            ports = [
                _port(port, port.container) | ({"name": ROUTED_PORT} if port.name == by_name else {}) for port in public
            ]
            return {"type": "ClusterIP", "ports": ports}
        if self.exposure is Exposure.HOSTPORT:
            return {"clusterIP": "None", "ports": [_port(port, port.container) for port in public]}
        ports = [_port(port, port.host) for port in public]
        if not spec.replicas and not self.kept:
            return {"type": "ClusterIP", "ports": ports}
        assert self.traffic_policy is not None
        reached = {"externalTrafficPolicy": self.traffic_policy.capitalize(), "ports": ports}
        if self.exposure is Exposure.NODEPORT:
            ports[:] = [each | {"nodePort": each["port"]} for each in ports]
            return {"type": "NodePort", **reached}
        return {"type": "LoadBalancer", **reached}

    def public(self, server: str, *, node: str, balancer: str, hostname: str = "") -> str:
        """The host that members use now; empty where it is not known yet. `node` is the address of the pod's node,
        `balancer` what the Service was given, `hostname` the name by which a router knows it."""
        if hostname:
            return hostname
        if self.exposure is Exposure.HOSTPORT:
            return node
        if self.public_host:
            return self.public_host
        return node if self.exposure is Exposure.NODEPORT else balancer or self.address(server)


_DOMAIN = re.compile(r"(?=.*[a-z])([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+", re.I)
_NOT_IN_A_LABEL = re.compile(r"[^a-z0-9]+")


def _routed(spec: ServerSpec) -> str | None:
    """The public port to which players are led by the name that they typed; None where the game has none."""
    known = {port.name for port in spec.ports if port.host is not None}
    return next((port.name for port in spec.game.ports if port.by_name and port.name in known), None)


def _label(name: str, server: str) -> str:
    """`Bo's Größe 2` of `abcdefghijkl` is `bo-s-groe-2-abcd`."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    words = _NOT_IN_A_LABEL.sub("-", plain).strip("-")[: _LONGEST_LABEL - _OF_ID - 1].strip("-")
    return f"{words or 'server'}-{server[:_OF_ID]}"


_ALLOCATED = re.compile(r"Invalid value: (\d+): provided port is already allocated")
"""How the API server refuses a node port that another Service has."""


def allocated(refusal: str, spec: ServerSpec) -> tuple[str, ...]:
    """Names of the server's ports that another Service has, by the API server's refusal; empty where it is another."""
    numbers = {int(number) for number in _ALLOCATED.findall(refusal)}
    return tuple(port.name for port in spec.ports if port.host in numbers)


def port_name(name: str) -> str:
    """A name of the catalogue as Kubernetes takes it for a port (RFC 6335: 15 characters, no `_`, no `--`)."""
    words = [word for word in name.replace("_", "-").split("-") if word]
    return "-".join(words)[:15].rstrip("-")


def _port(port: PortSpec, number: int | None) -> dict[str, Any]:
    return {
        "name": port_name(port.name),
        "protocol": port.protocol.upper(),
        "port": number,
        "targetPort": port.container,
    }
