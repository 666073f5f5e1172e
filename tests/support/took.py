"""What tests took: a pytest plugin (`--took FILE`, or `-` to print it) for one run, and a program for several.

    python tests/support/took.py failed FILE      names the tests to try again; exits with 1 where that may not be
    python tests/support/took.py report FOLDER    of all runs that wrote there; exits with 1 after too many second tries

FILE has a line of JSON a test. CPU seconds are those of the test's own process and of its children that have ended.
"""

from __future__ import annotations

import json
import resource
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

SLOWEST = 30
MOST_RETRIES = 3
AGAIN = ".again"
"""Before the suffix of a second try's file."""


@dataclass
class Took:
    test: str
    wall: float = 0.0
    cpu: float = 0.0
    failure: str = ""

    @property
    def folder(self) -> str:
        return str(Path(self.test.partition("::")[0]).parent)


class Clock:
    """In the process that runs the tests: notes the CPU time of each phase of a test on its report."""

    def __init__(self) -> None:
        self._seen = 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        self._seen = _cpu()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Iterator[None]:
        report = yield
        before, self._seen = self._seen, _cpu()
        report.cpu = self._seen - before
        return report


class Book:
    """In the process that the user started: all reports, and at the end what they say."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._tests: dict[str, Took] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        took = self._tests.setdefault(report.nodeid, Took(report.nodeid))
        took.wall += report.duration
        took.cpu += getattr(report, "cpu", 0.0)
        if report.failed:
            took.failure += _own(report.longreprtext)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._tests[report.nodeid] = Took(report.nodeid, failure=report.longreprtext)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        if self._file and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):  # not of a run cut short
            self._file.write_text("".join(json.dumps(asdict(each)) + "\n" for each in self._tests.values()))
        elif not self._file:
            terminalreporter.section("time taken")
            for line in tables(self._tests.values()):
                terminalreporter.line(line)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--took", metavar="FILE", help="write there what tests took; - prints it")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Clock())
    file = config.getoption("took")
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Book(Path(file) if file != "-" else None))


def _own(traceback: str) -> str:
    """Without the frames of pytest and of libraries: a line that names a file, and what stands below it."""
    shown, kept = True, []
    for line in traceback.splitlines():
        if not line.startswith("    "):
            shown = not (line.startswith("  File ") and "/site-packages/" in line)
        if shown:
            kept.append(line)
    return "\n".join(kept)


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def tables(tests: Iterable[Took]) -> Iterator[str]:
    """Time by folder, and the slowest tests."""
    tests = sorted(tests, key=lambda each: -each.wall)
    number: Counter[str] = Counter()
    total: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each in tests:
        for folder in (each.folder, "together"):
            number[folder] += 1
            total[folder][0] += each.wall
            total[folder][1] += each.cpu
    yield f"{'seconds':>9} {'of CPU':>9} {'tests':>6}"
    for folder, (wall, cpu) in sorted(total.items(), key=lambda item: -item[1][0]):
        yield f"{wall:9.1f} {cpu:9.1f} {number[folder]:6} {folder}"
    yield ""
    yield f"The {min(SLOWEST, len(tests))} slowest tests:"
    for each in tests[:SLOWEST]:
        yield f"{each.wall:9.1f} {each.cpu:9.1f} {'':6} {each.test}"


def read(file: Path) -> list[Took]:
    return [Took(**json.loads(line)) for line in file.read_text().splitlines()]


def report(folder: Path) -> int:
    """Prints all; 1 where more was tried again than may be."""
    files = sorted(folder.glob("*.jsonl"))
    print(*tables(each for file in files for each in read(file)), sep="\n")
    failed = [each for file in files if AGAIN not in file.name for each in read(file) if each.failure]
    print(f"\nTests that failed at first: {len(failed)}. No more than {MOST_RETRIES} may.")
    for each in failed:
        print(f"\n--- {each.test}\n{each.failure}")
    return int(len(failed) > MOST_RETRIES)


def failed(file: Path) -> int:
    names = [each.test for each in read(file) if each.failure]
    print(*names, sep="\n")
    return int(not 0 < len(names) <= MOST_RETRIES)


if __name__ == "__main__":
    sys.exit({"report": report, "failed": failed}[sys.argv[1]](Path(sys.argv[2])))
