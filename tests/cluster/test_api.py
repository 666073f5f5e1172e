"""The raw client: the breaker, what refusals mean, and that nothing beyond the role is ever asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fakeapi import FakeApi

from core.cluster.kubernetes import api as module
from core.cluster.kubernetes.api import Api, Conflict, Expired, Missing, NotAllowedHere
from core.errors import ClusterAway, ClusterError
from core.words import Problem


@pytest.fixture
async def server() -> AsyncIterator[FakeApi]:
    server = FakeApi()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def api(server: FakeApi) -> AsyncIterator[Api]:
    api = await server.api()
    yield api
    await api.close()


async def test_once_nobody_answers_nobody_asks_until_one_gets_through(server: FakeApi, api: Api) -> None:
    server.status = 503
    with pytest.raises(ClusterAway):
        await api.page("pods", {}, limit=1)
    server.status = 0
    with pytest.raises(ClusterAway):
        await api.page("pods", {}, limit=1)
    assert server.lists == 0
    await api.page("pods", {}, limit=1, trial=True)
    await api.page("pods", {}, limit=1)
    assert server.lists == 2


async def test_without_a_watch_one_is_let_through_after_a_while(
    server: FakeApi, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_HALF_OPEN_AFTER", 0.0)
    server.status = 503
    with pytest.raises(ClusterAway):
        await api.page("pods", {}, limit=1)
    server.status = 0
    await api.page("pods", {}, limit=1)


async def test_a_machine_that_does_not_listen_is_away(server: FakeApi, api: Api) -> None:
    await server.stop()
    with pytest.raises(ClusterAway):
        await api.page("pods", {}, limit=1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, NotAllowedHere), (404, Missing), (409, Conflict), (410, Expired), (422, ClusterError), (500, ClusterError)],
)
async def test_a_refusal_of_one_request_holds_up_no_other(
    server: FakeApi, api: Api, status: int, kind: type[Exception]
) -> None:
    server.status = status
    with pytest.raises(kind) as said:
        await api.page("pods", {}, limit=1)
    assert "not now" in str(said.value)
    server.status = 0
    await api.page("pods", {}, limit=1)


def test_a_quota_is_told_from_a_rule() -> None:
    full = module._refusal("pods", 403, b'{"message": "exceeded quota: none"}')
    rule = module._refusal("pods", 403, b'{"message": "violates PodSecurity"}')
    assert isinstance(full, ClusterError)
    assert isinstance(rule, ClusterError)
    assert (full.problem, rule.problem) == (Problem.QUOTA, Problem.REFUSED)


async def test_what_is_not_in_the_role_is_not_even_asked(api: Api) -> None:
    with pytest.raises(AssertionError, match="list secrets"):
        await api.page("secrets", {}, limit=1)


async def test_deleting_what_is_not_there_is_no_mistake(server: FakeApi, api: Api) -> None:
    server.status = 404
    assert not await api.delete("pods", "a")
    server.status = 409
    assert not await api.delete("pods", "a", uid="another")
