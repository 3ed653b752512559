"""The bqplot figure draws the norms that are recorded, few points at a time, and shares the cursor of the views."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Frame, Trace
from rnnwidgets.recording import Recording
from rnnwidgets.widgets import Explorer, GradientNorms, TrainingCurves
from rnnwidgets.widgets.curves import drawable
from rnnwidgets.widgets.ends import end_norms
from rnnwidgets.widgets.publisher import publisher_of
from tests.unit.browser import Wire
from tests.unit.frames import make_frame, make_trace


@pytest.fixture(autouse=True)
def wire(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Wire:
    return Wire.connect(monkeypatch, tmp_path)


@pytest.fixture
def recording(wire: Wire) -> Recording:
    made = Recording()
    wire.publish(made)
    return made


@pytest.fixture
def norms(recording: Recording) -> Iterator[GradientNorms]:
    made = GradientNorms(recording)
    yield made
    made.close()


def append(wire: Wire, recording: Recording, steps: range, seconds: float) -> None:
    for step in steps:
        wire.clock.now += seconds
        recording.append(make_frame(step, scalars={"grad_norm": 10.0**-step}))
        recording.log(step, {"loss": 1.0})


def drawn(norms: GradientNorms) -> dict[str, tuple[list[float], list[float]]]:
    return {mark.labels[0]: (mark.x.tolist(), mark.y.tolist()) for mark in norms.figure.marks if mark.labels}


def test_the_norm_of_dh_at_both_ends_is_that_of_its_first_and_each_samples_last_timestep():
    trace = make_trace((6, 3, 4))
    short = Trace("r", "LSTM", (6, 2, 4), 0.0, "", trace.arrays)
    gradient = trace["dh"].astype(float)
    last = math.hypot(*gradient[5, 0], *gradient[1, 1], *gradient[3, 2])
    assert end_norms(short) == pytest.approx((float(np.linalg.norm(gradient[0])), last), rel=1e-12)


def test_a_figure_draws_total_norm_and_both_ends_of_every_layer(wire: Wire, recording: Recording, norms: GradientNorms):
    assert drawn(norms) == {}
    append(wire, recording, range(4), 1.0)
    wire.clock.now += 1
    recording.changed()
    shown = drawn(norms)
    assert list(shown) == ["gradient norm", "dh lstm.l0, first timestep", "dh lstm.l0, last timestep"]
    assert all(steps == [0, 1, 2, 3] for steps, _ in shown.values())
    assert shown["gradient norm"][1] == [1, 0.1, 0.01, 0.001]
    ends = [end_norms(make_trace(seed=step)) for step in range(4)]
    np.testing.assert_allclose(shown["dh lstm.l0, first timestep"][1], [first for first, _ in ends])
    np.testing.assert_allclose(shown["dh lstm.l0, last timestep"][1], [last for _, last in ends])


def test_a_figure_is_a_bqplot_figure_with_a_logarithmic_axis_and_no_animation(norms: GradientNorms):
    import bqplot

    assert isinstance(norms.figure, bqplot.Figure)
    assert [type(axis.scale) for axis in norms.figure.axes] == [bqplot.LinearScale, bqplot.LogScale]
    assert norms.figure.animation_duration == 0
    assert repr(norms) == "<GradientNorms of 0 series to step -1>"
    assert "application/vnd.jupyter.widget-view+json" in norms._repr_mimebundle_()


def test_points_are_above_the_lines_of_which_each_would_take_their_clicks(wire: Wire, recording: Recording):
    norms = GradientNorms(recording)
    append(wire, recording, range(4), 1.0)
    assert [mark.labels for mark in norms.figure.marks[1:-1]] == [[name] for name in drawn(norms)]
    assert len(norms.figure.marks) == 5
    assert norms.figure.marks[-1].interactions == {"hover": "tooltip", "click": "select"}
    norms.close()


def test_a_figure_is_drawn_at_most_twice_a_second(wire: Wire, recording: Recording, norms: GradientNorms):
    line_updates = []
    append(wire, recording, range(1), 1.0)
    norms.figure.marks[1].observe(lambda _: line_updates.append(wire.clock.now), "y")
    append(wire, recording, range(1, 101), 0.05)
    assert 9 <= len(line_updates) <= 10
    assert np.diff(line_updates).min() >= 0.5 - 1e-9


def test_at_most_300_points_are_drawn_and_no_value_that_has_no_logarithm():
    bins = np.ones((6, 1024))
    bins[0] = np.arange(1024)
    bins[4, :8] = (0, -1, math.nan, math.inf, 5, 5, 5, 5)
    steps, values = drawable(bins)
    assert len(steps) == len(values) == 255
    np.testing.assert_array_equal(values[:2], [5, 1])


def test_a_line_begins_and_ends_with_a_value_that_has_a_logarithm():
    bins = np.ones((6, 9))
    bins[0] = np.arange(9)
    bins[4] = (0, -1, 5, math.nan, 0, 6, 7, math.inf, math.nan)
    steps, values = drawable(bins)
    np.testing.assert_array_equal(steps, [2, 3, 4, 5, 6])
    np.testing.assert_array_equal(values, [5, math.nan, math.nan, 6, 7])
    steps, values = drawable(bins[:, :2])
    assert (steps.tolist(), values.tolist()) == ([], [])


def test_a_gap_is_no_point_to_click(wire: Wire, recording: Recording, norms: GradientNorms):
    for step, norm in enumerate((1.0, math.nan, 3.0)):
        wire.clock.now += 1
        recording.append(make_frame(step, scalars={"grad_norm": norm}))
    points = norms.figure.marks[-1]
    assert (points.x.tolist(), points.y.tolist()) == ([0, 2], [1, 3])
    assert norms._relay.steps == [0, 2]


def test_of_many_layers_the_first_three_are_drawn(recording: Recording):
    traces = {name: make_trace(layer=name) for name in "abcd"}
    recording.append(Frame(0, (0, 1), traces, {"grad_norm": 1.0}))
    made = GradientNorms(recording)
    assert len(drawn(made)) == 7
    assert not any("dh d" in label for label in drawn(made))
    made.close()


def test_a_layer_without_gradients_is_not_drawn(recording: Recording):
    trace = make_trace()
    forward = {name: array for name, array in trace.arrays.items() if not name.startswith("d")}
    recording.append(Frame(0, (0, 1), {"r": Trace("r", "LSTM", (7, 7), 0.0, "", forward)}))
    made = GradientNorms(recording)
    assert drawn(made) == {}
    made.close()


def test_the_rule_follows_the_cursor_of_any_view_of_the_recording(recording: Recording, norms: GradientNorms):
    recording.append(make_frame(3))
    views = [Explorer(recording), Explorer(recording)]
    rule = norms.figure.marks[0]
    views[1].step = 3
    assert (norms.step, rule.x.tolist(), rule.y.tolist()) == (3, [3, 3], [0, 1])
    views[0].step = 2
    assert (norms.step, rule.x.tolist()) == (2, [2, 2])
    views[0].step = None
    assert (norms.step, rule.x.tolist()) == (None, [])
    for view in views:
        view.close()


def test_a_click_on_a_point_moves_the_cursor_of_every_view(wire: Wire, recording: Recording, norms: GradientNorms):
    append(wire, recording, range(5), 1.0)
    views = [Explorer(recording), Explorer(recording)]
    points = norms.figure.marks[-1]
    assert points.x.tolist() == drawn(norms)["gradient norm"][0]
    message = {"event": "element_click", "data": {"x": 4.0, "y": 1e-4, "index": 4}}
    points.comm.handle_msg({"content": {"data": {"method": "custom", "content": message}}, "buffers": []})
    assert [view.step for view in views] == [4, 4]
    assert (norms.step, norms.figure.marks[0].x.tolist()) == (4, [4, 4])
    for view in views:
        view.close()


def hear(recording: Recording) -> None:
    """Let a page answer for every figure of the recording."""
    for chart in tuple(publisher_of(recording)._charts):
        arrive(cast(Any, chart)._relay, {"heard": True})


def arrive(widget: Any, state: dict[str, Any], **buffers: np.ndarray) -> None:
    """A message by which a page sets traits, of which those in `buffers` are typed arrays."""
    data = {"method": "update", "state": state, "buffer_paths": [[name] for name in buffers]}
    binary = [memoryview(array.tobytes()) for array in buffers.values()]
    widget.comm.handle_msg({"content": {"data": data}, "buffers": binary})


def test_where_a_page_answers_python_passes_nothing_on_that_it_hears_late(wire: Wire, recording: Recording):
    append(wire, recording, range(5), 1.0)
    curves, norms, explorer = TrainingCurves(recording), GradientNorms(recording), Explorer(recording)
    hear(recording)
    curves.brush.selected = np.array([1.0, 3.0])
    message = {"event": "element_click", "data": {"x": 2.0, "y": 1e-2, "index": 2}}
    points = norms.figure.marks[-1]
    points.comm.handle_msg({"content": {"data": {"method": "custom", "content": message}}, "buffers": []})
    assert explorer.step is None
    explorer.step = 4
    for made in (curves, norms):
        assert (made.step, made.figure.marks[0].x.tolist()) == (4, [])
        made.close()
    explorer.close()


def test_a_figure_is_linked_in_the_browser_by_its_brush_its_points_and_its_rule(wire: Wire, recording: Recording):
    append(wire, recording, range(3), 1.0)
    norms = GradientNorms(recording)
    named = {f"IPY_MODEL_{one.model_id}": name for name, one in vars(norms).items() if hasattr(one, "model_id")}
    states = [sent.data["state"] for sent in wire if sent.kind == "comm_open"]
    links = [
        (state["_model_name"], *((named[model], trait) for model, trait in (state["source"], state["target"])))
        for state in states
        if "target" in state
    ]
    assert links == [
        ("LinkModel", ("brush", "selected"), ("_relay", "selected")),
        ("LinkModel", ("_points", "selected"), ("_relay", "_picked")),
        ("DirectionalLinkModel", ("_relay", "_rule"), ("_rule", "x")),
    ]
    relay = next(state for state in states if "_run" in state)
    assert (relay["_run"], relay["_rule"], relay["selected"], relay["heard"]) == (recording.run, [], None, False)
    assert norms._relay.steps == norms.figure.marks[-1].x.tolist() == [0, 1, 2]
    norms.close()


def test_what_is_selected_arrives_as_typed_arrays_and_as_lists_and_is_not_answered(wire: Wire, recording: Recording):
    norms, explorer = GradientNorms(recording), Explorer(recording)
    before = len(wire)
    arrive(explorer, {}, selected=np.array([3.25, 17.5]))
    arrive(norms._relay, {"selected": [8]}, _picked=np.array([4], np.uint32))
    assert (explorer.selected, norms._relay.selected, norms._relay._picked) == ([3.25, 17.5], [8.0], [4.0])
    arrive(explorer, {"selected": None})
    assert explorer.selected is None
    assert len(wire) == before
    explorer.selected = [2, 9]
    assert wire[-1].data["state"] == {"selected": [2.0, 9.0]}
    explorer.close()
    norms.close()


def test_closing_ends_every_widget_and_the_subscription(wire: Wire, recording: Recording):
    made = GradientNorms(recording)
    append(wire, recording, range(1), 1.0)
    recording.append(make_frame(5))
    made.close()
    made.close()
    opened = [sent.comm_id for sent in wire if sent.kind == "comm_open"]
    closed = [sent.comm_id for sent in wire if sent.kind == "comm_close"]
    assert sorted(opened) == sorted(closed)
    assert recording.listeners == []


def test_a_figure_closed_by_itself_ends_its_updates(wire: Wire, recording: Recording):
    made = GradientNorms(recording)
    made.figure.close()
    append(wire, recording, range(2), 1.0)
    assert recording.listeners == []
    assert publisher_of(recording)._settle._timer is None
    assert [note for note in recording.status.notes if "failed" in note] == []


def test_a_figure_lives_on_when_only_the_figure_is_kept(wire: Wire, recording: Recording):
    figure = GradientNorms(recording).figure
    gc.collect()
    append(wire, recording, range(2), 1.0)
    assert figure.marks[1].x.tolist() == [0, 1]
    for chart in tuple(publisher_of(recording)._charts):
        cast(Any, chart).close()


def test_the_lines_keep_below_the_legend_and_within_the_axis(wire: Wire, recording: Recording, norms: GradientNorms):
    append(wire, recording, range(4), 1.0)
    wire.clock.now += 1
    recording.changed()
    values = np.concatenate([values for _, values in drawn(norms).values()])
    scale = norms.figure.axes[1].scale
    low, high, top = np.log10([values.min(), values.max(), scale.max])
    assert scale.min == pytest.approx(values.min())
    assert (top - high) / (top - low) == pytest.approx(0.06 * 4)


def test_training_curves_draw_what_was_logged_loss_first_and_at_most_eight(wire: Wire, recording: Recording):
    curves = TrainingCurves(recording)
    names = ["zeta", "loss", *(f"c{k}" for k in range(9))]
    recording.append(make_frame(0))
    recording.log(0, dict.fromkeys(names, 2.0))
    recording.log(1, dict.fromkeys(names, 4.0))
    wire.clock.now += 1
    recording.changed()
    shown = {mark.labels[0]: mark.y.tolist() for mark in curves.figure.marks if mark.labels}
    assert list(shown) == ["loss", "zeta", *(f"c{k}" for k in range(6))]
    assert shown["loss"] == [2, 4]
    curves.close()


def test_brushing_over_steps_moves_the_cursor_of_every_view_to_the_last_of_them(recording: Recording):
    recording.append(make_frame(0))
    curves, norms, explorer = TrainingCurves(recording), GradientNorms(recording), Explorer(recording)
    assert curves.figure.interaction is curves.brush
    curves.brush.selected = np.array([3.2, 17.6])
    assert (explorer.step, curves.step, norms.step) == (18, 18, 18)
    norms.brush.selected = np.array([2.0, 5.0])
    assert explorer.step == 5
    curves.brush.selected = None
    assert explorer.step == 5
    for made in (curves, norms, explorer):
        made.close()


def test_a_figure_in_chinese_has_chinese_axes_and_names(wire: Wire, recording: Recording):
    append(wire, recording, range(2), 1.0)
    norms = GradientNorms(recording, language="zh")
    assert list(drawn(norms)) == ["梯度范数", "dh lstm.l0，首个时刻", "dh lstm.l0，末个时刻"]
    assert [axis.label for axis in norms.figure.axes] == ["训练步", "梯度范数"]
    curves = TrainingCurves(recording, language="zh")
    assert [mark.labels[0] for mark in curves.figure.marks if mark.labels] == ["损失", "梯度范数"]
    assert [axis.label for axis in curves.figure.axes] == ["训练步", "数值"]
    norms.close()
    curves.close()


def test_a_figure_refuses_an_unknown_language_in_one_sentence(recording: Recording):
    for kind in (GradientNorms, TrainingCurves):
        with pytest.raises(RecordingError, match=r"^language: expected 'auto', 'en' or 'zh', found 'de'; use"):
            kind(recording, language=cast("Any", "de"))
