"""A bare FastAPI with one route that reads one row of the same database, and knows nobody."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(os.environ["PEER_DATABASE"])
app = FastAPI()


@app.get("/row/{server}")
async def row(server: str) -> dict[str, str]:
    async with engine.connect() as connection:
        found = (await connection.execute(text("SELECT * FROM servers WHERE id = :id"), {"id": server})).mappings()
        return {key: str(value) for key, value in dict(found.one()).items()}


if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Path(os.environ["PEER_TELLS"]).write_text(f"http://127.0.0.1:{listening.getsockname()[1]}")
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    uvicorn.Server(config).run([listening])
