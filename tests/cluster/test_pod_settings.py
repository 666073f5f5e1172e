"""The file about games' pods: read as it is meant; a mistake is said with its key and what would be right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import kube
import pytest

from core.cluster.kubernetes import names
from core.cluster.kubernetes.manifests import manifests
from core.cluster.kubernetes.manifests_job import job
from core.cluster.kubernetes.pod_settings import PodOptions, PodSettings, Toleration, read
from core.errors import Misconfigured

Raw = dict[str, Any]
WHOLE = """
storage_class = "fast"
priority = "games"
pull_secrets = ["registry"]

[selector]
"example.org/pool" = "games"

[[tolerations]]
key = "example.org/games"
operator = "Exists"
effect = "NoSchedule"

[[tolerations]]
key = "example.org/rare"
value = "yes"
effect = "NoExecute"
toleration_seconds = 300

[annotations]
"example.org/team" = "games & co."

[labels]
team = "games"

[spot]
priority = "cheap"
selector = {"example.org/capacity" = "spot"}
"""


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(text: str) -> Path:
        file = tmp_path / "pod.toml"
        file.write_text(text)
        return file

    return write


def wrong(file: Path) -> list[str]:
    with pytest.raises(Misconfigured) as said:
        read(file)
    return [line.removeprefix("DORMOUSE_POD_FILE: pod.toml: ") for line in said.value.lines]


def made(text: str, written: Any, **given: Any) -> dict[str, Raw]:
    site = kube.site()
    return dict(manifests(kube.make_spec("aaaaaaaaaaaa", **given), replace(site, pods=read(written(text)))))


def test_all_that_can_be_said(written: Any) -> None:
    found = read(written(WHOLE))
    assert found.usual == PodOptions(
        selector={"example.org/pool": "games"},
        tolerations=(
            Toleration("example.org/games", "Exists", "", "NoSchedule"),
            Toleration("example.org/rare", "Equal", "yes", "NoExecute", 300),
        ),
        storage_class="fast",
        priority="games",
        pull_secrets=("registry",),
        annotations={"example.org/team": "games & co."},
        labels={"team": "games"},
    )
    assert found.spot == PodOptions(selector={"example.org/capacity": "spot"}, priority="cheap")


def test_an_empty_file_says_nothing(written: Any) -> None:
    assert read(written("")) == PodSettings()


def test_a_pod_is_made_as_the_file_says(written: Any) -> None:
    template = made(WHOLE, written)["statefulsets"]["spec"]["template"]
    pod = template["spec"]
    assert pod["nodeSelector"] == {"example.org/pool": "games"}
    assert pod["tolerations"] == [
        {"key": "example.org/games", "operator": "Exists", "effect": "NoSchedule"},
        {
            "key": "example.org/rare",
            "operator": "Equal",
            "value": "yes",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        },
    ]
    assert (pod["priorityClassName"], pod["imagePullSecrets"]) == ("games", [{"name": "registry"}])
    assert template["metadata"]["annotations"]["example.org/team"] == "games & co."
    assert template["metadata"]["labels"]["team"] == "games"


def test_the_job_that_saves_its_world_goes_to_the_same_nodes(written: Any) -> None:
    """It mounts the same volume, and its image comes from the same registry."""
    site = replace(kube.site(), pods=read(written(WHOLE)))
    found = dict(manifests(kube.make_spec("aaaaaaaaaaaa"), site))["statefulsets"]
    world = found["metadata"]["annotations"][names.WORLD]
    template = job("seal", "aaaaaaaaaaaa", 1, 1, world, site, note="", verify=True)["spec"]["template"]
    for name in ("nodeSelector", "tolerations", "priorityClassName", "imagePullSecrets"):
        assert template["spec"][name] == found["spec"]["template"]["spec"][name]
    assert template["metadata"]["labels"] == {names.JOB: "seal", "team": "games"}
    assert template["metadata"]["annotations"]["example.org/team"] == "games & co."


def test_a_new_volume_has_the_storage_class(written: Any) -> None:
    assert made(WHOLE, written)["persistentvolumeclaims"]["spec"]["storageClassName"] == "fast"
    assert "storageClassName" not in made("", written)["persistentvolumeclaims"]["spec"]


def test_the_set_tells_which_settings_its_template_was_made_with(written: Any) -> None:
    def mark(text: str) -> str | None:
        told: Raw = made(text, written)["statefulsets"]["metadata"]["annotations"]
        return told.get(names.PODS)

    assert mark(WHOLE) == mark(WHOLE)
    assert mark(WHOLE) != mark('priority = "games"')
    assert mark("") is None  # what was made before there was such a file does not look changed
    assert mark('storage_class = "fast"') is None  # a pod is the same with it


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "nodeSelector = {}\n",
            "nodeSelector: means nothing here: take one of selector, tolerations, storage_class, priority, "
            "pull_secrets, annotations, labels or spot.",
        ),
        ('selector = "gpu"', 'selector: takes a table, such as "kubernetes.io/arch" = "amd64".'),
        ("selector = {a = 1}", 'selector.a: takes a text in quotes, such as "1".'),
        (
            'selector = {"a b" = "x"}',
            'selector."a b": is no name that Kubernetes takes here; one is "kubernetes.io/arch".',
        ),
        (
            'selector = {a = "x y"}',
            "selector.a: cannot be 'x y': it takes at most 63 letters, digits, `-`, `_` and `.`, a letter or digit at "
            "both ends.",
        ),
        (
            'storage_class = "Fast"',
            "storage_class: takes one name, such as fast: small letters, digits, `-` and `.`.",
        ),
        ("priority = 5", "priority: takes one name, such as fast: small letters, digits, `-` and `.`."),
        ('pull_secrets = "registry"', 'pull_secrets: takes a list of names, such as ["registry"].'),
        (
            'pull_secrets = ["a", "B"]',
            "pull_secrets[2]: takes one name, such as fast: small letters, digits, `-` and `.`.",
        ),
        ('labels = {"dormouse/server" = "x"}', 'labels."dormouse/server": is Dormouse\'s own: choose another name.'),
        (
            'annotations = {"app.kubernetes.io/name" = "x"}',
            'annotations."app.kubernetes.io/name": is Dormouse\'s own: choose another name.',
        ),
        ("tolerations = {}", "tolerations: takes tables, each of which begins with [[tolerations]]."),
        (
            "tolerations = [1]",
            "tolerations[1]: takes a table with some of key, operator, value, effect and toleration_seconds.",
        ),
        (
            '[[tolerations]]\nkey = "a"\neffect = "No"',
            "tolerations[1].effect: takes NoSchedule, PreferNoSchedule or NoExecute, not 'No'.",
        ),
        (
            '[[tolerations]]\nkey = "a"\noperator = "exists"',
            "tolerations[1].operator: takes Equal or Exists, not 'exists'.",
        ),
        (
            '[[tolerations]]\nvalue = "a"',
            'tolerations[1]: needs the key of a taint; only operator = "Exists" goes without.',
        ),
        (
            '[[tolerations]]\noperator = "Exists"\nvalue = "a"',
            'tolerations[1].value: does not go with operator = "Exists": leave one of the two out.',
        ),
        (
            '[[tolerations]]\nkey = "a"\ntoleration_seconds = 5',
            'tolerations[1].toleration_seconds: goes with effect = "NoExecute" only: leave it out.',
        ),
        (
            '[[tolerations]]\nkey = "a"\neffect = "NoExecute"\ntoleration_seconds = "5m"',
            "tolerations[1].toleration_seconds: takes a whole number of seconds, such as 300, not '5m'.",
        ),
        (
            'spot = "yes"',
            "spot: takes a table with some of selector, tolerations, storage_class, priority, pull_secrets, "
            "annotations and labels.",
        ),
        (
            "[spot.spot]",
            "spot.spot: means nothing here: take one of selector, tolerations, storage_class, priority, pull_secrets, "
            "annotations or labels.",
        ),
    ],
)
def test_a_mistake_is_said_with_its_key_and_what_would_be_right(text: str, said: str, written: Any) -> None:
    assert wrong(written(text)) == [said]


def test_all_mistakes_are_said_at_once(written: Any) -> None:
    found = wrong(written('priority = 5\nseletcor = {}\n[spot]\npull_secrets = "x"'))
    assert [line.partition(":")[0] for line in found] == ["seletcor", "priority", "spot.pull_secrets"]


def test_what_is_no_toml_is_said_with_its_line(written: Any) -> None:
    (said,) = wrong(written('priority = "games"\nselector: {}'))
    assert said.startswith("DORMOUSE_POD_FILE: pod.toml is not a TOML file:")
    assert "line 2" in said


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    (said,) = wrong(tmp_path / "none.toml")
    assert said == f"DORMOUSE_POD_FILE: {tmp_path}/none.toml cannot be read: No such file or directory."


def test_a_file_that_notepad_wrote_is_read(tmp_path: Path) -> None:
    (tmp_path / "pod.toml").write_bytes('priority = "games"\r\n'.encode("utf-16"))
    assert read(tmp_path / "pod.toml").usual.priority == "games"
