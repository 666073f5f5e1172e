"""What Prometheus reads, from what the parts counted and the database knows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.telemetry.metrics import Metrics, Parts
from cogs.posting import Done
from cogs.replies import Outcome, Served
from core.host import Backlog, Health
from core.servers.controller import Work

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def health(**more: object) -> Health:
    known: dict[str, object] = {
        "at": NOW,
        "started_at": NOW - timedelta(hours=1),
        "version": "1.2.3",
        "database": 0.002,
        "stale_since": None,
    }
    return Health(**(known | more))  # type: ignore[arg-type]


def read(metrics: Metrics, **more: object) -> dict[str, float]:
    """Values by name and labels."""
    families = text_string_to_metric_families(metrics.page(health(**more)).decode())
    return {
        sample.name + "".join(f"|{value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def test_servers_by_phase_and_problems_by_kind_also_where_there_are_none() -> None:
    values = read(Metrics("1.2.3"), phases={"running": 3}, problems={"quota": 1})
    assert (values["dormouse_servers|running"], values["dormouse_servers|paused"]) == (3, 0)
    assert (values["dormouse_problems|quota"], values["dormouse_problems|image"]) == (1, 0)


def test_the_outbox_has_its_length_and_age() -> None:
    values = read(Metrics("1.2.3"), backlog=Backlog(2, NOW - timedelta(seconds=90), 1))
    assert values["dormouse_outbox_waiting"] == 2
    assert values["dormouse_outbox_oldest_seconds"] == 90
    assert values["dormouse_outbox_dead"] == 1


def test_without_a_database_there_is_no_figure_rather_than_a_wrong_one() -> None:
    values = read(Metrics("1.2.3"), database=None)
    assert values["dormouse_database_up"] == 0
    assert not [name for name in values if name.startswith(("dormouse_servers", "dormouse_outbox"))]


def test_an_interaction_is_counted_by_name_and_outcome_and_its_acknowledgement_timed() -> None:
    metrics = Metrics("1.2.3")
    metrics.served(Served("server create", Outcome.DONE, 0.06, 0.4))
    metrics.served(Served("server create", Outcome.REFUSED, 0.06, 0.1))
    metrics.served(Served("press keep", Outcome.LATE, None, 0.1))
    values = read(metrics)
    assert values["dormouse_interaction_seconds_count|server create|done"] == 1
    assert values["dormouse_interaction_seconds_sum|server create|done"] == pytest.approx(0.4)
    assert values["dormouse_interaction_seconds_count|press keep|late"] == 1
    assert values["dormouse_interaction_acknowledged_seconds_count"] == 2


def test_a_request_over_http_is_timed_by_route_and_status() -> None:
    metrics = Metrics("1.2.3")
    metrics.requested("get_server", 200, 0.02)
    metrics.requested("get_server", 404, 0.01)
    values = read(metrics)
    assert values["dormouse_http_request_seconds_count|get_server|200"] == 1
    assert values["dormouse_http_request_seconds_sum|get_server|404"] == pytest.approx(0.01)


def test_a_job_is_timed_by_outcome() -> None:
    metrics = Metrics("1.2.3")
    metrics.ran("sweep", 0.5, True)
    metrics.ran("sweep", 0.1, False)
    values = read(metrics)
    assert (values["dormouse_job_seconds_sum|sweep|done"], values["dormouse_job_seconds_count|sweep|failed"]) == (
        0.5,
        1,
    )


@pytest.mark.parametrize(("latency", "shown"), [(0.04, {0.04}), (float("nan"), set()), (float("inf"), set())])
def test_the_parts_are_read_when_somebody_asks(latency: float, shown: set[float]) -> None:
    metrics, work, done = Metrics("1.2.3"), Work(cast(Any, None)), Counter[Done]()
    metrics.follow(
        Parts(work=work, queue=lambda: 4, done=done.__getitem__, disconnects=lambda: 2, latency=lambda: latency)
    )
    work.passes, done[Done.CARD_EDITED], done[Done.NOTICE_DEAD] = 7, 5, 1
    values = read(metrics)
    assert (values["dormouse_controller_passes_total"], values["dormouse_controller_queue"]) == (7, 4)
    assert (values["dormouse_cards_total|edited"], values["dormouse_notices_total|dead"]) == (5, 1)
    assert values["dormouse_discord_disconnects_total"] == 2
    assert {value for name, value in values.items() if name == "dormouse_discord_latency_seconds"} == shown


def test_the_build_is_told() -> None:
    (build,) = [name for name in read(Metrics("1.2.3")) if name.startswith("dormouse_build")]
    assert build.endswith("|1.2.3")
