"""Games that the bot asks itself, in their own protocols."""

from __future__ import annotations

from functools import lru_cache

from core.games.form.reached import Query as Rule
from core.games.protocols.answer import Answer, NoAnswer
from core.games.protocols.ask import ask
from core.games.query.port import Endpoint, Players, Query
from core.words import Empty, Occupied, Unknown

LONGEST_WHY = 200  # characters


class DirectQuery(Query):
    async def players(self, endpoint: Endpoint, rule: Rule, *, token: str = "") -> Players:
        try:
            return told(await ask(endpoint.host, endpoint.port, question(rule)))
        except NoAnswer as why:
            return Players(Unknown(str(why)[:LONGEST_WHY]))


@lru_cache(maxsize=1024)
def question(rule: Rule) -> dict[str, str]:
    """As texts, which an agent is told too."""
    return {name: str(value) for name, value in rule.model_dump().items()}


def told(answer: Answer) -> Players:
    return Players(Occupied(answer.names, answer.online) if answer.online else Empty(), answer.max)
