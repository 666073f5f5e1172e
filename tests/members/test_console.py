"""`/server console` and `/server logs`, as managers use them, by command and under **More**."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from reading import buttons, texts

from core.data.tables import ServerRow
from core.errors import ClusterError
from core.servers import console

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def message(result: Any) -> Any:
    return result.followups[-1] if result.followups else result.response


def said(result: Any) -> str:
    return (texts(message(result).components) + message(result).content).replace("**", "")


def answers(guild: Any, words: str) -> list[str]:
    """The game answers each line with this; the lines that it heard."""
    heard: list[str] = []

    def hear(_server: str, line: str) -> str:
        heard.append(line)
        return words

    guild.house.cluster.heard = hear
    return heard


async def typed(guild: Any, who: Any, line: str) -> Any:
    return await who.slash(guild.channel, "server console", server="Pond", command=line)


async def sent(guild: Any, server: str) -> list[tuple[int | None, str]]:
    return [(each.by, each.data["line"]) for each in await guild.house.events(server) if each.kind == "line_sent"]


async def more(guild: Any, button: str) -> Any:
    card = await guild.ada.slash(guild.channel, "server show", server="Pond")
    page = await guild.ada.click(message(card).message, label="More")
    return await guild.ada.click(message(page).message, label=button)


async def test_a_line_is_answered_in_a_block_to_the_one_who_sent_it(guild: Any) -> None:
    await guild.create("Pond")
    heard = answers(guild, "There are 0 of 16 here:")
    answer = await typed(guild, guild.ada, "  list ")
    assert heard == ["list"]
    assert "```\n> list\nThere are 0 of 16 here:\n```" in said(answer)
    assert answer.ephemeral
    assert list(buttons(message(answer).components)) == ["Another line", "Logs"]


async def test_who_sent_what_is_read_by_the_admins(guild: Any) -> None:
    server = await guild.create("Pond")
    answers(guild, "")
    assert "It answered nothing." in said(await typed(guild, guild.ada, "say good night"))
    assert await sent(guild, server) == [(guild.ada.id, "say good night")]
    page = await guild.cy.slash(guild.channel, "guild audit", kind="console")
    assert "Sent to the console: say good night" in said(page)
    assert f"<@{guild.ada.id}>" in said(page)


async def test_a_form_under_more_sends_a_line_and_keeps_what_was_refused(guild: Any) -> None:
    await guild.create("Pond")
    heard = answers(guild, "done")
    form = await more(guild, "Console")
    assert form.modal["title"] == "Console of Pond"
    refused = await guild.ada.submit_modal(form, {"line": "say hi\u2028stop"})
    assert "one line of ordinary characters" in said(refused)
    again = await guild.ada.click(message(refused).message, label="Open again")
    assert again.modal["components"][0]["component"]["value"] == "say hi\u2028stop"
    answer = await guild.ada.submit_modal(again, {"line": "say hi"})
    assert "> say hi\ndone" in said(answer)
    assert heard == ["say hi"]


@pytest.mark.parametrize(
    "line", ["say hi\nstop", "say hi\rstop", "say\x00hi", "say \x1b[2J", "\u202estop", "say\u0085hi", "  "]
)
async def test_what_is_no_line_of_plain_text_reaches_no_console(guild: Any, line: str) -> None:
    server = await guild.create("Pond")
    heard = answers(guild, "done")
    form = await more(guild, "Console")
    answer = await guild.ada.submit_modal(form, {"line": line})
    assert "```" not in said(answer)
    assert (heard, await sent(guild, server)) == ([], [])


async def test_a_game_that_does_not_run_and_one_without_a_console_say_so(guild: Any, monkeypatch: Any) -> None:
    server = await guild.create("Pond")
    await guild.ada.slash(guild.channel, "server pause", server="Pond")
    await guild.house.phase(server, "paused")
    assert said(await typed(guild, guild.ada, "list")).startswith("Pond is not running, so nobody listens")
    assert said(await more(guild, "Console")).startswith("Pond is not running")
    meadow = guild.house.core.catalogue.get("meadow")
    mute = meadow.model_copy(update={"console": meadow.console.model_copy(update={"kind": "none"})})
    monkeypatch.setitem(guild.house.core.catalogue._games, "meadow", mute)
    assert said(await typed(guild, guild.ada, "list")).startswith("Meadow has no console")
    card = await guild.ada.slash(guild.channel, "server show", server="Pond")
    page = await guild.ada.click(message(card).message, label="More")
    assert list(buttons(message(page).components)) == ["Edit", "Logs", "Share", "Snapshots", "Delete"]
    assert await sent(guild, server) == []


async def test_a_console_that_is_silent_refuses_or_is_away_is_told_apart(guild: Any, monkeypatch: Any) -> None:
    server = await guild.create("Pond")

    async def refuses(_server: str, _line: str) -> str:
        raise ClusterError("the game does not read its console")

    async def never(_server: str, _line: str) -> str:
        await asyncio.Event().wait()
        return ""

    guild.house.cluster.console = refuses
    assert "The console of Pond does not answer" in said(await typed(guild, guild.ada, "one"))
    monkeypatch.setattr(console, "ANSWER_WITHIN", 0)
    guild.house.cluster.console = never
    assert "Pond did not answer in time" in said(await typed(guild, guild.ada, "two"))
    assert [line for _, line in await sent(guild, server)] == ["one", "two"]


async def test_what_a_game_answers_is_only_text(guild: Any) -> None:
    await guild.create("Pond")
    answers(guild, "\x1b[31m```\n@everyone **[x](https://evil.example)** <@1>\x07\u202e\x1b]0;title\x07end")
    block = said(await typed(guild, guild.ada, "list")).partition("```")[2]
    assert block.count("```") == 1
    assert "'''" in block
    assert not any(char in block for char in "\x1b\x07\u202e")
    assert "title" not in block
    assert "[31m" not in block


async def test_an_answer_that_no_message_takes_comes_as_a_file_too(guild: Any) -> None:
    await guild.create("Pond")
    answers(guild, "\n".join(f"line {number} of help" for number in range(1000)))
    answer = await typed(guild, guild.ada, "help")
    assert "There is more than a message takes" in said(answer)
    assert "line 0 of help" in said(answer)
    assert len(said(answer)) < 4000


async def test_secrets_of_the_server_are_in_no_answer_and_in_no_audit(guild: Any) -> None:
    server = await guild.create("Pond")
    page = await guild.ada.slash(guild.channel, "server edit", server="Pond")
    form = await guild.ada.click(message(page).message, label="Players")
    await guild.ada.submit_modal(form, {"max_players": "8", "password": "open sesame"})
    await guild.ada.slash(guild.channel, "server restart", server="Pond")
    await guild.house.until(server, lambda row: row.run == 2 and row.phase == "running" and row.ready_at is not None)
    secrets = guild.house.parts.projections.secrets(await guild.house.row(server))
    assert len(secrets) == 3
    answers(guild, "\n".join(secrets))
    answer = said(await typed(guild, guild.ada, "say the word is open sesame"))
    answers(guild, "")
    await typed(guild, guild.ada, "op_password hunter2 Bo")
    for secret in secrets:
        guild.house.cluster.say(server, f"the secret is {secret}!")
    log = said(await guild.ada.slash(guild.channel, "server logs", server="Pond"))
    assert answer.partition("\n> ")[2].count("••••") == 3
    assert log.count("••••!") == 3
    assert [line for _, line in await sent(guild, server)] == ["say the word is ••••", "op_password ••••"]
    assert not any(secret in log for secret in secrets)


async def test_the_newest_lines_of_a_log_are_shown_and_all_that_were_asked_for_are_in_a_file(guild: Any) -> None:
    server = await guild.create("Pond")
    for number in range(300):
        guild.house.cluster.say(server, f"tick {number} {'and so on ' * 3}")
    few = await guild.ada.slash(guild.channel, "server logs", server="Pond", lines=2)
    assert "tick 298" in said(few)
    assert "tick 299" in said(few)
    assert "tick 297" not in said(few)
    many = await guild.ada.slash(guild.channel, "server logs", server="Pond", lines=200)
    assert "tick 299" in said(many)
    assert "all of it is in the file" in said(many)
    assert few.ephemeral


async def test_a_log_from_before_its_last_start_is_a_press_away(guild: Any) -> None:
    server = await guild.create("Pond")
    guild.house.cluster.say(server, "the old run")
    guild.house.cluster.crash(server)
    await guild.house.until(server, lambda row: row.crash_count == 1)
    guild.house.cluster.say(server, "the new run")
    log = await more(guild, "Logs")
    assert "the new run" in said(log)
    assert "the old run" not in said(log)
    before = await guild.ada.click(message(log).message, label="Before its last start")
    assert "What it wrote before its last start:" in said(before)
    assert "the old run" in said(before)


async def test_of_a_paused_server_the_last_run_is_shown_and_of_a_crashed_one_its_last_words(guild: Any) -> None:
    server = await guild.create("Pond")
    await guild.ada.slash(guild.channel, "server pause", server="Pond")
    await guild.house.phase(server, "paused")
    gone = guild.house.cluster.logs  # as on Kubernetes, where the log goes with the pod

    async def kept(*_args: Any, **_more: Any) -> str:
        return "good night"

    guild.house.cluster.logs = kept
    assert "good night" in said(await guild.ada.slash(guild.channel, "server logs", server="Pond"))
    guild.house.cluster.logs = gone
    assert "There is no log" in said(await guild.ada.slash(guild.channel, "server logs", server="Pond"))
    async with guild.house.database.begin() as session:
        (await session.get_one(ServerRow, server, with_for_update=True)).crash_log = "boom\nhalt and catch fire\n"
    log = said(await guild.ada.slash(guild.channel, "server logs", server="Pond"))
    assert "What it wrote last, before it crashed." in log
    assert "halt and catch fire" in log


async def test_a_log_that_cannot_be_read_now_is_said_so(guild: Any) -> None:
    await guild.create("Pond")

    async def gone(*_args: Any, **_more: Any) -> str:
        raise ClusterError("gone")

    guild.house.cluster.logs = gone
    answer = said(await guild.ada.slash(guild.channel, "server logs", server="Pond"))
    assert answer.startswith("The log of Pond cannot be read right now.")


async def test_members_who_only_play_see_neither(guild: Any) -> None:
    server = await guild.create("Pond")
    heard = answers(guild, "done")
    assert said(await typed(guild, guild.bo, "list")) == "Only ada (owner) or an admin can use the console of Pond."
    log = await guild.bo.slash(guild.channel, "server logs", server="Pond")
    assert said(log) == "Only ada (owner) or an admin can read the log of Pond."
    assert (heard, await sent(guild, server)) == ([], [])


async def test_german_members_read_german(guild: Any) -> None:
    await guild.create("Pond")
    answers(guild, "")
    await guild.ada.slash(guild.channel, "account edit", language="de")
    assert "Es kam keine Antwort." in said(await typed(guild, guild.ada, "list"))
    assert "Vor dem letzten Start" in buttons(
        message(await guild.ada.slash(guild.channel, "server logs", server="Pond")).components
    )
