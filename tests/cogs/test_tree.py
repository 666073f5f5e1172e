"""The commands as Discord gets them, and what a member is answered when something does not work."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import discord
import pytest
from discord import app_commands
from discord.ext import commands
from samples import CATALOGUE, GUILD, ID, view

from bot.demo.guild.commands import check_all
from cogs import add_all
from cogs.buttons import TEMPLATE, Press
from cogs.doctor import lacking
from cogs.drafts import Drafts
from cogs.faces import Faces
from cogs.modals import fields
from cogs.places import KINDS
from cogs.replies import How, Replies, actor_of
from core.errors import BadInput, NotAllowed, NotFound, Refusal
from core.guilds.access import Level, Who

COMMANDS: dict[str, list[str]] = {
    "server create": ["game*", "name*", "size", "description"],
    "server list": ["whose"],
    "server show": ["server*"],
    "server resume": ["server*"],
    "server pause": ["server*"],
    "server restart": ["server*"],
    "server keep": ["server*", "hours"],
    "server idle": ["server*", "minutes", "warn", "voice", "vote"],
    "server schedule": ["server*"],
    "server share": ["server*", "with*", "as*"],
    "server transfer": ["server*", "to*"],
    "server follow": ["server*"],
    "server edit": ["server*"],
    "server console": ["server*", "command*"],
    "server logs": ["server*", "lines"],
    "server clone": ["server*", "name*", "snapshot"],
    "server delete": ["server*"],
    "world snapshots": ["server*"],
    "world snapshot": ["server*", "note"],
    "world restore": ["server*", "snapshot*"],
    "world download": ["server*", "snapshot"],
    "world import": ["server*", "file", "url", "into"],
    "world archive": ["server*"],
    "guild setup": [
        *("server_channel", "notice_channel", "admin_role", "create_role"),
        *("language", "time_zone", "names"),
    ],
    "guild status": [],
    "guild quota": ["for", "per_member", "servers", "memory", "world", "storage", "retention"],
    "guild games": ["game", "offered"],
    "guild audit": ["member", "server", "kind", "days"],
    "account show": [],
    "account edit": ["time_zone", "language"],
    "account link": [],
    "account unlink": [],
    "account token": ["action*", "name", "scopes", "days"],
    "account forget": [],
    "activity server": ["server*", "days"],
    "activity guild": ["days"],
    "help": ["topic"],
}


def faces(**more: Any) -> Faces:
    return Faces(
        **{"servers": None, "guilds": None, "quotas": None, "games": Mock(), "replies": Replies()}
        | {
            "catalogue": CATALOGUE,
            "cards": Mock(),
            "worlds": Mock(),
            "accounts": Mock(),
            "own": Mock(),
            "activity": Mock(),
            **more,
        }
    )


@pytest.fixture
async def bot() -> AsyncIterator[commands.Bot]:
    made = commands.Bot(command_prefix=commands.when_mentioned, intents=discord.Intents.none(), help_command=None)
    await add_all(made, faces())
    yield made
    await made.close()


def found(bot: commands.Bot) -> dict[str, app_commands.Command[Any, ..., Any]]:
    every = bot.tree.walk_commands()
    return {each.qualified_name: each for each in every if isinstance(each, app_commands.Command)}


async def payload(bot: commands.Bot) -> list[dict[str, Any]]:
    translator = bot.tree.translator
    assert translator is not None
    return [await each.get_translated_payload(bot.tree, translator) for each in bot.tree.get_commands()]


async def test_commands_and_options_are_those_that_were_promised(bot: commands.Bot) -> None:
    made = {
        name: [str(option.display_name) + "*" * option.required for option in command.parameters]
        for name, command in found(bot).items()
    }
    assert made == COMMANDS


async def test_discord_takes_the_commands(bot: commands.Bot) -> None:
    assert list(check_all(await payload(bot))) == []


async def test_every_option_that_names_a_server_completes(bot: commands.Bot) -> None:
    options = [option for command in found(bot).values() for option in command.parameters if option.name == "server"]
    assert len(options) == 23
    assert all(option.autocomplete for option in options)


async def test_every_description_is_german_too(bot: commands.Bot) -> None:
    def untranslated(part: dict[str, Any]) -> list[str]:
        inner = [name for option in part.get("options", []) for name in untranslated(option)]
        return inner + [part["name"]] * ("de" not in part.get("description_localizations", {}))

    assert [name for command in await payload(bot) for name in untranslated(command)] == []


async def test_choices_and_ranges_are_those_that_were_promised(bot: commands.Bot) -> None:
    def option(command: str, name: str) -> app_commands.Parameter:
        return next(each for each in found(bot)[command].parameters if each.name == name)

    def values(command: str, name: str) -> list[Any]:
        return [choice.value for choice in option(command, name).choices]

    assert values("server create", "size") == ["small", "medium", "large"]
    assert values("server list", "whose") == ["mine", "guild"]
    assert values("help", "topic") == ["start", "idle", "worlds", "rights", "admin"]
    for name in ("server_channel", "notice_channel"):
        assert set(option("guild setup", name).channel_types) == set(KINDS)
    hours, minutes = option("server keep", "hours"), option("server idle", "minutes")
    assert (hours.min_value, hours.max_value, hours.default) == (1, 24, 1)
    assert (minutes.min_value, minutes.max_value) == (0, 1440)


async def test_guild_commands_are_offered_to_those_who_manage_it(bot: commands.Bot) -> None:
    group = bot.tree.get_command("guild")
    assert isinstance(group, app_commands.Group)
    assert group.default_permissions == discord.Permissions(manage_guild=True)


# what a member is answered


class Asked:
    """An interaction, as far as replies look at it; `said` is what the member got."""

    def __init__(
        self, *, guild: int | None = GUILD, locale: str = "en-US", refuses: discord.HTTPException | None = None
    ):
        self.id = 1
        self.said: list[str] = []
        self.acknowledged: list[dict[str, Any]] = []
        self.type = discord.InteractionType.application_command
        self.locale = discord.Locale(locale)
        self.extras: dict[Any, Any] = {}
        self.guild_id, self.guild = guild, None
        self.permissions = discord.Permissions.none()
        self.user = SimpleNamespace(id=11, display_name="Ada", roles=[])
        self.command = None
        self.response = SimpleNamespace(
            defer=self._defer,
            is_done=lambda: bool(self.acknowledged),
            send_message=self._say,
            autocomplete=self._complete,
            type=None,
        )
        self._refuses = refuses

    async def _defer(self, **how: Any) -> None:
        if self._refuses is not None:
            raise self._refuses
        self.acknowledged.append(how)

    async def _complete(self, choices: list[Any]) -> None:
        if self._refuses is not None:
            raise self._refuses
        self.said.append(f"{len(choices)} choices")

    async def _say(self, *, view: discord.ui.LayoutView, ephemeral: bool = True) -> None:
        assert ephemeral
        self.said.append(
            "\n".join(each.content for each in view.walk_children() if isinstance(each, discord.ui.TextDisplay))
        )

    async def edit_original_response(self, *, view: discord.ui.LayoutView) -> None:
        await self._say(view=view)


async def answered(handler: Any, asked: Asked | None = None, how: How = How.NEW) -> Asked:
    asked = asked or Asked()
    await Replies().answer(cast(Any, asked), handler, how=how)
    return asked


def failing(wrong: Exception) -> Any:
    async def handler() -> str:
        raise wrong

    return handler


async def test_a_command_is_acknowledged_privately_and_then_answered() -> None:
    async def handler() -> str:
        return "done"

    asked = await answered(handler)
    assert asked.acknowledged == [{"ephemeral": True, "thinking": True}]
    assert asked.said == ["done"]


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (NotFound("server.not_found"), "There is no such server here."),
        (
            NotAllowed("server.not_allowed", do="delete", name="Pond", who=Who(Level.OWNER, "Ada")),
            "Only Ada (owner) or an admin can delete Pond.",
        ),
        (
            NotAllowed("server.not_allowed", do="pause", name="Pond", who=Who(Level.MANAGER, "")),
            "Only whoever made it (owner), a manager or an admin can pause Pond.",
        ),
        (
            NotAllowed("server.not_allowed", do="join", name="Pond", who=Who(Level.OWNER, "Ada")),
            "Pond is shared with certain players only. Ask Ada (owner) or an admin.",
        ),
        (BadInput("name.taken", name="*x*"), "There is a server called \\*x\\* here already. Choose another name."),
    ],
)
async def test_a_refusal_says_why_and_who_can(refusal: Refusal, sentence: str) -> None:
    assert (await answered(failing(refusal))).said == [sentence]


async def test_a_refusal_speaks_the_members_language() -> None:
    asked = await answered(failing(NotFound("server.not_found")), Asked(locale="de"))
    assert asked.said == ["So einen Server gibt es hier nicht."]


async def test_a_bug_is_ours_and_noted_under_the_code_that_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    (said,) = (await answered(failing(KeyError("secret detail")))).said
    assert "That was our fault" in said
    assert "secret" not in said
    code = said.split("noted as ")[1][:4]
    assert code in capsys.readouterr().out


async def test_an_interaction_that_expired_is_nobodys_to_answer() -> None:
    gone = discord.NotFound(cast(Any, SimpleNamespace(status=404, reason="")), {"code": 10062, "message": ""})
    assert (await answered(failing(KeyError()), Asked(refuses=gone))).said == []


async def test_a_command_that_changed_meanwhile_says_so() -> None:
    asked = Asked()
    await Replies().sorry(cast(Any, asked), app_commands.CommandNotFound("old", []))
    assert "has just changed" in asked.said[0]


async def test_an_autocomplete_that_fails_has_no_choices() -> None:
    asked = Asked()
    assert await Replies().suggest(cast(Any, asked), failing(KeyError())) == []
    assert asked.said == ["0 choices"]


async def test_choices_that_come_too_late_are_nobodys_fault(capsys: pytest.CaptureFixture[str]) -> None:
    async def handler() -> list[Any]:
        return []

    late = discord.NotFound(cast(Any, SimpleNamespace(status=404, reason="")), {"code": 10062, "message": ""})
    await Replies().suggest(cast(Any, Asked(refuses=late)), handler)
    assert "choices not shown" in capsys.readouterr().out


async def test_drain_waits_for_who_is_still_being_answered() -> None:
    replies, go, asked = Replies(), asyncio.Event(), Asked()

    async def handler() -> str:
        await go.wait()
        return "done"

    task = asyncio.create_task(replies.answer(cast(Any, asked), handler))
    while not asked.acknowledged:
        await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(go.set)
    await replies.drain(5)
    assert asked.said == ["done"]
    await task


async def test_in_direct_messages_a_button_says_which_guild_and_in_a_guild_discord_does() -> None:
    assert actor_of(cast(Any, Asked(guild=None)), guild=7).guild == 7
    assert actor_of(cast(Any, Asked(guild=GUILD)), guild=7).guild == GUILD


# buttons


async def press(custom_id: str, house: Faces, asked: Asked) -> None:
    button: discord.ui.Button[Any] = discord.ui.Button(custom_id=custom_id)
    match = re.fullmatch(TEMPLATE, custom_id)
    assert match is not None
    asked.client = SimpleNamespace(faces=house)  # type: ignore[attr-defined]
    await (await Press.from_custom_id(cast(Any, asked), button, match)).callback(cast(Any, asked))


async def test_a_notices_button_works_in_the_owners_direct_messages() -> None:
    asked, kept = Asked(guild=None), []

    async def keep(actor: Any, server: str) -> Any:
        kept.append((actor.guild, actor.user, server))
        return view()

    await press(f"dm:keep:{ID}:{GUILD}", faces(servers=SimpleNamespace(power=SimpleNamespace(keep=keep))), asked)
    assert kept == [(GUILD, 11, ID)]
    assert "stays awake" in asked.said[0]


async def test_a_vote_is_given_by_a_button() -> None:
    asked, voted = Asked(), []

    async def vote(actor: Any, server: str) -> Any:
        voted.append((actor.user, server))
        return view()

    await press(f"dm:vote:{ID}:{GUILD}", faces(servers=SimpleNamespace(power=SimpleNamespace(vote=vote))), asked)
    assert voted == [(11, ID)]
    assert "stays open" in asked.said[0]


@pytest.mark.parametrize("custom_id", ["dm:dance", f"dm:dance:{ID}", f"dm:dance:{ID}:more"])
async def test_a_button_of_an_older_version_gets_a_kind_word(custom_id: str) -> None:
    asked = Asked()
    await press(custom_id, faces(), asked)
    assert "nothing waits for it any more" in asked.said[0]


# forms


async def test_what_was_typed_and_chosen_is_read_by_custom_id() -> None:
    typed = fields(
        [
            {"type": 18, "component": {"type": 4, "custom_id": "name", "value": "Pond"}},
            {"type": 18, "component": {"type": 3, "custom_id": "season", "values": ["winter"]}},
            {"type": 1, "components": [{"type": 4, "custom_id": "old", "value": ""}]},
        ]
    )
    assert typed == {"name": "Pond", "season": "winter", "old": ""}


async def test_a_draft_is_given_back_once() -> None:
    drafts = Drafts()
    drafts.keep(11, ID, "about", {"name": "x"})
    assert drafts.take(11, ID, "about") == {"name": "x"}
    assert drafts.take(11, ID, "about") == {}


async def test_a_permission_that_is_missing_is_named_with_its_channel() -> None:
    may = discord.Permissions(view_channel=True, read_message_history=True)
    assert "In <#5> I lack: Send Messages." in lacking(may, 5, "en")[0]
    assert lacking(discord.Permissions.all(), 5, "en") == []


async def test_a_wrong_form_says_why_and_can_be_opened_again() -> None:
    class Refusing:
        async def get(self, actor: Any, server: str) -> Any:
            return view()

        async def edit(self, actor: Any, server: str, changes: Any, *, shown: Any) -> Any:
            raise BadInput("edit.number", setting="Most players at once", low=1, high=100)

    from cogs.modals import ModalCog

    house, asked = faces(servers=SimpleNamespace(lookup=Refusing(), editing=Refusing())), Asked()
    asked.type = discord.InteractionType.modal_submit
    typed = [{"type": 18, "component": {"custom_id": "max_players", "value": "many"}}]
    asked.data = {"custom_id": f"dm:change_form:{ID}:g1_0", "components": typed}  # type: ignore[attr-defined]
    await ModalCog(house).on_interaction(cast(Any, asked))
    assert asked.said == ["Most players at once takes a whole number from 1 to 100."]
    assert house.drafts.take(11, ID, "g1_0") == {"max_players": "many"}


@pytest.mark.parametrize("kind", [discord.InteractionType.modal_submit, discord.InteractionType.component])
async def test_what_nothing_answers_to_any_more_gets_a_kind_word(kind: discord.InteractionType) -> None:
    from cogs.modals import ModalCog

    asked = Asked()
    asked.type = kind
    asked.data = {"custom_id": "from-last-year", "components": []}  # type: ignore[attr-defined]
    await ModalCog(faces()).on_interaction(cast(Any, asked))
    assert "nothing waits for it any more" in asked.said[0]
