"""Descriptions of commands and options in the member's language: English in the command, the rest by translation."""

from __future__ import annotations

import discord
from discord.app_commands import TranslationContextTypes, Translator, locale_str

from core.text import DEFAULT, choose, say


def text(message: str) -> locale_str:
    """A description by its message id."""
    return locale_str(say(DEFAULT, message), message=message)


class Speech(Translator):
    """discord.py asks it for every locale of Discord when commands are synced; None leaves the English."""

    async def translate(
        self, string: locale_str, locale: discord.Locale, context: TranslationContextTypes
    ) -> str | None:
        message, language = string.extras.get("message"), choose(locale.value)
        return None if message is None or language == DEFAULT else say(language, message)
