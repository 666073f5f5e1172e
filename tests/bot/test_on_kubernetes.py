"""From the settings to servers on Kubernetes; no cluster is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.on_kubernetes import site
from bot.settings import Settings, load
from core.changes import Changes
from core.cluster.addresses import Exposure
from core.data.database import Database
from core.errors import Misconfigured
from core.games.catalogue import Catalogue
from core.servers.desk import Desk, Host, Live


def settings(**given: str) -> Settings:
    named = {
        f"DORMOUSE_{name}": value for name, value in ({"CLUSTER": "kubernetes", "IMAGE": "dormouse:1"} | given).items()
    }
    return load(named, None)[0]


def desk(tmp_path: Path, key: bytes = b"key") -> Desk:
    now = datetime.now(UTC)
    host = Host(public_host="", ports=range(25500, 25504), master_key=key)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")
    return Desk(database, Catalogue([]), Changes(), Live({}, now), host, lambda: now)


def test_what_is_set_reaches_every_server(tmp_path: Path) -> None:
    found = site(settings(EXPOSURE="loadbalancer", ADDRESSES="203.0.113.7, 203.0.113.8"), desk(tmp_path))
    assert (found.image, found.addresses.exposure) == ("dormouse:1", Exposure.LOADBALANCER)
    assert found.addresses.static == ("203.0.113.7", "203.0.113.8")
    assert found.addresses.public_host == ""


def test_a_public_host_is_the_name_of_all(tmp_path: Path) -> None:
    assert site(settings(PUBLIC_HOST="play.example"), desk(tmp_path)).addresses.public_host == "play.example"


def test_two_installations_never_look_alike_and_one_always_does(tmp_path: Path) -> None:
    ours, again, theirs = (site(settings(), desk(tmp_path, key)).installation for key in (b"1", b"1", b"2"))
    assert ours == again != theirs


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as said:
        site(settings(IMAGE="", EXPOSURE="nodeport", PORTS="25500-25999"), desk(tmp_path))
    assert "DORMOUSE_PORTS" in str(said.value)
    assert "DORMOUSE_IMAGE" in str(said.value)


@pytest.mark.parametrize(
    ("name", "value"), [("EXPOSURE", "router"), ("ADDRESSES", "play.example"), ("NAMESPACE", "Not A Name")]
)
def test_what_cannot_be_is_refused_in_words(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"DORMOUSE_{name}"):
        settings(**{name: value})
