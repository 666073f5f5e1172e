from enum import StrEnum


class Scope(StrEnum):
    ACCOUNTREAD = "account:read"
    ACCOUNTWRITE = "account:write"
    ACTIVITYREAD = "activity:read"
    CONSOLE = "console"
    FILESREAD = "files:read"
    FILESWRITE = "files:write"
    GUILDSREAD = "guilds:read"
    GUILDSWRITE = "guilds:write"
    HOSTREAD = "host:read"
    SERVERSPOWER = "servers:power"
    SERVERSREAD = "servers:read"
    SERVERSWRITE = "servers:write"
    WORLDSREAD = "worlds:read"
    WORLDSWRITE = "worlds:write"

    def __str__(self) -> str:
        return str(self.value)
