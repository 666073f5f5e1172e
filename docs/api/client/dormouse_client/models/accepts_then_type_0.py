from enum import StrEnum


class AcceptsThenType0(StrEnum):
    RESTART = "restart"
    RESUME = "resume"

    def __str__(self) -> str:
        return str(self.value)
