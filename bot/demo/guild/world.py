"""The guild itself: people, roles, channels, commands, voice, and who may do what. Knows no HTTP."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bot.demo.guild import cast, permissions
from bot.demo.guild.attachments import Attachments, Upload
from bot.demo.guild.commands import CHAT_INPUT
from bot.demo.guild.errors import (
    Json,
    missing_access,
    missing_permissions,
    over_event,
    unknown_channel,
    unknown_event,
    unknown_member,
    unknown_role,
)
from bot.demo.guild.events import (
    BotMembershipChanged,
    ChannelChanged,
    CommandsChanged,
    Emitter,
    Event,
    GuildAvailability,
    MemberChanged,
    Message,
    MessageCreated,
    PlanChanged,
    RoleChanged,
    RoleCreated,
    RoleDeleted,
    ThreadChanged,
    VoiceChanged,
)
from bot.demo.guild.messages import Messages
from bot.demo.guild.permissions import Permission
from bot.demo.guild.snowflakes import Snowflakes, iso
from bot.demo.guild.storage import Storage


class World:
    """The state; every change is kept in `storage` and told to `emitter`'s listeners."""

    def __init__(self, folder: Path | None, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.storage = Storage(folder)
        self.snowflakes = Snowflakes(clock)
        self.emitter = Emitter()
        self.attachments = Attachments(self.storage, self.snowflakes)
        self.messages = Messages(
            self.storage, self.snowflakes, self.attachments, self.emitter, clock, lambda user_id: self.user(user_id)
        )
        self.roles: dict[str, Json] = {}
        self.channels: dict[str, Json] = {}
        self.members: dict[str, Json] = {}
        self.commands: dict[str, Json] = {}
        """By id; those of the guild only have a `guild_id`."""
        self.plans: dict[str, Json] = {}
        """What is planned: Discord's scheduled events, by id; those that are over or cancelled are gone."""
        self.voice: dict[str, Json] = {}
        """Voice states by user id; in memory only, as nobody talks across a restart."""
        self.available = True
        """False during an outage of the guild; in memory only."""
        self.closed: set[str] = set()
        """People who take no direct messages from the bot."""
        self._meta: Json = {}
        self.emitter.listeners.append(self._note_last_message)

    def load(self, files_base: str) -> None:
        """Read what is stored, or begin the first day. `files_base` is the URL under which files are handed out."""
        self._meta = dict(self.storage.read("meta")).get("meta", {})
        replace = (self._meta.get("files_base", ""), files_base)
        self.attachments.base = files_base
        for kind, target in (
            ("role", self.roles),
            ("channel", self.channels),
            ("member", self.members),
            ("command", self.commands),
            ("plan", self.plans),
        ):
            target.update(self.storage.read(kind))
        self.attachments.load(replace)
        self.messages.load(replace)
        for command_id, command in self.commands.items():
            self.snowflakes.seen(command_id)
            self.snowflakes.seen(command["version"])
        if not self._meta:
            self._seed()
        self.closed = set(self._meta.get("closed", []))
        self._meta["files_base"] = files_base
        self._save_meta()

    # People

    def user(self, user_id: str) -> Json:
        """Raises KeyError for a stranger."""
        found: Json = self.members[user_id]["user"]
        return found

    def member(self, user_id: str) -> Json:
        """Raises 10007; the bot is no member while it is removed."""
        if user_id not in self.members or (user_id == cast.BOT and not self.bot_present):
            raise unknown_member()
        return self.members[user_id]

    def edit_member(self, user_id: str, **changes: Any) -> Json:
        """Change `roles` or `nick`."""
        member = self.members[user_id] = {**self.members[user_id], **changes}
        self.storage.put("member", user_id, member)
        self.emitter.emit(MemberChanged(member))
        return member

    def role(self, role_id: str) -> Json:
        """Raises 10011."""
        if role_id not in self.roles:
            raise unknown_role()
        return self.roles[role_id]

    def create_role(self, name: str, *, color: int = 0) -> Json:
        """Above all others."""
        role = cast.role(self.snowflakes.make(), name, Permission(0), len(self.roles), color)
        self.roles[role["id"]] = role
        self.storage.put("role", role["id"], role)
        self.emitter.emit(RoleCreated(role))
        return role

    def give_role(self, user_id: str, role_id: str, *, take: bool = False) -> Json:
        """Give a role to a member, or take it."""
        self.role(role_id)
        kept = [each for each in self.member(user_id)["roles"] if each != role_id]
        return self.edit_member(user_id, roles=kept if take else [*kept, role_id])

    def edit_role(self, role_id: str, **changes: Any) -> Json:
        role = self.roles[role_id] = {**self.roles[role_id], **changes}
        self.storage.put("role", role_id, role)
        self.emitter.emit(RoleChanged(role))
        return role

    def delete_role(self, role_id: str) -> None:
        """Whoever had it has it no more."""
        del self.roles[role_id]
        self.storage.drop("role", role_id)
        for user_id, member in list(self.members.items()):
            if role_id in member["roles"]:
                self.edit_member(user_id, roles=[each for each in member["roles"] if each != role_id])
        self.emitter.emit(RoleDeleted(role_id))

    def close_direct(self, user_id: str, *, closed: bool) -> None:
        """Whether this person refuses direct messages from the bot (50007)."""
        (self.closed.add if closed else self.closed.discard)(user_id)
        self._meta["closed"] = sorted(self.closed)
        self._save_meta()

    @property
    def bot_present(self) -> bool:
        return bool(self._meta.get("bot_present", True))

    def invite_bot(self, *, present: bool) -> None:
        """Remove the bot from the guild, or invite it (again)."""
        self._meta["bot_present"] = present
        self._save_meta()
        self.emitter.emit(BotMembershipChanged(present))

    def outage(self, *, ends: bool = False) -> None:
        """The guild becomes unavailable to the bot's gateway, or available again; REST still answers."""
        self.available = ends
        self.emitter.emit(GuildAvailability(ends))

    # Channels

    def channel(self, channel_id: str) -> Json:
        """Raises 10003."""
        if channel_id not in self.channels:
            raise unknown_channel()
        return self.channels[channel_id]

    def guild_channels(self) -> list[Json]:
        """Without threads."""
        return [each for each in self.channels.values() if each["type"] not in (cast.DIRECT, cast.THREAD)]

    def active_threads(self) -> list[Json]:
        threads = (each for each in self.channels.values() if each["type"] == cast.THREAD)
        return [thread for thread in threads if not thread["thread_metadata"]["archived"]]

    def threads_of(self, channel_id: str) -> list[Json]:
        """Archived ones too."""
        found = (each for each in self.channels.values() if each["type"] == cast.THREAD)
        return [thread for thread in found if thread["parent_id"] == channel_id]

    def create_channel(self, name: str, *, kind: int = cast.TEXT, parent_id: str | None = cast.CATEGORY) -> Json:
        channel = cast.channel(self.snowflakes.make(), kind, name, len(self.channels)) | {"parent_id": parent_id}
        return self._put_channel("CREATE", channel)

    def create_thread(self, parent_id: str, name: str, owner_id: str) -> Json:
        self.channel(parent_id)
        return self._put_channel(
            "CREATE", cast.thread(self.snowflakes.make(), name, parent_id, owner_id, iso(self.clock()))
        )

    def create_post(
        self, forum_id: str, name: str, owner_id: str, body: Json, uploads: list[Upload], tags: Sequence[str] = ()
    ) -> tuple[Json, Message]:
        """A thread of a forum with its first message, which has the thread's id. `tags`: ids of the forum's."""
        self.channel(forum_id)
        made = cast.thread(self.snowflakes.make(), name, forum_id, owner_id, iso(self.clock()))
        thread = self._put_channel("CREATE", made | {"applied_tags": list(tags)})
        message = self.messages.create(thread["id"], owner_id, body, uploads, message_id=thread["id"])
        return thread, message

    def is_archived(self, channel: Json) -> bool:
        return channel["type"] == cast.THREAD and bool(channel["thread_metadata"]["archived"])

    def is_locked_for(self, user_id: str, channel: Json) -> bool:
        """Whether it is a thread where only those who manage threads may write, and this is none of them."""
        locked = channel["type"] == cast.THREAD and channel["thread_metadata"]["locked"]
        return bool(locked) and Permission.MANAGE_THREADS not in self.permissions(user_id, channel)

    def edit_thread(self, thread_id: str, **changes: bool) -> Json:
        """Change `archived` or `locked`."""
        thread = self.channel(thread_id)
        metadata = {**thread["thread_metadata"], **changes, "archive_timestamp": iso(self.clock())}
        return self._put_channel("UPDATE", {**thread, "thread_metadata": metadata})

    def edit_channel(self, channel_id: str, **changes: Any) -> Json:
        """Change `name`, `topic`, `position` or `permission_overwrites` ([{id, type, allow, deny}])."""
        return self._put_channel("UPDATE", {**self.channel(channel_id), **changes})

    def delete_channel(self, channel_id: str) -> Json:
        channel = self.channel(channel_id)
        del self.channels[channel_id]
        self.storage.drop("channel", channel_id)
        self.messages.forget_channel(channel_id)
        for thread in self.threads_of(channel_id):
            self.delete_channel(thread["id"])
        self._tell_channel("DELETE", channel)
        return channel

    # What is planned

    def plan(self, plan_id: str) -> Json:
        """Raises 10070."""
        if plan_id not in self.plans:
            raise unknown_event()
        return self.plans[plan_id]

    def create_plan(self, name: str, location: str, starts: float, ends: float, creator_id: str) -> Json:
        """`starts` and `ends` in seconds since 1970, of the guild's clock."""
        made = cast.planned(
            self.snowflakes.make(), name, location, iso(starts), iso(ends), self.member(creator_id)["user"]
        )
        return self._put_plan("CREATE", made)

    def edit_plan(self, plan_id: str, **changes: Any) -> Json:
        """Change `name`, `location`, `starts`, `ends` or `status`. What is over changes no more (180000)."""
        plan = dict(self.plan(plan_id))
        if plan["status"] in (cast.COMPLETED, cast.CANCELED):
            raise over_event()
        if "location" in changes:
            plan["entity_metadata"] = {"location": changes.pop("location")}
        for key, name in (("starts", "scheduled_start_time"), ("ends", "scheduled_end_time")):
            if key in changes:
                plan[name] = iso(changes.pop(key))
        plan |= changes
        if plan["status"] not in (cast.COMPLETED, cast.CANCELED):
            return self._put_plan("UPDATE", plan)
        self._drop_plan(plan_id)
        self.emitter.emit(PlanChanged("UPDATE", plan))
        return plan

    def delete_plan(self, plan_id: str) -> None:
        plan = self.plan(plan_id)
        self._drop_plan(plan_id)
        self.emitter.emit(PlanChanged("DELETE", plan))

    def _put_plan(self, how: Any, plan: Json) -> Json:
        self.plans[plan["id"]] = plan
        self.storage.put("plan", plan["id"], plan)
        self.emitter.emit(PlanChanged(how, plan))
        return plan

    def _drop_plan(self, plan_id: str) -> None:
        del self.plans[plan_id]
        self.storage.drop("plan", plan_id)

    # Voice

    def move_voice(self, user_id: str, channel_id: str | None) -> None:
        """Somebody joins a voice channel, or leaves (None)."""
        state: Json = {
            "guild_id": cast.GUILD,
            "channel_id": channel_id,
            "user_id": user_id,
            "session_id": f"voice-{user_id}",
            "deaf": False,
            "mute": False,
            "self_deaf": False,
            "self_mute": False,
            "self_video": False,
            "suppress": False,
            "request_to_speak_timestamp": None,
        }
        if channel_id is None:
            self.voice.pop(user_id, None)
        else:
            self.voice[user_id] = state
        self.emitter.emit(VoiceChanged({**state, "member": self.members[user_id]}))

    # Permissions

    def permissions(self, user_id: str, channel: Json | None = None) -> Permission:
        """What somebody may do in the guild, or in a channel of it. In a direct channel only its two people may."""
        if channel is not None and channel["type"] == cast.DIRECT:
            inside = user_id in (cast.BOT, channel["recipients"][0]["id"])
            return permissions.DIRECT if inside else Permission(0)
        if user_id == cast.BOT and not self.bot_present:
            return Permission(0)
        member = self.members[user_id]
        base = permissions.in_guild(member, self.roles, guild_id=cast.GUILD, owner_id=cast.OWNER)
        if channel is None:
            return base
        if channel["type"] == cast.THREAD:
            parent = self.channels.get(channel["parent_id"])  # gone, while it takes its threads along
            return permissions.in_thread(self.permissions(user_id, parent)) if parent else Permission(0)
        return permissions.in_channel(base, member, channel["permission_overwrites"], guild_id=cast.GUILD)

    def require(self, user_id: str, channel: Json, needed: Permission) -> None:
        """Raises 50001 where the channel cannot be seen, 50013 where another permission is missing."""
        has = self.permissions(user_id, channel)
        if Permission.VIEW_CHANNEL not in has:
            raise missing_access()
        if needed not in has:
            raise missing_permissions()

    def may_see(self, user_id: str, channel_id: str) -> bool:
        channel = self.channels.get(channel_id)
        return channel is not None and Permission.VIEW_CHANNEL in self.permissions(user_id, channel)

    # Commands

    def commands_of(self, guild_id: str | None) -> list[Json]:
        """Those registered for the guild, or with None the global ones."""
        return [command for command in self.commands.values() if command.get("guild_id") == guild_id]

    def put_command(self, body: Json, guild_id: str | None) -> Json:
        """Register a command that passed validation; one of the same name and type keeps its id."""
        command = self._command(body, guild_id)
        self._keep_command(command)
        self.emitter.emit(CommandsChanged())
        return command

    def overwrite_commands(self, bodies: Iterable[Json], guild_id: str | None) -> list[Json]:
        made = [self._command(body, guild_id) for body in bodies]
        for command in self.commands_of(guild_id):
            self._drop_command(command["id"])
        for command in made:
            self._keep_command(command)
        self.emitter.emit(CommandsChanged())
        return made

    def delete_command(self, command_id: str) -> None:
        self._drop_command(command_id)
        self.emitter.emit(CommandsChanged())

    def _command(self, body: Json, guild_id: str | None) -> Json:
        kind = body.get("type") or CHAT_INPUT
        same = (each for each in self.commands_of(guild_id) if (each["name"], each["type"]) == (body["name"], kind))
        old = next(same, None)
        command: Json = {
            "id": old["id"] if old else self.snowflakes.make(),
            "application_id": cast.APPLICATION,
            "version": self.snowflakes.make(),
            "default_member_permissions": None,
            "dm_permission": True,
            "contexts": None,
            "integration_types": [0],
            "nsfw": False,
            "name_localizations": None,
            "description_localizations": None,
            "description": "",
            **body,
            "type": kind,
        }
        for option in command.get("options") or []:
            option.setdefault("type", 1)
        if guild_id is not None:
            command["guild_id"] = guild_id
        return command

    def _keep_command(self, command: Json) -> None:
        self.commands[command["id"]] = command
        self.storage.put("command", command["id"], command)

    def _drop_command(self, command_id: str) -> None:
        del self.commands[command_id]
        self.storage.drop("command", command_id)

    def _note_last_message(self, event: Event) -> None:
        if isinstance(event, MessageCreated) and event.message.ephemeral_for is None:
            channel = self.channels[event.message.channel_id]
            channel["last_message_id"] = event.message.id
            if channel["type"] == cast.THREAD and event.message.id != channel["id"]:
                channel["message_count"] += 1
                channel["total_message_sent"] += 1
            self.storage.put("channel", channel["id"], channel)

    def _put_channel(self, how: Any, channel: Json) -> Json:
        self.channels[channel["id"]] = channel
        self.storage.put("channel", channel["id"], channel)
        self._tell_channel(how, channel)
        return channel

    def _tell_channel(self, how: Any, channel: Json) -> None:
        is_thread = channel["type"] == cast.THREAD
        self.emitter.emit(ThreadChanged(how, channel) if is_thread else ChannelChanged(how, channel))

    def _seed(self) -> None:
        for role in cast.roles():
            self.roles[role["id"]] = role
            self.storage.put("role", role["id"], role)
        for channel in cast.channels():
            self.channels[channel["id"]] = channel
            self.storage.put("channel", channel["id"], channel)
        for member in cast.members():
            self.members[member["user"]["id"]] = member
            self.storage.put("member", member["user"]["id"], member)

    def _save_meta(self) -> None:
        self.storage.put("meta", "meta", self._meta)
