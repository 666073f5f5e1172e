"""Time zones, by their IANA names."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from core.errors import BadInput

DEFAULT_ZONE = "UTC"
COMMON_ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Rome",
    "Europe/Warsaw",
    "Europe/Athens",
    "Europe/Helsinki",
    "Europe/Istanbul",
    "Europe/Moscow",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/Sao_Paulo",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
)
"""What a list of a few offers: most people find theirs among these."""
_REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
LONGEST_ZONE = 60  # characters that somebody may type


def zone_of(name: str) -> ZoneInfo:
    """UTC for a name that no longer exists."""
    return ZoneInfo(name if name in _zones() else DEFAULT_ZONE)


def find_zone(typed: str) -> str:
    """The IANA name that is meant, whatever its case: `europe/berlin`, `Berlin`. BadInput where none or several are."""
    wanted = typed.strip().replace(" ", "_").casefold()
    for name in sorted(_zones()):
        if name.casefold() == wanted:
            return name
    cities = [name for name in sorted(_zones()) if name.casefold().rpartition("/")[2] == wanted and "/" in name]
    if len(cities) != 1:
        raise BadInput("schedule.zone", typed=typed.strip()[:LONGEST_ZONE])
    return cities[0]


def suggest_zones(typed: str, *, most: int) -> list[str]:
    """Zones called after places whose name has what was typed: first those that begin with it or whose city does,
    the common ones of these before the others."""
    wanted = typed.strip().casefold().replace(" ", "_")

    def rank(zone: str) -> tuple[bool, int, str]:
        name = zone.casefold()
        begins = name.startswith(wanted) or name.rpartition("/")[2].startswith(wanted)
        return not begins, COMMON_ZONES.index(zone) if zone in COMMON_ZONES else len(COMMON_ZONES), zone

    places = {zone for zone in _zones() if zone.partition("/")[0] in _REGIONS} | {DEFAULT_ZONE}
    return sorted((zone for zone in places if wanted in zone.casefold()), key=rank)[:most]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
