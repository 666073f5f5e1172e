"""OpenTTD's own client, on a screen that is none. Whoever joins founds a company, and the server tells everybody who
asks how many there are (PACKET_SERVER_GAME_INFO, src/network/core/game_info.h of OpenTTD 13)."""

from __future__ import annotations

import asyncio
import struct

from tests.realgames.players.port import Program

_INFO, _ASK = 6, 7  # PACKET_SERVER_GAME_INFO, PACKET_CLIENT_GAME_INFO (src/network/core/tcp_game.h)
_VERSION = 6


class OpenTTD(Program):
    async def join(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "openttd.cfg").write_text(f"[network]\nclient_name = {self.name}\n")
        where = f"{self.host}:{self.port}"
        await self.start(
            *("/usr/games/openttd", "-c", str(self.folder / "openttd.cfg"), "-x", "-n", where),
            *("-v", "sdl", "-b", "8bpp-simple", "-s", "null", "-m", "null"),
            SDL_VIDEODRIVER="dummy",
        )

    async def place(self) -> None:
        while not await self.finds():
            await asyncio.sleep(0.1)

    async def finds(self) -> bool:
        return await _companies(*self.where) > 0


async def _companies(host: str, port: int) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(struct.pack("<HB", 3, _ASK))
        size, kind = struct.unpack("<HB", await reader.readexactly(3))
        body = await reader.readexactly(size - 3)
    finally:
        writer.close()
    assert (kind, body[0]) == (_INFO, _VERSION)
    script_ends = body.index(b"\0", 6)  # after version, kind of NewGRFs, and the game script's version
    assert body[script_ends + 1] == 0, "it has NewGRFs, which would have to be read over"
    return body[script_ends + 2 + 9]  # after the date, the date of the start, and the most companies
