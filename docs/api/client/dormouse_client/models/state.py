from enum import StrEnum


class State(StrEnum):
    GIVEN_UP = "given_up"
    PENDING = "pending"
    TAKEN = "taken"

    def __str__(self) -> str:
        return str(self.value)
