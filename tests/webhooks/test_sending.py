"""Events that are sent: in order, signed, at least once, and never to where nobody may look."""

from __future__ import annotations

import asyncio
import re
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from core.webhooks import post as post_module
from core.webhooks import sender
from core.webhooks.post import Post, Reach
from core.worlds.errors import Hostile
from tests.conftest import CY, GUILD
from tests.webhooks.conftest import Mill
from tests.webhooks.receiver import Came, Receiver, receiving

DOCS = Path(__file__).parents[2] / "docs/api/webhooks.md"


def is_ours(*given: Any, **named: Any) -> bool:
    """As the documentation shows it."""
    sample = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert sample is not None
    names: dict[str, Any] = {}
    exec(sample[1], names)
    return bool(names["is_ours"](*given, **named))


async def test_events_come_in_order_and_signed(mill: Mill, receiver: Receiver) -> None:
    webhook, secret = await mill.core.webhooks.add(CY, receiver.url, ["kept"])  # type: ignore[list-item]
    await mill.keep(2)
    async with mill.sending():
        await receiver.until(2)
        await mill.keep(2)
        came = await receiver.until(4)
        await mill.until(webhook.id, lambda rows: all(row.state == "taken" for row in rows))
    assert [each.kind for each in came] == ["kept"] * 4
    numbers = [each.json["id"] for each in came]
    assert numbers == sorted(numbers)
    assert len({each.id for each in came}) == 4
    first = came[0]
    assert first.json["guild"] == str(GUILD)
    header = first.headers["X-Dormouse-Signature"]
    assert is_ours(secret, header, first.body)
    assert not is_ours(secret, header, first.body + b" ")
    assert not is_ours("whsec_other", header, first.body)
    assert not is_ours(secret, header, first.body, now=int(header[2:].split(",")[0]) + 301)


async def test_for_a_day_after_a_rotation_both_secrets_sign(mill: Mill, receiver: Receiver) -> None:
    webhook, old = await mill.core.webhooks.add(CY, receiver.url, ["kept"])  # type: ignore[list-item]
    _, new = await mill.core.webhooks.rotate(CY, webhook.id)
    async with mill.sending():
        await mill.keep()
        came = (await receiver.until(1))[0]
        assert is_ours(old, came.headers["X-Dormouse-Signature"], came.body)
        assert is_ours(new, came.headers["X-Dormouse-Signature"], came.body)
        mill.house.pass_time(timedelta(days=1))  # type: ignore[attr-defined]
        await mill.core.webhooks.ping(CY, webhook.id)
        later = (await receiver.until(2))[1]
    now = mill.core.now().timestamp()
    assert not is_ours(old, later.headers["X-Dormouse-Signature"], later.body, now=now)
    assert is_ours(new, later.headers["X-Dormouse-Signature"], later.body, now=now)


async def test_what_fails_comes_again_and_those_behind_it_wait(mill: Mill, receiver: Receiver) -> None:
    receiver.fails()
    webhook = await mill.add(receiver, "kept")
    await mill.keep(2)
    async with mill.sending():
        await mill.until(webhook, lambda rows: bool(rows) and rows[0].attempts == 1)
        receiver.takes()
        mill.house.pass_time(timedelta(seconds=7))  # type: ignore[attr-defined]
        mill.again(webhook)
        came = await receiver.until(3)
        rows = await mill.until(webhook, lambda rows: all(row.state == "taken" for row in rows))
    assert [each.id for each in came] == [rows[0].id, rows[0].id, rows[1].id]
    row = await mill.row(webhook)
    assert row is not None
    assert row.failing_since is None


async def test_what_was_sent_and_not_recorded_is_sent_again_under_its_id(mill: Mill, receiver: Receiver) -> None:
    """The process dies between the two."""
    held = asyncio.Event()

    async def answer(_: Came) -> web.Response:
        await held.wait()
        return web.Response()

    receiver.answer = answer
    webhook = await mill.add(receiver, "kept")
    await mill.keep(2)
    async with mill.sending():
        await receiver.until(1)
    held.set()
    receiver.takes()
    assert [row.attempts for row in await mill.deliveries(webhook)] == [0, 0]
    mill.sender()
    async with mill.sending():
        came = await receiver.until(3)
    assert came[0].id == came[1].id != came[2].id
    assert came[0].body == came[1].body


async def test_what_happens_while_nobody_sends_is_sent_afterwards(mill: Mill, receiver: Receiver) -> None:
    webhook = await mill.add(receiver, "kept")
    async with mill.sending():
        await mill.keep()
        await receiver.until(1)
    await mill.keep(3)
    mill.sender()
    async with mill.sending():
        came = await receiver.until(4)
        await mill.until(webhook, lambda rows: all(row.state == "taken" for row in rows))
    assert len(came) == 4


