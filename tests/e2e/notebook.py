"""A notebook as its user has it: opened in JupyterLab, its cells run by the keyboard.

Nothing here sleeps: every wait is on a fact of the page, such as a cell's prompt.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from typing import TYPE_CHECKING

import nbformat

from tests.e2e.traffic import Traffic
from tests.e2e.view import PATIENCE_SECONDS, POLL_MS, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize

    from tests.e2e.lab import Lab

PROMPT_STARTED = re.compile(r"^\[[*\d]+\]:$")
PROMPT_DONE = re.compile(r"^\[\d+\]:$")
PROMPT_BUSY = re.compile(r"^\[\*\]:$")
VIEWPORT: ViewportSize = {"width": 1400, "height": 1100}
OPEN = """(path) => window.jupyterapp?.commands.execute("docmanager:open", { path }).then(() => true)"""
CLOSE_ALL = "() => window.jupyterapp && [...jupyterapp.shell.widgets('main')].forEach((one) => one.dispose())"
SESSIONS = re.compile(r"/api/sessions\b")
LOOKED = "(since) => performance.now() - since > 3000"


class Notebook:
    """A notebook open in JupyterLab, with `traffic` of its page. Cells are counted from 0."""

    def __init__(self, lab: Lab, page: Page, folder: Path) -> None:
        self.lab = lab
        self.page = page
        self.folder = folder
        self.traffic = Traffic()
        self.traffic.listen(page)

    @classmethod
    @contextlib.contextmanager
    def on(cls, page: Page, lab: Lab, name: str) -> Iterator[Notebook]:
        """A notebook in a folder and with a kernel of its own on a page, which is as it was after the block."""
        folder = lab.root / name
        folder.mkdir()
        notebook = cls(lab, page, folder)
        page.set_viewport_size(VIEWPORT)
        try:
            yield notebook
        finally:
            notebook.traffic.ignore(page)
            page.evaluate(CLOSE_ALL)
            lab.end_sessions(name)

    @classmethod
    @contextlib.contextmanager
    def on_a_new_page(cls, lab: Lab, browser: Browser, name: str) -> Iterator[Notebook]:
        """A notebook in a folder, a browser context and a kernel of its own, which end with the block."""
        with new_page(browser) as page, cls.on(page, lab, name) as notebook:
            yield notebook

    @contextlib.contextmanager
    def on_another_page(self, browser: Browser) -> Iterator[Notebook]:
        """The same notebook with the same kernel in a browser context of its own, as on another machine."""
        with new_page(browser) as page:
            yield Notebook(self.lab, page, self.folder)

    def keep(self, folder: Path) -> None:
        """Save what a person needs to understand a failed test."""
        self.page.screenshot(path=folder / "page.png")
        (folder / "console.txt").write_text("\n".join(self.traffic.console))
        views = self.page.locator(".rnnw").evaluate_all("(roots) => roots.map((root) => ({ ...root.dataset }))")
        for name, messages in (("sent", self.traffic.sent), ("came", self.traffic.widgets)):
            lines = (f"{one.type} {str(one.content)[:200]}" for one in messages)
            (folder / f"{name}.txt").write_text("\n".join(lines))
        (folder / "views.json").write_text(json.dumps(views, indent=2))

    @property
    def cells(self) -> Locator:
        """All cells on the page."""
        return self.page.locator(".jp-Notebook .jp-Cell")

    def write(self, *sources: str, kernel: str = "python3") -> None:
        """Put a notebook with these code cells into the folder; `kernel` may name another ipykernel's version."""
        notebook = nbformat.from_dict(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
                "cells": [
                    {
                        "cell_type": "code",
                        "id": f"cell-{position}",
                        "metadata": {},
                        "execution_count": None,
                        "outputs": [],
                        "source": source.strip(),
                    }
                    for position, source in enumerate(sources)
                ],
            }
        )
        nbformat.write(notebook, self.folder / "notebook.ipynb")

    def open(self, host: str = "lab") -> None:
        """Open the notebook in JupyterLab ("lab": the one on the page, or with a workspace of its own) or in Notebook 7
        ("notebook"), and wait until its kernel listens.
        """
        self._show(host)
        self._wait_until_heard()

    def open_saved(self, cell: int) -> None:
        """Open the notebook, where a cell holds a view that was saved: its kernel starts once the view waits for it."""
        held: list[Route] = []
        self.page.route(
            SESSIONS, lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
        )
        self._show("lab")
        self._wait_until_missed(cell)
        for route in held:
            route.continue_()
        self.page.unroute(SESSIONS)
        self._wait_until_heard()

    def reload(self, cell: int) -> None:
        """Load the page anew while a cell runs, until the view of another cell waits to be had from the kernel."""
        self.page.reload()
        self.prompt(0).wait_for()
        self._wait_until_missed(cell)

    def _show(self, host: str) -> None:
        name = self.folder.name
        path = f"{name}/notebook.ipynb"
        if not self.page.evaluate(OPEN, path):
            place = f"lab/workspaces/{name}/tree" if host == "lab" else "notebooks"
            self.page.goto(f"{self.lab.url}/{place}/{path}?token={self.lab.token}")

    def _wait_until_heard(self) -> None:
        """Wait until the kernel has introduced itself and is idle: a host shows a kernel as idle before it has one, and
        loses what is run then.
        """
        self.wait_for_greeting(1)
        self.wait_for_kernel("idle")

    def _wait_until_missed(self, cell: int) -> None:
        """Wait until a cell's view has been looked for in vain, and will be had from the kernel.

        ipywidgets (8.1.9) looks for a view's widget for two seconds and only then waits for the kernel. Where that
        answers just as those end, it shows an error of its own instead.
        """
        self.cells.nth(cell).get_by_text("Loading widget...").wait_for()
        self.page.wait_for_function(LOOKED, arg=self.page.evaluate("performance.now()"))

    def wait_for_greeting(self, count: int) -> None:
        """Wait until kernels have introduced themselves to this page so many times; a reload adds one."""
        self.wait(lambda: self.traffic.greetings >= count)

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until something that the page's traffic changes is true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not so within {PATIENCE_SECONDS:.0f} s"
            self.page.wait_for_timeout(POLL_MS)

    def wait_for_kernel(self, status: str) -> None:
        """Wait until JupyterLab says that the kernel is "idle" or "busy"."""
        self.page.locator(f'.jp-Notebook-ExecutionIndicator[data-status="{status}"]').wait_for()

    def run(self, cell: int) -> None:
        """Start a cell by the keyboard, and wait until its prompt says that it is running or has run."""
        self.prompt(cell).click()
        self.page.keyboard.press("Shift+Enter")
        self.prompt(cell).filter(has_text=PROMPT_STARTED).wait_for()

    def finish(self, cell: int) -> None:
        """Wait until a cell has run."""
        self.prompt(cell).filter(has_text=PROMPT_DONE).wait_for()

    def call(self, cell: int) -> None:
        """Run a cell to its end."""
        self.run(cell)
        self.finish(cell)

    def read(self, cell: int) -> str:
        """Run a cell that says something to its end; what it says, none of it to stderr."""
        self.call(cell)
        texts = self.cells.nth(cell).locator(".jp-RenderedText")
        texts.first.wait_for()
        assert self.errors(cell) == []
        return "\n".join(texts.all_inner_texts()).strip()

    def stop(self) -> None:
        """Let the training loop end: it looks for this file."""
        (self.folder / "stop").touch()

    def is_running(self, cell: int) -> bool:
        """Whether the cell's prompt says that it is still running."""
        return PROMPT_BUSY.match(self.prompt(cell).inner_text().strip()) is not None

    def wait_for_all(self, seconds: float) -> None:
        """Wait so many seconds at most until every code cell has run."""
        self.page.wait_for_function(
            """() => [...document.querySelectorAll(".jp-Notebook .jp-CodeCell .jp-InputPrompt")]
                .every((prompt) => /^\\[\\d+\\]:$/.test(prompt.textContent))""",
            polling=100,
            timeout=seconds * 1000,
        )

    def errors(self, cell: int | None = None) -> list[str]:
        """The tracebacks and what else a cell, or any, wrote to stderr."""
        cells = self.cells if cell is None else self.cells.nth(cell)
        return cells.locator('[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts()

    def position(self, selector: str) -> int:
        """The number of the first cell that holds an element of the page."""
        script = "(cells, selector) => cells.findIndex((cell) => cell.querySelector(selector))"
        return int(self.cells.evaluate_all(script, selector))

    def active(self) -> int:
        """The number of the cell that the keyboard's shortcuts act on."""
        return int(self.cells.evaluate_all("(cells) => cells.findIndex((cell) => cell.matches('.jp-mod-active'))"))

    def delete(self, cell: int) -> None:
        """Delete a cell by the keyboard."""
        count = self.cells.count()
        self.prompt(cell).click()
        self.page.keyboard.press("d")
        self.page.keyboard.press("d")
        self.cells.nth(count - 1).wait_for(state="detached")

    def prompt(self, cell: int) -> Locator:
        """The prompt left of a cell's input."""
        return self.cells.nth(cell).locator(".jp-InputPrompt")

    def says(self, cell: int, words: str) -> None:
        """Wait until a cell's output holds these words."""
        self.cells.nth(cell).locator(".jp-OutputArea-output").get_by_text(words).first.wait_for()

    def view(self, cell: int) -> View:
        """The rnnwidgets view in a cell's output."""
        return View(self.cells.nth(cell).locator(".rnnw"))

    def view_beside(self, cell: int) -> View:
        """One more view of a cell's output, which JupyterLab opens beside the notebook."""
        self.cells.nth(cell).locator(".jp-OutputArea-output").first.click(button="right", position={"x": 4, "y": 4})
        self.page.locator(".lm-Menu-itemLabel", has_text="Create New View for Cell Output").click()
        return View(self.page.locator(".jp-LinkedOutputView .rnnw"))

    def menu(self, *names: str) -> None:
        """Choose an entry of the main menu by its path, as in menu("Run", "Run All Cells")."""
        first, *inner = names
        self.page.locator("#jp-MainMenu .lm-MenuBar-item", has_text=first).first.click()
        for name in inner:
            label = self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(rf"^{re.escape(name)}$"))
            label.last.click()

    def save(self) -> None:
        """Save the notebook, outputs and all."""
        self.page.keyboard.press("Control+s")
        self.page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty").wait_for(state="detached")


@contextlib.contextmanager
def new_page(browser: Browser) -> Iterator[Page]:
    """A page in a browser context of its own."""
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    try:
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        yield page
    finally:
        context.close()
