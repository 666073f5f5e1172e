"""The programs that are started by a module's name: the one table of them, and nothing beside it."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest

from core.children import Program

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "core" / "children.py"
MODULE = re.compile(r"(core|bot|cogs)\.[\w.]*")  # whole, or the beginning of one


def sources() -> list[Path]:
    """Of core and bot; the demo starts things of its own."""
    found = [path for room in ("core", "bot") for path in (ROOT / room).rglob("*.py")]
    return [path for path in found if ROOT / "bot" / "demo" not in path.parents]


def source_of(program: Program) -> Path:
    spec = importlib.util.find_spec(program)
    assert spec is not None, f"there is no module {program}"
    assert spec.origin is not None
    path = Path(spec.origin)
    return path.with_name("__main__.py") if path.name == "__init__.py" else path


def is_run_as_main(path: Path) -> bool:
    return any(
        isinstance(each, ast.If) and ast.unparse(each.test) == "__name__ == '__main__'"
        for each in ast.parse(path.read_text()).body
    )


@pytest.mark.parametrize("program", Program)
def test_each_program_is_a_module_with_a_main(program: Program) -> None:
    path = source_of(program)
    functions = {each.name for each in ast.parse(path.read_text()).body if isinstance(each, ast.FunctionDef)}
    assert "main" in functions
    assert is_run_as_main(path)


def test_each_module_that_can_be_run_is_in_the_table() -> None:
    own = ROOT / "bot" / "__main__.py"  # what people start
    runnable = {path for path in sources() if path != own and is_run_as_main(path)}
    assert runnable == {source_of(program) for program in Program}


def test_nothing_else_is_started_by_a_modules_name() -> None:
    said = [
        f"{path.relative_to(ROOT)}:{each.lineno}: {each.value!r}"
        for path in sources()
        if path != TABLE
        for each in ast.walk(ast.parse(path.read_text()))
        if isinstance(each, ast.Constant)
        and isinstance(each.value, str)
        and (each.value == "-m" or MODULE.fullmatch(each.value))
    ]
    assert said == []
