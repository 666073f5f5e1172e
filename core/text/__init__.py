"""The sentences, by language. Code names message ids; `locales/*.po` have the words.

`say` and `count` never fail: a language without a file speaks English, a sentence without a translation is said in
English. Values are put in as they are: whoever shows a sentence escapes what people typed before it gets here.
"""

from __future__ import annotations

import gettext
import io
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALES = Path(__file__).with_name("locales")
DEFAULT = "en"
"""What is spoken where nothing else is asked for, or is known."""


def say(language: str | None, message: str, /, **values: Any) -> str:
    """The sentence for a message id. An id that no language knows is shown as it is, so that nothing is lost."""
    return _translations(choose(language)).gettext(message).format_map(_Lenient(values))


def count(language: str | None, message: str, n: int, /, **values: Any) -> str:
    """Like `say`, in the language's form for `n`, which the sentence may name as {n}."""
    text = _translations(choose(language)).ngettext(message, f"{message}.many", n)
    return text.format_map(_Lenient({"n": n, **values}))


def duration(language: str | None, seconds: float) -> str:
    """As exact as it matters: `45 s`, `1 min 30 s`, `15 min`, `1 h 30 min`, `3 days`."""
    whole = round(seconds)
    minutes, left = divmod(whole, 60)
    if not minutes:
        return say(language, "time.seconds", n=whole)
    if minutes < 10 and left:
        return say(language, "time.minutes_seconds", n=minutes, m=left)
    hours, minutes = divmod(round(whole / 60), 60)
    if not hours:
        return say(language, "time.minutes", n=minutes)
    if hours >= 48:
        return count(language, "time.days", hours // 24)
    return say(language, "time.hours_minutes" if minutes else "time.hours", n=hours, m=minutes)


def size(language: str | None, amount: int) -> str:
    """Bytes in binary units, the decimal mark as the language writes it: `1.2 GiB`, `1,2 GiB`."""
    value, unit = float(amount), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    form = "0" if unit in ("B", "KiB") or value >= 100 else "0.0"
    return f"{format_decimal(value, format=form, locale=choose(language))} {unit}"


def choose(wanted: str | None) -> str:
    """The language that there is for a locale such as `de`, `en-GB` or `de_AT`; English for the rest."""
    short = (wanted or DEFAULT).replace("_", "-").split("-")[0].lower()
    return short if short in languages() else DEFAULT


def number(language: str | None, value: float) -> str:
    """As exact as it matters: `0.4`, `12.5`, `1,204`, in German `12,5` and `1.204`."""
    return format_decimal(value, format="#,##0" if value >= 99.95 else "#,##0.#", locale=choose(language))


def day(language: str | None, date: date) -> str:
    """`Nov 3`, `3. Nov.`"""
    return str(format_skeleton("MMMd", date, locale=choose(language)))


def weekday(language: str | None, day: int) -> str:
    """Monday is 0: `Mon`, `Mo`."""
    name: str = Locale.parse(choose(language)).days["format"]["abbreviated"][day]
    return name.rstrip(".")


@cache
def languages() -> tuple[str, ...]:
    """Languages that have a file, DEFAULT first."""
    found = sorted(file.stem for file in LOCALES.glob("*.po"))
    return (DEFAULT, *(language for language in found if language != DEFAULT))


def name_of(language: str, shown_in: str | None) -> str:
    """What a language is called in another: `German`, `Deutsch`."""
    name = Locale.parse(language).get_display_name(choose(shown_in)) or language
    return name[:1].upper() + name[1:]


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


class _Lenient(dict[str, Any]):
    """A value that is missing leaves its placeholder: a sentence with a gap is better than none."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
