"""What members read: their words for things, and only buttons that there are."""

from __future__ import annotations

import re

import pytest

from core.text import languages
from tests.text.test_text import catalog

NOBODYS_WORD = {"en": r"\bguilds?\b", "de": r"\bgilden?\b"}
"""What Discord's documentation calls it; its users say server, which here is a game server."""


def bold(sentence: str) -> set[str]:
    return set(re.findall(r"\*\*([^*{]+?):?\*\*", sentence))


def buttons(language: str) -> dict[str, str]:
    """Labels without a value in them, by message id."""
    labels = {message: forms[0] for message, forms in catalog(language).items() if message.startswith("button.")}
    return {message: label for message, label in labels.items() if "{" not in label}


@pytest.mark.parametrize("language", languages())
def test_no_sentence_says_guild_but_in_a_commands_name(language: str) -> None:
    said = {form: re.sub(r"`/guild[^`]*`", "", form) for forms in catalog(language).values() for form in forms}
    assert [form for form, rest in said.items() if re.search(NOBODYS_WORD[language], rest, re.IGNORECASE)] == []


@pytest.mark.parametrize("language", [each for each in languages() if each != "en"])
def test_a_button_that_a_sentence_names_is_called_so(language: str) -> None:
    english, there, sentences = buttons("en"), buttons(language), catalog(language)
    wrong = []
    for message, forms in catalog("en").items():
        for label in bold(forms[0]):
            translated = {there[each] for each, known in english.items() if known == label}
            if translated and not translated & bold(sentences[message][0]):
                wrong.append((message, label, translated))
    assert wrong == []
