"""The `Cluster` port as a suite: every adapter passes it. A subclass brings the fixtures `cluster`, `reopen`, `spec`,
`occupy`.

Nothing here sleeps: `until` waits on the cluster's own `watch`.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from core.agent.file_wire import FileDo, FileOrder, FileRefused, FileTrouble
from core.cluster.port import Cluster, Listed, Observed, ServerSpec, Stale
from core.errors import ClusterError
from core.words import PodPhase, Problem, VolumePhase

Reopen = Callable[[], Awaitable[Cluster]]
"""Lets go of the cluster as a killed bot would, and opens it anew."""

MakeSpec = Callable[..., ServerSpec]
"""A spec of the small game; `mode` as in tests/support/tinygame.py, the rest as `ServerSpec`'s fields."""

Occupy = Callable[[ServerSpec], AbstractAsyncContextManager[int]]
"""Something else uses the server's port meanwhile; gives another port that it may have."""

PATIENCE = 150.0  # seconds: kubelet's back-off alone takes half a minute, on a machine that is not busy


async def until(cluster: Cluster, server: str, holds: Callable[[Observed], bool]) -> Observed:
    """The first state of `server` for which `holds`; of a server that is in no list, the empty one."""
    async with asyncio.timeout(PATIENCE):
        async for news in cluster.watch():
            if isinstance(news, Stale):
                continue
            seen = news.observed if isinstance(news, Listed) else (news.observed,)
            listed = [each for each in seen if each.server == server]
            if isinstance(news, Listed) and not listed:
                listed = [Observed(server)]
            for each in listed:
                if holds(each):
                    return each
    raise AssertionError("the watch ended")


async def ready(cluster: Cluster, server: str, *, restarts: int = 0) -> Observed:
    return await until(cluster, server, lambda seen: seen.pod is PodPhase.READY and seen.restarts == restarts)


async def no_pod(cluster: Cluster, server: str) -> Observed:
    return await until(cluster, server, lambda seen: seen.pod is PodPhase.NONE)


def _noted(exits: list[int], seen: Observed) -> bool:
    exits.append(seen.restarts)
    return seen.pod is PodPhase.NONE and seen.replicas == 0


