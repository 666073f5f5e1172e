"""Of a game on UDP alone that nobody can ask, the agent sees that it listens."""

from __future__ import annotations

import socket
from dataclasses import replace

import kube
import pytest

from core.agent import probe
from core.cluster.kubernetes.manifests_pod import pod_spec
from core.games.protocols.answer import NoAnswer


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
async def test_a_game_on_udp_is_up_when_it_listens(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as game:
        try:
            game.bind((host, 0))
        except OSError:
            pytest.skip(f"this machine has no {host}")
        port = game.getsockname()[1]
        pod = replace(pod_spec(kube.make_spec()), ports={"game": port}, udp=["game"], ready="log")
        await probe.takes_connections(pod)
    with pytest.raises(NoAnswer):
        await probe.takes_connections(pod)
