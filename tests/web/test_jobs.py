"""Results of long work are kept for a while, and not without a bound."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from webface import Face

from bot.web import jobs
from bot.web.jobs import Job, Jobs
from core.errors import NotFound
from core.servers.worlds import Download
from core.worlds.gaps import Gaps
from core.worlds.listing import Snapshot
from tests.conftest import BO, House


async def ended(kept: Jobs, user: int, size: int = 0) -> Job:
    async def work() -> Download:
        chosen = Snapshot(
            "20260101-000000-0123456789abcdef", datetime(2026, 1, 1, tzinfo=UTC), 1, 1, 1, "", Gaps(), False
        )
        return Download("Pond.zip", size, chosen, data=b"x" * size)

    job = kept.begin(user, "download_world", "abcdefghijkl", work())
    assert await kept.soon(job)
    return job


async def test_the_newest_of_each_person_are_kept() -> None:
    kept = Jobs()
    other = await ended(kept, 2)
    made = [await ended(kept, 1) for _ in range(jobs.MOST + 1)]
    assert [kept.get(1, job.id) for job in made[1:]] == made[1:]
    with pytest.raises(NotFound):
        kept.get(1, made[0].id)
    assert kept.get(2, other.id) is other, "and nobody else's go for them"


async def test_the_oldest_go_where_results_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_BYTES", 100)
    kept = Jobs()
    first, small, last = await ended(kept, 1, 60), await ended(kept, 1), await ended(kept, 2, 60)
    with pytest.raises(NotFound):
        kept.get(1, first.id)
    assert (kept.get(1, small.id), kept.get(2, last.id)) == (small, last)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_left_the_guild_is_told_nothing_more_of_its_server(house: House, face: Face) -> None:
    server = await house.create("Pond", BO)
    job = face.web.jobs.begin(BO.user, "archive_server", server, house.servers.lookup.get(BO, server))
    assert await face.web.jobs.soon(job)
    asked, token = f"/api/v1/jobs/{job.id}", await face.token(BO)
    assert (await face.get(asked, token=token)).json["server"]["name"] == "Pond"
    house.membership.gone.add(BO.user)
    house.core.members._known.clear()
    got = await face.get(asked, token=token)
    assert (got.status, got.json["type"]) == (404, "urn:dormouse:server.not_found")
