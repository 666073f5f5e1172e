from enum import StrEnum


class ListAuditKindType0(StrEnum):
    CHANGES = "changes"
    CONSOLE = "console"
    GUILD = "guild"
    SERVERS = "servers"
    STARTS = "starts"
    TROUBLE = "trouble"
    WORLDS = "worlds"

    def __str__(self) -> str:
        return str(self.value)
