"""A server's own key to the store: made anew where it died, and never one too many for long; B2 over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import kube
import pytest
from b2server import B2Server, Fault

from core.cluster.kubernetes import names
from core.cluster.kubernetes.keys import Keys
from core.cluster.kubernetes.reduced import Held
from core.cluster.kubernetes.reduced_pod import PodRecord
from core.errors import ClusterError
from core.words import Problem
from core.worlds.store.b2_access import B2Access
from core.worlds.store.place import StorePlace
from tests.cluster.test_receipts import POD, SERVER, SET

BUCKET, OTHER = "worlds", "bbbbbbbbbbbb"


class Place:
    """A cluster of which only Secrets count, the servers that it knows, and their agents."""

    def __init__(self, b2: B2Server) -> None:
        self.b2 = b2
        b2.account.add_bucket(BUCKET)
        self.bot = b2.account.add_key()
        self.secrets: dict[str, dict[str, str]] = {}
        self.held: dict[str, Held] = {}
        self.handed: list[Mapping[str, str]] = []
        self.deaf = self.dies = False
        self.keys = self.open()

    def open(self, prefix: str = "guild") -> Keys:
        told = {"KEY_ID": self.bot.id, "KEY": self.bot.secret, "REALM": self.b2.url}
        place = StorePlace(f"b2:{BUCKET}/{prefix}", {f"DORMOUSE_B2_{name}": value for name, value in told.items()})
        return Keys(self, kube.site(store=place), B2Access(place), self, self.hand)  # type: ignore[arg-type]

    async def apply(self, resource: str, manifest: dict[str, Any]) -> None:
        if self.dies:
            raise ClusterError("killed")
        self.secrets[manifest["metadata"]["name"]] = manifest["stringData"]

    def of(self, server: str) -> Held:
        return self.held.get(server) or Held(server)

    async def hand(self, server: str, pod: PodRecord, env: Mapping[str, str]) -> None:
        if self.deaf:
            raise ClusterError("takes no keys", problem=Problem.STORE_REFUSED)
        self.handed.append(env)

    def runs(self, server: str = SERVER) -> None:
        self.held[server] = Held(server, set=SET, pods={POD.name: POD})

    def rests(self, server: str = SERVER, *, made: bool = True) -> None:
        self.held[server] = Held(server, set=replace(SET, replicas=0, made=made))

    def alive(self, server: str = SERVER) -> list[str]:
        return sorted(key.id for key in self.b2.account.keys.values() if key.name == f"dormouse-{server}")

    def in_secret(self, server: str = SERVER) -> list[str]:
        return [self.secrets[names.store_secret(server)]["DORMOUSE_B2_KEY_ID"]]


@pytest.fixture
def b2() -> Iterator[B2Server]:
    with B2Server() as server:
        yield server


@pytest.fixture
async def place(b2: B2Server) -> Place:
    place = Place(b2)
    await place.keys.give(SERVER, None, alone=True)
    return place


async def test_a_key_that_died_is_made_anew_for_secret_and_agent_and_the_others_end(place: Place) -> None:
    place.runs()
    before = place.in_secret()
    del place.b2.account.keys[before[0]]
    await place.keys.renew(SERVER, POD)
    assert place.alive() == place.in_secret() == [place.handed[0]["DORMOUSE_B2_KEY_ID"]]
    assert place.in_secret() != before


async def test_an_agent_that_takes_no_key_keeps_its_own_and_the_next_pod_has_a_new_one(place: Place) -> None:
    place.runs()
    before, place.deaf = place.in_secret(), True
    with pytest.raises(ClusterError):
        await place.keys.renew(SERVER, POD)
    assert place.alive() == sorted(before + place.in_secret())
    place.rests()
    await place.keys.tidy()
    assert len(place.alive()) == 1
    assert place.alive() == place.in_secret()


@pytest.mark.parametrize("runs", [True, False])
async def test_who_dies_between_making_a_key_and_writing_it_leaves_one_that_is_ended(place: Place, runs: bool) -> None:
    place.runs() if runs else place.rests()
    place.dies = True
    with pytest.raises(ClusterError):
        await place.keys.give(SERVER, None, alone=True)
    assert len(place.alive()) == 2
    place.dies = False
    await place.keys.tidy()
    assert place.alive() == place.in_secret()
    assert [env["DORMOUSE_B2_KEY_ID"] for env in place.handed] == (place.in_secret() if runs else [])


async def test_who_dies_between_writing_a_key_and_ending_the_old_one_leaves_one_that_is_ended(place: Place) -> None:
    place.rests()
    place.b2.faults.add(Fault("b2_delete_key", status=403, code="cap_exceeded", message="Cap exceeded"))
    with pytest.raises(ClusterError):
        await place.keys.give(SERVER, None, alone=True)
    place.b2.faults.clear()
    assert len(place.alive()) == 2
    await place.keys.tidy()
    assert place.alive() == place.in_secret()


async def test_one_key_is_left_alone(place: Place) -> None:
    place.runs()
    before = place.alive()
    await place.keys.tidy()
    assert (place.alive(), place.handed) == (before, [])


async def test_a_clone_that_has_no_world_yet_keeps_the_key_to_its_origin(place: Place) -> None:
    await place.keys.give(SERVER, f"{OTHER}/newest", alone=False)
    place.rests(made=False)
    await place.keys.tidy()
    assert "DORMOUSE_SOURCE_KEY_ID" in place.secrets[names.store_secret(SERVER)]
    assert place.secrets[names.store_secret(SERVER)]["DORMOUSE_SOURCE_KEY_ID"] in place.alive()


async def test_keys_of_servers_that_are_gone_end_and_nobody_elses(place: Place) -> None:
    place.rests()
    await place.keys.give(OTHER, None, alone=True)
    neighbours = place.open("other-guild")
    await neighbours.give("cccccccccccc", None, alone=True)
    place.b2.account.add_key(name="dormouse-of-somebody")
    await place.keys.tidy()
    left = {key.name for key in place.b2.account.keys.values() if key.name.startswith("dormouse-")}
    assert left == {f"dormouse-{SERVER}", "dormouse-cccccccccccc", "dormouse-of-somebody"}


async def test_where_the_bot_may_make_no_keys_there_is_nothing_to_tidy(b2: B2Server) -> None:
    place = Place(b2)
    place.bot = b2.account.add_key(("listBuckets", "listFiles", "readFiles", "writeFiles"), bucket=BUCKET)
    await place.open().tidy()
    assert b2.calls("b2_list_keys") == 0
