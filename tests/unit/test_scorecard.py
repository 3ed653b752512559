"""docs/scorecard.md is whole: a row a promise, its test asserts it, and what was measured stands beside it."""

from __future__ import annotations

import ast
import importlib
import re
from typing import Any, Literal

import pytest

from tests.scorecard.table import PAGE, ROOT, Figures, Row, renewed, row_of, rows

TEXT = PAGE.read_text("utf-8")
ROWS = rows(TEXT)
NUMBERS = [*range(1, 43)]
ONE = Row(7, "one", "tests/scorecard/test_one.py", "at most 3%", "2%", "none")


def test_every_number_has_a_row_and_each_row_a_name_of_its_own():
    assert [row.number for row in ROWS] == NUMBERS
    assert len({row.name for row in ROWS}) == len(NUMBERS)
    assert TEXT.count("](../tests/") == len(NUMBERS)


def test_every_test_of_the_scorecard_has_a_row():
    files = [file.relative_to(ROOT).as_posix() for file in (ROOT / "tests").glob("*/scorecard/test_*.py")]
    files += [f"tests/scorecard/{file.name}" for file in (ROOT / "tests" / "scorecard").glob("test_*.py")]
    assert sorted(row.file for row in ROWS) == sorted(files)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_tested_under_its_name_by_a_test_that_prints_its_figure(row: Row):
    parts = ast.parse((ROOT / row.file).read_text("utf-8")).body
    functions = [part for part in parts if isinstance(part, ast.FunctionDef) and part.name == f"test_{row.name}"]
    assert len(functions) == 1
    calls = [node.func for node in ast.walk(functions[0]) if isinstance(node, ast.Call)]
    assert [call.id for call in calls if isinstance(call, ast.Name)].count("print") == 1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_promises_what_its_test_asserts(row: Row):
    module: Any = importlib.import_module(row.file.removesuffix(".py").replace("/", "."))
    assert row.promised == module.PROMISE


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_has_a_figure_and_the_best_of_others(row: Row):
    assert any(character.isdigit() for character in row.measured)
    assert len(row.measured) <= 200
    assert row.peer


@pytest.mark.parametrize(("file", "begins"), [("README.md", "Each promise"), ("README.zh-CN.md", "每项承诺")])
def test_the_figures_of_the_readme_are_those_of_the_page(file: str, begins: str):
    paragraphs = (ROOT / file).read_text("utf-8").split("\n\n")
    (sentence,) = [paragraph for paragraph in paragraphs if paragraph.startswith(begins)]
    figures = re.findall(r"\b\d+\b", sentence.replace("-9", ""))
    assert len(figures) >= 4
    assert set(figures) <= set(re.findall(r"\d+", " ".join(f"{row.promised} {row.measured}" for row in ROWS)))


def test_a_figure_takes_the_place_of_the_one_before_and_nothing_else_changes():
    page = f"# Title\n\n| a | b |\n|---|---|\n{ONE}\n{ONE._replace(number=8, name='two')}\n\nWords.\n"
    assert row_of(str(ONE)) == ONE
    found = renewed(page, {ONE.test: "1%", "tests/unit/test_other.py::test_other": "5"})
    assert found == page.replace(str(ONE), str(ONE._replace(measured="1%")))
    assert renewed(page, {}) == page


def report(case: str, outcome: Literal["passed", "failed"], when: Literal["setup", "call", "teardown"] = "call") -> Any:
    sections = [("Captured stdout call", f"first\n{case}\n")]
    return pytest.TestReport(f"{ONE.test}[{case}]", ("", 0, ""), {}, outcome, None, when, sections, duration=0)


@pytest.mark.parametrize(
    ("reports", "figures"),
    [
        ([report("b", "passed"), report("a", "passed")], {ONE.test: "a; b"}),
        ([report("a", "passed"), report("a", "passed", "teardown")], {ONE.test: "a"}),
        ([report("a", "passed"), report("b", "failed")], {}),
        ([report("a", "passed"), report("b", "failed", "setup")], {}),
        ([report("a", "passed"), report("a", "failed", "teardown")], {}),
    ],
)
def test_a_figure_is_what_each_case_printed_last_if_all_passed(
    reports: list[pytest.TestReport], figures: dict[str, str]
):
    heard = Figures()
    for one in reports:
        heard.pytest_runtest_logreport(one)
    assert heard.figures == figures
