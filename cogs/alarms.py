"""Pure: alarms in words, for whoever runs the bot. English, as all that operators read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import discord

from cogs.escape import code, escape
from core.notices.alarms import Open
from core.words import Alarm

SHORT = {
    Alarm.FOREIGN: "hidden or overwritten by somebody else",
    Alarm.HELD: "nothing can be collected",
    Alarm.DRILL: "did not come back on trial",
    Alarm.BACKUP: "no copy of the database",
}
LONGEST_WHY = 500  # characters


def in_full(data: Mapping[str, Any]) -> list[str]:
    """The message, in lines: what happened, then what to do. `data` as core.notices.alarms keeps it."""
    server = str(data.get("about") or "SERVER")
    whose = f"{code(server)} (guild {data['guild']})" if data.get("guild") else code(server)
    why = f"> {escape(str(data.get('why') or ''))[:LONGEST_WHY]}" if data.get("why") else ""
    match data.get("alarm"):
        case Alarm.FOREIGN:
            count = data.get("count") or 1
            objects = "1 object" if count == 1 else f"{count} objects"
            return [
                f"**Somebody else hid or overwrote {objects} of the world of {whose}.** It was not Dormouse.",
                "Whoever did that holds the store's key: make a new key and take the old one back. Then bring back "
                f"what was hidden: `dormouse worlds unhide {server}`, `dormouse worlds check --mend {server}`.",
            ]
        case Alarm.HELD:
            return [
                f"**Nothing that the world of {whose} no longer needs can be removed from the store.**",
                why,
                "Nothing is lost, but the store grows. `dormouse worlds check --all --mend " + f"{server}` says more.",
            ]
        case Alarm.DRILL:
            return [
                f"**The world of {whose} did not come back on trial.**",
                why,
                f"Look at once: `dormouse worlds check --all --mend {server}`, `dormouse worlds drill {server}`.",
            ]
        case Alarm.BACKUP:
            return [
                f"**There is no new copy of the database: {data.get('times') or 'several'} tries failed in a row.**",
                why,
                "Worlds are not touched by that. `dormouse backup take` tries it now and says what is wrong.",
            ]
        case _:
            return ["**Something needs your attention.** `health` says what."]


def in_short(alarms: Sequence[Open]) -> str:
    """For a line of `health`."""
    by_kind = Counter(each.alarm for each in alarms)
    lines = []
    for alarm, count in by_kind.items():
        those = [each for each in alarms if each.alarm is alarm]
        since = discord.utils.format_dt(min(each.since for each in those), "R")
        named = ", ".join(code(each.about) for each in those[:3] if each.about)
        more = f" and {count - 3} more" if count > 3 else ""
        lines.append(f"{named}{more} {SHORT[alarm]} since {since}".strip())
    return "; ".join(lines) or "none"
