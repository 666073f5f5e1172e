from enum import StrEnum


class Step(StrEnum):
    GAME = "game"
    IMAGE = "image"
    PLACE = "place"
    QUEUED = "queued"
    RESTORE = "restore"
    TURN = "turn"
    VOLUME = "volume"

    def __str__(self) -> str:
        return str(self.value)
