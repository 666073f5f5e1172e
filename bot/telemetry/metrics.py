"""Metrics for Prometheus, on a registry of their own: nothing in core or cogs knows of it.

What happens rarely and takes time (interactions, jobs) is observed as it ends. Everything else is read from its owner
when somebody asks: the parts count for themselves, and `Health` has what the database knows.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cogs.posting import Done
from cogs.replies import Served
from core.host import Health
from core.servers.controller import Work
from core.words import Alarm, Phase, Problem

_QUICK = (0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 5)
"""Seconds; Discord gives up on an interaction after 3."""
_LONG = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the running parts count. `latency` is Discord's in seconds, not finite where there is none."""

    work: Work
    queue: Callable[[], int]
    done: Callable[[Done], int]
    disconnects: Callable[[], int]
    latency: Callable[[], float]


class Metrics:
    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        self._version = version
        ProcessCollector(registry=self.registry)
        self._interactions = Histogram(
            "dormouse_interaction_seconds",
            "Time that a command, button or modal took us, by outcome.",
            ["name", "outcome"],
            registry=self.registry,
            buckets=_LONG,
        )
        self._acknowledged = Histogram(
            "dormouse_interaction_acknowledged_seconds",
            "Age of interactions when Discord had our acknowledgement.",
            registry=self.registry,
            buckets=_QUICK,
        )
        self._requests = Histogram(
            "dormouse_http_request_seconds",
            "Time until an HTTP request's answer began, by route and status.",
            ["route", "status"],
            registry=self.registry,
            buckets=_LONG,
        )
        self._jobs = Histogram(
            "dormouse_job_seconds",
            "Time that a scheduled job took, by outcome.",
            ["job", "outcome"],
            registry=self.registry,
            buckets=_LONG,
        )

    def served(self, what: Served) -> None:
        self._interactions.labels(what.name, what.outcome).observe(what.seconds)
        if what.acknowledged is not None:
            self._acknowledged.observe(what.acknowledged)

    def requested(self, route: str, status: int, seconds: float) -> None:
        """`route`: an operation id, or `none`."""
        self._requests.labels(route, str(status)).observe(seconds)

    def ran(self, job: str, seconds: float, succeeded: bool) -> None:
        self._jobs.labels(job, "done" if succeeded else "failed").observe(seconds)

    def follow(self, parts: Parts) -> None:
        """Count what the parts count from now on; once."""
        self.registry.register(_Read(lambda: _of_parts(parts)))

    def page(self, health: Health) -> bytes:
        """All of it in Prometheus' text format (`CONTENT_TYPE`)."""
        once = CollectorRegistry()
        once.register(_Read(lambda: _of_host(health, self._version)))
        return generate_latest(self.registry) + generate_latest(once)


class _Read(Collector):
    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        return self._read()


def _of_parts(parts: Parts) -> Iterator[Metric]:
    yield _counter("dormouse_controller_passes", "Looks at a server.", parts.work.passes)
    yield _counter("dormouse_controller_failures", "Looks that failed and are repeated.", parts.work.failures)
    yield _gauge("dormouse_controller_queue", "Servers to be looked at, now or later.", parts.queue())
    yield _counter("dormouse_discord_disconnects", "Connections to Discord that were lost.", parts.disconnects())
    if math.isfinite(latency := parts.latency()):
        yield _gauge("dormouse_discord_latency_seconds", "Between a heartbeat and its answer.", latency)
    cards = CounterMetricFamily("dormouse_cards", "Cards posted, edited, failed.", labels=["outcome"])
    notices = CounterMetricFamily("dormouse_notices", "Notices sent, failed, dead.", labels=["outcome"])
    for each in Done:
        subject, _, outcome = each.partition("_")
        (cards if subject == "card" else notices).add_metric([outcome], parts.done(each))
    yield cards
    yield notices


def _of_host(health: Health, version: str) -> Iterator[Metric]:
    build = GaugeMetricFamily("dormouse_build", "1; what runs.", labels=["version", "python"])
    build.add_metric([version, platform.python_version()], 1)
    yield build
    yield _gauge("dormouse_started_seconds", "When it started, in Unix time.", health.started_at.timestamp())
    yield _gauge("dormouse_cluster_fresh", "1 while the cluster is seen.", health.stale_since is None)
    yield _gauge("dormouse_database_up", "1 while the database answers.", health.database is not None)
    if health.last_sweep is not None:
        at = health.last_sweep.timestamp()
        yield _gauge("dormouse_last_sweep_seconds", "When the last sweep ended, in Unix time.", at)
    if health.database is None:
        return  # rather no figure than a wrong one
    yield _gauge("dormouse_database_seconds", "A round trip to the database.", health.database)
    yield _gauge("dormouse_maintenance", "1 during maintenance.", health.maintenance is not None)
    servers = GaugeMetricFamily("dormouse_servers", "Servers by phase.", labels=["phase"])
    for phase in Phase:
        if phase is not Phase.DELETED:
            servers.add_metric([phase], health.phases.get(phase, 0))
    yield servers
    problems = GaugeMetricFamily("dormouse_problems", "Servers with an open problem, by problem.", labels=["problem"])
    for problem in Problem:
        problems.add_metric([problem], health.problems.get(problem, 0))
    yield problems
    alarms = GaugeMetricFamily("dormouse_alarms", "Alarms that are open, by alarm.", labels=["alarm"])
    for alarm in Alarm:
        alarms.add_metric([alarm], sum(each.alarm is alarm for each in health.alarms))
    yield alarms
    if (drill := health.drill) is not None:
        at = drill.at.timestamp()
        yield _gauge("dormouse_last_drill_seconds", "When a world last came back on trial, in Unix time.", at)
        yield _gauge("dormouse_last_drill_bytes", "How large that world is.", drill.size)
        yield _gauge("dormouse_last_drill_duration_seconds", "How long that took.", drill.seconds)
    backlog = health.backlog
    oldest = (health.at - backlog.oldest).total_seconds() if backlog.oldest else 0.0
    yield _gauge("dormouse_outbox_waiting", "Messages that are due and not sent.", backlog.waiting)
    yield _gauge("dormouse_outbox_oldest_seconds", "For how long the oldest of them is due.", oldest)
    yield _gauge("dormouse_outbox_dead", "Messages that no destination took.", backlog.dead)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)


def _counter(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(name, what, value=value)
