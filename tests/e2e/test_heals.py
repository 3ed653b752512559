"""What was lost on the way comes back: after a flood, a reload, an exception or an interrupt the picture is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.lessons import TRAIN_FAILING, TRAIN_PRINTING, last_steps, start

if TYPE_CHECKING:
    from tests.e2e.notebook import Notebook


def test_the_last_step_is_shown_even_where_printing_made_the_server_drop_messages(notebook: Notebook):
    view = start(notebook, TRAIN_PRINTING)
    notebook.says(2, "IOPub data rate exceeded")
    dropped = view.look()
    notebook.stop()
    notebook.finish(2)
    trained, recorded = last_steps(notebook.read(3))
    view.ended(recorded)
    assert recorded == trained
    assert recorded > dropped.number("latest")


@pytest.mark.own_page
def test_a_page_reloaded_while_the_cell_runs_has_the_whole_picture_by_the_end_of_the_cell(notebook: Notebook):
    view = start(notebook)
    before = view.until("n('frames') >= 10")
    notebook.save()
    notebook.reload(1)
    notebook.stop()  # the cell runs until now
    notebook.wait_for_greeting(2)
    notebook.wait_for_kernel("idle")
    trained, recorded = last_steps(notebook.read(3))
    end = view.ended(recorded)
    assert recorded == trained
    assert recorded > before.number("latest")
    assert end.data["run"] == before.data["run"]
    assert end.number("frames") >= 10
    with view.drag("step", 0.5) as move:
        move(0.1)
        first = view.until("n('step') === said('step') && n('step') < n('latest')")
    assert first.heatmap
    assert first.heatmap != end.heatmap


def test_an_exception_in_the_loop_leaves_the_last_recorded_step_on_the_page(notebook: Notebook):
    view = start(notebook, TRAIN_FAILING)
    view.until("n('frames') >= 2")
    notebook.stop()
    notebook.says(2, "ValueError: the loop breaks here")
    notebook.finish(2)
    view.ended(last_steps(notebook.read(3))[1], "failed")


def test_an_interrupt_leaves_the_last_recorded_step_on_the_page(notebook: Notebook):
    view = start(notebook)
    view.until("n('frames') >= 2")
    notebook.page.locator('[data-command="notebook:interrupt-kernel"]').first.click()
    notebook.says(2, "KeyboardInterrupt")
    notebook.finish(2)
    view.ended(last_steps(notebook.read(3))[1])