async def test_a_slow_receiver_holds_up_no_other(
    mill: Mill, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "AT_ONCE", 1)
    mill.sender()
    held = asyncio.Event()

    async def answer(_: Came) -> web.Response:
        await held.wait()
        return web.Response()

    async with receiving() as slow:
        slow.answer = answer
        await mill.add(slow, "kept")
        await mill.add(receiver, "kept")
        async with mill.sending():
            await mill.keep(3)
            await slow.until(1)
            await receiver.until(3)
            held.set()


async def test_a_redirect_is_not_followed(mill: Mill, receiver: Receiver) -> None:
    receiver.fails(302)
    webhook = await mill.add(receiver, "kept")
    async with mill.sending():
        await mill.keep()
        rows = await mill.until(webhook, lambda rows: bool(rows) and rows[0].attempts == 1)
    assert (rows[0].status, len(receiver.came)) == (302, 1)


@pytest.mark.parametrize("why", ["gone", "failing"])
async def test_a_webhook_that_nobody_takes_is_switched_off(mill: Mill, receiver: Receiver, why: str) -> None:
    receiver.fails(410 if why == "gone" else 500)
    webhook = await mill.add(receiver, "kept")
    async with mill.sending():
        await mill.keep()
        if why == "failing":
            await mill.until(webhook, lambda rows: bool(rows) and rows[0].attempts == 1)
            mill.house.pass_time(timedelta(days=3))  # type: ignore[attr-defined]
            mill.again(webhook)
        await mill.until(webhook, lambda rows: bool(rows) and rows[0].state == "given_up")
    shown = await mill.core.webhooks.get(CY, webhook)
    assert shown.off_why == why
    on = await mill.core.webhooks.edit(CY, webhook, on=True)
    assert (on.off_at, on.failing_since) == (None, None)


async def test_a_guild_that_removed_the_bot_gets_nothing_and_its_webhooks_go(mill: Mill, receiver: Receiver) -> None:
    webhook = await mill.add(receiver, "kept", "guild_left", "paused")
    await mill.house.core.departures.left(GUILD)
    async with mill.sending():
        assert await mill.row(webhook) is not None
        mill.again(webhook)
    mill.house.pass_time(timedelta(days=31))  # type: ignore[attr-defined]
    async with mill.sending():
        async with asyncio.timeout(20):
            while await mill.row(webhook) is not None:
                await asyncio.sleep(0.02)
    assert receiver.came == []


async def test_a_name_that_leads_elsewhere_by_now_is_not_followed(mill: Mill, receiver: Receiver) -> None:
    """It was public when it was registered; rebinding gains nothing."""
    webhook = await mill.add(receiver, "kept")

    def private(host: str, port: int) -> list[str]:
        raise Hostile("address", f"{host} is 127.0.0.1")

    mill.sender(Reach(private, frozenset({"http"})))
    async with mill.sending():
        await mill.keep()
        rows = await mill.until(webhook, lambda rows: bool(rows) and rows[0].attempts == 1)
    assert (rows[0].why, rows[0].status, receiver.came) == ("address", None, [])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "169.254.169.254", "2130706433", "[::ffff:127.0.0.1]", "10.0.0.1"]
)
async def test_what_is_not_public_is_no_address_for_events(host: str) -> None:
    with pytest.raises(Hostile):
        await Post(Reach()).addresses(f"https://{host}/", 1)
    assert (await Post(Reach()).send(f"https://{host}/", b"{}", {})).why == "address"


async def test_names_that_nobody_answers_for_hold_up_no_sending_and_no_other_guild(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, over, begun = list[str](), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def addresses(host: str, port: int) -> list[str]:
        looked.append(host)
        if host == "silent.test":
            loop.call_soon_threadsafe(begun.set)
            over.wait(20)
        return ["127.0.0.1"]

    post = Post(Reach(addresses, frozenset({"http"})))
    asking = [asyncio.create_task(post.addresses("http://silent.test/", 1)) for _ in range(40)]
    try:
        await begun.wait()
        assert await post.addresses("http://other.test/", 2) == ["127.0.0.1"]
        assert (await post.send(receiver.url, b"{}", {})).status == 204
        assert looked.count("silent.test") == 1
        for each in asking:
            each.cancel()  # who asked gave up; its thread did not
        await asyncio.gather(*asking, return_exceptions=True)
        monkeypatch.setattr(post_module, "WITHIN", 0.0)
        with pytest.raises(TimeoutError):
            await post.addresses("http://silent.test/", 1)
        assert looked.count("silent.test") == 1
    finally:
        over.set()
