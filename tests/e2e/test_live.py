"""Live in the running cell, and scrubbing in the browser alone."""

from __future__ import annotations

import re
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.e2e.lessons import EXPLORER, LAST_STEPS, SETUP, TRAIN_RESTLESS, last_steps
from tests.e2e.view import VARIED, differ

if TYPE_CHECKING:
    from tests.e2e.notebook import Notebook
    from tests.e2e.view import View

LAST_TIME = 19
SHOW = "explorer = rw.Explorer(recorder)\ndisplay(explorer)\n"


@pytest.mark.parametrize(
    ("shown", "training"),
    [
        pytest.param(EXPLORER, TRAIN_RESTLESS, id="the Explorer in a cell before the loop"),
        pytest.param("", SHOW + TRAIN_RESTLESS, id="both in one cell"),
    ],
)
def test_the_picture_changes_while_the_training_cell_runs_and_ends_at_the_last_recorded_step(
    notebook: Notebook, shown: str, training: str
):
    notebook.write(SETUP, shown, training, LAST_STEPS, "print(explorer.time, explorer.step)")
    notebook.open()
    notebook.page.set_viewport_size({"width": 1400, "height": 2600})  # panels are painted where they can be seen
    notebook.read(0)
    if shown:
        notebook.call(1)
    notebook.run(2)
    view = notebook.view(1 if shown else 2)
    changes_with_the_steps(view)
    arrives_in_small_steps(view)
    assert re.search(r"Live.*step \d.*loss \d.*overhead \d+(\.\d+)? %", view.control("status").inner_text(), re.DOTALL)
    time = drags_time_from_memory(notebook, view)
    assert notebook.is_running(2)

    notebook.stop()
    notebook.finish(2)
    trained, recorded = last_steps(notebook.read(3))
    assert recorded == trained
    view.ended(recorded)
    assert notebook.read(4) == f"{time} None"


def changes_with_the_steps(view: View) -> None:
    """Three looks at growing steps: heatmap and curves differ each time, and the heatmap is no plain color."""
    looks = [view.until("d.state === 'live' && n('frames') >= 2")]
    for _ in range(2):
        before = looks[-1]
        grown = [f"n('{name}') > {before.number(name)}" for name in ("latest", "step", "painted")]
        looks.append(view.until(" && ".join(grown)))
    heatmaps = [look.heatmap for look in looks if look.heatmap]
    assert min(heatmap.colors for heatmap in heatmaps) >= VARIED
    assert len({heatmap.digest for heatmap in heatmaps}) == 3
    assert len({look.panels["curves"].digest for look in looks}) == 3
    assert {look.data["state"] for look in looks} == {"live"}


def arrives_in_small_steps(view: View) -> None:
    """Most messages are seen one by one, as they come: snapshots alone, seconds apart, would leave gaps of dozens."""
    numbers = view.message_numbers(12)
    assert median(later - before for before, later in pairwise(numbers)) <= 3, numbers


def drags_time_from_memory(notebook: Notebook, view: View) -> int:
    """The time slider, dragged, repaints without a message to the kernel, and writes its place once on release."""
    sent, before = notebook.traffic.sent, len(notebook.traffic.sent)
    with view.drag("time", 0.1) as move:
        move(0.3)
        left = view.until("n('time') > 0 && n('time') === Number(control('time').value)")
        move(0.8)
        right = view.until(f"n('time') > {left.number('time')} && n('time') === Number(control('time').value)")
        assert right.data["state"] == "live"
        assert sent[before:] == []
    assert abs(left.number("time") - 0.3 * LAST_TIME) <= 1
    assert abs(right.number("time") - 0.8 * LAST_TIME) <= 1
    assert right.number("painted") > left.number("painted")
    assert differ(left.panels["gates"], right.panels["gates"])
    assert differ(left.panels["flow"], right.panels["flow"])
    notebook.wait(lambda: len(sent) > before)
    assert [message.traits for message in sent[before:]] == [{"time"}]
    return right.number("time")
