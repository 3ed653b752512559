"""Row 39: what the browser says while a cell trains is taken whole, in order, on whatever thread the kernel takes it.

JupyterLab sends it to a subshell. ipykernel 7.3 handles it there at once, beside the training thread; 7.4 hands it to
the shell that the view last spoke from, 6.31 has one shell: both handle it after the cell.
"""

from __future__ import annotations

import json
from importlib import metadata
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.counts import count
from tests.e2e.kernel import Kernel
from tests.e2e.lessons import SETUP, TRAIN

if TYPE_CHECKING:
    from pathlib import Path

MESSAGES = 500
PROMISE = f"{MESSAGES} messages of a browser while a cell trains: all in order, none torn, no exception"
PACE_SECONDS = 0.005
TIMES, UNITS, SAMPLES = 20, 24, 2
AT_ONCE = {"6.31.0": False, "7.3.0": True, metadata.version("ipykernel"): False}

NOTE = """
import json, threading
read, taken, threads = [], [], set()
explorer = rw.Explorer(recorder)

def note(change):
    threads.add(threading.current_thread() is threading.main_thread())
    taken.append(explorer.cursor)

explorer.observe(note, "time")
print(explorer.model_id)
"""
TRAIN_READING = TRAIN.replace("    if Path", "    read.append(explorer.cursor)\n    if Path")
TELL = """
places = [[(place.time, place.unit, place.sample) for place in list_] for list_ in (read, taken)]
print(json.dumps(dict(places=places, main=sorted(threads), errors=dict(recorder.health().errors), step=step)))
"""


@pytest.mark.parametrize("version", AT_ONCE)
def test_subshell_threads(tmp_path: Path, version: str):
    said = [(k % TIMES, k % UNITS, k % SAMPLES) for k in range(1, count(100, MESSAGES) + 1)]
    with Kernel.of(version, tmp_path) as kernel:
        assert kernel.read("import ipykernel\nprint(ipykernel.__version__)") == version
        kernel.read(SETUP)
        view = kernel.read(NOTE)
        subshell = kernel.subshell()
        cell = kernel.client.execute(TRAIN_READING)
        kernel.listen(lambda: len(kernel.widgets("custom")) >= 2)
        requests = [say(kernel, view, subshell, place) for place in said]
        if AT_ONCE[version]:
            kernel.listen(lambda: kernel.is_over(*requests))
        handled = sum(map(kernel.is_over, requests))
        assert not kernel.is_over(cell)
        (tmp_path / "stop").touch()
        kernel.listen(lambda: kernel.is_over(cell, *requests))
        told = json.loads(kernel.read(TELL))
        log = (tmp_path / "kernel.log").read_text()
    read, taken = ([tuple(place) for place in places] for places in told["places"])
    torn = set(read) - {*said, (0, None, 0)}
    numbers = [delta["content"]["seq"] for delta in kernel.widgets("custom")]
    print(f"{version}: {handled} of {len(said)} while the cell ran, {len(torn)} of {len(read)} readings torn")
    assert taken == said
    assert torn == set()
    assert (len(set(read)) > 1) == AT_ONCE[version]
    assert (handled, told["main"]) == ((len(said), [False]) if AT_ONCE[version] else (0, [True]))
    assert {later - before for before, later in pairwise(numbers)} == {1}
    assert told["errors"] == {}
    assert [one for one in kernel.messages if one["msg_type"] == "error"] == []
    assert "Traceback" not in log


def say(kernel: Kernel, view: str, subshell: str | None, place: tuple[int, int, int]) -> str:
    """Say that the cursor went to a place, as a page does; the number of the message."""
    state = dict(zip(("time", "unit", "sample"), place, strict=True))
    data = {"method": "update", "state": state, "buffer_paths": []}
    message = kernel.client.session.msg("comm_msg", {"comm_id": view, "data": data})
    if subshell is not None:
        message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
    kernel.pass_by(PACE_SECONDS)  # a reader drags
    return str(message["header"]["msg_id"])
