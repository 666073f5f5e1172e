"""A namespace for each module and worker, removed afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import kube
import pytest


@pytest.fixture(scope="module")
def namespace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kube.Namespace]:
    made = kube.make_namespace(tmp_path_factory.mktemp("kube"))
    yield made
    made.remove()
