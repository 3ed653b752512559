"""A lesson run as its reader runs it, from a fresh kernel, with other values in its one cell of parameters."""

from __future__ import annotations

import ast
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbclient import NotebookClient

if TYPE_CHECKING:
    from types import ModuleType

    from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LANGUAGES = ("en", "zh")
NAMES = sorted(path.stem for path in (NOTEBOOKS / "source").glob("[0-9]*.py"))
SECONDS = 600


def generator() -> ModuleType:
    """The script that writes the notebooks, as a module."""
    spec = importlib.util.spec_from_file_location("generate", NOTEBOOKS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(language: str, name: str) -> NotebookNode:
    """The notebook as it is stored."""
    found: NotebookNode = nbformat.read(NOTEBOOKS / language / f"{name}.ipynb", as_version=4)
    return found


def parameters_of(notebook: NotebookNode) -> tuple[int, dict[str, Any]]:
    """Where the one cell tagged `parameters` stands, and the names that it gives a value."""
    [position] = [k for k, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])]
    names = {}
    for statement in ast.parse(notebook.cells[position].source).body:
        assert isinstance(statement, ast.Assign), "the parameters are plain assignments"
        [target] = statement.targets
        assert isinstance(target, ast.Name)
        names[target.id] = ast.literal_eval(statement.value)
    return position, names


@dataclass(frozen=True)
class Run:
    """A lesson that ran: everything that its cells printed, and what they wrote to stderr."""

    printed: str
    complaints: list[str]


def with_values(language: str, name: str, values: dict[str, Any]) -> NotebookNode:
    """The notebook with these values of its parameters, in a cell after theirs; it must have such parameters."""
    notebook = read(language, name)
    position, known = parameters_of(notebook)
    assert set(values) <= set(known), f"{name} has no parameters {set(values) - set(known)}"
    given = "\n".join(f"{key} = {value!r}" for key, value in values.items())
    notebook.cells.insert(position + 1, nbformat.v4.new_code_cell(given))
    return notebook


def run(language: str, name: str, values: dict[str, Any], claims: str, folder: Path) -> Run:
    """Run a lesson from top to bottom with these values of its parameters, then the claims in the same kernel.

    Raises CellExecutionError if a cell or a claim fails.
    """
    notebook = with_values(language, name, values)
    notebook.cells.append(nbformat.v4.new_code_cell(claims))
    NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    streams = [output for output in outputs if output.output_type == "stream"]
    printed = "".join(output.text for output in streams if output.name == "stdout")
    return Run(printed, [output.text for output in streams if output.name == "stderr"])
