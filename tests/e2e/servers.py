"""The servers of the other hosts, each with a folder of its own, stopped at the end of the block.

The notebook that they show makes a file `begun` in the folder before it trains, trains until there is a file `stop`,
and keeps its last steps in the file `last`.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from tests.e2e.lab import environment, free_port, stop_process, wait_for_answer
from tests.e2e.lessons import EXPLORER, KEEP_LAST_STEPS, SETUP, TRAIN_BEGUN

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTEBOOK_6 = Path(__file__).parents[2] / ".cache" / "notebook6" / "bin" / "python"
VERSIONS = """
import ipykernel, IPython, ipywidgets, notebook, traitlets
print(*(module.__version__ for module in (notebook, ipywidgets, ipykernel, IPython, traitlets)))
"""

# What makes rnnwidgets take the kernel for one of Colab.
COLAB = """
import sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
"""

MARIMO_CELL = """
@app.cell
def _({needs}):
{source}
    return ({gives})
"""


@contextlib.contextmanager
def voila(folder: Path, *, progressive: bool) -> Iterator[str]:
    """The address at which Voila shows the notebook with a training cell."""
    _write(folder, SETUP, EXPLORER, TRAIN_BEGUN + KEEP_LAST_STEPS)
    command = (
        *("voila", str(folder / "notebook.ipynb"), "--no-browser", "--Voila.ip=127.0.0.1"),
        f"--progressive_rendering={progressive}",
    )
    with _served(folder, command, "--port={port}") as url:
        yield url


@contextlib.contextmanager
def notebook_6(folder: Path) -> Iterator[str]:
    """The address at which Notebook 6, with Colab's versions and mark, shows the notebook; its first cell says them."""
    assert NOTEBOOK_6.exists(), "make kernels"
    _write(folder, VERSIONS + COLAB, SETUP, EXPLORER, TRAIN_BEGUN + KEEP_LAST_STEPS)
    quiet = ("--no-browser", "--allow-root", "--NotebookApp.ip=127.0.0.1", "--NotebookApp.token=")
    with _served(folder, ("notebook", *quiet), "--NotebookApp.port={port}", NOTEBOOK_6) as url:
        yield f"{url}/notebooks/notebook.ipynb"


@contextlib.contextmanager
def marimo(folder: Path, mode: str) -> Iterator[str]:
    """The address at which marimo edits or runs the notebook with a training cell."""
    setup = SETUP.replace("\nrecorder\n", "\n")
    train = f"{TRAIN_BEGUN}recorder.close()\n{KEEP_LAST_STEPS}"
    cells = (
        ("", setup, "Path, model, nn, optimizer, recorder, rw, time, torch, words"),
        ("recorder, rw", EXPLORER, "explorer,"),
        ("Path, model, nn, optimizer, recorder, time, torch, words", train, ""),
    )
    made = (
        MARIMO_CELL.format(needs=needs, source=textwrap.indent(source.strip(), "    "), gives=gives)
        for needs, source, gives in cells
    )
    (folder / "notebook.py").write_text("import marimo\n\napp = marimo.App()\n" + "".join(made))
    (folder / "pyproject.toml").write_text("[tool.marimo.runtime]\nauto_instantiate = true\n")
    quiet = ("--headless", "--no-token", "--host=127.0.0.1", *(("--skip-update-check",) if mode == "edit" else ()))
    with _served(folder, ("marimo", mode, "notebook.py", *quiet), "--port={port}") as url:
        yield url


def _write(folder: Path, *sources: str) -> None:
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "notebook.ipynb")


@contextlib.contextmanager
def _served(folder: Path, command: tuple[str, ...], port: str, python: Path = Path(sys.executable)) -> Iterator[str]:
    chosen = free_port()
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            (python, "-m", *command, port.format(port=chosen)),
            env=environment(folder),
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{chosen}"
            wait_for_answer(url, process, log)
            yield url
        finally:
            (folder / "stop").touch()
            stop_process(process)
