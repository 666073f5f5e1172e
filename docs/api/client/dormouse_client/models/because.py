from enum import StrEnum


class Because(StrEnum):
    BUDGET = "budget"
    CRASHES = "crashes"
    GUILD_GONE = "guild_gone"
    IDLE = "idle"
    OPERATOR = "operator"
    OWNER = "owner"
    SCHEDULE = "schedule"
    START_FAILED = "start_failed"

    def __str__(self) -> str:
        return str(self.value)
