"""Behind every cell of the tables in docs/hosts.md stands a test that exists, and their versions are those that run."""

from __future__ import annotations

import ast
import re
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "hosts.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"\[(\d+)\]")
LISTED = re.compile(r"^(\d+)\. `([^`:]+)(?:::([^`]+))?`$", re.MULTILINE)


def tables() -> list[list[str]]:
    """The cells of each row of the tables, without their headings."""
    lines = PAGE.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [cells for cells in rows if cells[0] not in ("host", "what happens")]


def exists(file: str, name: str) -> bool:
    """Whether the file is there and has a test of that name: a function in Python, a title in TypeScript."""
    path = ROOT / file
    if path.suffix != ".py":
        return path.is_file() and (not name or f'"{name}"' in path.read_text(encoding="utf-8"))
    functions = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return name.startswith("test_") and any(isinstance(one, ast.FunctionDef) and one.name == name for one in functions)


def test_every_cell_of_the_tables_names_its_test_and_every_test_named_exists():
    listed = {number: (file, name) for number, file, name in LISTED.findall(PAGE)}
    assert list(listed) == [str(number) for number in range(1, len(listed) + 1)]
    answers = [answer for _, *cells in tables() for answer in cells if answer != "-"]
    assert len(answers) >= 40
    assert [answer for answer in answers if not NUMBER.search(answer)] == []
    assert {number for answer in answers for number in NUMBER.findall(answer)} == set(listed)
    assert set(NUMBER.findall(PAGE)) == set(listed)
    assert {test for test in listed.values() if not exists(*test)} == set()


def test_the_versions_in_the_tables_are_those_that_the_tests_run_in():
    hosts = "\n".join(host for host, *_ in tables())
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    earlier = re.search(r"^KERNELS := (.+)$", makefile, re.MULTILINE)
    assert earlier
    kernels = {short(one) for one in (version("ipykernel"), *earlier[1].split())}
    assert set(re.findall(r"JupyterLab 4, ipykernel (\S+)", hosts)) == kernels
    assert version("jupyterlab").startswith("4.")
    assert version("notebook").startswith("7.")
    pins = dict(re.findall(r"^(\S+)==(\S+)$", (ROOT / "tests" / "e2e" / "notebook6.txt").read_text(), re.MULTILINE))
    said = re.search(r"Notebook (\S+), ipywidgets (\S+), ipykernel (\S+)", hosts)
    assert said
    assert list(said.groups()) == [short(pins[name]) for name in ("notebook", "ipywidgets", "ipykernel")]


def short(version: str) -> str:
    """The first two numbers of a version."""
    return ".".join(version.split(".")[:2])
