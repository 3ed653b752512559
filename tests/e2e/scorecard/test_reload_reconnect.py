"""Row 37: a page that is reloaded, or whose line is cut, while a cell trains has the picture again by itself.

A reloaded page is told nothing but snapshots here: deltas are withheld from then on. JupyterLab asks a kernel about its
widgets when the kernel answers, so after the cell that runs; until then it says itself that it is loading. After a cut
the server hands over what it has kept, and the view goes on while the cell runs.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest

from tests.counts import count
from tests.e2e.lessons import SETUP, TRAIN
from tests.e2e.line import Line, line
from tests.e2e.notebook import Notebook
from tests.e2e.timing import Paint, note_paints, paints
from tests.e2e.view import PATIENCE_SECONDS, VARIED
from tests.pace import slower

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.e2e.lab import Lab
    from tests.e2e.view import View

KERNELS = {"6.31.0": "6.31.0", "7.3.0": "7.3.0", metadata.version("ipykernel"): "python3"}
SECONDS = 2
PROMISE = (
    f"in mid-cell a line is cut and a page reloaded: live at most {SECONDS} s after the line is back, whole at most "
    f"{SECONDS} s after the cell, by snapshots alone; seconds of an ordinary machine at rest"
)

NOTING = f"""
{SETUP}
import json, time, ipykernel
print(ipykernel.__version__)
"""
# A file is written under a hidden name: Jupyter's server refuses to list a folder from which a file that it shows goes.
SHOW = """
explorer = rw.Explorer(recorder)
send, show, shown, times = explorer.send, explorer.show, [], []

def sent(content, buffers):
    if not Path("silent").exists():
        send(content, buffers)
    write("step", content["status"]["step"])

def noted(meta, snapshot):
    shown.append(None)
    show(meta, snapshot)
    write("shown", len(shown))

def write(name, value):
    Path(f".{name}").write_text(json.dumps(value))
    Path(f".{name}").rename(name)

explorer.send, explorer.show = sent, noted
explorer
"""
TRAINING = TRAIN.replace("    if Path", "    times.append(time.time())\n    if Path")
TRAIN_NOTING = TRAINING + 'write("told", dict(times=times, ended=time.time()))\n'

NOTE_SOCKETS = """{
  const Native = WebSocket;
  const opened = [];
  window.opened = opened;
  window.WebSocket = class extends Native {
    constructor(url, protocols) {
      super(url, protocols);
      if (!String(url).includes("/api/kernels/")) return;
      this.addEventListener("open", () => opened.push((performance.timeOrigin + performance.now()) / 1000));
    }
  };
}"""
WHOLE = """(step) => {
  const data = document.querySelector(".rnnw")?.dataset;
  if (data?.state !== "finished" || Number(data.latest) !== step) return false;
  return (performance.timeOrigin + performance.now()) / 1000;
}"""


@pytest.mark.parametrize("version", count([metadata.version("ipykernel")], list(KERNELS)))
def test_reload_reconnect(lab: Lab, browser: Browser, version: str):
    with cut_off(lab, browser, f"cut-{list(KERNELS).index(version)}") as (notebook, laid):
        view = started(notebook, version)
        note_paints(view)
        before = view.until("n('frames') >= 10")
        back, seen = cut(notebook, laid, view)
        pace = slower(time.perf_counter, 20)
        (notebook.folder / "silent").touch()
        notebook.reload(1)
        notebook.stop()
        facts = told(notebook, "told")
        last = len(facts["times"]) - 1
        whole = notebook.page.wait_for_function(WHOLE, arg=last, polling="raf").json_value()
        end = view.look()
    trained = sum(at <= back for at in facts["times"]) - 1
    live = min(paint.at for paint in seen if paint.at > back and int(paint.latest) >= trained) - back
    late = whole - facts["ended"]
    print(f"{version}: live {live:.1f} s, whole {late:.1f} s, machine {pace:.1f} times as slow")
    assert before.number("latest") < trained < last
    assert end.data["run"] == before.data["run"]
    assert end.number("frames") >= 10
    assert end.heatmap
    assert end.heatmap.colors >= VARIED
    assert max(live, late) <= count(PATIENCE_SECONDS, SECONDS * pace)  # where much else runs, a page is slow to paint


def cut(notebook: Notebook, laid: Line, view: View) -> tuple[float, list[Paint]]:
    """Cut the line, mend it when a snapshot has gone astray, wait until the view is live: when the page was connected
    again, and what the view had painted by then.
    """
    laid.cut()
    already = told(notebook, "shown")
    notebook.wait(lambda: told(notebook, "shown") > already)
    opened = notebook.page.evaluate("opened.length")
    laid.mend()
    notebook.page.wait_for_function("(count) => opened.length > count", arg=opened, polling=50)
    back = notebook.page.evaluate("opened.at(-1)")
    known = told(notebook, "step")
    notebook.wait(lambda: told(notebook, "step") > known)
    view.until(f"d.state === 'live' && n('latest') >= {told(notebook, 'step')}")
    return back, [paint for paint in paints(view) if paint.state == "live"]


@contextmanager
def cut_off(lab: Lab, browser: Browser, name: str) -> Iterator[tuple[Notebook, Line]]:
    """A notebook whose page reaches the server over a line that can be cut: then errors of the network are its due."""
    port = int(lab.url.rpartition(":")[2])
    with line(port) as laid:
        far = replace(lab, url=f"http://127.0.0.1:{laid.port}")
        with Notebook.on_a_new_page(far, browser, name) as notebook:
            notebook.page.add_init_script(NOTE_SOCKETS)
            try:
                yield notebook, laid
            except Exception:
                notebook.keep(notebook.folder)
                print(f"screenshot, console, messages: {notebook.folder}")
                raise
        far.sweep()  # over this line
    assert [error for error in notebook.traffic.errors if "net::ERR" not in error and "WebSocket" not in error] == []


def started(notebook: Notebook, version: str) -> View:
    """Show an Explorer in cell 1 and train in cell 2."""
    notebook.write(NOTING, SHOW, TRAIN_NOTING, kernel=KERNELS[version])
    notebook.open()
    assert notebook.read(0) == version
    notebook.call(1)
    notebook.save()
    notebook.run(2)
    return notebook.view(1)


def told(notebook: Notebook, name: str) -> Any:
    """What the kernel has written into a file, once it has."""
    file = notebook.folder / name
    notebook.wait(file.exists)
    return json.loads(file.read_text())
