"""Figures of bqplot: brush, points and rule follow the cursor of the views, and lead it, while a cell runs.

The kernel is one that hears nothing of its widgets while a cell runs, as each did before ipykernel 7.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.lessons import SETUP, TRAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.notebook import Notebook

DEAF = "6.31.0"
NORMS = "norms = rw.GradientNorms(recorder)\nnorms.figure"
BRUSHED = NORMS.replace("norms.figure", "norms.figure.interaction = norms.brush\nnorms.figure")
LINKED = """
import bqplot, ipywidgets
scale = bqplot.LinearScale(min=0, max=200)
brush = bqplot.interacts.BrushIntervalSelector(scale=scale)
link = ipywidgets.jslink((brush, "selected"), (explorer, "selected"))
bqplot.Figure(axes=[bqplot.Axis(scale=scale)], interaction=brush)
"""
EXPLORER = 'explorer = rw.Explorer(recorder, panels=["steps", "gates"])\nexplorer'
# A step takes as long as one of a larger model, and leaves the processor to the page: bqplot draws slowly.
TOLD = TRAIN.replace("sleep(0.01)", "sleep(0.1)") + "print('the kernel has', explorer.step)"

CURVES = "curves = rw.TrainingCurves(recorder)\ncurves.figure"
# The loss is a gap at every second step, and at the last.
GAPS = (
    TRAIN.replace("100_000", "12")
    .replace("0.01", "0.1")
    .replace("recorder.log(loss=loss)", "recorder.log(loss=[loss.item(), float('nan')][step % 2], zero=0.0)")
)

TOLERANCE = 8.0  # pixels

LINE_POINTS = """(least) => [...document.querySelectorAll(".bqplot path.line")]
  .some((path) => (path.getAttribute("d") ?? "").split(/[ML]/).length > least)"""

# The rule is the one line with an end at 0 and one at 1; d3 keeps the data that it draws with the element.
FIGURE = """(figure) => {
  const box = (element) => {
    const { left, right, width } = element.getBoundingClientRect();
    return { left, right, width };
  };
  const lines = [...figure.querySelectorAll(".curve")].map((curve) => [curve, curve.__data__.values]);
  const [rule, ends] = lines.find(([, values]) => values[0].y === 0 && values[1].y === 1) ?? [null, [{ x: null }]];
  const brush = figure.querySelector(".brushintsel .selection");
  return {
    step: ends[0].x,
    rule: rule && box(rule.querySelector("path.line")),
    brush: brush && brush.style.display !== "none" ? box(brush) : null,
  };
}"""


@dataclass(frozen=True)
class Seen:
    """A figure: the step at which its rule stands, and where its rule and brush are painted, in pixels."""

    step: float | None
    rule: dict[str, float] | None
    brush: dict[str, float] | None


class Figure:
    """A figure of bqplot in a cell's output."""

    def __init__(self, notebook: Notebook, cell: int) -> None:
        self.notebook = notebook
        self.root = notebook.cells.nth(cell).locator(".bqplot")

    def look(self) -> Seen:
        return Seen(**self.root.evaluate(FIGURE))

    def until(self, condition: Callable[[Seen], bool]) -> Seen:
        self.notebook.wait(lambda: condition(self.look()))
        return self.look()

    def moved(self, before: float | None) -> float | None:
        """The step of the rule, once it stands elsewhere than before."""
        return self.until(lambda now: now.step not in (None, before)).step

    def brush_end(self) -> float:
        """The step at which the brush ends, in a figure from step 0 to 200."""
        plot = self.root.locator(".brushintsel .overlay").evaluate("(it) => it.getBoundingClientRect().toJSON()")
        brush = self.look().brush
        return float("nan") if brush is None else (brush["right"] - plot["left"]) / plot["width"] * 200

    @contextlib.contextmanager
    def brush(self, start: float) -> Iterator[Callable[[float], None]]:
        """Press at a fraction of the plot and hold; what is yielded drags on to another fraction."""
        plot = self.root.locator(".brushintsel .overlay")
        plot.scroll_into_view_if_needed()
        box: Any = plot.bounding_box()
        mouse, y = self.notebook.page.mouse, box["y"] + box["height"] / 2
        mouse.move(box["x"] + start * box["width"], y)
        mouse.down()
        try:
            yield lambda fraction: mouse.move(box["x"] + fraction * box["width"], y, steps=6)
        finally:
            mouse.up()


