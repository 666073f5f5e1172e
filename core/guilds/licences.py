"""Pure: whether a server may start, as far as its game's licence goes. A text is accepted once for a guild.

| the game's text | whoever starts it | |
|---|---|---|
| there is none, or it is accepted | anybody | starts |
| is not accepted | may accept it, and does so now | starts, and it is accepted |
| | may accept it | is asked |
| | may not, or is Dormouse itself | is refused, with who can |

A text that changed is another text: it is asked for at the next start. What runs goes on.
"""

from __future__ import annotations

from enum import Enum

from core.games.form.game import Licence


class Verdict(Enum):
    START = "start"
    ACCEPT = "accept"
    ASK = "ask"
    REFUSE = "refuse"


def decide(licence: Licence | None, *, accepted: bool, accepts: str | None, may: bool) -> Verdict:
    """`accepts`: the mark of the text that whoever starts it accepts with that; None: they were not asked."""
    if licence is None or accepted:
        return Verdict.START
    if not may:
        return Verdict.REFUSE
    return Verdict.ACCEPT if accepts == licence.mark else Verdict.ASK
