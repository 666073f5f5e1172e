from enum import StrEnum


class ShareRole(StrEnum):
    MANAGER = "manager"
    PLAYER = "player"

    def __str__(self) -> str:
        return str(self.value)
