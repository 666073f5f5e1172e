"""What can happen in the guild. The gateway and the page each listen and tell their own side."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.demo.guild.errors import Json


@dataclass(slots=True)
class Message:
    """One message; `data` is Discord's object without `referenced_message`."""

    data: Json
    ephemeral_for: str | None = None
    """Who alone sees it; such a message lives in memory only."""

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def channel_id(self) -> str:
        return str(self.data["channel_id"])

    @property
    def author_id(self) -> str:
        return str(self.data["author"]["id"])


@dataclass(frozen=True, slots=True)
class MessageCreated:
    message: Message


@dataclass(frozen=True, slots=True)
class MessageUpdated:
    message: Message


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    message: Message


@dataclass(frozen=True, slots=True)
class Typing:
    channel_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    how: Literal["CREATE", "UPDATE", "DELETE"]
    channel: Json


@dataclass(frozen=True, slots=True)
class ThreadChanged:
    how: Literal["CREATE", "UPDATE", "DELETE"]
    thread: Json


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """Roles or nick."""

    member: Json


@dataclass(frozen=True, slots=True)
class RoleChanged:
    role: Json


@dataclass(frozen=True, slots=True)
class RoleDeleted:
    role_id: str


@dataclass(frozen=True, slots=True)
class RoleCreated:
    role: Json


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """Discord's scheduled event object, after the change."""

    how: Literal["CREATE", "UPDATE", "DELETE"]
    plan: Json


@dataclass(frozen=True, slots=True)
class VoiceChanged:
    """Discord's voice state object; `channel_id` null says that the person left."""

    state: Json


@dataclass(frozen=True, slots=True)
class BotMembershipChanged:
    """The bot was removed from the guild, or invited again."""

    present: bool


@dataclass(frozen=True, slots=True)
class GuildAvailability:
    """An outage of the guild began or ended: Discord no longer tells, or again tells, what happens in it."""

    available: bool


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    user_id: str
    online: bool


@dataclass(frozen=True, slots=True)
class CommandsChanged:
    pass


Event = (
    MessageCreated
    | MessageUpdated
    | MessageDeleted
    | Typing
    | ChannelChanged
    | ThreadChanged
    | MemberChanged
    | RoleChanged
    | RoleDeleted
    | RoleCreated
    | PlanChanged
    | VoiceChanged
    | BotMembershipChanged
    | GuildAvailability
    | PresenceChanged
    | CommandsChanged
)


@dataclass(slots=True)
class Emitter:
    """Calls every listener, in the order in which they came, before `emit` returns."""

    listeners: list[Callable[[Event], None]] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)
