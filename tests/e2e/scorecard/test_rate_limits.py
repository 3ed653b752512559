"""Row 36: four dashboards keep to ten messages a second while a cell floods the server, and are right soon after it.

The server is as it is by default: after three megabytes printed within three seconds it drops everything, snapshots
too, until it has worked the flood off and says that the cell has ended. What a short flood does not take of the deltas
it takes of what is said at the end of the cell.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from typing import TYPE_CHECKING

import pytest

from rnnwidgets.widgets.settle import THREAD_NAME
from tests.counts import count
from tests.e2e.lessons import LAST_STEPS, SETUP, TRAIN, last_steps
from tests.e2e.timing import NOTE_IDLE, note_paints, paints
from tests.e2e.view import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.e2e.notebook import Notebook

VIEWS = 4
STEPS = count(30, 100)
HEIGHT = 4_200  # a view is painted where it can be seen
MESSAGES, SECONDS = 10, 2
PROMISE = (
    f"{VIEWS} dashboards, a cell floods the server: at most {MESSAGES} live messages a second, all right at most "
    f"{SECONDS} s after the server says that the cell has ended"
)

NOTING = """
import json, threading, time
from IPython.display import clear_output

sent = []

def noting(comm):
    publish = comm.publish_msg
    def note(kind, data=None, *rest, **more):
        sent.append((time.time(), data["method"]))
        publish(kind, data, *rest, **more)
    comm.publish_msg = note
"""
SHOW = """
explorer = rw.Explorer(recorder, panels=["status", "steps", "gates"])
noting(explorer.comm)
explorer
"""
FLOOD = f"""
{TRAIN.replace("100_000", str(STEPS))}
    for _ in range(10):
        clear_output(wait=True)  # or the page would do nothing but append
        print("x" * 100_000, flush=True)
ended = time.time()
"""
TELL = f"""
while any(thread.name == "{THREAD_NAME}" for thread in threading.enumerate()):  # until everything has been said again
    time.sleep(0.05)
print(json.dumps(dict(sent=sent, ended=ended)))
"""


def busiest(times: Sequence[float]) -> int:
    """The most messages that any second holds."""
    return max(bisect_left(times, time + 1) - place for place, time in enumerate(times))


@pytest.mark.own_page
def test_rate_limits(notebook: Notebook):
    notebook.write(NOTING + SETUP, *(SHOW,) * VIEWS, FLOOD, LAST_STEPS, TELL)
    notebook.open()
    notebook.page.set_viewport_size({"width": 1400, "height": HEIGHT})
    notebook.read(0)
    views = [notebook.view(cell) for cell in range(1, VIEWS + 1)]
    for cell, view in enumerate(views, start=1):
        notebook.call(cell)
        view.until("d.state === 'waiting'")
        note_paints(view)
    notebook.page.evaluate(NOTE_IDLE)
    notebook.call(VIEWS + 1)
    for view in views:
        view.until("d.state === 'finished' && d.step === d.latest")
    trained, recorded = last_steps(notebook.read(VIEWS + 2))
    told = json.loads(notebook.read(VIEWS + 3))
    right = [
        min(paint.at for paint in paints(view) if (paint.state, paint.latest) == ("finished", str(recorded)))
        for view in views
    ]
    late = max(right) - min(at for at in notebook.page.evaluate("idle") if at > told["ended"])
    live = [at for at, method in told["sent"] if method == "custom"]
    every = [at for at, _ in told["sent"]]
    lost, floods = len(every) - len(notebook.traffic.widgets), notebook.traffic.floods
    print(
        f"at most {busiest(live)} live messages a second, {busiest(every)} of all; {lost} of {len(every)} lost; "
        f"right {late:.2f} s after the end was heard"
    )
    assert recorded == trained == STEPS - 1
    assert busiest(live) <= MESSAGES
    assert min(floods, lost) > 0
    assert late <= count(PATIENCE_SECONDS, SECONDS)
