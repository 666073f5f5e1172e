"""`dormouse games test` on a cluster: what one left that was killed is gone then too, in the namespace and on B2."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import kube
import pytest
from b2server import B2Server
from trial import STEPS, steps, trial

kube.needs_cluster("CLUSTER_HOST_IP")
pytestmark = [*kube.pytestmark, pytest.mark.process]


async def test_a_game_is_tried_on_the_cluster_and_nothing_is_left(namespace: kube.Namespace, tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    shutil.copy(namespace.kubeconfig, tmp_path / ".kube" / "config")
    with B2Server(os.environ["CLUSTER_HOST_IP"]) as b2:
        b2.account.add_bucket("dormouse-worlds")
        key = b2.account.add_key()
        settings = {
            "CLUSTER": "kubernetes",
            "NAMESPACE": namespace.name,
            "IMAGE": kube.IMAGE,
            "EXPOSURE": "nodeport",
            "PORTS": "32600-32699",
            "MASTER_KEY": "a key of the running bot",
            "DATA_DIR": str(tmp_path / "bot"),
            "STORE": "b2:dormouse-worlds/pond",
            "B2_KEY_ID": key.id,
            "B2_KEY": key.secret,
            "B2_REALM": b2.url,
        }
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        env |= {f"DORMOUSE_{name}": value for name, value in settings.items()}
        async with trial(env, "meadow") as run:
            await run.until("\nready")
            run.process.kill()
            await run.end()
        assert "pod/" in left(namespace)
        async with trial(env, "meadow") as run:
            assert await run.end() == 0, run.said
        assert steps(run.said) == list(STEPS)
        assert "1 file as before" in run.said
        assert left(namespace) == ""
        assert [held.id for held in b2.account.keys.values()] == [key.id]
    assert list((tmp_path / "bot").iterdir()) == []


def left(namespace: kube.Namespace) -> str:
    kinds = "all,pvc,secrets,networkpolicies,poddisruptionbudgets"
    return kube.kubectl("-n", namespace.name, "get", kinds, "-o", "name", "--ignore-not-found").strip()
