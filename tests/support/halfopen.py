"""A TCP proxy that can stop forwarding without closing anything: what a firewall that forgot a connection does."""

from __future__ import annotations

import asyncio
import contextlib


class Proxy:
    """`async with Proxy(host, port) as proxy:` listens on 127.0.0.1, at `proxy.port`."""

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self._there = host, port
        self._swallows = False
        self._alive = asyncio.Event()  # of the connections that are open now; those that are dead stay dead
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Proxy:
        self._alive.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def freeze(self) -> None:
        """What is connected now never hears anything again, and is not told. New connections work."""
        self._alive.clear()
        self._alive = asyncio.Event()
        self._alive.set()

    def swallow(self) -> None:
        """`freeze`, and new connections are taken and heard of no more."""
        self.freeze()
        self._swallows = True

    def forward(self) -> None:
        """New connections work again."""
        self._swallows = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            if self._swallows:
                await asyncio.Event().wait()
            with contextlib.suppress(OSError):
                there, back = await asyncio.open_connection(*self._there)
                try:
                    await _first(_copy(reader, back, self._alive), _copy(there, writer, self._alive))
                finally:
                    back.close()
        except asyncio.CancelledError:
            pass  # by `__aexit__`; asyncio's streams would complain of it aloud
        finally:
            writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, alive: asyncio.Event) -> None:
    while data := await source.read(65536):
        await alive.wait()
        target.write(data)
        await target.drain()
    await alive.wait()


async def _first(*both: object) -> None:
    """Ends both when one ends."""
    tasks = [asyncio.ensure_future(each) for each in both]  # type: ignore[call-overload]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.exception()
    finally:
        for each in tasks:
            each.cancel()
