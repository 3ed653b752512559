"""The rules of the source that no linter knows: sizes, forbidden marks, reasons, public docstrings."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import rnnwidgets

ROOT = Path(__file__).resolve().parents[2]
PYTHON = [*sorted((ROOT / "rnnwidgets").rglob("*.py")), *sorted((ROOT / "js").glob("*.py"))]
TESTS = [file for file in sorted((ROOT / "tests").rglob("*.py")) if file != Path(__file__).resolve()]
TYPESCRIPT = [file for file in sorted((ROOT / "js" / "src").rglob("*.ts")) if ".gen." not in file.name]

LONGEST_FILE = 400
LONGEST_FUNCTION = 80
MOST_FUNCTIONS = 40  # 95 in 100 are no longer

FORBIDDEN = {
    ".py": re.compile(r"TODO|FIXME|\bXXX\b|NotImplementedError|type: ignore|except( BaseException)?:$"),
    ".ts": re.compile(r"TODO|FIXME|\bXXX\b|@ts-ignore|@ts-expect-error|@ts-nocheck|: any\b|\bas any\b"),
}
EXECUTED = re.compile(  # ways by which a text from the data could become an element or a program
    r"innerHTML|outerHTML|insertAdjacentHTML|setHTML|createContextualFragment|DOMParser|document\.write|srcdoc"
    r"|javascript:|\beval\b|\bFunction\(|\bimport\(|setTimeout\(\s*[\"'`]"
)
UNREASONED = re.compile(r"# noqa(?!: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)*(: | - | # | \()\S+ \S+)")


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def function_lengths(file: Path) -> dict[str, int]:
    """Lines of each function without its docstring."""
    lengths = {}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            docstring = ast.get_docstring(node, clean=False) or ""
            lines = node.end_lineno - node.lineno + 1 - len(docstring.splitlines())
            lengths[f"{relative(file)}:{node.lineno} {node.name}"] = lines
    return lengths


@pytest.mark.parametrize("file", [*PYTHON, *TESTS, *TYPESCRIPT], ids=relative)
def test_a_file_has_at_most_400_lines(file: Path):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("file", [*PYTHON, *TESTS], ids=relative)
def test_a_function_has_at_most_80_lines(file: Path):
    assert {name: lines for name, lines in function_lengths(file).items() if lines > LONGEST_FUNCTION} == {}


def test_95_of_100_functions_have_at_most_40_lines():
    lengths = {name: lines for file in PYTHON for name, lines in function_lengths(file).items()}
    long = [f"{name} {lines}" for name, lines in lengths.items() if lines > MOST_FUNCTIONS]
    assert len(long) <= 0.05 * len(lengths), long


@pytest.mark.parametrize("file", [*PYTHON, *TESTS, *TYPESCRIPT], ids=relative)
def test_a_file_holds_no_forbidden_mark(file: Path):
    pattern = FORBIDDEN[file.suffix]
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    assert [f"{k}: {line.strip()}" for k, line in lines if pattern.search(line)] == []


@pytest.mark.parametrize("file", TYPESCRIPT, ids=relative)
def test_no_text_can_become_an_element_or_a_program(file: Path):
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    assert [f"{k}: {line.strip()}" for k, line in lines if EXECUTED.search(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "el.innerHTML = text;",
        "el.insertAdjacentHTML('beforeend', text)",
        "new Function(text)",
        "eval(text)",
        "await import(path)",
        'setTimeout("go()", 1)',
        "frame.srcdoc = text",
    ],
)
def test_a_way_to_run_a_text_is_seen(line: str):
    assert EXECUTED.search(line)


@pytest.mark.parametrize("file", [*PYTHON, *TESTS], ids=relative)
def test_a_rule_switched_off_carries_its_reason(file: Path):
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    assert [f"{k}: {line.strip()}" for k, line in lines if UNREASONED.search(line)] == []


def test_a_rule_switched_off_for_all_files_carries_its_reason():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if re.fullmatch(r' +"[A-Z]+[0-9]*",.*', line)]
    assert len(rules) > 10
    assert [line for line in rules if not re.search(r'",\s+# \S', line)] == []


@pytest.mark.parametrize("name", [name for name in rnnwidgets.__all__ if name != "__version__"])
def test_a_public_name_and_each_of_its_methods_is_documented(name: str):
    thing = getattr(rnnwidgets, name)
    parts = {name: thing}
    if inspect.isclass(thing):
        parts |= {f"{name}.{key}": member for key, member in vars(thing).items() if is_method(key, member)}
    assert [key for key, part in parts.items() if not (part.__doc__ or "").strip()] == []


def is_method(key: str, member: object) -> bool:
    return not key.startswith("_") and (inspect.isfunction(member) or isinstance(member, property | classmethod))


@pytest.mark.parametrize(
    ("suffix", "line"),
    [
        (".py", "# TODO later"),
        (".py", "x = f()  # type: ignore[attr]"),
        (".py", "    except:"),
        (".ts", "let x: any = 1;"),
    ],
)
def test_a_forbidden_mark_is_seen(suffix: str, line: str):
    assert FORBIDDEN[suffix].search(line)


@pytest.mark.parametrize(
    ("line", "reasoned"),
    [
        ("x  # noqa", False),
        ("x  # noqa: BLE001", False),
        ("x  # noqa: BLE001 (hooks)", False),
        ("x  # noqa: BLE001 (a hook never raises)", True),
        ("x  # noqa: BLE001 - a hook never raises", True),
        ("x  # noqa: BLE001, S110 (a hook never raises)", True),
    ],
)
def test_a_missing_reason_is_seen(line: str, reasoned: bool):
    assert bool(UNREASONED.search(line)) == (not reasoned)
