from enum import StrEnum


class JobState(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    RUNNING = "running"

    def __str__(self) -> str:
        return str(self.value)
