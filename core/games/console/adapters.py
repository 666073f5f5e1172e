"""The console that a game's catalogue entry names. Its adapter is loaded where it is used: an agent stays small."""

from __future__ import annotations

from collections.abc import Mapping

from core.games.console.port import Console

KINDS = ("rcon", "rest", "webrcon", "telnet")
"""What is reached over the network; "stdin" is the agent's own."""


def make_console(
    rule: Mapping[str, str], host: str, port: int, secret: str, *, patience: float | None = None
) -> Console | None:
    """`rule` has the catalogue's [console] as texts; `patience`: seconds for one line. None: it is reached otherwise,
    or there is none."""
    match rule.get("kind"):
        case "rcon":
            from core.games.console.rcon import Rcon

            return Rcon(host, port, secret, patience=patience)
        case "rest":
            from core.games.console.rest import Rest

            return Rest(host, port, secret, rule, patience=patience)
        case "webrcon":
            from core.games.console.webrcon import WebRcon

            return WebRcon(host, port, secret, patience=patience)
        case "telnet":
            from core.games.console.telnet import Telnet

            ask, welcome, end = (rule.get(key, "") for key in ("ask", "welcome", "end"))
            return Telnet(host, port, secret, ask=ask, welcome=welcome, end=end, patience=patience)
    return None
