"""How roles and channel overwrites combine."""

import pytest

from bot.demo.guild.errors import Json
from bot.demo.guild.permissions import ALL, Permission, in_channel, in_guild

GUILD, OWNER, ROLE, ADMINS, PERSON = "1", "2", "3", "4", "5"
VIEW, SEND = Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES
ROLES: dict[str, Json] = {
    GUILD: {"permissions": str(int(VIEW))},
    ROLE: {"permissions": str(int(SEND))},
    ADMINS: {"permissions": str(int(Permission.ADMINISTRATOR))},
}


def member(user_id: str, *roles: str) -> Json:
    return {"user": {"id": user_id}, "roles": list(roles)}


def overwrite(about: str, *, allow: int = 0, deny: int = 0) -> Json:
    return {"id": about, "allow": str(int(allow)), "deny": str(int(deny))}


@pytest.mark.parametrize(
    ("who", "has"),
    [
        (member(PERSON), VIEW),
        (member(PERSON, ROLE), VIEW | SEND),
        (member(PERSON, ADMINS), ALL),
        (member(OWNER), ALL),
    ],
)
def test_roles_add_up(who: Json, has: Permission) -> None:
    assert in_guild(who, ROLES, guild_id=GUILD, owner_id=OWNER) == has


@pytest.mark.parametrize(
    ("overwrites", "has"),
    [
        ([], VIEW | SEND),
        ([overwrite(GUILD, deny=SEND)], VIEW),
        ([overwrite(GUILD, deny=SEND), overwrite(ROLE, allow=SEND)], VIEW | SEND),
        ([overwrite(ROLE, allow=SEND), overwrite(PERSON, deny=SEND)], VIEW),
        ([overwrite(GUILD, deny=VIEW)], Permission(0)),
    ],
)
def test_overwrites_apply_from_everyone_to_the_member(overwrites: list[Json], has: Permission) -> None:
    assert in_channel(VIEW | SEND, member(PERSON, ROLE), overwrites, guild_id=GUILD) == has


def test_overwrites_do_not_bind_administrators() -> None:
    assert in_channel(ALL, member(OWNER), [overwrite(GUILD, deny=VIEW)], guild_id=GUILD) == ALL
