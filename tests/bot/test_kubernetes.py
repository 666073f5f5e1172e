"""From the settings to servers on Kubernetes; no cluster is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.kubernetes import site
from bot.settings import Settings, load
from core.cluster.kubernetes.addresses import Exposure
from core.cluster.kubernetes.pod_settings import PodSettings
from core.errors import Misconfigured
from core.servers.passwords import Passwords


def settings(**given: str) -> Settings:
    named = {
        f"DORMOUSE_{name}": value for name, value in ({"CLUSTER": "kubernetes", "IMAGE": "dormouse:1"} | given).items()
    }
    return load(named, None)[0]


PASSWORDS = Passwords(b"key")


def test_what_is_set_reaches_every_server() -> None:
    found = site(settings(EXPOSURE="loadbalancer", ADDRESSES="203.0.113.7, 203.0.113.8"), PASSWORDS)
    assert (found.image, found.addresses.exposure) == ("dormouse:1", Exposure.LOADBALANCER)
    assert found.addresses.static == ("203.0.113.7", "203.0.113.8")
    assert found.addresses.public_host == ""


def test_a_public_host_is_the_name_of_all() -> None:
    assert site(settings(PUBLIC_HOST="play.example"), PASSWORDS).addresses.public_host == "play.example"


def test_with_a_router_the_public_host_is_a_domain_and_no_name_of_all() -> None:
    found = site(settings(EXPOSURE="router", PUBLIC_HOST="play.example.org"), PASSWORDS).addresses
    assert (found.exposure, found.domain, found.public_host) == (Exposure.ROUTER, "play.example.org", "")
    with pytest.raises(Misconfigured, match="lead to mc-router"):
        site(settings(EXPOSURE="router"), PASSWORDS)


def test_what_the_file_of_pods_says_reaches_every_server(tmp_path: Path) -> None:
    (tmp_path / "pod.toml").write_text('priority = "games"')
    assert site(settings(POD_FILE=str(tmp_path / "pod.toml")), PASSWORDS).pods.usual.priority == "games"
    assert site(settings(), PASSWORDS).pods == PodSettings()


def test_whose_addresses_games_see_can_be_chosen() -> None:
    assert site(settings(TRAFFIC_POLICY="local", ADDRESSES="203.0.113.7"), PASSWORDS).addresses.traffic == "local"
    assert site(settings(), PASSWORDS).addresses.traffic is None


def test_two_installations_never_look_alike_and_one_always_does() -> None:
    ours, again, theirs = (site(settings(), Passwords(key)).installation for key in (b"1", b"1", b"2"))
    assert ours == again != theirs


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "pod.toml").write_text("priority = 5")
    wrong = settings(IMAGE="", EXPOSURE="nodeport", PORTS="25500-25999", POD_FILE=str(tmp_path / "pod.toml"))
    with pytest.raises(Misconfigured) as said:
        site(wrong, PASSWORDS)
    assert "DORMOUSE_POD_FILE" in str(said.value)
    assert "DORMOUSE_PORTS" in str(said.value)
    assert "DORMOUSE_IMAGE" in str(said.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXPOSURE", "ingress"),
        ("ADDRESSES", "play.example"),
        ("NAMESPACE", "Not A Name"),
        ("TRAFFIC_POLICY", "global"),
    ],
)
def test_what_cannot_be_is_refused_in_words(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"DORMOUSE_{name}"):
        settings(**{name: value})
