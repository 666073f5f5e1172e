"""Contains all the data models used in inputs/outputs"""

from .accepts import Accepts
from .accepts_then_type_0 import AcceptsThenType0
from .account import Account
from .account_edit import AccountEdit
from .alarm import Alarm
from .answer import Answer
from .answers import Answers
from .archive import Archive
from .as_ import As
from .audit_entry import AuditEntry
from .audit_entry_details_type_0 import AuditEntryDetailsType0
from .audit_entry_page import AuditEntryPage
from .back import Back
from .because import Because
from .bring import Bring
from .bring_into import BringInto
from .brought import Brought
from .browser import Browser
from .browser_page import BrowserPage
from .changed import Changed
from .chosen import Chosen
from .clone import Clone
from .delivery import Delivery
from .delivery_page import DeliveryPage
from .desired import Desired
from .drill import Drill
from .edit import Edit
from .edit_settings_type_0 import EditSettingsType0
from .event_kind import EventKind
from .field import Field
from .figures import Figures
from .files_page import FilesPage
from .following import Following
from .game import Game
from .game_page import GamePage
from .get_guild_chart_format import GetGuildChartFormat
from .get_server_chart_format import GetServerChartFormat
from .goes import Goes
from .guild import Guild
from .guild_edit import GuildEdit
from .guild_page import GuildPage
from .guild_settings import GuildSettings
from .guild_status import GuildStatus
from .guild_status_phases import GuildStatusPhases
from .host_health import HostHealth
from .host_health_phases import HostHealthPhases
from .host_health_problems import HostHealthProblems
from .hours import Hours
from .idle import Idle
from .idle_rule import IdleRule
from .job import Job
from .job_state import JobState
from .licence import Licence
from .licence_asked import LicenceAsked
from .limit_edit import LimitEdit
from .limit_edit_retention_type_0 import LimitEditRetentionType0
from .limits import Limits
from .line import Line
from .list_audit_kind_type_0 import ListAuditKindType0
from .listed_file import ListedFile
from .listed_file_kind import ListedFileKind
from .log import Log
from .longest import Longest
from .named import Named
from .new_entry import NewEntry
from .new_folder import NewFolder
from .new_text import NewText
from .new_token import NewToken
from .new_webhook import NewWebhook
from .not_seen import NotSeen
from .note import Note
from .off import Off
from .offered_game import OfferedGame
from .offered_game_page import OfferedGamePage
from .phase import Phase
from .player import Player
from .players import Players
from .point import Point
from .problem import Problem
from .quota_edit import QuotaEdit
from .renaming import Renaming
from .schedule import Schedule
from .schedule_entry import ScheduleEntry
from .schedule_kind import ScheduleKind
from .scope import Scope
from .server import Server
from .server_addresses import ServerAddresses
from .server_hours import ServerHours
from .server_page import ServerPage
from .server_problem import ServerProblem
from .setting import Setting
from .settings import Settings
from .settings_settings import SettingsSettings
from .share import Share
from .share_list import ShareList
from .share_role import ShareRole
from .sharer import Sharer
from .size import Size
from .sized import Sized
from .sizes import Sizes
from .snapshot import Snapshot
from .snapshot_page import SnapshotPage
from .special_quota import SpecialQuota
from .state import State
from .step import Step
from .text import Text
from .to import To
from .token import Token
from .token_made import TokenMade
from .token_page import TokenPage
from .usage import Usage
from .wanted import Wanted
from .webhook import Webhook
from .webhook_edit import WebhookEdit
from .webhook_with_secret import WebhookWithSecret
from .zone import Zone

__all__ = (
    "Accepts",
    "AcceptsThenType0",
    "Account",
    "AccountEdit",
    "Alarm",
    "Answer",
    "Answers",
    "Archive",
    "As",
    "AuditEntry",
    "AuditEntryDetailsType0",
    "AuditEntryPage",
    "Back",
    "Because",
    "Bring",
    "BringInto",
    "Brought",
    "Browser",
    "BrowserPage",
    "Changed",
    "Chosen",
    "Clone",
    "Delivery",
    "DeliveryPage",
    "Desired",
    "Drill",
    "Edit",
    "EditSettingsType0",
    "EventKind",
    "Field",
    "Figures",
    "FilesPage",
    "Following",
    "Game",
    "GamePage",
    "GetGuildChartFormat",
    "GetServerChartFormat",
    "Goes",
    "Guild",
    "GuildEdit",
    "GuildPage",
    "GuildSettings",
    "GuildStatus",
    "GuildStatusPhases",
    "HostHealth",
    "HostHealthPhases",
    "HostHealthProblems",
    "Hours",
    "Idle",
    "IdleRule",
    "Job",
    "JobState",
    "Licence",
    "LicenceAsked",
    "LimitEdit",
    "LimitEditRetentionType0",
    "Limits",
    "Line",
    "ListAuditKindType0",
    "ListedFile",
    "ListedFileKind",
    "Log",
    "Longest",
    "Named",
    "NewEntry",
    "NewFolder",
    "NewText",
    "NewToken",
    "NewWebhook",
    "NotSeen",
    "Note",
    "Off",
    "OfferedGame",
    "OfferedGamePage",
    "Phase",
    "Player",
    "Players",
    "Point",
    "Problem",
    "QuotaEdit",
    "Renaming",
    "Schedule",
    "ScheduleEntry",
    "ScheduleKind",
    "Scope",
    "Server",
    "ServerAddresses",
    "ServerHours",
    "ServerPage",
    "ServerProblem",
    "Setting",
    "Settings",
    "SettingsSettings",
    "Share",
    "ShareList",
    "ShareRole",
    "Sharer",
    "Size",
    "Sized",
    "Sizes",
    "Snapshot",
    "SnapshotPage",
    "SpecialQuota",
    "State",
    "Step",
    "Text",
    "To",
    "Token",
    "TokenMade",
    "TokenPage",
    "Usage",
    "Wanted",
    "Webhook",
    "WebhookEdit",
    "WebhookWithSecret",
    "Zone",
)
