"""Pure: whether what players type can look like a join or a leave in a game's log.

A pattern that tells of players reads lines in which players write too: chat, and their names. Here lines are made that
match it, and then one is tried as what somebody says, or is called, in each form that a line of the chat has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

USUAL = (
    "<{name}> {text}",
    "{name}: {text}",
    "* {name} {text}",
    "[12:34:56] <{name}> {text}",
    "[12:34:56] {name}: {text}",
    "[12:34:56 INFO]: <{name}> {text}",
    "[12:34:56] [Server thread/INFO]: <{name}> {text}",
    "2026-01-02 12:34:56 [CHAT] {name}: {text}",
    "2026-01-02 12:34:56: ACTION[Server]: CHAT: <{name}> {text}",
    "[Chat] {name}: {text}",
)
"""Forms that lines of the chat have in many games."""

MOST_SAMPLES = 96
"""Lines that are made for one pattern."""
_MOST_PARTS = 24  # of each piece of a pattern
_ANYBODY = "Ada"
_ORDINARY = "x0 _-.:[]<>()'\"/\\#@!?,;"
_OF_CATEGORY = {
    op.CATEGORY_DIGIT: "0",
    op.CATEGORY_NOT_DIGIT: "x",
    op.CATEGORY_SPACE: " ",
    op.CATEGORY_NOT_SPACE: "x0",
    op.CATEGORY_WORD: "x0",
    op.CATEGORY_NOT_WORD: " ",
}


@dataclass(frozen=True, slots=True)
class Forgery:
    """`line` is read as a `which` ("join" or "leave"), and a player wrote it: `by` saying or being called so."""

    which: str
    by: str
    line: str


def forge(join: str, leave: str, *, chat: Sequence[str] = (), names: str = "") -> Forgery | None:
    """The first that is found; None where none is. Patterns have to compile.

    `chat`: forms that lines of the chat have in this game, else the usual ones are tried. `names`: a regular expression
    for what a player may be called; empty: anything.
    """
    for which, pattern in (("join", join), ("leave", leave)):
        if pattern and (found := _against(which, pattern, chat, names)):
            return found
    return _by_name_in(join, leave, names) or _by_name_in(leave, join, names, which="join")


def lines(pattern: str) -> list[str]:
    """Some lines that match."""
    made = islice(_strings(_parser.parse(pattern)), 4 * MOST_SAMPLES)
    return list(dict.fromkeys(line for line in made if re.search(pattern, line)))[:MOST_SAMPLES]


def _against(which: str, pattern: str, chat: Sequence[str], names: str) -> Forgery | None:
    looks = re.compile(pattern)
    called = re.compile(names or ".*")
    for sample in lines(pattern):
        for text in _ends(sample):
            for form in chat or USUAL:
                for by, name, said in _as_written(form, text):
                    if by == "name" and not called.fullmatch(name):
                        continue
                    line = _filled(form, name, said)
                    if looks.search(line):
                        return Forgery(which, by, line)
    return None


def _by_name_in(pattern: str, other: str, names: str, *, which: str = "leave") -> Forgery | None:
    """Whether somebody's name makes the line of their own coming (`pattern`) look like the `other` too."""
    if not pattern or not other or "player" not in re.compile(pattern).groupindex:
        return None
    looks, called, own = re.compile(other), re.compile(names or ".*"), re.compile(pattern)
    for sample in lines(pattern)[:8]:
        found = own.search(sample)
        if found is None or found["player"] is None:
            continue
        before, after = sample[: found.start("player")], sample[found.end("player") :]
        for text in (end for each in lines(other) for end in _ends(each) if called.fullmatch(end)):
            line = before + text + after
            if looks.search(line) and not own.search(line):
                return Forgery(which, "name", line)
            if looks.search(line) and which == "join":
                return Forgery(which, "name", line)
    return None


def _ends(sample: str) -> Iterator[str]:
    """All that it ends with: what stands before may come from the line around it."""
    for start in range(len(sample)):
        yield sample[start:]


