"""The one table of rights, tried on the faces: every command, button and form, as every kind of person.

What `judge` says (tests/guilds/test_access.py has its table) is what a member is told, and nothing else happens; a
server of another guild is answered as one that does not exist.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import pytest_asyncio
from hostile import OTHERS
from wire import ADA, BO, CY, NEIGHBOURS, Said, Wire, wired

from bot.demo.guild import cast, components
from bot.demo.guild.interactions import COMPONENT
from cogs import buttons, forms, games, rights, setup, share_page, size_select
from cogs.replies import in_words
from core.data.database import insert_missing
from core.data.tables import GuildRow, MemberRow, ShareRow
from core.guilds.access import Actor, Do, DoInGuild, Owned, Rules, Share, Verb, judge

NOBODYS = "abcdefghijkl"
SHARES = {
    "Pond": (),
    "Open": (Share(int(BO), "member", "player"),),
    "Shut": (Share(int(CY), "member", "player"),),
    "Kept": (Share(int(BO), "member", "manager"),),
    "Role": (Share(int(cast.PLAYERS), "role", "manager"),),
}
"""Ada's servers, and with whom each is shared."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, and the server that they ask for."""

    id: str
    server: str = "Pond"
    roles: frozenset[int] = frozenset()
    manages_guild: bool = False
    operator: bool = False
    direct: bool = False

    def actor(self) -> Actor:
        return Actor(int(self.id), int(cast.GUILD), "", self.roles, self.manages_guild, self.direct)


_KEEPER = frozenset({int(cast.KEEPERS)})
_PLAYERS = frozenset({int(cast.PLAYERS)})
PEOPLE = {
    "member": Person(BO, roles=_PLAYERS),
    "player": Person(BO, "Open", roles=_PLAYERS),
    "left out": Person(BO, "Shut", roles=_PLAYERS),
    "manager": Person(BO, "Kept", roles=_PLAYERS),
    "manager by role": Person(BO, "Role", roles=_PLAYERS),
    "owner": Person(ADA),
    "admin": Person(CY, roles=_KEEPER, manages_guild=True),
    "operator": Person(BO, roles=_PLAYERS, operator=True),
    "stranger": Person(BO, direct=True),
    "owner from afar": Person(ADA, direct=True),
}


@dataclass(slots=True)
class Oak:
    wire: Wire
    servers: dict[str, str] = field(default_factory=dict)
    theirs: str = ""

    def judged(self, person: Person, do: Verb) -> str:
        server = Owned(int(cast.GUILD), int(ADA), person.server, "Ada", SHARES[person.server])
        refused = judge(person.actor(), do, Rules(), server)
        return "" if refused is None else in_words(refused, "en") or ""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oak(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Oak]:
    async with wired(Path(tmp_path_factory.mktemp("oak"))) as wire:
        await wire.allow(200)
        oak = Oak(wire)
        for name, shares in SHARES.items():
            oak.servers[name] = await wire.create(name)
            async with wire.database.begin() as session:
                session.add_all(
                    ShareRow(server=oak.servers[name], target=each.target, kind=each.kind, role=each.role)
                    for each in shares
                )
        oak.theirs = await wire.create("Lake", ADA, NEIGHBOURS)
        yield oak


async def ask(wire: Wire, person: Person, face: str, server: str) -> Said:
    """`face`: `command server resume`, `press keep`, `modal delete`."""
    wire.core.operations.operators = frozenset({int(person.id)} if person.operator else ())
    kind, _, name = face.partition(" ")
    if kind == "command":
        options = dict(OTHERS.get(name, {}))
        if isinstance(rights.COMMANDS[name], Do):
            options["server"] = server
        if name == "server idle":
            return await wire.command(person.id, name, **options, minutes=15)
        return await wire.command(person.id, name, **options)
    if kind == "press":
        where = f":{cast.GUILD}" if person.direct else ":about" if name == "change" else ""
        said = await wire.press(person.id, f"dm:{name}:{server}{where}", direct=person.direct)
        if name == "account_forget":  # the other refusals name whom it forgot
            async with wire.database.begin() as session:
                await insert_missing(session, MemberRow(guild=int(cast.GUILD), user=int(ADA), name="Ada"))
        return said
    group = ":about" if name == "change" else ""
    return await wire.submit(person.id, f"dm:{name}_form:{server}{group}", {"name": "Another"} if not group else {})


FACES = {
    **{f"command {name}": do for name, do in rights.COMMANDS.items()},
    **{f"press {name}": do for name, do in rights.BUTTONS.items()},
    **{f"modal {name}": do for name, do in rights.MODALS.items()},
}
CASES = [
    (face, who)
    for face in FACES
    for who, person in PEOPLE.items()
    # Commands and modals come from a guild only; what a page of a guild opens says where it stands.
    if not person.direct or (face.startswith("press") and FACES[face] not in (DoInGuild.LIST, DoInGuild.LIST_DELETED))
]
NOT_OF_RIGHTS = {"press change", "press unfollow"}
"""A button whose custom id names no guild: in direct messages it is of no guild at all. And one that ends what is the
presser's own, whatever rights they have."""


