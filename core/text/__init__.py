"""The sentences, by language. Code names message ids; `locales/*.po` have the words.

Values are put in as they are: whoever shows a sentence escapes what people typed, before it gets here.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).with_name("locales")
DEFAULT = "en"


@cache
def languages() -> tuple[str, ...]:
    """Languages that have a file, English first."""
    found = sorted(file.stem for file in LOCALES.glob("*.po"))
    return (DEFAULT, *(language for language in found if language != DEFAULT))


@cache
def _translations(language: str) -> gettext.GNUTranslations:
    with (LOCALES / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    translations = gettext.GNUTranslations(compiled)
    if language != DEFAULT:
        translations.add_fallback(_translations(DEFAULT))
    return translations


def choose(wanted: str | None) -> str:
    """The nearest language there is for a locale such as `de` or `en-GB`."""
    short = (wanted or DEFAULT).replace("_", "-").split("-")[0].lower()
    return short if short in languages() else DEFAULT


def say(language: str | None, message: str, /, **values: Any) -> str:
    """The sentence for a message id. An unknown id is shown as it is, so that nothing is lost."""
    return _translations(choose(language)).gettext(message).format_map(_Lenient(values))


def count(language: str | None, message: str, n: int, /, **values: Any) -> str:
    """Like `say`, in the plural form for `n`, which the sentence may name as {n}."""
    text = _translations(choose(language)).ngettext(message, f"{message}.many", n)
    return text.format_map(_Lenient({"n": n, **values}))


def duration(language: str | None, seconds: float) -> str:
    """`45 s`, `5 min`, `1 h 30 min`, `3 d`."""
    seconds = int(seconds)
    if seconds < 60:
        return say(language, "time.seconds", n=seconds)
    if seconds < 3600:
        return say(language, "time.minutes", n=round(seconds / 60))
    hours, rest = divmod(round(seconds / 60), 60)
    if hours >= 48:
        return say(language, "time.days", n=hours // 24)
    return say(language, "time.hours_minutes", n=hours, m=rest) if rest else say(language, "time.hours", n=hours)


def size(amount: int) -> str:
    """Bytes in binary units, as disks of servers are sold: `1.2 GiB`."""
    value = float(amount)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if unit in ("B", "KiB") or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
