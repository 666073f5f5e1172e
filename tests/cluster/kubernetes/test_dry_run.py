"""A real API server takes what manifests.py makes, for every game and every way to expose it; nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import kube
import pytest

from core.cluster.kubernetes import names
from core.cluster.kubernetes.addresses import Exposure
from core.cluster.kubernetes.manifests import disruption_budget, manifests
from core.cluster.kubernetes.manifests_job import files_job, job
from core.cluster.kubernetes.manifests_policy import files_policy, jobs_policy
from core.cluster.kubernetes.pod_settings import PodOptions, PodSettings, Toleration
from core.games.catalogue import BUILT_IN, Catalogue
from core.worlds.store.place import StorePlace

kube.needs_cluster()
pytestmark = kube.pytestmark
GAMES = {game.id: game for game in Catalogue.load(BUILT_IN, keys={"curseforge"})}


@pytest.mark.parametrize("exposure", Exposure)
@pytest.mark.parametrize("game", GAMES)
async def test_the_api_server_takes_it(namespace: kube.Namespace, game: str, exposure: Exposure) -> None:
    api = await namespace.api()
    await api.open()
    site = kube.site(exposure, static=("203.0.113.7",) if exposure is Exposure.LOADBALANCER else ())
    for size in GAMES[game].sizes:
        spec = kube.make_spec(game=GAMES[game], size=size)
        for resource, manifest in manifests(spec, site):
            await api.apply(resource, manifest, dry_run=True)
    await api.apply("poddisruptionbudgets", disruption_budget(spec.server, site), dry_run=True)
    for policy in (jobs_policy(site), files_policy(site)):
        await api.apply("networkpolicies", policy, dry_run=True)
    await api.close()


async def test_the_api_server_takes_what_a_file_of_pods_says(namespace: kube.Namespace) -> None:
    """A pod too: of a StatefulSet's template the API server looks at the form only."""
    options = PodOptions(
        selector={"kubernetes.io/arch": "amd64"},
        tolerations=(Toleration("pool", "Equal", "games", "NoExecute", 300), Toleration(operator="Exists")),
        storage_class="standard",
        priority="system-node-critical",
        pull_secrets=("registry",),
        annotations={"example.org/team": "games"},
        labels={"team": "games"},
    )
    site = replace(kube.site(store=StorePlace("b2:worlds")), pods=PodSettings(options))
    made = dict(manifests(kube.make_spec(), site))
    world = made["statefulsets"]["metadata"]["annotations"][names.WORLD]
    made["jobs"] = job("seal", "aaaaaaaaaaaa", 1, 1, world, site, note="", verify=True)
    api = await namespace.api()
    await api.open()
    for resource, manifest in made.items():
        await api.apply(resource, manifest, dry_run=True)
    await api.apply("jobs", files_job("files", "aaaaaaaaaaaa", 1, world, site), dry_run=True)
    await api.close()
    for resource in ("statefulsets", "jobs"):
        pod = {"apiVersion": "v1", "kind": "Pod", **made[resource]["spec"]["template"]}
        pod["metadata"] |= {"name": "one"}
        namespace.kubectl("create", "--dry-run=server", "-f", "-", given=pod)


@pytest.fixture(scope="module")
def by_level(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], kube.Namespace]]:
    """One namespace of each of Pod Security's standards that is asked for."""
    made: dict[str, kube.Namespace] = {}

    def of(level: str) -> kube.Namespace:
        if level not in made:
            made[level] = kube.make_namespace(tmp_path_factory.mktemp("standard"), level=level)
        return made[level]

    yield of
    for namespace in made.values():
        namespace.remove()


@pytest.mark.parametrize("game", GAMES)
def test_the_pod_passes_the_standard_that_it_claims(by_level: Callable[[str], kube.Namespace], game: str) -> None:
    """`restricted` for games that need no root, `baseline` for the others: admission warns, so nothing may be said."""
    found = GAMES[game].image
    assert found is not None
    namespace = by_level("restricted" if found.uid else "baseline")
    template = dict(manifests(kube.make_spec(game=GAMES[game]), kube.site()))["statefulsets"]["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": template["spec"]}
    namespace.kubectl("create", "--dry-run=server", "-f", "-", given=pod)
