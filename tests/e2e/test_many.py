"""Several views at once: four Explorers of one recording stay live, and runs side by side go in lock-step."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
        view.root.get_by_text(f"at step {chosen} less").wait_for()
        assert notebook.traffic.sent[before:] == []
    assert view.root.locator('[data-panel="gates"]').count() == 2
    assert notebook.is_running(2)
