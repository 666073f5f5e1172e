"""A real API server takes what manifests.py makes, for every game and every way to expose it; nothing is kept."""

from __future__ import annotations

import kube
import pytest

from core.cluster.addresses import Exposure
from core.cluster.manifests import disruption_budget, manifests
from core.games.catalogue import BUILT_IN, Catalogue

kube.needs_cluster()
pytestmark = kube.pytestmark
GAMES = {game.id: game for game in Catalogue.load(BUILT_IN)}


@pytest.mark.parametrize("exposure", Exposure)
@pytest.mark.parametrize("game", GAMES)
async def test_the_api_server_takes_it(namespace: kube.Namespace, game: str, exposure: Exposure) -> None:
    api = await namespace.api()
    await api.open()
    site = kube.site(exposure, static=("203.0.113.7",) if exposure is Exposure.LOADBALANCER else ())
    spec = kube.make_spec(game=GAMES[game])
    for resource, manifest in manifests(spec, site):
        await api.apply(resource, manifest, dry_run=True)
    await api.apply("poddisruptionbudgets", disruption_budget(spec.server, site), dry_run=True)
    await api.close()


@pytest.mark.parametrize("game", GAMES)
async def test_the_pod_passes_the_standard_that_it_claims(tmp_path_factory, game: str) -> None:
    """`restricted` for games that need no root, `baseline` for the others: admission warns, so nothing may be said."""
    found = GAMES[game].image
    assert found is not None
    level = "restricted" if found.uid else "baseline"
    namespace = kube.make_namespace(tmp_path_factory.mktemp("standard"), level=level)
    template = dict(manifests(kube.make_spec(game=GAMES[game]), kube.site()))["statefulsets"]["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": template["spec"]}
    namespace.kubectl("create", "--dry-run=server", "-f", "-", given=pod)
    namespace.remove()
