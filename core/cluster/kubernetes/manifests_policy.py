"""Pure: whom a game's pod may talk to, and who to it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import Any

from core.agent.wire import AGENT_PORT
from core.cluster.kubernetes import names
from core.cluster.kubernetes.site import Site
from core.cluster.port import ServerSpec

Raw = dict[str, Any]

NOT_INTERNET = tuple(
    IPv4Network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",
    )
)
"""What no game has to reach: networks of the cluster and of whoever runs it, and the metadata services of clouds, which
hand out credentials: 169.254.169.254 (most), 100.100.100.200 (Alibaba), 192.0.0.192 (Oracle), 168.63.129.16 (Azure).
https://www.iana.org/assignments/iana-ipv4-special-registry"""
NAT64 = IPv6Address("64:ff9b::")  # RFC 6052: the last 32 bits are an IPv4 address
NOT_INTERNET_6 = tuple(
    IPv6Network(each)
    for each in (
        *("::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10"),
        "ff00::/8",
    )
) + tuple(IPv6Network((int(NAT64) + int(each.network_address), 96 + each.prefixlen)) for each in NOT_INTERNET)
"""Likewise, with `fd00:ec2::254` (Amazon) and `fd20:ce::254` (Google), and what leads to an IPv4
address by another name. https://www.iana.org/assignments/iana-ipv6-special-registry"""
LOCAL_DNS = "169.254.20.10/32"  # NodeLocal DNSCache's address
MAIL = 25
"""Closed to games: it is what spam is sent by, and a cloud blocks whoever does."""


def policy_of(spec: ServerSpec, site: Site, pod: Mapping[str, str]) -> Raw:
    """A NetworkPolicy's spec; `pod` are the labels of the pod. In: the game's public ports from anywhere, the agent's
    from the bot."""
    public = [
        {"port": port.container, "protocol": port.protocol.upper()} for port in spec.ports if port.host is not None
    ]
    return {
        "podSelector": {"matchLabels": dict(pod)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": public}, _from_bot(site)],
        "egress": _egress(),
    }


def _from_bot(site: Site) -> Raw:
    """To an agent."""
    bot: Raw = {"ports": [{"port": AGENT_PORT, "protocol": "TCP"}]}
    if site.bot_namespace is not None:
        bot["from"] = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": site.bot_namespace}}}]
    return bot


def files_policy(site: Site) -> Raw:
    """For the pods of jobs that answer for files, beside `jobs_policy`. In: the bot."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"files-{site.installation}", "labels": {names.INSTALLATION: site.installation}},
        "spec": {
            "podSelector": {"matchExpressions": [{"key": names.FILES, "operator": "Exists"}]},
            "policyTypes": ["Ingress"],
            "ingress": [_from_bot(site)],
        },
    }


def jobs_policy(site: Site) -> Raw:
    """For the pods of all jobs, which no server's policy is about. In: nobody."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"jobs-{site.installation}", "labels": {names.INSTALLATION: site.installation}},
        "spec": {
            "podSelector": {"matchExpressions": [{"key": names.JOB, "operator": "Exists"}]},
            "policyTypes": ["Ingress", "Egress"],
            "egress": _egress(),
        },
    }


def _egress() -> list[Raw]:
    """Names, and the internet but for mail."""
    dns = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
    system = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    internet = [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": [str(each) for each in NOT_INTERNET]}},
        {"ipBlock": {"cidr": "::/0", "except": [str(each) for each in NOT_INTERNET_6]}},
    ]
    but_mail = [
        {"port": 1, "endPort": MAIL - 1, "protocol": "TCP"},
        {"port": MAIL + 1, "endPort": 65535, "protocol": "TCP"},
        {"port": 1, "endPort": 65535, "protocol": "UDP"},
    ]
    return [{"to": internet, "ports": but_mail}, {"to": [system, {"ipBlock": {"cidr": LOCAL_DNS}}], "ports": dns}]
