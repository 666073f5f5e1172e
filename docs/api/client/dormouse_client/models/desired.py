from enum import StrEnum


class Desired(StrEnum):
    ARCHIVED = "archived"
    DELETED = "deleted"
    PAUSED = "paused"
    RUNNING = "running"

    def __str__(self) -> str:
        return str(self.value)
