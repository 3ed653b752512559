"""The servers of the other hosts, Voila and marimo, each with a folder of its own, stopped at the end of the block."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import nbformat

from tests.e2e.lab import environment, free_port, stop_process, wait_for_answer
from tests.e2e.lessons import EXPLORER, SETUP, TRAIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARIMO_CELL = """
@app.cell
def _({needs}):
{source}
    return ({gives})
"""


@contextlib.contextmanager
def voila(folder: Path, *, progressive: bool) -> Iterator[str]:
    """The address at which Voila shows the notebook with a training cell."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in (SETUP, EXPLORER, TRAIN)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "notebook.ipynb")
    command = (
        *("voila", str(folder / "notebook.ipynb"), "--no-browser", "--Voila.ip=127.0.0.1"),
        f"--progressive_rendering={progressive}",
    )
    with _served(folder, command, "--port={port}") as url:
        yield url


@contextlib.contextmanager
def marimo(folder: Path, mode: str) -> Iterator[str]:
    """The address at which marimo edits or runs the notebook with a training cell."""
    setup = SETUP.replace("\nrecorder\n", "\n")
    train = f"{TRAIN}recorder.close()\n"
    cells = (
        ("", setup, "Path, model, nn, optimizer, recorder, rw, torch, words"),
        ("recorder, rw", EXPLORER, "explorer,"),
        ("Path, model, nn, optimizer, recorder, torch, words", train, ""),
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


@contextlib.contextmanager
def _served(folder: Path, command: tuple[str, ...], port: str) -> Iterator[str]:
    chosen = free_port()
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            (sys.executable, "-m", *command, port.format(port=chosen)),
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
