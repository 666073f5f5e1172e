from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from sqlmodel import select

from core.assemble import Core
from core.data.tables import DeliveryRow, WebhookRow
from core.webhooks.post import Post, Reach
from core.webhooks.registry import Webhooks
from core.webhooks.sender import Sender
from tests.conftest import CY, House
from tests.webhooks.receiver import HERE, Receiver, receiving


@dataclass
class Mill:
    """A house whose events are sent to this machine. `server` runs."""

    house: House
    core: Core
    server: str = ""

    async def add(self, receiver: Receiver, *kinds: str) -> str:
        webhook, _ = await self.core.webhooks.add(CY, receiver.url, kinds)  # type: ignore[arg-type]
        return webhook.id

    async def keep(self, times: int = 1) -> None:
        """So many events of kind `kept`."""
        for hours in range(1, times + 1):
            await self.house.servers.power.keep(CY, self.server, hours)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.core.sender.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def row(self, webhook: str) -> WebhookRow | None:
        async with self.house.database.session() as session:
            return await session.get(WebhookRow, webhook)

    async def deliveries(self, webhook: str) -> list[DeliveryRow]:
        async with self.house.database.session() as session:
            query = select(DeliveryRow).where(DeliveryRow.webhook == webhook).order_by(DeliveryRow.event)
            return list(await session.exec(query))

    async def until(self, webhook: str, true: Callable[[list[DeliveryRow]], bool]) -> list[DeliveryRow]:
        async with asyncio.timeout(20):
            while not true(found := await self.deliveries(webhook)):
                await asyncio.sleep(0.02)
            return found

    def again(self, webhook: str) -> None:
        """It is looked at now."""
        self.core.webhooks.changes.tell(webhook)

    def sender(self, reach: Reach = HERE) -> None:
        """Another process takes over."""
        core, post = self.house.core, Post(reach)
        webhooks = Webhooks(core.database, core.parts.passwords, core.feed, post, core.now)
        sender = Sender(core.database, webhooks, core.feed, post, core.now)
        self.core = replace(core, webhooks=webhooks, sender=sender)


@pytest.fixture
async def mill(house: House) -> Mill:
    mill = Mill(house, house.core)
    mill.sender()
    mill.server = await house.create()
    await house.phase(mill.server, "running")
    return mill


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver
