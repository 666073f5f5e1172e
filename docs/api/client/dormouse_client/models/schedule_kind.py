from enum import StrEnum


class ScheduleKind(StrEnum):
    ASLEEP = "asleep"
    AWAKE = "awake"
    MAINTENANCE = "maintenance"
    RESTART = "restart"

    def __str__(self) -> str:
        return str(self.value)
