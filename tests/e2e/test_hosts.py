"""The same Explorer in every host that can be had here: live, scrubbed from memory, true at the end."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.sign import NotebookNotary

from tests.e2e.lessons import EXPLORER, LAST_STEPS, SETUP, TRAIN, last_steps
from tests.e2e.notebook import new_page
from tests.e2e.servers import marimo, notebook_6, voila
from tests.e2e.traffic import Traffic
from tests.e2e.view import PATIENCE_SECONDS, POLL_MS, VARIED, View, differ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.e2e.notebook import Notebook


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with new_page(browser) as opened:
        yield opened


@pytest.fixture
def traffic(page: Page) -> Traffic:
    noted = Traffic()
    noted.listen(page)
    return noted


@pytest.mark.parametrize("mode", ["run", "edit"])
def test_in_marimo_the_explorer_is_live_in_the_running_cell_and_ends_at_the_last_step(
    page: Page, traffic: Traffic, tmp_path: Path, mode: str
):
    with marimo(tmp_path, mode) as url:
        page.goto(url)
        lives_and_ends(page, traffic, tmp_path)


def test_in_voila_with_progressive_rendering_the_explorer_is_live_and_ends_at_the_last_step(
    page: Page, traffic: Traffic, tmp_path: Path
):
    with voila(tmp_path, progressive=True) as url:
        page.goto(url)
        lives_and_ends(page, traffic, tmp_path)


def test_in_voila_as_it_is_by_default_the_page_comes_when_training_has_ended_with_the_whole_picture(
    page: Page, tmp_path: Path
):
    (tmp_path / "stop").touch()
    with voila(tmp_path, progressive=False) as url:
        page.goto(url)
        view = View(page.locator(".rnnw").first)
        end = view.until("d.state === 'finished' && d.step === d.latest")
        with view.drag("time", 0.1) as move:
            move(0.8)
            view.until("n('time') > 0 && n('time') === Number(control('time').value)")
    assert end.heatmap
    assert end.heatmap.colors >= VARIED


def test_in_notebook_6_with_ipywidgets_7_the_explorer_is_live_in_the_running_cell_and_ends_at_the_last_step(
    page: Page, traffic: Traffic, tmp_path: Path
):
    with notebook_6(tmp_path) as url:
        page.goto(url)
        page.locator("#kernel_indicator_icon.kernel_idle_icon").wait_for()
        page.locator("#celllink").click()
        page.locator("#run_all_cells").click()
        said = page.locator(".output_stdout").first
        assert said.inner_text().strip() == "6.5.7 7.7.1 6.17.1 7.34.0 5.7.1"
        lives_and_ends(page, traffic, tmp_path)


@pytest.mark.own_page
def test_in_notebook_7_the_explorer_is_live_in_the_running_cell_and_ends_at_the_last_step(notebook: Notebook):
    notebook.write(SETUP, EXPLORER, TRAIN, LAST_STEPS)
    notebook.open("notebook")
    notebook.traffic.errors.clear()  # the host's own, before anything of ours ran
    lives_in(notebook)


@pytest.mark.parametrize("version", ["6.31.0", "7.3.0"])
def test_with_another_ipykernel_the_explorer_is_live_in_the_running_cell_and_ends_at_the_last_step(
    notebook: Notebook, version: str
):
    greeting = "import ipykernel\nprint(ipykernel.__version__)\n"
    notebook.write(greeting + SETUP, EXPLORER, TRAIN, LAST_STEPS, kernel=version)
    notebook.open()
    lives_in(notebook, version)


def test_a_notebook_run_without_a_browser_shows_the_whole_picture_when_it_is_opened_later(notebook: Notebook):
    (notebook.folder / "stop").touch()
    notebook.write(SETUP, EXPLORER, TRAIN.replace("if Path", "if step == 9 and Path"), "recorder.close()")
    run_without_a_browser(notebook)
    notebook.open_saved(1)
    view = notebook.view(1)
    end = view.until("d.state === 'finished' && n('frames') === 10 && d.step === d.latest && n('latest') === 9")
    assert end.heatmap
    assert end.heatmap.colors >= VARIED
    with view.drag("step", 0.9) as move:
        move(0.1)
        view.until("n('step') === said('step') && n('step') < n('latest')")


def test_a_view_whose_kernel_died_keeps_its_picture_and_says_that_it_hears_nothing_more(notebook: Notebook):
    notebook.write(f"{SETUP}\nimport os\nprint('process', os.getpid())", EXPLORER, TRAIN)
    notebook.open()
    process = int(notebook.read(0).split()[-1])
    notebook.call(1)
    notebook.run(2)
    view = notebook.view(1)
    view.until("d.state === 'live' && n('frames') >= 2")
    os.kill(process, signal.SIGKILL)
    notebook.page.locator(".jp-Dialog-button").first.click()  # the host's own word that the kernel has died
    end = view.until("d.state === 'stale' && n('frames') >= 2")
    assert end.heatmap
    assert end.heatmap.colors >= VARIED
    view.show()
    with view.drag("time", 0.1) as move:
        move(0.8)
        view.until("n('time') > 0 && n('time') === Number(control('time').value)")


def test_a_cell_that_shows_an_explorer_may_be_run_twenty_times_and_leaves_one_view_and_one_hook(notebook: Notebook):
    again = "explorer = rw.Explorer(rw.watch(model, optimizer))\nexplorer"
    alive = "import gc\ngc.collect()\nprint(len(recorder.recording.listeners), len(model.lstm._forward_hooks))"
    notebook.write(f"{SETUP}\nimport warnings\nwarnings.simplefilter('ignore')", again, TRAIN, alive)
    notebook.open()
    notebook.call(0)
    for _ in range(20):
        notebook.call(1)
    notebook.run(2)
    view = notebook.view(1)
    view.until("d.state === 'live' && n('frames') >= 2")
    assert view.root.count() == 1
    notebook.stop()
    notebook.finish(2)
    view.until("d.state === 'finished' && d.step === d.latest")
    assert notebook.read(3) == "1 1"


def run_without_a_browser(notebook: Notebook) -> None:
    """Execute the notebook in place, with the state of its widgets, and trust it, as `jupyter trust` does."""
    path = notebook.folder / "notebook.ipynb"
    ran = nbformat.read(path, as_version=4)
    NotebookClient(ran, resources={"metadata": {"path": str(notebook.folder)}}).execute()
    NotebookNotary(data_dir=str(notebook.lab.root.parent / "jupyter_data_dir")).sign(ran)
    nbformat.write(ran, path)


def lives_in(notebook: Notebook, greeting: str = "") -> None:
    """Run the cells one after the other; the view is live while the third runs, and true when it has ended."""
    notebook.page.set_viewport_size({"width": 1400, "height": 2600})  # panels are painted where they can be seen
    assert greeting in notebook.read(0)
    notebook.call(1)
    notebook.run(2)
    view = notebook.view(1)
    lives(view)
    scrubs(view, notebook.traffic)
    assert notebook.is_running(2)
    view.control("live").click()
    notebook.stop()
    notebook.finish(2)
    trained, recorded = last_steps(notebook.read(3))
    view.ended(recorded)
    assert recorded == trained


def lives_and_ends(page: Page, traffic: Traffic, folder: Path) -> None:
    """The view grows while the cell runs, is scrubbed, and is true when the loop has ended."""
    view = View(page.locator(".rnnw").first)
    lives(view)
    scrubs(view, traffic)
    assert not (folder / "last").exists(), "the cell still runs"
    view.control("live").click()
    ends(view, folder)


def lives(view: View) -> None:
    """The picture changes while training goes on."""
    first = view.until("d.state === 'live' && n('frames') >= 10")
    later = view.until(f"n('latest') > {first.number('latest')} && n('painted') > {first.number('painted')}")
    assert differ(later.heatmap, first.heatmap)


def scrubs(view: View, traffic: Traffic) -> None:
    """The sliders repaint the picture, and the kernel is told nothing meanwhile."""
    before = len(traffic.writes), len(traffic.posted)
    with view.drag("step", 0.9) as move:
        move(0.2)
        early = view.until("n('step') === said('step') && n('step') < n('latest')")
        move(0.6)
        late = view.until(f"n('step') === said('step') && n('step') > {early.number('step')}")
        assert (len(traffic.writes), len(traffic.posted)) == before
    assert differ(early.heatmap, late.heatmap)
    view.until("control('time').value === d.time")
    before = len(traffic.writes), len(traffic.posted)
    with view.drag("time", 0.1) as move:
        move(0.8)
        view.until("n('time') > 0 && n('time') === Number(control('time').value)")
        assert (len(traffic.writes), len(traffic.posted)) == before


def ends(view: View, folder: Path) -> None:
    """Once the loop has ended, the view shows its last step."""
    (folder / "stop").touch()
    wait_for(view.page, folder / "last")
    trained, recorded = last_steps((folder / "last").read_text())
    view.ended(recorded)
    assert recorded == trained


def wait_for(page: Page, file: Path) -> None:
    """Wait until the notebook has made a file."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not file.exists():
        assert time.monotonic() < deadline, f"no {file.name} within {PATIENCE_SECONDS:.0f} s"
        page.wait_for_timeout(POLL_MS)
