"""Who plays, asked beside the game: on loopback, by its protocol, or by a line of its console."""

from __future__ import annotations

import re
from typing import Any

from core.agent import probe
from core.agent.wire import PodSpec
from core.authority import loopback
from core.games.console.port import Console, ConsoleAway
from core.games.protocols.answer import Answer, NoAnswer, counted
from core.games.protocols.ask import KINDS, PATIENCE, ask
from core.games.protocols.bedrock import number
from core.games.terminal import plain


async def players(pod: PodSpec, console: Console | None) -> dict[str, Any]:
    """`{"online": n, "max": n or null, "names": [...]}`; `NoAnswer` where the game does not tell. `console`: the one
    that answers, within PATIENCE seconds; None: there is none."""
    answer = await _asked(pod, console)
    return {"online": answer.online, "max": answer.max or None, "names": list(answer.names)}


async def is_up(pod: PodSpec, console: Console | None, inner: int | None = None) -> None:
    """Returns if the game answers as its catalogue entry says; `NoAnswer` if not (yet). `inner` as in `probe`."""
    if is_asked(pod):
        await _asked(pod, console)
    else:
        await probe.takes_connections(pod, inner)


def is_asked(pod: PodSpec) -> bool:
    """Whether a game that is up answers; else somebody listens on its port."""
    kind = pod.query.get("kind", "")
    return pod.ready == "query" and (kind in KINDS or kind == "console")


async def _asked(pod: PodSpec, console: Console | None) -> Answer:
    rule = pod.query
    if rule.get("kind") == "console" and console is not None:
        try:
            return read(await console.send(rule.get("command", "")), rule)
        except ConsoleAway as away:
            raise NoAnswer(str(away)) from away
    name = rule.get("port", "")
    if name not in pod.ports:
        raise NoAnswer(f"the game has no port {name}")
    return await ask(loopback(pod.host_of(name)), pod.ports[name], rule, pod.secret)


def read(answer: str, rule: dict[str, str]) -> Answer:
    """Pure: the players in a console's answer. Raises `NoAnswer`."""
    answer = plain(answer)
    names = [each["player"] for each in re.finditer(rule["player"], answer)] if rule.get("player") else []
    if rule.get("count"):
        found = re.search(rule["count"], answer)
        return counted(number(found["online"].encode()) if found else None, None, names)
    if not names and not (rule.get("nobody") and re.search(rule["nobody"], answer)):
        raise NoAnswer("the answer does not say how many play")
    return counted(len(names), None, names)


__all__ = ["PATIENCE", "NoAnswer", "is_asked", "is_up", "players", "read"]
