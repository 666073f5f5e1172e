"""Every message id that the code names has a sentence in every language, with the same values in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import core.text
from cogs.cards import STYLES
from core.guilds.access import Do
from core.servers.audit import KINDS as KINDS_OF_AUDIT
from core.text import LOCALES, choose, count, duration, languages, name_of, say, size
from core.words import Alarm, Phase, Problem, Step

ROOT = Path(core.text.__file__).parents[2]
LITERAL = re.compile(r"""["']([a-z]+(?:\.[a-z_]+)+)["']""")
FORMED = re.compile(r"""["']([a-z]+\.[a-z_.]*)(?:\{|["'] \+)""")
WORDS = {"bug", "old", "try_again"}
NOT_MESSAGES = {"port.", "setting.", "catalogue.", "memory.heap"}
"""Placeholders of the catalogue."""


def catalog(language: str) -> dict[str, tuple[str, ...]]:
    """Sentences by message id, each in all its plural forms."""
    with (LOCALES / f"{language}.po").open("rb") as file:
        found = read_po(file, locale=language)
    sentences: dict[str, tuple[str, ...]] = {}
    for each in found:
        message = each.id if isinstance(each.id, str) else each.id[0]
        if message:
            sentences[message] = (each.string,) if isinstance(each.string, str) else tuple(each.string or ())
    return sentences


def sources() -> str:
    files = [file for part in ("core", "cogs", "bot/web") for file in sorted((ROOT / part).rglob("*.py"))]
    files += sorted((ROOT / "bot" / "web").rglob("*.html"))
    return "\n".join(file.read_text("utf-8") for file in files)


KINDS = {message.partition(".")[0] for message in catalog("en")}


def test_there_is_english_and_german() -> None:
    assert languages() == ("en", "de")


def test_every_message_that_the_code_names_has_a_sentence() -> None:
    found = {each for each in LITERAL.findall(sources()) if each.partition(".")[0] in KINDS}
    named = {each for each in found if not each.endswith((".html", ".js"))} - NOT_MESSAGES
    assert len(named) > 100
    assert sorted(named - catalog("en").keys()) == []


def test_every_sentence_is_said_somewhere() -> None:
    code = sources()
    named, formed = set(LITERAL.findall(code)) | WORDS, tuple(FORMED.findall(code))
    by_doer = {f"{message}_by" for message in named}
    unsaid = [message for message in catalog("en") if message not in named | by_doer and not message.startswith(formed)]
    assert unsaid == []


@pytest.mark.parametrize("message", [f"phase.{each}" for each in Phase] + [f"card.{each}" for each in Phase])
def test_every_phase_has_words(message: str) -> None:
    assert message in catalog("en")


@pytest.mark.parametrize(
    "message",
    [
        *(f"step.{each}" for each in Step),
        *(f"problem.{each}" for each in Problem),
        *(f"do.{each}" for each in Do),
        *(f"button.{each}" for each in STYLES),
        *(f"size.{each}" for each in ("small", "medium", "large")),
        *(f"help.{each}" for each in ("start", "idle", "worlds", "rights", "admin")),
        *(f"page.audit.of.{each}" for each in KINDS_OF_AUDIT),
        *(f"alarm.{each}" for each in Alarm),
        *(f"because.{each}" for each in ("budget", "schedule", "operator", "guild_gone")),
    ],
)
def test_every_word_of_the_vocabulary_has_words(message: str) -> None:
    assert message in catalog("en")


def test_german_says_all_that_english_says_with_the_same_values() -> None:
    english, german = catalog("en"), catalog("de")
    assert english.keys() == german.keys()
    for message, forms in english.items():
        assert {each for form in forms for each in re.findall(r"\{(\w+)\}", form)} == {
            each for form in german[message] for each in re.findall(r"\{(\w+)\}", form)
        }, message
        assert all(forms), message
        assert all(german[message]), message


def test_a_language_is_named_in_the_readers_own() -> None:
    assert [name_of(each, "en") for each in languages()] == ["English", "German"]
    assert [name_of(each, "de-AT") for each in languages()] == ["Englisch", "Deutsch"]


def test_an_unknown_language_is_english_and_a_region_is_its_language() -> None:
    assert [choose(wanted) for wanted in ("fr", "de-AT", "en-GB", None)] == ["en", "de", "en", "en"]


def test_an_unknown_message_is_shown_rather_than_lost() -> None:
    assert say("de", "no.such.message") == "no.such.message"


def test_a_value_that_is_missing_leaves_its_place() -> None:
    assert say("en", "bug") == "That was our fault, and it is noted as {code}. Nothing was changed."


def test_values_are_never_read_as_templates() -> None:
    assert say("en", "name.taken", name="{shortest}").startswith("There is a server called {shortest} here")


@pytest.mark.parametrize(("n", "words"), [(1, "1 server"), (2, "2 servers"), (0, "0 servers")])
def test_plurals(n: int, words: str) -> None:
    assert count("en", "list.title", n) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "5 s"),
        (59.7, "1 min"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (300, "5 min"),
        (3599, "1 h"),
        (5400, "1 h 30 min"),
        (86400, "24 h"),
        (3 * 86400, "3 days"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration("en", seconds) == words


@pytest.mark.parametrize(
    ("amount", "english", "german"),
    [
        (0, "0 B", "0 B"),
        (2048, "2 KiB", "2 KiB"),
        (1_288_490_189, "1.2 GiB", "1,2 GiB"),
        (5 * 2**40, "5.0 TiB", "5,0 TiB"),
    ],
)
def test_sizes(amount: int, english: str, german: str) -> None:
    assert (size("en", amount), size("de", amount)) == (english, german)