def _as_written(form: str, text: str) -> Iterator[tuple[str, str, str]]:
    """By what, name and text: what somebody says, is called, or a name and what is said put together."""
    yield "text", _ANYBODY, text
    yield "name", text, "hi"
    _, between, _ = _pieces(form)
    at = text.find(between)
    while at > 0:
        yield "name", text[:at], text[at + len(between) :]
        at = text.find(between, at + 1)


def _pieces(form: str) -> tuple[str, str, str]:
    before, _, rest = form.partition("{name}")
    between, _, after = rest.partition("{text}")
    return before, between, after


def _filled(form: str, name: str, text: str) -> str:
    before, between, after = _pieces(form)
    return f"{before}{name}{between.replace('{name}', name)}{text}{after}"


def _strings(parsed: Any) -> Iterator[str]:
    """Texts that a parsed pattern means, as far as that can be told without looking around: the caller tries them."""
    parts = [list(islice(_of(code, about), _MOST_PARTS)) for code, about in parsed]
    return ("".join(each) for each in _varied(parts))


def _varied(parts: list[list[str]]) -> Iterable[tuple[str, ...]]:
    """One after the other is varied first, and only then several together: so each gets its turn."""
    if any(not part for part in parts):
        return
    first = [part[0] for part in parts]
    yield tuple(first)
    for place, part in enumerate(parts):
        for other in part[1:]:
            yield (*first[:place], other, *first[place + 1 :])
    yield from product(*parts)


def _of(code: Any, about: Any) -> Iterator[str]:
    if code is op.LITERAL:
        yield chr(about)
    elif code is op.NOT_LITERAL:
        yield next(char for char in _ORDINARY if ord(char) != about)
    elif code is op.ANY:
        yield from "x 0"
    elif code is op.IN:
        yield from _of_set(about)
    elif code is op.BRANCH:
        for branch in about[1]:
            yield from _strings(branch)
    elif code is op.SUBPATTERN:
        yield from _strings(about[3])
    elif code in (op.MAX_REPEAT, op.MIN_REPEAT, getattr(op, "POSSESSIVE_REPEAT", None)):
        least, most, what = about
        for times in dict.fromkeys((least, min(least + 1, most))):
            for each in islice(_strings(what), _MOST_PARTS):
                yield each * times
    elif code is getattr(op, "ATOMIC_GROUP", None):
        yield from _strings(about)
    elif (code is op.ASSERT and about[0] < 0) or code is op.GROUPREF_EXISTS:  # what stands before
        yield from _strings(about[1])
    else:  # an anchor, a look around, a group that is repeated: nothing of its own
        yield ""


def _of_set(items: Any) -> Iterator[str]:
    negated = any(code is op.NEGATE for code, _ in items)
    if negated:
        inside = [each for each in items if each[0] is not op.NEGATE]
        yield next((char for char in _ORDINARY if not any(_holds(code, about, char) for code, about in inside)), "x")
        return
    for code, about in items:
        if code is op.LITERAL:
            yield chr(about)
        elif code is op.RANGE:
            yield chr(about[0])
        elif code is op.CATEGORY:
            yield from _OF_CATEGORY.get(about, "x")


def _holds(code: Any, about: Any, char: str) -> bool:
    if code is op.LITERAL:
        return ord(char) == int(about)
    if code is op.RANGE:
        return int(about[0]) <= ord(char) <= int(about[1])
    digit, space, word = char.isdigit(), char.isspace(), char.isalnum() or char == "_"
    return {
        op.CATEGORY_DIGIT: digit,
        op.CATEGORY_NOT_DIGIT: not digit,
        op.CATEGORY_SPACE: space,
        op.CATEGORY_NOT_SPACE: not space,
        op.CATEGORY_WORD: word,
        op.CATEGORY_NOT_WORD: not word,
    }.get(about, False)
