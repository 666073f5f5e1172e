from enum import StrEnum


class Phase(StrEnum):
    ARCHIVED = "archived"
    ARCHIVING = "archiving"
    DELETED = "deleted"
    DELETING = "deleting"
    PAUSED = "paused"
    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"

    def __str__(self) -> str:
        return str(self.value)
