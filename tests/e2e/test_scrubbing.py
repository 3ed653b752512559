"""Scrubbing while the kernel is busy: from the browser's memory, without a message to the kernel before the release."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.lessons import EXPLORER, SETUP, TRAIN_RESTLESS
from tests.e2e.notebook import Notebook
from tests.e2e.timing import inputs, note_inputs
from tests.e2e.view import differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.e2e.lab import Lab
    from tests.e2e.view import View

CELL = 2


@pytest.fixture(scope="module")
def training(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    """A notebook whose cell 2 trains throughout these tests, with an Explorer in cell 1."""
    with Notebook.on_a_new_page(lab, browser, "scrubbing") as notebook:
        notebook.write(SETUP, EXPLORER, TRAIN_RESTLESS)
        notebook.open()
        notebook.page.set_viewport_size({"width": 1400, "height": 2600})  # panels are painted where they can be seen
        notebook.read(0)
        notebook.call(1)
        notebook.run(CELL)
        notebook.view(1).until("n('frames') >= 20")
        yield notebook
        assert notebook.is_running(CELL)
    assert notebook.traffic.errors == [], "the page's console has errors"


@pytest.fixture
def view(training: Notebook) -> View:
    return training.view(1)


def test_dragging_the_step_slider_repaints_from_memory_and_tells_the_kernel_once_on_release(
    training: Notebook, view: View
):
    assert training.traffic.writes == [], "a widget's first write is the one that is seen while the kernel is busy"
    sent, before = training.traffic.sent, len(training.traffic.sent)
    with view.drag("step", 0.9) as move:
        move(0.7)
        late = view.until("n('step') === said('step') && n('step') < n('latest')")
        move(0.2)
        early = view.until(f"n('step') === said('step') && n('step') < {late.number('step')}")
        assert training.is_running(CELL)
        assert sent[before:] == []
    assert early.number("painted") > late.number("painted")
    assert differ(early.heatmap, late.heatmap)
    assert differ(early.panels["flow"], late.panels["flow"])
    training.wait(lambda: len(sent) > before)
    assert [message.traits for message in training.traffic.writes] == [{"step"}]
    assert sent[before:] == training.traffic.writes
    assert training.is_running(CELL)


def test_every_move_of_a_dragged_slider_is_painted_in_the_frame_in_which_the_page_is_told_of_it(
    training: Notebook, view: View
):
    choose_a_step(view)
    note_inputs(view)
    for role in ("time", "step"):
        with view.drag(role, 0.1) as move:
            for share in (0.9, 0.2, 0.8):
                move(share)
            moves = inputs(view)
        assert len(moves) >= 5
        assert [one for one in moves if one.paints < 1] == []
    assert training.is_running(CELL)


def test_arrow_keys_move_the_sliders_and_the_heatmap_but_not_the_notebook(training: Notebook, view: View):
    choose_a_step(view)
    active = training.active()
    start = view.look()
    view.control("time").press("ArrowRight")
    later = view.until(f"n('time') === {start.number('time') + 1}")
    assert differ(start.panels["gates"], later.panels["gates"])
    view.control("time").press("ArrowLeft")
    view.until(f"n('time') === {start.number('time')}")
    view.control("step").press("ArrowRight")
    view.until(f"n('step') > {start.number('step')} && n('step') === said('step')")
    view.control("heatmap").press("ArrowRight")
    view.until(f"n('time') === {start.number('time') + 1}")
    view.control("heatmap").press("ArrowDown")
    view.until("d.unit !== ''")
    assert training.active() == active
    assert training.is_running(CELL)


def test_a_chosen_step_stays_as_it_is_while_training_goes_on_until_live_is_pressed(training: Notebook, view: View):
    choose_a_step(view)
    chosen = view.until("control('live').getAttribute('aria-pressed') === 'false'")
    grown = view.until(f"n('latest') > {chosen.number('latest') + 5}")
    assert grown.data["step"] == chosen.data["step"]
    assert grown.heatmap == chosen.heatmap
    view.control("live").click()
    view.until(f"n('step') > {grown.number('latest')} && control('live').getAttribute('aria-pressed') === 'true'")
    assert training.is_running(CELL)


def test_a_click_in_the_curves_goes_to_that_training_step(training: Notebook, view: View):
    first = choose_a_step(view)
    box = view.control("curves").bounding_box()
    assert box
    view.control("curves").click(position={"x": 0.6 * box["width"], "y": 0.25 * box["height"]})
    view.until(f"n('step') > {first} && n('step') < n('latest') && n('step') === said('step')")
    assert training.is_running(CELL)


def test_a_drag_over_the_curves_draws_those_steps_alone_and_they_stay_while_training_goes_on(
    training: Notebook, view: View
):
    view.control("live").click()
    start = view.until("n('step') === n('latest') && control('whole-run').hidden")
    sent = len(training.traffic.sent)
    with view.drag("curves", 0.15) as move:
        move(0.4)
        marked = view.until("control('range').textContent !== ''")
        words = view.control("range").inner_text()
    first, last = (int(number) for number in re.findall(r"\d+", words.replace("\u202f", "")))
    assert 0 <= first < last <= start.number("latest")
    zoomed = view.until("!control('whole-run').hidden")
    assert differ(marked.panels["curves"], zoomed.panels["curves"])
    view.until(f"n('step') > {zoomed.number('step') + 5} && control('live').getAttribute('aria-pressed') === 'true'")
    assert view.control("range").inner_text() == words
    assert words in (view.control("curves").get_attribute("aria-label") or "")
    assert training.traffic.sent[sent:] == []
    view.control("curves").press("Escape")
    view.until("control('whole-run').hidden && control('range').textContent === ''")
    assert training.is_running(CELL)


def test_another_gate_and_another_sample_are_shown_from_memory(training: Notebook, view: View):
    choose_a_step(view)
    first = view.until("d.gate === 'i' && d.sample === '0'")
    view.root.locator('[role="tab"][data-gate="f"]').click()
    gate = view.until("d.gate === 'f'")
    view.control("sample").select_option(index=1)
    sample = view.until("d.sample === '1'")
    assert differ(first.heatmap, gate.heatmap)
    assert differ(gate.heatmap, sample.heatmap)
    assert training.is_running(CELL)


def choose_a_step(view: View) -> int:
    """Go to a step before the latest, by the keyboard; that step."""
    view.control("step").press("Home")
    return view.until("n('step') < n('latest') && n('step') === said('step')").number("step")
