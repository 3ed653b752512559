"""The picture beside a view, for where no widget runs: it says what was recorded, and nothing in it can act."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np

from rnnwidgets.recording import Recording
from rnnwidgets.widgets import GateHeatmap
from rnnwidgets.widgets.still import LEVELS, plain, still
from tests.unit.frames import make_frame

HOSTILE = "</text><script>x()</script>\u202e\x1b"


def recorded(step: int = 3) -> Recording:
    recording = Recording()
    for number in range(step + 1):
        frame = make_frame(number, scalars={"loss": 1 / (number + 1)})
        trace = frame.traces["lstm.l0"]
        f = np.full((7, 2, 5), 0.5, np.float32)
        f[0, 1, 0], f[6, 1, 4], f[2, 1, 2] = 0, 1, np.nan
        recording.append(replace(frame, traces={HOSTILE: replace(trace, layer=HOSTILE, arrays={"f": f})}))
    return recording


def cells(svg: str) -> dict[str, int]:
    """Color -> cells of the heatmap that have it."""
    return {color: path.count("z") for path, color in re.findall(r'<path d="([^"]*)" fill="([^"]*)"', svg)}


def test_every_value_has_a_cell_in_the_color_of_its_level_and_what_is_no_number_one_of_its_own():
    counts = cells(still(recorded(), gate="f", sample=1))
    assert sum(counts.values()) == 7 * 5
    assert (counts["#101a3c"], counts["#fbf4b4"], counts["#ff00c8"]) == (1, 1, 1)
    assert len(counts) == 4
    assert LEVELS == 24


def test_the_picture_says_of_which_moment_it_is_and_is_well_formed_whatever_the_names():
    svg = still(recorded())
    root = ET.fromstring(svg)  # noqa: S314 (written by what is tested)
    words = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert words[0] == "rnnwidgets: waiting, step 3"
    assert words[1].startswith("</text><script>x()</script>\\u202e\\u001b, f at step 3, 0 dark to 1 light")
    assert any("loss over steps 0 to 3, from 0.25 to 1" in word for word in words)
    assert list(root.iter("{http://www.w3.org/2000/svg}script")) == []
    assert plain("x" * 1000) == "x" * 100 + "\u2026"


def test_the_times_are_those_of_the_input_where_a_recording_begins_later():
    recording = Recording()
    frame = make_frame(0)
    traces = {name: replace(trace, first=70) for name, trace in frame.traces.items()}
    recording.append(replace(frame, traces=traces))
    assert ">timesteps 70 to 76</text>" in still(recording)


def test_an_empty_recording_and_a_large_layer_are_drawn_too():
    assert "Nothing was recorded yet" in still(Recording())
    recording = Recording()
    recording.append(make_frame(0, (300, 1, 200)))
    svg = still(recording, "lstm.l0", "dh")
    assert sum(cells(svg).values()) <= 2400
    assert "; every " in svg


def test_a_view_shows_the_picture_beside_the_live_view_for_a_host_to_choose():
    view = GateHeatmap(recorded())
    data, _ = view._repr_mimebundle_()
    assert set(data) == {"text/plain", "application/vnd.jupyter.widget-view+json", "image/svg+xml"}
    assert data["image/svg+xml"] == still(view.recording)
    view.close()


def test_the_picture_of_a_chinese_view_is_in_chinese():
    view = GateHeatmap(recorded(), gate="f", language="zh")
    data, _ = view._repr_mimebundle_()
    view.close()
    for words in (">rnnwidgets：等待中，第 3 步<", "暗为 0，亮为 1", ">时刻 0 至 6<", ">损失：第 0 至 3 步，0.25 至"):
        assert words in data["image/svg+xml"]
