"""What the view costs in the browser, in a real JupyterLab while a cell runs: scrubbing, live updates, memory.

    python tests/bench/browser.py [scrub live flood start memory] [--minutes 10]

Times are of this machine now, and of all that runs on it; only their proportions mean something elsewhere. Drags are
those of a mouse, whose moves the browser tells a page right before it renders a frame. Painted is what a frame has
rendered; beside it stands a slider of the same page with nothing to paint.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from rnnwidgets import schema
from rnnwidgets.widgets.layout import PANELS
from tests.chromium import executable
from tests.e2e import loads
from tests.e2e.apart import Tab, chromium
from tests.e2e.conftest import FLAGS
from tests.e2e.lab import Lab, serve
from tests.e2e.lessons import EXPLORER, LAST_STEPS, SETUP, TRAIN_PRINTING, last_steps
from tests.e2e.notebook import Notebook
from tests.e2e.timing import NOTE_STARTS, Paint, inputs, note_inputs, note_paints, paints
from tests.e2e.view import View

STEPS, TIMES, UNITS = 200, 1000, 1024
ROOM = 300_000  # bytes of a step: 200 of them stay within what a page holds
SWEEPS = (0.98, 0.02, 0.98)
MOVES = 100
KEYS = 60
LIVE_SECONDS = 30
IDLE_SLIDER = """(root) => {
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", max: 1000 });
  slider.dataset.role = "nothing";
  root.prepend(slider);
}"""


def spread(values: Sequence[float]) -> str:
    p50, p95, most = np.percentile(values, [50, 95, 100])
    return f"p50 {p50:.1f}, p95 {p95:.1f}, max {most:.1f} ms"


@contextmanager
def running(lab: Lab, browser: Browser, name: str, cells: Sequence[str], last: int) -> Iterator[Notebook]:
    """A notebook of which one cell runs, until a file tells it to stop, and those before have run."""
    with Notebook.on_a_new_page(lab, browser, name) as notebook:
        notebook.page.add_init_script(NOTE_STARTS)
        notebook.write(*cells)
        notebook.open()
        for cell in range(last):
            notebook.call(cell)
        notebook.run(last)
        yield notebook


def scrub(lab: Lab, browser: Browser) -> None:
    """Drag both sliders and press their keys, from memory, while a cell trains."""
    for panels in (("status", "steps", "gates"), PANELS):
        fill = loads.FILL.format(steps=STEPS, times=TIMES, units=UNITS, room=ROOM)
        recording = loads.RECORDING.format(panels=panels)
        with running(lab, browser, f"scrub-{len(panels)}", (recording, fill), 1) as notebook:
            view = notebook.view(0)
            view.until(f"n('frames') === {STEPS}")
            print(f"\n{len(panels)} panels: {STEPS} steps of {TIMES} x {UNITS}, sent in {ROOM // 1000} kB each")
            view.root.evaluate(IDLE_SLIDER)
            note_inputs(view)
            for role in ("nothing", "step", "time"):
                drag(notebook, view, role)
            for role in ("nothing", "step", "time"):
                press(view, role)
            assert notebook.is_running(1)
            notebook.stop()


def drag(notebook: Notebook, view: View, role: str) -> None:
    slider = view.control(role)
    slider.scroll_into_view_if_needed()
    view.page.wait_for_timeout(500)  # what the drag before wrote is heard of
    sent, before = notebook.traffic.sent, len(notebook.traffic.sent)
    box = slider.bounding_box()
    assert box
    mouse, y = notebook.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 0.02 * box["width"], y)
    mouse.down()
    inputs(view)
    for share in SWEEPS:
        mouse.move(box["x"] + share * box["width"], y, steps=MOVES)
    told = len(sent) - before
    seen = inputs(view)
    mouse.up()
    twice = sum(one.paints > 1 for one in seen)
    late = sum(one.paints < 1 for one in seen)
    print(f"  {role}, {len(seen)} moves of the mouse: page told to painted {spread([one.page for one in seen])}")
    print(f"    from the mouse's time stamp {spread([one.pointer for one in seen])}")
    print(
        f"    scripts {spread([one.script for one in seen])}; "
        f"{twice} painted twice in a frame, {late} not; {told} messages to the kernel"
    )


def press(view: View, role: str) -> None:
    """Keys come at any time; each is pressed when the one before has been painted."""
    slider = view.control(role)
    slider.press("Home")
    view.page.wait_for_timeout(100)
    inputs(view)
    for _ in range(KEYS):
        slider.press("ArrowRight")
        view.root.evaluate("(root) => new Promise((done) => setTimeout(done, 50 * Math.random()))")
    seen = inputs(view)
    drawn = [one.pointer - one.page + one.script for one in seen]
    print(f"  {role}, {len(seen)} keys: from the key's time stamp to drawn {spread(drawn)}")
    print(f"    to the end of the next frame {spread([one.pointer for one in seen])}")


def live(lab: Lab, browser: Browser) -> None:
    """Training on two threads of torch and one more that is busy; from the kernel's send to painted."""
    train = loads.BUSY + loads.TRAIN.format(at_40="pass", pause=0)
    cells = (loads.MODEL.format(samples=1, threads=2), loads.SHOW, train, loads.SENT)
    with running(lab, browser, "live", cells, 2) as notebook:
        view = notebook.view(1)
        view.until("n('latest') > 40")
        note_paints(view)
        notebook.page.wait_for_timeout(1000 * LIVE_SECONDS)
        seen = paints(view)
        notebook.stop()
        notebook.finish(2)
        told = json.loads(notebook.read(3))
        print(f"\nlive: {told['cores']:.2f} cores busy with {told['steps']} steps")
        report(told["sent"], seen)


