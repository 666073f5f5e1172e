"""Pure: what each route does, in the words of core.guilds.access, and which scope a program's token needs for it.

Whoever adds a route adds its row: no route without one answers, and a test fails for it. The use-cases ask
`core.guilds.access` themselves, as for Discord; this table is what tests and documentation go by.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.accounts.scopes import Scope
from core.guilds.access import Do, DoInGuild, Verb


@dataclass(frozen=True, slots=True)
class Right:
    """`scope` None: no token will do, only a browser in which somebody signed in. `verb` None: the caller's own."""

    scope: Scope | None
    verb: Verb | None = None


OPEN = Right(None)
"""For everybody, signed in or not."""

ROUTES: dict[str, Right] = {
    "export": OPEN,  # whoever has the signed link
    "live": OPEN,
    "ready": OPEN,
    "openapi": OPEN,
    "api_docs": OPEN,
    "api_docs_part": OPEN,
    # signing in
    "sign_in": OPEN,
    "sign_in_discord": OPEN,
    "sign_in_discord_back": OPEN,
    "sign_in_oidc": OPEN,
    "sign_in_oidc_back": OPEN,
    "sign_out": Right(None),
    "link": OPEN,
    "link_begin": OPEN,
    "link_confirm": Right(None),
    "link_yes": Right(None),
    # servers (bot.web.api.servers)
    "list_servers": Right(Scope.SERVERS_READ, DoInGuild.LIST),
    "get_server": Right(Scope.SERVERS_READ, Do.SEE),
    "create_server": Right(Scope.SERVERS_WRITE, DoInGuild.CREATE),
    "get_settings": Right(Scope.SERVERS_READ, Do.EDIT),
    "edit_server": Right(Scope.SERVERS_WRITE, Do.EDIT),
    "resize_server": Right(Scope.SERVERS_WRITE, Do.EDIT),
    "set_idle": Right(Scope.SERVERS_WRITE, Do.IDLE),
    "delete_server": Right(Scope.SERVERS_WRITE, Do.DELETE),
    "undo_delete": Right(Scope.SERVERS_WRITE, Do.UNDO),
    "purge_server": Right(Scope.SERVERS_WRITE, Do.PURGE),
    # power
    "resume_server": Right(Scope.SERVERS_POWER, Do.RESUME),
    "pause_server": Right(Scope.SERVERS_POWER, Do.PAUSE),
    "restart_server": Right(Scope.SERVERS_POWER, Do.RESTART),
    "keep_server": Right(Scope.SERVERS_POWER, Do.KEEP),
    "vote_for_server": Right(Scope.SERVERS_POWER, Do.KEEP),
    "accept_licence": Right(Scope.SERVERS_WRITE, Do.ACCEPT),
    "answer_licence": Right(Scope.SERVERS_WRITE, DoInGuild.CREATE),
    # schedule
    "get_schedule": Right(Scope.SERVERS_READ, Do.SCHEDULE),
    "add_to_schedule": Right(Scope.SERVERS_WRITE, Do.SCHEDULE),
    "remove_from_schedule": Right(Scope.SERVERS_WRITE, Do.SCHEDULE),
    "set_schedule_zone": Right(Scope.SERVERS_WRITE, Do.SCHEDULE),
    # sharing
    "list_shares": Right(Scope.SERVERS_READ, Do.SHARE),
    "share_server": Right(Scope.SERVERS_WRITE, Do.SHARE),
    "unshare_server": Right(Scope.SERVERS_WRITE, Do.SHARE),
    "offer_server": Right(Scope.SERVERS_WRITE, Do.TRANSFER),
    "decline_server": Right(Scope.SERVERS_WRITE, Do.SEE),  # whoever has the offer, or made it
    "take_server": Right(Scope.SERVERS_WRITE, Do.SEE),  # whoever has the offer
    "follow_server": Right(Scope.SERVERS_WRITE, Do.FOLLOW),
    "unfollow_server": Right(Scope.SERVERS_WRITE, Do.SEE),
    # worlds
    "list_snapshots": Right(Scope.WORLDS_READ, Do.SNAPSHOTS),
    "take_snapshot": Right(Scope.WORLDS_WRITE, Do.SNAPSHOT),
    "restore_world": Right(Scope.WORLDS_WRITE, Do.RESTORE),
    "undo_restore": Right(Scope.WORLDS_WRITE, Do.RESTORE),
    "download_world": Right(Scope.WORLDS_READ, Do.DOWNLOAD),
    "import_world": Right(Scope.WORLDS_WRITE, Do.IMPORT),
    "go_on": Right(Scope.WORLDS_WRITE, Do.ACCEPT),
    "archive_server": Right(Scope.WORLDS_WRITE, Do.ARCHIVE),
    "clone_server": Right(Scope.WORLDS_WRITE, Do.CLONE),
    "get_job": Right(Scope.WORLDS_READ),
    "get_job_archive": Right(Scope.WORLDS_READ),
    # activity
    "get_server_activity": Right(Scope.ACTIVITY_READ, Do.SEE),
    "get_server_chart": Right(Scope.ACTIVITY_READ, Do.SEE),
    "forget_player": Right(Scope.SERVERS_WRITE, Do.FORGET),
    "get_guild_activity": Right(Scope.ACTIVITY_READ, DoInGuild.ACTIVITY),
    "get_guild_chart": Right(Scope.ACTIVITY_READ, DoInGuild.ACTIVITY),
    # guilds
    "list_guilds": Right(Scope.GUILDS_READ),
    "get_guild": Right(Scope.GUILDS_READ),
    "get_guild_settings": Right(Scope.GUILDS_READ, DoInGuild.SETUP),
    "edit_guild_settings": Right(Scope.GUILDS_WRITE, DoInGuild.SETUP),
    "get_guild_status": Right(Scope.GUILDS_READ, DoInGuild.STATUS),
    "edit_guild_quota": Right(Scope.GUILDS_WRITE, DoInGuild.QUOTA),
    "set_quota": Right(Scope.GUILDS_WRITE, DoInGuild.QUOTA),
    "remove_quota": Right(Scope.GUILDS_WRITE, DoInGuild.QUOTA),
    "list_guild_games": Right(Scope.GUILDS_READ, DoInGuild.GAMES),
    "offer_game": Right(Scope.GUILDS_WRITE, DoInGuild.GAMES),
    "list_audit": Right(Scope.GUILDS_READ, DoInGuild.AUDIT),
    # games: the host's catalogue
    "list_games": Right(Scope.SERVERS_READ),
    "get_game": Right(Scope.SERVERS_READ),
    # the caller's own
    "get_account": Right(Scope.ACCOUNT_READ),
    "edit_account": Right(Scope.ACCOUNT_WRITE),
    "list_tokens": Right(Scope.ACCOUNT_READ),
    "create_token": Right(Scope.ACCOUNT_WRITE),
    "revoke_token": Right(Scope.ACCOUNT_WRITE),
    "list_sessions": Right(Scope.ACCOUNT_READ),
    "end_session": Right(Scope.ACCOUNT_WRITE),
    # whoever runs the bot
    "get_host": Right(Scope.HOST_READ),
    # events for programs
    "stream_events": Right(Scope.SERVERS_READ, DoInGuild.LIST),
    "live_server": Right(Scope.SERVERS_READ, Do.SEE),
    "live_servers": Right(Scope.SERVERS_READ, DoInGuild.LIST),
    "list_webhooks": Right(Scope.GUILDS_READ, DoInGuild.WEBHOOKS),
    "create_webhook": Right(Scope.GUILDS_WRITE, DoInGuild.WEBHOOKS),
    "get_webhook": Right(Scope.GUILDS_READ, DoInGuild.WEBHOOKS),
    "edit_webhook": Right(Scope.GUILDS_WRITE, DoInGuild.WEBHOOKS),
    "delete_webhook": Right(Scope.GUILDS_WRITE, DoInGuild.WEBHOOKS),
    "rotate_webhook": Right(Scope.GUILDS_WRITE, DoInGuild.WEBHOOKS),
    "ping_webhook": Right(Scope.GUILDS_WRITE, DoInGuild.WEBHOOKS),
    "list_deliveries": Right(Scope.GUILDS_READ, DoInGuild.WEBHOOKS),
    "redeliver": Right(Scope.GUILDS_WRITE, DoInGuild.WEBHOOKS),
    # console
    "send_line": Right(Scope.CONSOLE, Do.CONSOLE),
    "get_log": Right(Scope.CONSOLE, Do.LOGS),
    "follow_log": Right(Scope.CONSOLE, Do.LOGS),
    # files of a world
    "list_files": Right(Scope.FILES_READ, Do.FILES),
    "read_file": Right(Scope.FILES_READ, Do.FILES),
    "download_file": Right(Scope.FILES_READ, Do.FILES),
    "write_file": Right(Scope.FILES_WRITE, Do.FILES_WRITE),
    "upload_file": Right(Scope.FILES_WRITE, Do.FILES_WRITE),
    "make_folder": Right(Scope.FILES_WRITE, Do.FILES_WRITE),
    "rename_file": Right(Scope.FILES_WRITE, Do.FILES_WRITE),
    "delete_file": Right(Scope.FILES_WRITE, Do.FILES_WRITE),
    # pages, and forms on them: for browsers alone
    "static": OPEN,
    "page_home": OPEN,
    "page_server": Right(None, Do.SEE),
    "page_card": Right(None, Do.SEE),
    "page_licence": Right(None, Do.SEE),
    "page_resume": Right(None, Do.RESUME),
    "page_pause": Right(None, Do.PAUSE),
    "page_restart": Right(None, Do.RESTART),
    "page_keep": Right(None, Do.KEEP),
    "page_undo": Right(None, Do.UNDO),
    "page_go_on": Right(None, Do.ACCEPT),
    "page_activity": Right(None, Do.SEE),
    "page_activity_picture": Right(None, Do.SEE),
    "page_guild_activity": Right(None, DoInGuild.ACTIVITY),
    "page_guild_activity_picture": Right(None, DoInGuild.ACTIVITY),
    "page_console": Right(None, Do.LOGS),
    "page_log": Right(None, Do.LOGS),
    "page_send": Right(None, Do.CONSOLE),
    "page_snapshots": Right(None, Do.SNAPSHOTS),
    "page_snapshot": Right(None, Do.SNAPSHOT),
    "page_restore_ask": Right(None, Do.RESTORE),
    "page_restore": Right(None, Do.RESTORE),
    "page_restore_undo": Right(None, Do.RESTORE),
    "page_files": Right(None, Do.FILES),
    "page_file": Right(None, Do.FILES),
    "page_file_save": Right(None, Do.FILES_WRITE),
    "page_file_send": Right(None, Do.FILES_WRITE),
    "page_folder_make": Right(None, Do.FILES_WRITE),
    "page_file_ask": Right(None, Do.FILES_WRITE),
    "page_file_rename": Right(None, Do.FILES_WRITE),
    "page_file_delete": Right(None, Do.FILES_WRITE),
    "page_edit": Right(None, Do.EDIT),
    "page_save": Right(None, Do.EDIT),
    "page_guild": Right(None, DoInGuild.LIST),
    "page_guild_rules": Right(None, DoInGuild.SETUP),
    "page_guild_organisation": Right(None, DoInGuild.SETUP),
    "page_guild_limits": Right(None, DoInGuild.QUOTA),
    "page_guild_games": Right(None, DoInGuild.GAMES),
    "page_audit": Right(None, DoInGuild.AUDIT),
    "page_account": Right(None),
    "page_account_save": Right(None),
    "page_token_make": Right(None),
    "page_token_revoke": Right(None),
    "page_session_end": Right(None),
    "page_unlink": Right(None),
    "page_host": Right(None),  # operators alone, whoever else asks finds nothing
}
"""By operation id."""


def of(operation: str) -> Right:
    """KeyError: the route has no row."""
    return ROUTES[operation]
