"""`/server share`, as owners use it."""

from __future__ import annotations

from typing import Any

import pytest
from reading import texts

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def message(result: Any) -> Any:
    return result.followups[-1] if result.followups else result.response


def said(result: Any) -> str:
    return (texts(message(result).components) + message(result).content).replace("**", "")


async def test_an_owner_reads_with_whom_it_is_shared_now_and_what_the_others_may(guild: Any) -> None:
    await guild.create("Pond")
    shared = {"server": "Pond", "as": "manager", "with": guild.bo}
    answer = await guild.ada.slash(guild.channel, "server share", **shared)
    assert f"Managers, who also pause, restart and change it, and look after its worlds: <@{guild.bo.id}>" in said(
        answer
    )
    assert "Everybody here may resume it" in said(answer)
    await guild.bo.slash(guild.channel, "server pause", server="Pond")
    role = guild.channel.guild.create_role("Players")
    answer = await guild.ada.slash(guild.channel, "server share", **{"server": "Pond", "as": "player", "with": role})
    assert f"Players, who resume it, keep it awake and join: <@&{role.id}>" in said(answer)
    assert "Besides them, only its owner and admins may use it." in said(answer)
    answer = await guild.ada.slash(guild.channel, "server share", **(shared | {"as": "nobody"}))
    assert f"<@{guild.bo.id}>" not in said(answer)
    answer = await guild.bo.slash(guild.channel, "server resume", server="Pond")
    assert said(answer) == "Pond is shared with certain players only. Ask ada (owner) or an admin."


async def test_what_was_so_already_is_said_to_be(guild: Any) -> None:
    await guild.create("Pond")
    for words in ("Done.", "That was so already."):
        answer = await guild.ada.slash(
            guild.channel, "server share", **{"server": "Pond", "as": "player", "with": guild.bo}
        )
        assert said(answer).startswith(words)


async def test_the_page_behind_more_sets_who_manages_it_and_who_plays(guild: Any) -> None:
    await guild.create("Pond")
    role = guild.channel.guild.create_role("Players")
    page = await share_page(guild)
    page = await choose(guild, page, "manager", guild.bo)
    assert f"<@{guild.bo.id}>" in await shared(guild)
    page = await choose(guild, page, "player", role)
    assert "Besides them, only its owner and admins may use it." in said(page)
    assert f"<@&{role.id}>" in await shared(guild)
    page = await choose(guild, page, "player", guild.bo)
    assert f"<@&{role.id}>" not in await shared(guild)
    page = await choose(guild, page, "player")
    assert "Everybody here may resume it" in said(page)


async def share_page(guild: Any) -> Any:
    more = await guild.ada.slash(guild.channel, "server show", server="Pond")
    more = await guild.ada.click(message(more), label="More")
    return await guild.ada.click(message(more), label="Share")


async def choose(guild: Any, page: Any, role: str, *whom: Any) -> Any:
    server = (await guild.house.servers.lookup.get(guild.admin, "Pond")).id
    return await guild.ada.select(message(page).message, whom, custom_id=f"dm-share:{role}:{server}")


async def shared(guild: Any) -> str:
    answer = await guild.ada.slash(
        guild.channel, "server share", **{"server": "Pond", "as": "nobody", "with": guild.cy}
    )
    return said(answer)
