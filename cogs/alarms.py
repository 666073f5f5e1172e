"""Pure: alarms in words, for whoever runs the bot. English, as all that operators read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import discord

from cogs.escape import code, escape
from core.notices.alarms import Open
from core.notices.kinds.alarms import (
    AlarmNotice,
    BackupAlarm,
    DrillAlarm,
    ForeignAlarm,
    HeldAlarm,
    HostAlarm,
    NodeAlarm,
    UnsavedAlarm,
)
from core.text import DEFAULT, say

LONGEST_WHY = 500  # characters


def in_full(alarm: AlarmNotice) -> list[str]:
    """The message, in lines: what happened, then what to do."""
    server = alarm.about or "SERVER"
    whose = f"{code(server)} (guild {alarm.guild})" if alarm.guild else code(server)
    match alarm:
        case ForeignAlarm(count=count):
            objects = "1 object" if count == 1 else f"{count} objects"
            return [
                f"**Somebody else hid or overwrote {objects} of the world of {whose}.** It was not Dormouse.",
                "Whoever did that holds the store's key: make a new key and take the old one back. Then bring back "
                f"what was hidden: `dormouse worlds unhide {server}`, `dormouse worlds check --mend {server}`.",
            ]
        case HeldAlarm(why=why):
            return [
                f"**Nothing that the world of {whose} no longer needs can be removed from the store.**",
                _quoted(why),
                "Nothing is lost, but the store grows. `dormouse worlds check --all --mend " + f"{server}` says more.",
            ]
        case DrillAlarm(why=why):
            return [
                f"**The world of {whose} did not come back on trial.**",
                _quoted(why),
                f"Look at once: `dormouse worlds check --all --mend {server}`, `dormouse worlds drill {server}`.",
            ]
        case UnsavedAlarm(about="", why=why):
            return [
                "**No world can be saved: the store serves nobody.**",
                _quoted(why),
                "Worlds stay on their disks, and are saved once it can be. `dormouse check` says what is wrong.",
            ]
        case UnsavedAlarm(why=why):
            return [
                f"**The world of {whose} cannot be saved.**",
                _quoted(why),
                "It stays on its disk, and is tried again every 10 minutes. `dormouse check` says what is wrong.",
            ]
        case BackupAlarm(why=why, times=times):
            return [
                f"**There is no new copy of the database: {times or 'several'} tries failed in a row.**",
                _quoted(why),
                "Worlds are not touched by that. `dormouse backup take` tries it now and says what is wrong.",
            ]
        case NodeAlarm(about=node, count=count):
            return [
                f"**The node {code(node)} does not answer.** {_servers(count)} on it.",
                "Nothing is given up: they go on when it is back. If it does not come back, `kubectl delete node "
                f"{escape(node)}` lets them start elsewhere, if their volumes can follow.",
            ]
        case HostAlarm(about=problem, count=count, server=one, why=why):
            return [
                f"**{_servers(count)} that cannot run as wanted, and no member can change that: {escape(problem)}.** "
                f"One is {code(one)}.",
                _quoted(why),
                "`dormouse check` may say more.",
            ]
        case _:
            return ["**Something needs your attention.** `health` says what."]


def _servers(count: int) -> str:
    return "There is 1 server" if count == 1 else f"There are {count} servers"


def _quoted(why: str) -> str:
    return f"> {escape(why)[:LONGEST_WHY]}" if why else ""


def in_short(alarms: Sequence[Open]) -> str:
    """For a line of `health`."""
    by_kind = Counter(each.alarm for each in alarms)
    lines = []
    for alarm, count in by_kind.items():
        those = [each for each in alarms if each.alarm is alarm]
        since = discord.utils.format_dt(min(each.since for each in those), "R")
        named = ", ".join(code(each.about) for each in those[:3] if each.about)
        more = f" and {count - 3} more" if count > 3 else ""
        lines.append(f"{named}{more} {say(DEFAULT, f'alarm.{alarm}')} since {since}".strip())
    return "; ".join(lines) or "none"
