"""What the pages say that people see, the program says: a sentence that nobody says cannot be looked for."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import core
from tests.text.test_text import catalog

ROOT = Path(core.__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OTHERS_SAY: set[str] = set()
"""Words of Kubernetes, Discord or a game that a page quotes."""


def quoted(page: str) -> list[str]:
    """Sentences in italics in the first column of every table of "what you see". `…` stands for anything."""
    found: list[str] = []
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        header, _, *rows = table.splitlines()
        if header.split("|")[1].strip() == "what you see":
            for row in rows:
                found += re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", re.split(r"(?<!\\)\|", row)[1])
    return found


@cache
def said() -> tuple[str, ...]:
    """Every sentence of the catalogue, and every text in the program's code; `…` for each value in it."""
    texts = [re.sub(r"\{\w*\}", "…", each) for sentences in catalog("en").values() for each in sentences]
    for part in ("bot", "cogs", "core"):
        for file in (ROOT / part).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    texts.append(
                        "".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in node.values)
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return tuple(texts)


def is_said(sentence: str) -> bool:
    pattern = re.compile("".join(".+" if part == "…" else re.escape(part) for part in re.split("(…)", sentence)))
    return any(pattern.search(each) for each in said())


QUOTED = sorted({(page.name, each) for page in PAGES for each in quoted(page.read_text("utf-8"))})


def test_pages_quote_what_people_see() -> None:
    assert len(QUOTED) > 10


@pytest.mark.parametrize(("page", "sentence"), QUOTED)
def test_a_sentence_that_a_page_quotes_is_one_that_the_program_says(page: str, sentence: str) -> None:
    assert sentence in OTHERS_SAY or is_said(sentence)


LINKED = sorted(
    {
        (page, target)
        for page in [*PAGES, ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md"]
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
        if "://" not in target
    }
)


@pytest.mark.parametrize(("page", "target"), LINKED, ids=lambda each: getattr(each, "name", each))
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.exists()
    if anchor:
        headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


NAMING = [ROOT / "docs" / "words.md", ROOT / "docs" / "architecture.md"]
"""The pages that say where in the code a thing lives."""
NAMED = sorted({(page.name, name) for page in NAMING for name in re.findall(r"`([^`\n]+)`", page.read_text("utf-8"))})


@cache
def files() -> frozenset[str]:
    """All files and folders of the project, from its root."""
    parts = [ROOT / name for name in ("bot", "cogs", "core", "deploy", "docs", "tests")]
    found = [each for part in parts for each in part.rglob("*") if "__pycache__" not in each.parts]
    return frozenset(str(each.relative_to(ROOT)) for each in [*parts, *found, *ROOT.glob("*")])


@cache
def words_of_code() -> frozenset[str]:
    return frozenset(
        word
        for part in ("bot", "cogs", "core")
        for file in (ROOT / part).rglob("*.py")
        for word in re.findall(r"\w+", file.read_text("utf-8"))
    )


@cache
def texts_of_code() -> tuple[str, ...]:
    """Constants of the code: names of files that it writes, of roles, arguments."""
    return tuple(text for text in said() if len(text) < 200)


def is_file(name: str) -> bool:
    path = name.rstrip("/")
    written = any(path in each for each in texts_of_code())
    return written or any(each == path or each.endswith(f"/{path}") for each in files())


def is_module(name: str) -> bool:
    path = name.replace(".", "/")
    return f"{path}.py" in files() or path in files()


def exists(name: str) -> bool:
    """Whether the project has what a page names: a file or folder, a module, a command, a name in the code."""
    first, *others = name.split(" ")
    match first:
        case "python":
            return others[0] == "-m" and is_module(others[1]) and all(map(is_word, others[2:]))
        case "make":
            return bool(re.search(rf"^{re.escape(others[0])}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
        case "…":
            return all(map(is_word, others))
    if others:
        return all(is_word(each) for each in name.split(" > "))
    return is_file(name) if "/" in name or re.search(r"\.\w{2,4}$|^\.\w", name) else is_module(name) or is_word(name)


def is_word(name: str) -> bool:
    return all(part in words_of_code() for part in name.split("."))


@pytest.mark.parametrize(("page", "name"), NAMED)
def test_what_a_page_names_of_the_code_is_there(page: str, name: str) -> None:
    assert exists(name)


@pytest.mark.parametrize(
    "name",
    [
        "core/tend.py",
        "tend.py",
        "core.tend",
        "python -m core.tend",
        "make tend",
        "tendable",
        "core > tendable",
        "tendable/",
    ],
)
def test_what_is_not_there_is_found_out(name: str) -> None:
    assert not exists(name)


TERMS = sorted(set(re.findall(r"\*\*([^*]+)\*\*", (ROOT / "docs" / "words.md").read_text("utf-8"))), key=str.casefold)


@pytest.mark.parametrize("term", TERMS)
def test_a_word_of_the_glossary_is_one_of_the_code(term: str) -> None:
    """In its names or in its sentences, in whatever form."""
    stems = [re.sub(r"(e|y|s)$", "", word.casefold()) for word in re.findall(r"\w+", term)]
    assert all(any(stem in word.casefold() for word in words_of_code()) for stem in stems)
