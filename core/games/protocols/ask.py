"""Ask a game who plays, by the protocol that its catalogue entry names."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from core.games.protocols import (
    a2s,
    bedrock,
    http,
    minecraft,
    mumble,
    opengsq,
    openttd,
    satisfactory,
    status,
    teeworlds,
)
from core.games.protocols.answer import Answer, NoAnswer

PATIENCE = 2.5
"""Seconds for an answer: less than the bot waits for an agent that asks, so that it hears why there was none."""
HTTP = ("http", "prometheus")
KINDS = (*HTTP, "minecraft", "bedrock", "a2s", "opengsq", "teeworlds", "openttd", "mumble")


async def ask(host: str, port: int, question: Mapping[str, str], secret: str = "") -> Answer:
    """`question` has the catalogue's [query] as texts, `secret` is its `{secret.console}`. Raises nothing but
    `NoAnswer`, whatever comes: late, cut off, bent, or from somebody else."""
    kind = question.get("kind", "")
    if kind == "opengsq" and question.get("protocol") in opengsq.PROTOCOLS:
        await opengsq.load()
    try:
        async with asyncio.timeout(PATIENCE):
            return await _ask(kind, host, port, question, secret)
    except NoAnswer:
        raise
    except TimeoutError:
        raise NoAnswer(f"no answer within {PATIENCE:g} s") from None
    except OSError as wrong:
        raise NoAnswer(f"nothing answers on port {port}: {wrong.strerror or type(wrong).__name__}") from wrong
    except Exception as wrong:  # a library that stumbles over what came
        raise NoAnswer(f"the answer cannot be read: {type(wrong).__name__}") from wrong


async def _ask(kind: str, host: str, port: int, question: Mapping[str, str], secret: str) -> Answer:
    match kind:
        case "http" | "prometheus":
            path, user, password = (
                question.get(key, "").replace("{secret.console}", secret) for key in ("path", "user", "password")
            )
            https = question.get("https") == "True"
            body = await http.request(host, port, path or "/", https=https, user=user, password=password)
            return status.read(kind, body, question)
        case "minecraft":
            return await minecraft.ask(host, port)
        case "bedrock":
            return await bedrock.ask(host, port)
        case "a2s":
            return await a2s.ask(host, port)
        case "teeworlds":
            return await teeworlds.ask(host, port)
        case "openttd":
            return await openttd.ask(host, port)
        case "mumble":
            return await mumble.ask(host, port)
        case "opengsq" if question.get("protocol") == "satisfactory":
            return await satisfactory.ask(host, port)
        case "opengsq":
            return await opengsq.ask(host, port, question.get("protocol", ""))
    raise NoAnswer(f"{kind or 'it'} is not spoken here")