def test_every_command_button_modal_and_select_has_a_row(oak: Oak) -> None:
    assert oak.wire.client is not None
    commands = {each.qualified_name for each in oak.wire.client.tree.walk_commands() if not hasattr(each, "commands")}
    assert commands == set(rights.COMMANDS)
    assert set(buttons.VERBS) == set(rights.BUTTONS)
    assert set(forms.MODAL.pattern.partition("<verb>")[2].partition(")")[0].split("|")) == set(rights.MODALS)
    assert {each.TEMPLATE.partition(":")[0] for each in (setup, games, share_page, size_select)} == set(rights.SELECTS)


@pytest.mark.parametrize(("face", "who"), CASES, ids=[f"{face}-{who}" for face, who in CASES])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_face_answers_as_the_table_says(oak: Oak, face: str, who: str) -> None:
    person, do = PEOPLE[who], FACES[face]
    said = await ask(oak.wire, person, face, oak.servers[person.server])
    assert said.kind in ("message", "modal", "update")
    refusal = oak.judged(person, do)
    if face in NOT_OF_RIGHTS and person.direct:
        assert said.kind in ("message", "modal")
    elif refusal:
        assert said.text == refusal
    else:
        others = {oak.judged(PEOPLE["left out"], each).replace("Shut", person.server) for each in (*Do, *DoInGuild)}
        assert said.text not in others - {""}


@pytest.mark.parametrize("face", [face for face, do in FACES.items() if isinstance(do, Do)])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_server_of_another_guild_is_as_one_that_does_not_exist(oak: Oak, face: str) -> None:
    for person in PEOPLE.values():
        if person.direct:
            continue
        nobodys = comparable(await ask(oak.wire, person, face, NOBODYS))
        assert nobodys.text == "There is no such server here."
        assert comparable(await ask(oak.wire, person, face, oak.theirs)) == nobodys
        if face.startswith("command"):
            assert comparable(await ask(oak.wire, person, face, "Lake")) == nobodys


@pytest.mark.parametrize("select", ["language", "admin_role"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_select_of_the_rules_is_for_admins(oak: Oak, select: str) -> None:
    [page] = (await oak.wire.command(CY, "guild setup")).shown
    found = components.find(page.data["components"], f"dm-setup:{select}")
    assert found is not None
    data = {"custom_id": found["custom_id"], "component_type": found["type"], "values": []}
    for who in ("member", "owner", "operator"):
        person = PEOPLE[who]
        said = await oak.wire.send(person.id, COMPONENT, data, source=page)
        assert said.text.endswith(oak.judged(person, DoInGuild.SETUP))


@pytest.mark.parametrize("role", ["player", "manager"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_select_of_sharing_is_for_owners(oak: Oak, role: str) -> None:
    for person in (each for each in PEOPLE.values() if not each.direct):
        server = oak.servers[person.server]
        data = {"custom_id": f"dm-share:{role}:{server}", "component_type": components.MENTIONABLE_SELECT, "values": []}
        page = oak.wire.post([{"type": data["component_type"], "custom_id": data["custom_id"], "min_values": 0}])
        said = await oak.wire.send(person.id, COMPONENT, data | {"resolved": {}}, source=page)
        if refusal := oak.judged(person, Do.SHARE):
            assert said.text.endswith(refusal)
        else:
            assert "Everybody here may resume it" in said.text


@pytest.mark.asyncio(loop_scope="module")
async def test_a_select_of_a_size_is_for_managers(oak: Oak) -> None:
    option = {"label": "small", "value": "small"}
    for person in (each for each in PEOPLE.values() if not each.direct):
        server = oak.servers[person.server]
        data = {"custom_id": f"dm-size:{server}", "component_type": components.STRING_SELECT, "values": ["small"]}
        page = oak.wire.post([{"type": data["component_type"], "custom_id": data["custom_id"], "options": [option]}])
        said = await oak.wire.send(person.id, COMPONENT, data, source=page)
        if refusal := oak.judged(person, Do.EDIT):
            assert said.text.endswith(refusal)
        else:
            assert "small, 96 MiB of memory" in said.text


@pytest.mark.asyncio(loop_scope="module")
async def test_who_may_create_is_asked_of_the_guilds_rules(oak: Oak) -> None:
    rules = Rules(create_role=int(cast.KEEPERS))
    async with oak.wire.database.begin() as session:
        row = await session.get_one(GuildRow, int(cast.GUILD))
        row.create_role = rules.create_role
        session.add(row)
    try:
        for who in ("member", "owner", "admin", "operator"):
            person = PEOPLE[who]
            said = await ask(oak.wire, person, "command server create", "")
            refused = judge(person.actor(), DoInGuild.CREATE, rules)
            assert (said.text == in_words(refused, "en")) if refused else ("<@&" not in said.text)
    finally:
        async with oak.wire.database.begin() as session:
            row = await session.get_one(GuildRow, int(cast.GUILD))
            row.create_role = None
            session.add(row)


def comparable(said: Said) -> Said:
    """Without the messages' own ids."""
    return replace(said, shown=())
