"""Who may do what, as a table."""

from dataclasses import replace

import pytest

from core.errors import LimitReached, NotAllowed, NotFound
from core.guilds.access import (
    NEEDS,
    NEEDS_IN_GUILD,
    Actor,
    Do,
    DoInGuild,
    Level,
    Owned,
    Rights,
    Rules,
    Share,
    Who,
    judge,
    level,
    may,
    rights,
    shares_matter,
)
from core.guilds.limits import Limits, check_create

ADA, BO, CY, EVE = 1, 2, 3, 4
ROLE = 90


def who(user: int, **more: object) -> Actor:
    return Actor(user=user, guild=7, **more)  # type: ignore[arg-type]


def test_where_nothing_is_shared_everybody_is_a_player() -> None:
    assert level(who(BO), ADA) is Level.PLAYER
    assert level(who(ADA), ADA) is Level.OWNER
    assert level(who(CY, manages_guild=True), ADA) is Level.ADMIN
    assert level(who(CY, roles=frozenset({ROLE})), ADA, admin_role=ROLE) is Level.ADMIN


def test_shared_with_players_it_is_closed_to_the_rest() -> None:
    shares = [Share(BO, "member", "player"), Share(ROLE, "role", "manager")]
    assert level(who(BO), ADA, shares) is Level.PLAYER
    assert level(who(EVE), ADA, shares) is Level.NOBODY
    assert level(who(EVE, roles=frozenset({ROLE})), ADA, shares) is Level.MANAGER


def test_a_manager_does_not_close_it() -> None:
    assert level(who(EVE), ADA, [Share(BO, "member", "manager")]) is Level.PLAYER


@pytest.mark.parametrize(
    ("has", "yes", "no"),
    [
        (Level.NOBODY, [Do.SEE], [Do.RESUME, Do.KEEP, Do.JOIN]),
        (Level.PLAYER, [Do.RESUME, Do.KEEP, Do.JOIN], [Do.PAUSE, Do.RESTART, Do.EDIT, Do.DELETE]),
        (Level.MANAGER, [Do.PAUSE, Do.RESTART, Do.EDIT, Do.IDLE, Do.CONSOLE, Do.LOGS], [Do.DELETE, Do.SHARE]),
        (Level.OWNER, [do for do in Do if do is not Do.MAINTAIN], [Do.MAINTAIN]),
        (Level.ADMIN, list(Do), []),
    ],
)
def test_levels(has: Level, yes: list[Do], no: list[Do]) -> None:
    assert all(may(do, has) for do in yes)
    assert not any(may(do, has) for do in no)


def test_only_those_are_named_whom_the_server_has() -> None:
    alone = rights(who(BO), ADA, owner_name="Ada")
    assert alone == Rights(Level.PLAYER, "Ada")
    assert alone.who(Do.PAUSE) == alone.who(Do.UNDO) == Who(Level.OWNER, "Ada")
    managed = rights(who(BO), ADA, [Share(EVE, "member", "manager")], owner_name="Ada")
    assert managed.who(Do.PAUSE) == Who(Level.MANAGER, "Ada")
    assert managed.who(Do.UNDO) == managed.who(Do.JOIN) == Who(Level.OWNER, "Ada")  # managers share with nobody


def test_quotas() -> None:
    check_create(who(ADA), Limits(), mine=1, guild=9)
    with pytest.raises(LimitReached):
        check_create(who(ADA), Limits(), mine=2, guild=2)
    with pytest.raises(LimitReached):
        check_create(who(CY, manages_guild=True), Limits(), mine=0, guild=10)
    with pytest.raises(NotAllowed):
        check_create(who(ADA), Limits(create_role=ROLE), mine=0, guild=0)


SERVER = Owned(guild=7, owner=ADA, name="Pond", owner_name="Ada", shares=(Share(CY, "member", "player"),))
ADMINS = {DoInGuild.SETUP, DoInGuild.STATUS, DoInGuild.QUOTA, DoInGuild.GAMES, DoInGuild.AUDIT, DoInGuild.WEBHOOKS}


def test_every_verb_has_a_row() -> None:
    assert set(NEEDS) == set(Do)
    assert set(NEEDS_IN_GUILD) == set(DoInGuild)


@pytest.mark.parametrize("do", [*Do])
def test_no_says_who_may_or_that_there_is_no_such_server(do: Do) -> None:
    nobodys = judge(who(ADA), do, Rules(), None)
    assert (type(nobodys), str(nobodys)) == (NotFound, "server.not_found")
    for other in (replace(SERVER, guild=8), replace(SERVER, guild=8, owner=EVE)):
        assert str(judge(who(ADA), do, Rules(), other)) == str(nobodys)
        assert str(judge(who(CY, manages_guild=True), do, Rules(), other)) == str(nobodys)
    assert str(judge(who(BO, direct=True), do, Rules(), SERVER)) == str(nobodys)
    assert (judge(who(ADA, direct=True), do, Rules(), SERVER) is None) == (do is not Do.MAINTAIN)
    refused = judge(who(EVE), do, Rules(), SERVER)
    if do is Do.SEE:
        assert refused is None
    else:
        assert isinstance(refused, NotAllowed)
        least = Level.OWNER  # it has no managers
        assert refused.values == {"do": do, "name": "Pond", "who": Who(least, "Ada")}


@pytest.mark.parametrize("do", [*DoInGuild])
def test_what_is_asked_of_a_guild(do: DoInGuild) -> None:
    assert (judge(who(BO), do, Rules()) is None) == (do not in ADMINS)
    assert judge(who(CY, manages_guild=True), do, Rules(create_role=ROLE)) is None
    assert judge(who(CY, roles=frozenset({ROLE})), do, Rules(admin_role=ROLE)) is None
    refused = judge(who(BO), do, Rules(create_role=ROLE))
    assert (refused is not None) == (do in ADMINS | {DoInGuild.CREATE})
    assert judge(who(BO, roles=frozenset({ROLE})), DoInGuild.CREATE, Rules(create_role=ROLE)) is None


@pytest.mark.parametrize("do", [*Do])
@pytest.mark.parametrize("user", [ADA, BO, CY, EVE])
def test_shares_are_left_out_only_where_they_change_nothing(do: Do, user: int) -> None:
    for manages in (False, True):
        actor = who(user, manages_guild=manages)
        for shares in ((), SERVER.shares, (Share(BO, "member", "manager"),)):
            server = replace(SERVER, shares=shares)
            if not shares_matter(actor, do, Rules(), replace(server, shares=())):
                known, unknown = (judge(actor, do, Rules(), each) for each in (server, replace(server, shares=())))
                assert str(known) == str(unknown)
