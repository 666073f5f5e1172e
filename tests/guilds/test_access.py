"""Who may do what, as a table."""

import pytest

from core.errors import LimitReached, NotAllowed
from core.guilds.access import Actor, Do, Level, Share, level, may
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
        (Level.OWNER, list(Do), []),
        (Level.ADMIN, list(Do), []),
    ],
)
def test_levels(has: Level, yes: list[Do], no: list[Do]) -> None:
    assert all(may(do, has) for do in yes)
    assert not any(may(do, has) for do in no)


def test_quotas() -> None:
    check_create(who(ADA), Limits(), mine=1, guild=9)
    with pytest.raises(LimitReached):
        check_create(who(ADA), Limits(), mine=2, guild=2)
    with pytest.raises(LimitReached):
        check_create(who(CY, manages_guild=True), Limits(), mine=0, guild=10)
    with pytest.raises(NotAllowed):
        check_create(who(ADA), Limits(create_role=ROLE), mine=0, guild=0)
