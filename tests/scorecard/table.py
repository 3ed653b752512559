"""docs/scorecard.md: what is promised of reliability, a row a promise, and what its test measured last.

A row's test is `test_<row>` in the file that the row links. What its module holds as PROMISE, made of the numbers that
it asserts, is what the row promises; the last line that it prints under `make trust` is what the row has measured, that
of each case where there are several.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "scorecard.md"
ROW = re.compile(r"\| (\d+) \| \[(\w+)\]\(\.\./(\S+)\) \| ([^|]+) \| ([^|]*) \| ([^|]+) \|")


class Row(NamedTuple):
    """A row of the page; `file` is relative to the root."""

    number: int
    name: str
    file: str
    promised: str
    measured: str
    peer: str

    def __str__(self) -> str:
        """Return its line."""
        texts = self.promised, self.measured, self.peer
        return f"| {self.number} | [{self.name}](../{self.file}) | {' | '.join(texts)} |"

    @property
    def test(self) -> str:
        """The id of its test."""
        return f"{self.file}::test_{self.name}"


def row_of(line: str) -> Row | None:
    """Return the row that a line of the page is, if it is one."""
    found = ROW.fullmatch(line)
    if found is None:
        return None
    number, name, file, *texts = found.groups()
    return Row(int(number), name, file, *texts)


def rows(page: str) -> list[Row]:
    """Return all rows of the page."""
    return [row for line in page.splitlines() if (row := row_of(line))]


def renewed(page: str, figures: Mapping[str, str]) -> str:
    """Return the page with these figures (id of a row's test -> figure) in place of those that it had."""
    lines = []
    for line in page.splitlines():
        row = row_of(line)
        lines.append(str(row._replace(measured=figures.get(row.test, row.measured))) if row else line)
    return "\n".join(lines) + "\n"


class Figures:
    """A plugin that hears what tests print, and writes it into the page when all have ended."""

    def __init__(self) -> None:
        """Begin with nothing heard: id of a test -> id of each of its cases -> its last line, empty where it failed."""
        self._heard: dict[str, dict[str, str]] = {}

    @property
    def figures(self) -> dict[str, str]:
        """The lines of each test all of whose cases passed and printed one; equal lines once."""
        heard = {test: [cases[case] for case in sorted(cases)] for test, cases in self._heard.items()}
        return {test: "; ".join(dict.fromkeys(lines)) for test, lines in heard.items() if all(lines)}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the last line of a case that passed; that it failed, before or after too."""
        if report.when == "call" or report.failed:
            last = report.capstdout.splitlines()[-1:] if report.passed else []
            self._heard.setdefault(report.nodeid.partition("[")[0], {})[report.nodeid] = "".join(last)

    def pytest_sessionfinish(self) -> None:
        """Write what was heard of the rows' tests."""
        PAGE.write_text(renewed(PAGE.read_text("utf-8"), self.figures), "utf-8")
