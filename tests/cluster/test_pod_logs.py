"""What counts as a game's words: what it printed, and nothing that stands in its place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from core.cluster.kubernetes.api import Api
from core.cluster.kubernetes.pod_logs import PodLogs
from core.cluster.kubernetes.reduced_pod import PodRecord
from core.words import PodPhase

POD = PodRecord("pond-0", "pond", "u1", 1, 1, PodPhase.STARTING)
GONE = (
    'failed to try resolving symlinks in path "/var/log/pods/games_pond-0_u1/game/0.log": '
    "lstat /var/log/pods/games_pond-0_u1/game/0.log: no such file or directory"
)
NO_LOG = "unable to retrieve container logs for containerd://4a2f"
AT = "2026-11-29T16:00:00.123456789Z"


class Kubelet:
    """Gives this log, and remembers how it was asked."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked: list[Mapping[str, str]] = []

    async def log(self, pod: str, query: Mapping[str, str]) -> str:
        self.asked.append(query)
        return self.text

    @asynccontextmanager
    async def log_stream(self, pod: str, query: Mapping[str, str], within: Any) -> AsyncIterator[Kubelet]:
        yield self

    async def readany(self) -> bytes:
        text, self.text = self.text, ""
        return text.encode()


def logs(kubelet: Kubelet) -> PodLogs:
    return PodLogs(cast(Api, kubelet))


@pytest.mark.parametrize("instead", [GONE, NO_LOG, f"{GONE}\n", ""])
async def test_what_kubelet_says_where_a_log_is_gone_is_no_word_of_the_game(instead: str) -> None:
    assert await logs(Kubelet(instead)).newest(POD, 40, previous=True) == ""
    assert [part.lines async for part in logs(Kubelet(instead + "\n")).follow(POD)] == [()]


async def test_what_a_game_prints_comes_without_stamps_and_with_its_empty_lines() -> None:
    kubelet = Kubelet(f"{AT} one\r\n{AT} \n{AT}   two: 2026 is a year\n")
    assert await logs(kubelet).newest(POD, 40, previous=False) == "one\n\n  two: 2026 is a year"
    assert kubelet.asked[0]["timestamps"] == "true"


async def test_a_game_may_say_what_kubelet_says() -> None:
    assert await logs(Kubelet(f"{AT} {NO_LOG}\n")).newest(POD, 40, previous=False) == NO_LOG
