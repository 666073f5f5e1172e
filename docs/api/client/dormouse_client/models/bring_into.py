from enum import StrEnum


class BringInto(StrEnum):
    PLUGINS = "plugins"
    WORLD = "world"

    def __str__(self) -> str:
        return str(self.value)
