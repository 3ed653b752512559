"""Several views at once: four Explorers of one recording stay live, and runs side by side go in lock-step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.lessons import SETUP, TRAIN

if TYPE_CHECKING:
    from tests.e2e.notebook import Notebook

ANOTHER = """
torch.manual_seed(1)
other = Model()
descent = torch.optim.SGD(other.parameters(), lr=1.0)
second = rw.watch(other, descent, every=1, samples=2, decode=words)
for _ in range(30):
    x = torch.randint(len(words), (20, 8))
    loss = nn.functional.cross_entropy(other(x).flatten(0, 1), x.roll(1, 0).flatten())
    descent.zero_grad()
    loss.backward()
    descent.step()
    second.log(loss=loss)
second.close()
rw.Explorer({"Adam": recorder, "SGD": second}, panels=["steps", "gates"])
"""


KINDS = """
runs = {}
for kind in (nn.RNN, nn.GRU, nn.LSTM):
    torch.manual_seed(3)
    layer, readout = kind(1, 24), nn.Linear(24, 1)
    parameters = [*layer.parameters(), *readout.parameters()]
    descent = torch.optim.Adam(parameters, lr=5e-3)
    one = rw.watch(layer, descent, every=10, samples=2)
    for step in range(300):
        x = torch.randn(30, 16, 1)
        loss = nn.functional.mse_loss(readout(layer(x)[0][-1]), x[:10].sum(0))
        descent.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        descent.step()
        one.log(loss=loss)
    one.close()
    runs[kind.__name__] = one
explorer = rw.Explorer(runs, gate="h")
explorer
"""


def test_four_explorers_of_one_recording_stay_live_while_the_cell_runs(notebook: Notebook):
    show = "rw.Explorer(recorder, panels=['status', 'steps', 'gates'])"
    notebook.write(SETUP, show, show, show, show, TRAIN)
    notebook.open()
    notebook.page.set_viewport_size({"width": 1400, "height": 4200})  # a view is painted where it can be seen
    notebook.read(0)
    for cell in range(1, 5):
        notebook.call(cell)
    notebook.run(5)
    views = [notebook.view(cell) for cell in range(1, 5)]
    first = [view.until("n('latest') >= 5 && d.step !== ''").number("latest") for view in views]
    for view, latest in zip(views, first, strict=True):
        view.until(f"n('step') > {latest} && d.state === 'live'")
    assert notebook.is_running(5)
    notebook.stop()
    notebook.finish(5)


def test_runs_side_by_side_go_in_lock_step_from_the_browser_alone(notebook: Notebook):
    notebook.write(SETUP, ANOTHER, TRAIN)
    notebook.open()
    notebook.page.set_viewport_size({"width": 1400, "height": 1600})
    notebook.read(0)
    notebook.call(1)
    notebook.run(2)
    view = notebook.view(1)
    view.until("n('frames') >= 40")
    before = len(notebook.traffic.sent)
    with view.drag("step", 0.9) as move:
        move(0.1)
        chosen = view.until("n('step') === said('step') && n('step') < n('latest')").number("step")
        view.root.get_by_text(f"minus i at step {chosen}").wait_for()
        assert notebook.traffic.sent[before:] == []
    assert view.root.locator('[data-panel="gates"]').count() == 2
    assert notebook.is_running(2)


@pytest.mark.own_page
def test_three_trained_runs_have_one_chart_a_scalar_that_is_brushed_and_differences_to_the_first(
    notebook: Notebook,
):
    notebook.write(SETUP, KINDS)
    notebook.open()
    notebook.page.keyboard.press("Control+b")
    notebook.page.set_viewport_size({"width": 1400, "height": 3400})
    notebook.read(0)
    notebook.call(1)
    view = notebook.view(1)
    view.until("d.state === 'finished' && n('step') === 290")
    assert view.root.locator('[data-panel="curves"]').count() == 1
    assert view.root.locator('[data-panel="gates"]').count() == 3
    facts = view.control("curves").get_attribute("aria-label") or ""
    assert all(re.search(rf"loss {kind} [\d.]", facts) for kind in ("RNN", "GRU", "LSTM")), facts
    titles = view.root.locator('[data-role="difference"]').all_inner_texts()
    assert titles == ["GRU \u2212 RNN", "LSTM \u2212 RNN"]
    assert view.root.get_by_text("h at step 290 minus h at step 290").count() == 2

    with view.drag("curves", 0.12) as move:
        move(0.24)
    view.until("!control('whole-run').hidden")
    first, last = (int(number) for number in re.findall(r"\d+", view.control("range").inner_text()))
    assert 0 < first < last <= 299