def ends_at_the_rule(seen: Seen) -> bool:
    """Whether the brush ends where the rule stands, to within a step of the axis and the rule's own width."""
    return bool(seen.rule and seen.brush and abs(seen.rule["left"] - seen.brush["right"]) <= TOLERANCE)


def begin(notebook: Notebook, *figures: str) -> None:
    notebook.write(SETUP, EXPLORER, *figures, TOLD, "print(explorer.step)", kernel=DEAF)
    notebook.page.set_viewport_size({"width": 1400, "height": 2000})
    notebook.open()
    notebook.read(0)
    for cell in range(1, 2 + len(figures)):
        notebook.call(cell)
    notebook.run(2 + len(figures))


def end(notebook: Notebook, cell: int) -> float:
    """End the cell that trains; the step that the kernel has of the Explorer once it heard what the page has to say."""
    notebook.stop()
    notebook.finish(cell)
    notebook.says(cell, "the kernel has None")
    # The first step was sent at once, the last when the kernel answered that.
    notebook.wait(lambda: sum("step" in message.traits for message in notebook.traffic.writes) >= 2)
    return float(notebook.read(cell + 1))


def test_a_brush_leads_the_cursor_and_follows_it_while_the_cell_runs(notebook: Notebook):
    begin(notebook, BRUSHED)
    view, figure = notebook.view(1), Figure(notebook, 2)
    view.until("n('latest') >= 80")
    notebook.page.wait_for_function(LINE_POINTS, arg=60)

    with figure.brush(0.2) as drag:
        drag(0.6)
        dragged = view.until("n('step') < n('latest')")
        drag(0.5)
        led = view.until(f"n('step') !== {dragged.number('step')} && n('step') < n('latest')")
    seen = figure.until(ends_at_the_rule)

    with view.drag("step", 0.2) as move:
        move(0.1)
        back = view.until("n('step') === said('step') && n('step') < n('latest')")
        followed = figure.until(lambda now: now.step == back.number("step") and ends_at_the_rule(now))
    assert notebook.is_running(3)
    assert seen.step != followed.step
    assert led.panels["gates"] != back.panels["gates"]

    assert end(notebook, 3) == followed.step == figure.look().step


def test_a_click_on_a_point_and_a_brush_linked_by_hand_lead_the_cursor_while_the_cell_runs(notebook: Notebook):
    begin(notebook, NORMS, LINKED)
    view, norms = notebook.view(1), Figure(notebook, 2)
    view.until("n('latest') >= 80")
    view.show()
    points = norms.root.locator(".object_grp")
    notebook.wait(lambda: points.count() > 40)
    shown: list[float] = []
    before: float | None = None
    for number in (30, 3):
        points.nth(number).dispatch_event("click")  # the points move on as steps come, the mouse may miss one
        before = norms.moved(before)
        assert before in points.evaluate_all("(groups) => groups.map((group) => group.__data__.x)")
        pinned = f" && n('step') !== {shown[-1]}" if shown else ""
        shown.append(view.until(f"n('step') < n('latest'){pinned}").number("step"))
    assert shown[0] > shown[1]

    own = Figure(notebook, 3)
    with own.brush(0.05) as drag:
        drag(0.15)
    led = norms.until(lambda now: now.step != before)
    assert led.step == pytest.approx(own.brush_end(), abs=1)

    with view.drag("step", 0.2) as move:
        move(0.4)
        back = view.until("n('step') === said('step')")
        followed = norms.until(lambda now: now.step == back.number("step") != led.step)
        notebook.wait(lambda: own.brush_end() == pytest.approx(followed.step, abs=1))
    assert notebook.is_running(4)
    assert end(notebook, 4) == followed.step == norms.look().step


def test_figures_without_values_and_with_gaps_log_no_errors(notebook: Notebook):
    notebook.write(SETUP, NORMS, CURVES, GAPS)
    notebook.page.set_viewport_size({"width": 1400, "height": 2000})
    notebook.open()
    for cell in range(3):
        notebook.run(cell)
        notebook.finish(cell)
    for cell in (1, 2):
        Figure(notebook, cell).root.locator(".axis").first.wait_for()
    notebook.run(3)
    notebook.finish(3)
    notebook.page.wait_for_function(LINE_POINTS, arg=10)
    assert notebook.traffic.errors == []