def report(sent: list[tuple[int, float]], seen: Sequence[Paint]) -> None:
    first, last = seen[0].seq, seen[-1].seq
    mine = [(seq, at) for seq, at in sent if first < seq <= last]
    took = [1000 * (next(paint.at for paint in seen if paint.seq >= seq) - at) for seq, at in mine]
    pace = (len(mine) - 1) / (mine[-1][1] - mine[0][1])
    gaps = sum(paint.state == "gap" for paint in seen)
    print(f"  {len(mine)} updates at {pace:.1f} Hz: send to painted {spread(took)}; {gaps} paints with a gap")


def flood(lab: Lab, browser: Browser) -> None:
    """A cell that prints so much that the server drops messages; from the end of the cell to a whole picture."""
    cells = (SETUP, EXPLORER, TRAIN_PRINTING, LAST_STEPS)
    with running(lab, browser, "flood", cells, 2) as notebook:
        view = notebook.view(1)
        view.show()
        view.until("n('frames') >= 1")
        note_paints(view)
        notebook.says(2, "IOPub data rate exceeded")
        notebook.page.wait_for_timeout(5000)
        notebook.stop()
        notebook.finish(2)
        idle = notebook.page.evaluate("(performance.timeOrigin + performance.now()) / 1000")
        view.show()
        view.until("d.state === 'finished' && d.step === d.latest")
        seen = paints(view)
        _, recorded = last_steps(notebook.read(3))
        whole = next(paint for paint in seen if paint.latest == str(recorded) and paint.state == "finished")
        gaps = sum(paint.state == "gap" for paint in seen)
        print(f"\nflood: {gaps} paints with a gap; step {recorded} and no gap {whole.at - idle:+.2f} s after the cell")


def start(lab: Lab, browser: Browser) -> None:
    """Four Explorers shown in the midst of training on both cores; from the load of the module to a view."""
    show = "for _ in range(4): display(stamped(rw.Explorer(recorder, panels=['status', 'steps', 'gates'])))"
    train = loads.BUSY + loads.TRAIN.format(at_40=show, pause=0)
    cells = (loads.MODEL.format(samples=2, threads=2), "rw.Explorer(rw.Recording())", train)
    with running(lab, browser, "start", cells, 2) as notebook:
        notebook.page.set_viewport_size({"width": 1400, "height": 3200})
        views = [View(notebook.cells.nth(2).locator(".rnnw").nth(index)) for index in range(4)]
        for view in views:
            view.until("n('latest') > 40 && d.step !== ''")
            note_paints(view)
        times = notebook.page.evaluate("window.starts")
        notebook.page.wait_for_timeout(10_000)
        steps = [len({paint.latest for paint in paints(view)}) for view in views]
        states = {paint.state for view in views for paint in paints(view)}
        notebook.stop()
    took = [shown - made for made, shown in zip(times["made"], times["shown"], strict=True)]
    print(f"\nload, initialize and render: {took[0]:.0f} ms idle; of four with both cores busy {spread(took[1:])}")
    print(f"  different steps that the four painted in 10 s: {steps}, {' and '.join(states)} throughout")


ROOT = 'document.querySelector(".rnnw")'


def memory(lab: Lab, folder: Path, minutes: float) -> None:
    """Megabytes after a collection, each minute, of a page that is streamed to at the most that a view gets; then of
    the same page hidden behind another tab.
    """
    name = "memory"
    (lab.root / name).mkdir()
    with chromium(folder) as address:
        with sync_playwright() as playwright:
            browser = playwright.chromium.connect_over_cdp(address)
            notebook = Notebook(lab, browser.contexts[0].pages[0], lab.root / name)
            train = loads.TRAIN.format(at_40="pass", pause=0.05)
            notebook.write(loads.MODEL.format(samples=4, threads=1), loads.SHOW, train)
            notebook.open()
            notebook.call(0)
            notebook.call(1)
            notebook.run(2)
            notebook.view(1).until("n('latest') > 40")
            browser.close()
        tab = Tab(address)
        print(
            f"\nmemory, MB after a collection: scripts + buffers, at most {schema.STORE_BYTES / 1e6:.0f} of them steps"
        )
        watch(tab, "in sight", minutes)
        tab.hide()
        watch(tab, "hidden", max(1.0, minutes / 5))
    notebook.stop()
    lab.end_sessions(name)


def watch(tab: Tab, word: str, minutes: float) -> None:
    for minute in np.arange(0, minutes + 0.5):
        heap, buffers = tab.megabytes()
        painted, latest, frames = (tab.read(f"{ROOT}.dataset.{name}") for name in ("painted", "latest", "frames"))
        seen = f"{tab.read('document.visibilityState')}, {painted} paints, step {latest}, {frames} frames"
        elements = tab.read("document.querySelectorAll('*').length")
        print(
            f"  {word} {minute:.0f} min: {heap:.1f} + {buffers:.1f} = {heap + buffers:.1f}; {seen}, {elements} elements"
        )
        if minute < minutes:
            time.sleep(60)


PARTS: dict[str, Callable[[Lab, Browser], None]] = {"scrub": scrub, "live": live, "flood": flood, "start": start}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=[*PARTS, "memory"])
    parser.add_argument("--minutes", type=float, default=3.0, help="of the stream whose memory is read")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as lab:
        if "memory" in asked.parts:
            memory(lab, Path(folder), asked.minutes)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
            for name in asked.parts:
                if name in PARTS:
                    PARTS[name](lab, browser)
            browser.close()


if __name__ == "__main__":
    main()
