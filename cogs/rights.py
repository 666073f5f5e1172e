"""What each command, button, modal and select asks for: the rows of core.guilds.access by the names of Discord's faces.

Whoever adds a face adds its row: tests/hostile/test_rights.py fails for one without, and tries each as every kind of
person.
"""

from __future__ import annotations

from core.guilds.access import Do, DoInGuild, Verb

COMMANDS: dict[str, Verb] = {
    "server create": DoInGuild.CREATE,
    "server list": DoInGuild.LIST,
    "server show": Do.SEE,
    "server resume": Do.RESUME,
    "server pause": Do.PAUSE,
    "server restart": Do.RESTART,
    "server keep": Do.KEEP,
    "server idle": Do.IDLE,  # without options it shows, as SEE
    "server schedule": Do.SCHEDULE,
    "server share": Do.SHARE,
    "server transfer": Do.TRANSFER,
    "server follow": Do.FOLLOW,
    "server edit": Do.EDIT,
    "server console": Do.CONSOLE,
    "server logs": Do.LOGS,
    "server clone": Do.CLONE,  # and CREATE
    "server delete": Do.DELETE,
    "world snapshots": Do.SNAPSHOTS,
    "world snapshot": Do.SNAPSHOT,
    "world restore": Do.RESTORE,
    "world download": Do.DOWNLOAD,
    "world import": Do.IMPORT,
    "world archive": Do.ARCHIVE,
    "guild setup": DoInGuild.SETUP,
    "guild status": DoInGuild.STATUS,
    "guild quota": DoInGuild.QUOTA,
    "guild games": DoInGuild.GAMES,
    "guild audit": DoInGuild.AUDIT,
    "account show": DoInGuild.ACCOUNT,
    "account edit": DoInGuild.ACCOUNT,
    "account link": DoInGuild.ACCOUNT,
    "account unlink": DoInGuild.ACCOUNT,
    "account token": DoInGuild.ACCOUNT,
    "account forget": DoInGuild.ACCOUNT,
    "activity server": Do.SEE,
    "activity guild": DoInGuild.ACTIVITY,
    "help": DoInGuild.HELP,
}
BUTTONS: dict[str, Verb] = {
    "resume": Do.RESUME,
    "pause": Do.PAUSE,
    "restart": Do.RESTART,
    "keep": Do.KEEP,
    "voice_off": Do.IDLE,
    "join": Do.JOIN,
    "more": Do.SEE,
    "undo": Do.UNDO,
    "edit": Do.EDIT,
    "snapshots": Do.SNAPSHOTS,
    "world_undo": Do.RESTORE,
    "world_good": Do.RESTORE,
    "list": DoInGuild.LIST,
    "setup": DoInGuild.SETUP,
    "setup_check": DoInGuild.SETUP,
    "setup_zone": DoInGuild.SETUP,
    "quota_remove": DoInGuild.QUOTA,
    "games": DoInGuild.GAMES,
    "game_on": DoInGuild.GAMES,
    "game_off": DoInGuild.GAMES,
    "change": Do.EDIT,
    "console": Do.CONSOLE,
    "logs": Do.LOGS,
    "delete": Do.DELETE,
    "purge": Do.PURGE,
    "kept": DoInGuild.LIST_DELETED,
    "audit": DoInGuild.AUDIT,
    "vote": Do.KEEP,
    "offer_take": Do.SEE,  # by the one to whom it is offered, and nobody else (core.servers.transfers)
    "offer_decline": Do.SEE,
    "owner_take": Do.SEE,  # by its managers, later by admins too (core.servers.left_owners)
    "unfollow": Do.SEE,  # by whoever follows it, whatever rights they have left
    "share": Do.SHARE,
    "share_clean": Do.SHARE,
    "accept": Do.ACCEPT,
    "accept_resume": Do.ACCEPT,
    "accept_restart": Do.ACCEPT,
    "accept_create": DoInGuild.CREATE,
    "accept_go_on": Do.ACCEPT,
    "schedule_add": Do.SCHEDULE,
    "schedule_zone": Do.SCHEDULE,
    "schedule_remove": Do.SCHEDULE,
    "forget": Do.FORGET,
    "account_forget": DoInGuild.ACCOUNT,
}
MODALS: dict[str, Verb] = {
    "change": Do.EDIT,
    "console": Do.CONSOLE,
    "delete": Do.DELETE,
    "purge": Do.PURGE,
    "entry": Do.SCHEDULE,
    "zone": Do.SCHEDULE,
    "guild_zone": DoInGuild.SETUP,
    "forget": Do.FORGET,
}
SELECTS: dict[str, Verb] = {
    "dm-setup": DoInGuild.SETUP,
    "dm-games": DoInGuild.GAMES,
    "dm-share": Do.SHARE,
    "dm-size": Do.EDIT,
}


def of_command(name: str) -> Do:
    """What a command that names a server does to it."""
    do = COMMANDS[name]
    assert isinstance(do, Do)
    return do