class ClusterContract:
    async def test_a_server_becomes_ready(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(run=3)
        await cluster.ensure(wanted)
        seen = await ready(cluster, wanted.server)
        assert seen.uid
        assert seen.ready_since is not None
        assert (seen.run, seen.template_run, seen.replicas) == (3, 3, 1)
        assert (seen.volume, seen.volumes) == (VolumePhase.BOUND, (1,))
        assert {"game", "agent"} <= set(seen.endpoints)

    async def test_asking_twice_starts_one(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        first = await ready(cluster, wanted.server)
        await cluster.ensure(wanted)
        assert (await ready(cluster, wanted.server)).uid == first.uid

    async def test_a_pause_ends_the_pod_and_keeps_the_volume(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        await cluster.ensure(replace(wanted, replicas=0))
        seen = await no_pod(cluster, wanted.server)
        assert (seen.uid, seen.replicas, seen.volumes) == (None, 0, (1,))

    async def test_an_end_that_was_asked_for_is_no_exit_of_the_game(self, cluster: Cluster, spec: MakeSpec) -> None:
        """Whatever its code is: else a pause would count as a crash."""
        wanted = spec(mode="ends-with-3")
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        exits: list[int] = []
        ending = asyncio.create_task(until(cluster, wanted.server, lambda seen: _noted(exits, seen)))
        await cluster.ensure(replace(wanted, replicas=0))
        await ending
        assert set(exits) == {0}

    async def test_a_resume_is_another_pod(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        first = await ready(cluster, wanted.server)
        await cluster.ensure(replace(wanted, replicas=0))
        await no_pod(cluster, wanted.server)
        await cluster.ensure(replace(wanted, run=2))
        second = await ready(cluster, wanted.server)
        assert second.uid != first.uid
        assert second.run == 2

    async def test_a_new_template_waits_for_the_pod_to_be_deleted(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        first = await ready(cluster, wanted.server)
        await cluster.ensure(replace(wanted, run=2))
        seen = await until(cluster, wanted.server, lambda seen: seen.template_run == 2)
        assert (seen.uid, seen.run) == (first.uid, 1)
        assert first.uid is not None
        await cluster.delete_pod(wanted.server, first.uid)
        assert (await until(cluster, wanted.server, lambda seen: seen.run == 2)).uid != first.uid

    async def test_deleting_a_pod_of_another_uid_does_nothing(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        first = await ready(cluster, wanted.server)
        await cluster.delete_pod(wanted.server, "of-long-ago")
        await cluster.ensure(replace(wanted, run=2))
        seen = await until(cluster, wanted.server, lambda seen: seen.template_run == 2)
        assert (seen.pod, seen.uid) == (PodPhase.READY, first.uid)

    async def test_a_port_that_something_else_uses_is_named_and_another_one_helps(
        self, cluster: Cluster, spec: MakeSpec, occupy: Occupy
    ) -> None:
        wanted = spec()
        async with occupy(wanted) as other:
            assert await self._hears_of_taken(cluster, wanted) == (Problem.PORT_TAKEN, ("game",))
            assert await cluster.listenable([other], 1) == [other]
            await cluster.ensure(replace(wanted, run=2, ports=(replace(wanted.ports[0], host=other),)))
            seen = await until(cluster, wanted.server, lambda seen: seen.uid is not None)
            if seen.run == 1 and seen.uid is not None:
                await cluster.delete_pod(wanted.server, seen.uid)
            seen = await until(cluster, wanted.server, lambda seen: seen.run == 2 and seen.pod is PodPhase.READY)
            assert seen.taken == ()

    async def _hears_of_taken(self, cluster: Cluster, wanted: ServerSpec) -> tuple[str | None, tuple[str, ...]]:
        try:
            await cluster.ensure(wanted)
        except ClusterError as refused:
            return refused.problem, refused.taken
        seen = await until(cluster, wanted.server, lambda seen: bool(seen.taken))
        return None if seen.ready_since else seen.problem, seen.taken

    async def test_a_crash_is_counted_and_the_game_started_again(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(mode="crash-once")
        await cluster.ensure(wanted)
        seen = await ready(cluster, wanted.server, restarts=1)
        assert seen.last_exit is not None
        assert seen.last_exit.code == 3

    async def test_the_log_of_the_run_before_a_crash_is_kept(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(mode="crash-once")
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server, restarts=1)
        assert (await cluster.logs(wanted.server, previous=True)).splitlines() == ["start 1"]
        assert (await cluster.logs(wanted.server)).splitlines() == ["start 2"]

    async def test_an_exit_with_zero_counts_too(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(mode="exit-zero")
        await cluster.ensure(wanted)
        seen = await ready(cluster, wanted.server, restarts=1)
        assert seen.last_exit is not None
        assert seen.last_exit.code == 0

    async def test_a_game_that_keeps_crashing_is_counted_on(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(mode="crash")
        await cluster.ensure(wanted)
        seen = await until(cluster, wanted.server, lambda seen: seen.restarts >= 3)
        assert seen.ready_since is None

    async def test_a_game_that_is_never_ready_is_started_again(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(mode="silent", within=5)
        await cluster.ensure(wanted)
        seen = await until(cluster, wanted.server, lambda seen: seen.restarts >= 1)
        assert seen.pod is PodPhase.STARTING

    async def test_a_game_that_does_not_stop_is_killed(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(mode="deaf", grace=1)
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        await cluster.ensure(replace(wanted, replicas=0))
        await no_pod(cluster, wanted.server)

    async def test_a_bot_that_comes_back_finds_the_same_pod(
        self, cluster: Cluster, reopen: Reopen, spec: MakeSpec
    ) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        first = await ready(cluster, wanted.server)
        again = await ready(await reopen(), wanted.server)
        assert (again.uid, again.run, again.fingerprint) == (first.uid, first.run, first.fingerprint)

    async def test_removing_leaves_nothing(self, cluster: Cluster, reopen: Reopen, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        await cluster.remove(wanted.server)
        await until(cluster, wanted.server, lambda seen: not seen.exists)
        assert not (await until(await reopen(), wanted.server, lambda seen: True)).exists

    async def test_a_watcher_sees_the_last_object_go(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(replicas=0)
        await cluster.ensure(wanted)
        await until(cluster, wanted.server, lambda seen: seen.exists)
        going = asyncio.create_task(until(cluster, wanted.server, lambda seen: not seen.exists))
        await cluster.remove(wanted.server)
        assert not (await going).exists

    async def test_removing_what_is_not_there_is_no_mistake(self, cluster: Cluster, spec: MakeSpec) -> None:
        await cluster.remove(spec().server)

    async def test_a_released_volume_is_gone(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        await cluster.ensure(replace(wanted, replicas=0))
        await no_pod(cluster, wanted.server)
        await cluster.release_volume(wanted.server, 1)
        seen = await until(cluster, wanted.server, lambda seen: seen.volumes == ())
        assert seen.volume is VolumePhase.NONE

    async def test_the_console_answers(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        assert await cluster.console(wanted.server, "hello") == "heard hello"

    async def test_the_console_of_a_paused_server_refuses(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(replicas=0)
        await cluster.ensure(wanted)
        with pytest.raises(ClusterError):
            await cluster.console(wanted.server, "hello")

    async def test_a_running_server_uses_something_where_the_cluster_tells(
        self, cluster: Cluster, spec: MakeSpec
    ) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        used = await cluster.usage(wanted.server)
        assert used is None or (used.memory > 0 and used.cpu >= 0)
        of_all = await cluster.usage_of_all([wanted.server, "abcdefghijkl"])
        assert set(of_all) <= {wanted.server}
        assert all(each.memory > 0 for each in of_all.values())

    async def test_a_paused_server_uses_nothing(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        await cluster.ensure(replace(wanted, replicas=0))
        await no_pod(cluster, wanted.server)
        assert await cluster.usage(wanted.server) is None

    async def test_its_log_can_be_followed_from_the_beginning(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        said: list[str] = []
        async with asyncio.timeout(PATIENCE):
            async for part in cluster.follow(wanted.server):
                assert part.whole
                said += part.lines
                if said[:1] == ["start 1"] and len(said) == 1:
                    await cluster.console(wanted.server, "hello")
                if len(said) > 1:
                    break
        assert said[1] == "heard hello"

    async def test_logs_of_an_unknown_server_are_empty(self, cluster: Cluster, spec: MakeSpec) -> None:
        assert await cluster.logs(spec().server) == ""

    async def test_files_are_written_and_read_while_it_runs_and_while_it_is_paused(
        self, cluster: Cluster, spec: MakeSpec
    ) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        text = base64.b64encode(b"hello").decode()
        made = await cluster.files(wanted.server, FileOrder(FileDo.WRITE, "motd.txt", version="", data=text))
        await cluster.ensure(replace(wanted, replicas=0))
        await no_pod(cluster, wanted.server)
        read = await cluster.files(wanted.server, FileOrder(FileDo.READ, "motd.txt", length=99))
        assert (read.content, read.version) == (b"hello", made.version)
        await cluster.files(wanted.server, FileOrder(FileDo.RENAME, "motd.txt", to="motd"))
        with pytest.raises(FileRefused) as refused:
            await cluster.files(wanted.server, FileOrder(FileDo.READ, "motd.txt"))
        assert refused.value.trouble is FileTrouble.MISSING
        await cluster.ensure(replace(wanted, run=2))
        await until(cluster, wanted.server, lambda seen: seen.run == 2 and seen.pod is PodPhase.READY)
        listed = await cluster.files(wanted.server, FileOrder(FileDo.LIST))
        assert "motd" in [each["name"] for each in listed.entries]

    async def test_files_of_what_has_no_world_are_refused(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(replicas=0)
        with pytest.raises((ClusterError, FileRefused)):
            await cluster.files(wanted.server, FileOrder(FileDo.LIST))
        await cluster.ensure(wanted)
        with pytest.raises((ClusterError, FileRefused)):
            await cluster.files(wanted.server, FileOrder(FileDo.LIST))

    async def test_a_watch_begins_with_the_list(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec(replicas=0)
        await cluster.ensure(wanted)
        first = await anext(cluster.watch())
        assert isinstance(first, Listed)
        assert [each.server for each in first.observed] == [wanted.server]

    async def test_several_may_watch(self, cluster: Cluster, spec: MakeSpec) -> None:
        wanted = spec()
        watching = [asyncio.create_task(ready(cluster, wanted.server)) for _ in range(3)]
        await cluster.ensure(wanted)
        assert len({seen.uid for seen in await asyncio.gather(*watching)}) == 1
