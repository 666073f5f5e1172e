"""A mistake in a TOML file is told with the line where it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.games.catalogue import BUILT_IN
from core.games.toml_lines import Lines, Path

TEXT = """\
# A comment with key = 1
id = "x"  # and [one] more

[image]
ref = "a"
command = [
  "sh",
  '''
[not.a.table]
not_a_key = 1
''',
  "]",
]
env.A = "1"

[[image.files]]
path = "first"
content = \"\"\"
path = "no"
quotes \\"\"\" and more\"\"\"

[[image.files]]
path = "second"

[image.more."quoted.key"]
"another one" = {inline = 1, other = [1, 2]}
last = true
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("id",), 2),
        (("image",), 4),
        (("image", "ref"), 5),
        (("image", "command"), 6),
        (("image", "command", 1), 6),
        (("image", "env", "A"), 14),
        (("image", "files", 0), 16),
        (("image", "files", 0, "content"), 18),
        (("image", "files", 1, "path"), 23),
        (("image", "files", 1, "content"), 22),
        (("image", "more", "quoted.key", "another one", "inline"), 26),
        (("image", "more", "quoted.key", "last"), 27),
        (("nothing", "of", "this"), 1),
    ],
)
def test_each_key_is_found(path: Path, line: int) -> None:
    assert Lines(TEXT).find(path) == line


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, (*path, key))
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        for number, each in enumerate(value):
            yield from leaves(each, (*path, number))
    else:
        yield path


@pytest.mark.parametrize("file", sorted(BUILT_IN.glob("*.toml")), ids=lambda file: file.stem)
def test_every_key_of_the_catalogue_stands_in_the_line_that_is_told(file: Any) -> None:
    text = file.read_text("utf-8")
    lines, at = text.splitlines(), Lines(text)
    for path in leaves(tomllib.loads(text)):
        names = [str(part) for part in path if isinstance(part, str)]
        assert any(name in lines[at.find(path) - 1] for name in names), path


@given(st.lists(st.tuples(st.text("ab #[]=\"'\\\n", max_size=20), st.booleans()), max_size=6))
def test_no_value_hides_what_comes_after_it(values: list[tuple[str, bool]]) -> None:
    text, expected = "", {}
    for number, (value, many) in enumerate(values):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        expected[f"k{number}"] = text.count("\n") + 1
        text += f'k{number} = [\n  "{escaped}", # ]\n]\n' if many else f'k{number} = """\n{escaped}"""\n'
    tomllib.loads(text)
    assert {key: Lines(text).find((key,)) for key in expected} == expected
