"""The views on the page: what they say before training, how they share a cursor, their colors, their end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.lessons import EXPLORER, SETUP, TRAIN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.notebook import Notebook

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTHS = {"wide": 1400, "narrow": 760}
READABLE = 4.5

COLORS = """(root) => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  let ground = root;
  while (channels(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
  const color = (element, name) => channels(getComputedStyle(element)[name]).slice(0, 3);
  return [color(root, "color"), color(ground, "backgroundColor")];
}"""

LINE_POINTS = """(least) => [...document.querySelectorAll(".bqplot path.line")]
  .some((path) => (path.getAttribute("d") ?? "").split(/[ML]/).length > least)"""


def test_an_explorer_of_an_empty_recording_says_that_it_is_waiting(notebook: Notebook):
    notebook.write(SETUP, EXPLORER)
    notebook.open()
    notebook.read(0)
    notebook.call(1)
    view = notebook.view(1)
    assert view.until("d.state === 'waiting'").data["frames"] == "0"
    assert view.root.get_by_text(re.compile("waiting", re.IGNORECASE)).first.is_visible()


def test_two_views_of_a_recording_share_the_cursor_without_the_kernel_until_they_are_deleted_or_closed(
    notebook: Notebook,
):
    heatmap = "heatmap = rw.GateHeatmap(recorder)\nheatmap"
    notebook.write(SETUP, EXPLORER, heatmap, TRAIN, "heatmap.close()\nexplorer.close()")
    notebook.open()
    notebook.page.set_viewport_size({"width": 1400, "height": 2600})  # a view is painted where it can be seen
    notebook.read(0)
    notebook.call(1)
    notebook.call(2)
    notebook.run(3)
    one, other = notebook.view(1), notebook.view(2)
    assert one.until("n('frames') >= 10").data["run"] == other.until("n('frames') >= 10").data["run"]
    assert set(other.look().panels) == {"status", "steps", "gates"}

    before = len(notebook.traffic.sent)
    with one.drag("step", 0.9) as move:
        move(0.3)
        pinned = one.until("n('step') === said('step') && n('step') < n('latest')")
        other.until(f"n('step') === {pinned.number('step')}")
        assert notebook.traffic.sent[before:] == []
    with other.drag("time", 0.2) as move:
        move(0.7)
        moved = other.until("n('time') > 0 && n('time') === Number(control('time').value)")
        followed = one.until(f"n('time') === {moved.number('time')} && control('time').value === d.time")
    assert followed.panels["flow"] != pinned.panels["flow"]
    assert notebook.is_running(3)

    notebook.delete(1)
    remaining = notebook.view(1)
    seen = remaining.until("n('frames') >= 1")
    remaining.until(f"n('latest') > {seen.number('latest')}")
    assert notebook.page.locator(".rnnw").count() == 1
    notebook.stop()
    notebook.finish(2)
    notebook.call(3)
    notebook.page.locator(".rnnw").wait_for(state="detached")


def test_the_gradient_norms_are_a_bqplot_figure_whose_lines_have_points_while_the_cell_runs(notebook: Notebook):
    notebook.write(SETUP, "norms = rw.GradientNorms(recorder)\nnorms.figure", TRAIN, "print(len(norms.figure.marks))")
    notebook.open()
    notebook.read(0)
    notebook.call(1)
    notebook.run(2)
    notebook.page.wait_for_function(LINE_POINTS, arg=3)
    assert notebook.is_running(2)
    notebook.page.wait_for_function(LINE_POINTS, arg=30)
    notebook.stop()
    notebook.finish(2)
    assert int(notebook.read(3)) >= 1


@pytest.mark.own_page
def test_the_explorer_follows_the_theme_and_the_width_of_the_page(notebook: Notebook, shelf: Path):
    notebook.write(SETUP, EXPLORER, TRAIN)
    notebook.open()
    notebook.page.keyboard.press("Control+b")
    notebook.read(0)
    notebook.call(1)
    notebook.run(2)
    view = notebook.view(1)
    view.until("n('latest') >= 100")
    notebook.stop()
    notebook.finish(2)
    view.until("d.state === 'finished'")
    view.show()

    looks, colors = {}, {}
    for theme, name in THEMES.items():
        looks[theme] = view.look()
        if theme == "dark":
            notebook.menu("Settings", "Theme", name)
            looks[theme] = view.until("d.theme === 'dark'")
        colors[theme] = view.root.evaluate(COLORS)
        for width, pixels in WIDTHS.items():
            notebook.page.set_viewport_size({"width": pixels, "height": 3200})
            view.until("control('heatmap').getBoundingClientRect().right <= innerWidth")
            overflow = view.root.evaluate("(root) => root.scrollWidth - root.clientWidth")
            assert overflow <= 0, f"the {width} view is {overflow} pixels wider than its place"
            view.root.screenshot(path=shelf / f"explorer-{theme}-{width}.png")
    assert colors["light"] != colors["dark"]
    assert min(contrast(*pair) for pair in colors.values()) >= READABLE
    assert looks["light"].panels["curves"] != looks["dark"].panels["curves"]


def contrast(ink: list[float], ground: list[float]) -> float:
    """The contrast ratio of two sRGB colors, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(color: list[float]) -> float:
    """The relative luminance of an sRGB color, 0 to 1 (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (channel / 255 for channel in color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
