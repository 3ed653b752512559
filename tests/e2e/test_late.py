"""A view on two pages, and one whose kernel starts anew: each is true, whatever becomes of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.lessons import EXPLORER, LAST_STEPS, SETUP, TRAIN, last_steps, start
from tests.e2e.view import VARIED, differ

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.e2e.notebook import Notebook
    from tests.e2e.view import View


def test_two_pages_of_one_notebook_are_both_live_and_each_moves_its_own_cursor(notebook: Notebook, browser: Browser):
    notebook.write(SETUP, EXPLORER, TRAIN, LAST_STEPS)
    notebook.open()
    notebook.read(0)
    notebook.call(1)
    here = notebook.view(1)
    here.until("d.state === 'waiting'")
    notebook.save()
    with notebook.on_another_page(browser) as second:
        second.open()
        there = second.view(1)
        there.until("d.state === 'waiting'")
        notebook.run(2)
        looks = [view.until("d.state === 'live' && n('frames') >= 10") for view in (here, there)]
        assert looks[0].data["run"] == looks[1].data["run"]
        there.until(f"n('latest') > {looks[1].number('latest')} && n('step') === n('latest')")
        before = len(second.traffic.sent)
        with there.drag("step", 0.9) as move:
            move(0.1)
            there.until("n('step') === said('step') && n('step') < n('latest')")
            here.until("n('step') === n('latest')")
            assert second.traffic.sent[before:] == []
        there.control("live").click()
        assert notebook.is_running(2)
        notebook.stop()
        notebook.finish(2)
        ended(notebook, here, there)
        assert second.traffic.errors == []


def test_a_second_view_opened_while_the_cell_runs_has_the_whole_picture_at_once_and_shares_the_cursor(
    notebook: Notebook,
):
    first = start(notebook)
    before = first.until("d.state === 'live' && n('frames') >= 10")
    asked = len(notebook.traffic.sent)
    second = notebook.view_beside(1)
    whole = second.until(f"d.state === 'live' && n('frames') >= {before.number('frames')} && n('painted') > 0")
    assert whole.data["run"] == before.data["run"]
    second.until(f"n('latest') > {whole.number('latest')} && n('step') === n('latest')")
    first.show()
    with second.drag("step", 0.9) as move:
        move(0.1)
        chosen = second.until("n('step') === said('step') && n('step') < n('latest')").number("step")
        first.until(f"n('step') === {chosen}")
        assert notebook.traffic.sent[asked:] == []
    second.control("live").click()
    assert notebook.is_running(2)
    notebook.stop()
    notebook.finish(2)
    ended(notebook, first, second)


def test_after_a_restart_of_the_kernel_the_picture_stays_until_the_cells_run_again(notebook: Notebook):
    view = start(notebook)
    before = view.until("d.state === 'live' && n('frames') >= 10")
    notebook.menu("Kernel", "Restart Kernel\u2026")
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    notebook.wait_for_greeting(2)
    left = view.until("d.state === 'stale'")
    assert left.data["run"] == before.data["run"]
    assert left.number("frames") >= before.number("frames")
    assert left.heatmap
    assert left.heatmap.colors >= VARIED
    view.show()
    with view.drag("step", 0.9) as move:
        move(0.1)
        early = view.until("n('step') === said('step') && n('step') < n('latest')")
    assert differ(early.heatmap, left.heatmap)
    for cell in range(3):
        notebook.run(cell)
    view.until(f"d.run !== '{before.data['run']}' && d.state === 'live' && n('frames') >= 2")
    notebook.stop()
    notebook.finish(2)
    ended(notebook, view)


def ended(notebook: Notebook, *views: View) -> None:
    """Every view shows the last step."""
    trained, recorded = last_steps(notebook.read(3))
    assert recorded == trained
    for view in views:
        view.ended(recorded)
