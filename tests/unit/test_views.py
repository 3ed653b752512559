"""A view is made from a recorder or a recording, checks its cursor, and is one text bundle and a few traits."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import pytest

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError, UnknownNameError
from rnnwidgets.frame import Frame, Trace
from rnnwidgets.recording import Recording
from rnnwidgets.recording.loaded import load
from rnnwidgets.widgets import CellDiagram, Explorer, GateHeatmap, GradientFlow, Saturation, view
from rnnwidgets.widgets.sources import recordings_of
from tests.unit.browser import Wire
from tests.unit.frames import make_frame

CURSOR = {"step", "time", "layer", "gate", "unit", "sample"}


@pytest.fixture(autouse=True)
def wire(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Wire:
    return Wire.connect(monkeypatch, tmp_path)


@pytest.fixture
def recording() -> Recording:
    made = Recording()
    made.append(make_frame(0, (5, 2, 3)))
    made.append(make_frame(1, (7, 2, 3)))
    return made


@pytest.fixture
def explorer(recording: Recording) -> Iterator[Explorer]:
    made = Explorer(recording)
    yield made
    made.close()


def test_the_cursor_goes_from_one_place_to_the_next_as_a_whole_and_observers_see_it_there(
    explorer: Explorer, monkeypatch: pytest.MonkeyPatch
):
    before, after = explorer.cursor, (1, 3, "", "", 2, 1)
    assert before == (None, 0, "", "", None, 0)
    midway, observed = [], []
    set_one = explorer.set_trait

    def setting(name: str, value: Any) -> None:
        set_one(name, value)
        midway.append((explorer.cursor, name, getattr(explorer, name)))

    monkeypatch.setattr(explorer, "set_trait", setting)
    explorer.observe(lambda _: observed.append(explorer.cursor), ["time", "unit", "sample", "step"])
    said = {"step": 1, "time": 3, "unit": 2, "sample": 1}
    explorer.set_state(said)
    assert midway[:4] == [(before, name, value) for name, value in said.items()]
    assert observed == [after] * 4
    explorer.time = 4
    assert explorer.cursor == (1, 4, "", "", 2, 1)


@pytest.mark.parametrize(
    ("kind", "panels"),
    [
        (Explorer, list(get_args(schema.Panel))),
        (GateHeatmap, ["status", "steps", "gates"]),
        (GradientFlow, ["status", "steps", "flow"]),
        (Saturation, ["status", "steps", "saturation"]),
        (CellDiagram, ["status", "steps", "cell"]),
    ],
)
def test_a_view_opens_with_its_panels_its_bundle_and_everything_recorded_so_far(
    kind: type[view.RecordingView], panels: list[str], recording: Recording, wire: Wire
):
    kind(recording, theme="dark", step=1, time=6, unit=2, sample=1, layer="lstm.l0", gate="dh").close()
    opened = next(sent for sent in wire if "_snapshot" in str(sent.data.get("buffer_paths")))
    state = opened.data["state"]
    assert state["_panels"] == panels
    assert state["_esm"] == "export default {};\n"
    assert (state["_meta"]["run"], state["_meta"]["seq"], state["_meta"]["version"]) == (recording.run, 0, 1)
    assert {name: state[name] for name in CURSOR} == {
        "step": 1,
        "time": 6,
        "layer": "lstm.l0",
        "gate": "dh",
        "unit": 2,
        "sample": 1,
    }
    assert state["theme"] == "dark"


def test_a_view_takes_anything_that_has_a_recording_and_refuses_the_rest_in_one_sentence(recording: Recording):
    class Recorder:
        def __init__(self) -> None:
            self.recording = recording

    made = Explorer(Recorder())
    assert made.recording is recording
    made.close()
    with pytest.raises(RecordingError) as told:
        Explorer([1, 2])
    assert str(told.value) == (
        "source: expected a Recorder or a Recording, found an object of type int; "
        "pass what rnnwidgets.watch(model) returned."
    )


def test_the_cursor_is_synchronised_without_an_echo(explorer: Explorer):
    for name in CURSOR:
        assert explorer.trait_metadata(name, "sync") is True
        assert explorer.trait_metadata(name, "echo_update") is False


def test_the_browser_moves_the_cursor_and_is_not_answered(explorer: Explorer, wire: Wire):
    before = len(wire)
    explorer.comm.handle_msg(
        {
            "content": {
                "data": {"method": "update", "state": {"step": 1, "gate": "c", "sample": 1}, "buffer_paths": []}
            },
            "buffers": [],
        }
    )
    assert (explorer.step, explorer.gate, explorer.sample) == (1, "c", 1)
    assert len(wire) == before


FIRST = "use one of those names, or leave out {0}= for the first."
POSITION = "choose one of those, or leave out {0}=."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("layer", "gru", "layer: expected one of lstm.l0, found 'gru'; " + FIRST),
        ("gate", "z", "gate: expected one of i, f, g, o, c, h, dh, dc, found 'z'; " + FIRST),
        ("sample", 2, "sample: expected a number from 0 to 1, found 2; " + POSITION),
        ("time", 7, "time: expected a number from 0 to 6, found 7; " + POSITION),
        ("unit", 3, "unit: expected a number from 0 to 2, found 3; " + POSITION),
        ("step", -1, "step: expected a number from 0 on, found -1; " + POSITION),
    ],
)
def test_a_cursor_outside_the_recording_is_one_sentence(
    explorer: Explorer, recording: Recording, name: str, value: Any, sentence: str
):
    before = getattr(explorer, name)
    with pytest.raises(RecordingError) as told:
        setattr(explorer, name, value)
    assert str(told.value) == sentence.format(name)
    assert getattr(explorer, name) == before
    with pytest.raises(RecordingError, match=name):
        GateHeatmap(recording, **{name: value})


def test_times_are_those_of_the_input_where_only_the_last_ones_are_recorded(recording: Recording):
    frame = make_frame(2, (7, 2, 3))
    recording.append(replace(frame, traces={name: replace(one, first=70) for name, one in frame.traces.items()}))
    made = GateHeatmap(recording, time=76)
    with pytest.raises(RecordingError, match="expected a number from 0 to 76, found 77"):
        made.time = 77
    assert made.time == 76
    made.close()


def test_a_view_of_an_empty_recording_accepts_any_cursor_and_says_that_it_is_waiting():
    recording = Recording()
    made = GateHeatmap(recording, layer="lstm.l0", gate="f", time=900, sample=3, unit=4)
    assert repr(made) == "<GateHeatmap of nothing yet: waiting, step -1, 0 frames>"
    recording.append(make_frame(0, kind="GRU"))
    assert made.layer == "lstm.l0"
    with pytest.raises(UnknownNameError):
        made.gate = "f "
    made.close()


def test_a_view_shows_as_one_line_of_text_where_there_is_no_widget(explorer: Explorer):
    assert repr(explorer) == "<Explorer of lstm.l0: waiting, step 1, 2 frames>"
    data, _ = cast(Any, explorer)._repr_mimebundle_()
    assert data["text/plain"] == repr(explorer)
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id


def test_closing_twice_is_closing_once(explorer: Explorer, wire: Wire):
    explorer.close()
    explorer.close()
    assert [sent.kind for sent in wire].count("comm_close") == 1


def test_a_missing_bundle_is_one_sentence_with_the_way_to_build_it(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    missing = tmp_path / "none" / "widget.js"
    monkeypatch.setattr(view, "BUNDLE", missing)
    with pytest.raises(RecordingError) as told:
        Explorer(recording)
    assert str(told.value) == (
        f"the view: expected its bundle at {missing}, found no such file; "
        "run `make build` in a checkout, or install a released wheel."
    )


def test_the_bundle_is_text_and_a_path_only_while_it_is_worked_on():
    code = "from rnnwidgets.widgets.view import RecordingView as V; print(type(V.__dict__['_esm']).__name__)"
    bundle = Path(view.__file__).parents[1] / "static" / "widget.js"
    assert bundle.exists(), "run `make build` first"
    kinds = [
        subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
        for environment in ({}, {"ANYWIDGET_HMR": "1"})
    ]
    assert kinds == ["Unicode", "FileContents"]


def test_the_widgets_import_without_torch_and_without_bqplot():
    code = (
        "import sys; sys.modules['torch'] = sys.modules['bqplot'] = None\n"
        "from rnnwidgets.recording import Recording\n"
        "import rnnwidgets.widgets as w\n"
        "try: w.GradientNorms(Recording())\n"
        "except ImportError as error: print(error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": "."}, capture_output=True, text=True, check=True
    )
    assert told.stdout == 'rnnwidgets.GradientNorms needs bqplot: pip install "rnnwidgets[bqplot]"\n'


def test_several_recordings_are_shown_side_by_side_each_told_by_its_own_publisher(recording: Recording, wire: Wire):
    other = Recording()
    other.append(make_frame(0, kind="GRU"))
    both = Explorer({"one": recording, "other": other}, panels=["gates"])
    opened = next(sent for sent in wire if "_snapshot" in str(sent.data.get("buffer_paths")))
    state = opened.data["state"]
    assert state["_names"] == ["one", "other"]
    assert state["_meta"]["run"] == recording.run
    assert [kept["meta"]["run"] for kept in state["_others"]] == [other.run]
    assert ["_others", 0, "snapshot"] in opened.data["buffer_paths"]
    both.gate, both.layer = "z", "lstm.l0"
    other.append(make_frame(1, kind="GRU"))
    told = [sent.data["content"]["run"] for sent in wire if sent.data.get("method") == "custom"]
    assert told == [other.run]
    both.close()


def test_recordings_of_a_list_are_called_by_what_they_are_kept_in_or_by_number(tmp_path: Path):
    def kept(name: str) -> Recording:
        recording = Recording()
        recording.append(make_frame(0))
        recording.save(tmp_path / name)
        return load(tmp_path / name)

    adam, sgd, again, memory = kept("runs-adam"), kept("runs-sgd"), load(tmp_path / "runs-adam"), Recording()
    written = Recording()
    written.record_to(tmp_path / "deep" / "written")
    assert list(recordings_of([adam, sgd])) == ["runs-adam", "runs-sgd"]
    assert list(recordings_of([memory, written, sgd])) == ["1", "written", "runs-sgd"]
    assert list(recordings_of([adam, again])) == ["1", "2"]
    assert list(recordings_of({"a": adam, 7: again})) == ["a", "7"]
    written.close()


def test_more_than_four_recordings_or_one_of_them_twice_are_one_sentence(recording: Recording):
    for source in ([recording, recording], [Recording() for _ in range(5)], []):
        with pytest.raises(RecordingError, match="source: expected one to 4 different recordings"):
            Explorer(source)


def test_a_tapped_layer_is_shown_by_the_names_that_it_holds():
    recording = Recording()
    arrays = {name: np.zeros((3, 1, 2), np.float32) for name in ("memory", "dmemory")}
    recording.append(Frame(0, (0,), {"cell": Trace("cell", "TAP", (3,), math.nan, "", arrays)}))
    GateHeatmap(recording, gate="dmemory").close()
    with pytest.raises(UnknownNameError, match="gate: expected one of memory, dmemory, found 'h'"):
        GateHeatmap(recording, gate="h")


def test_the_language_of_a_view_is_sent_and_may_change(explorer: Explorer, wire: Wire, recording: Recording):
    assert explorer.language == "auto"
    explorer.language = "zh"
    assert wire[-1].data["state"] == {"language": "zh"}
    chinese = GateHeatmap(recording, language="zh")
    assert chinese.language == "zh"
    chinese.close()


def test_an_unknown_language_of_a_view_is_refused_in_one_sentence(explorer: Explorer, recording: Recording):
    sentence = "^language: expected 'auto', 'en' or 'zh', found 'de'; use one of those, or leave it out for 'auto'.$"
    with pytest.raises(RecordingError, match=sentence):
        explorer.language = "de"
    with pytest.raises(RecordingError, match=sentence):
        Explorer(recording, language="de")
    assert explorer.language == "auto"
