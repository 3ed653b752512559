"""A view on the page: looked at in one go, so that attributes and pixels are of one paint, and dragged by the mouse."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator

PATIENCE_SECONDS = 120.0
POLL_MS = 50
VARIED = 16  # colors, at the least, of a heatmap that shows numbers

CONDITION = """(root, condition) => {
  const control = (role) => root.querySelector(`[data-role="${role}"]`);
  const number = (name) => Number(root.dataset[name]);
  const said = (role) => Number(control(role).getAttribute("aria-valuetext").match(/\\d+/)[0]);
  return new Function("d", "n", "control", "said", `return ${condition}`)(root.dataset, number, control, said);
}"""

READ = """(root) => {
  const picture = (element) => {
    const canvases = element.matches("canvas") ? [element] : [...element.querySelectorAll("canvas")];
    const drawings = [...element.querySelectorAll("svg")].map((svg) => svg.outerHTML);
    const colors = new Set();
    let hash = 2166136261;
    for (const canvas of canvases.filter(({ width, height }) => width * height > 0)) {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      for (const pixel of new Uint32Array(data.buffer)) {
        colors.add(pixel);
        hash = Math.imul(hash ^ pixel, 16777619);
      }
    }
    return { colors: colors.size, digest: `${hash} ${drawings.join()}` };
  };
  const heatmap = root.querySelector('[data-role="heatmap"]');
  const panels = [...root.querySelectorAll("[data-panel]")];
  return {
    data: { ...root.dataset },
    heatmap: heatmap && picture(heatmap),
    panels: Object.fromEntries(panels.map((panel) => [panel.dataset.panel, picture(panel)])),
  };
}"""

NOTE_POINTER = """(control) => {
  const { left, width } = control.getBoundingClientRect();
  control.onpointermove = ({ clientX }) => { control.pointed = (clientX - left) / width; };
}"""

# A page hears of the mouse after the browser has taken its move for done; what it does then is painted a frame later.
PAINTED = """(control, [fraction, patience]) => new Promise((done, fail) => {
  setTimeout(fail, patience, new Error(`the page did not hear of the mouse at ${fraction}`));
  const painted = () => requestAnimationFrame(() => requestAnimationFrame(done));
  const look = () => Math.abs(control.pointed - fraction) < 0.01 ? painted() : requestAnimationFrame(look);
  look();
})"""

NOTE_NUMBERS = """(root) => {
  const noted = [];
  const note = () => { if (root.dataset.seq !== noted.at(-1)) noted.push(root.dataset.seq); };
  new MutationObserver(note).observe(root, { attributeFilter: ["data-seq"] });
  root.noted = noted;
}"""


@dataclass(frozen=True)
class Picture:
    """What is painted: how many colors the canvases hold, and a digest that differs where a pixel or a path does."""

    colors: int
    digest: str


@dataclass(frozen=True)
class Look:
    """One look at a view: its `data-*` attributes, its heatmap and its panels by name, all of the same moment."""

    data: dict[str, str]
    heatmap: Picture | None
    panels: dict[str, Picture]

    def number(self, name: str) -> int:
        """The whole number in an attribute."""
        return int(self.data[name])


class View:
    """The view whose root a locator finds, whatever page of whatever host it is on."""

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.page = root.page

    def until(self, condition: str) -> Look:
        """A look at the view once a condition holds.

        The condition is JavaScript over `d` (the attributes), `n(name)` (one of them as a number), `control(role)` (an
        element), `said(role)` (the number that a slider says it is at).
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (self.root.count() and self.root.evaluate(CONDITION, condition)):
            assert time.monotonic() < deadline, f"not so within {PATIENCE_SECONDS:.0f} s: {condition}"
            self.page.wait_for_timeout(POLL_MS)
        return self.look()

    def ended(self, step: int, state: str = "finished") -> Look:
        """A look at the view, scrolled to, once it shows the last step and says how training ended."""
        self.show()
        look = self.until(f"d.state === '{state}' && n('latest') === {step} && d.step === d.latest")
        assert look.heatmap
        assert look.heatmap.colors >= VARIED
        return look

    def message_numbers(self, count: int) -> list[int]:
        """The next so many numbers that `data-seq` takes."""
        root = self.root.element_handle()
        root.evaluate(NOTE_NUMBERS)
        self.page.wait_for_function("([root, count]) => root.noted.length >= count", arg=[root, count], polling=100)
        return [int(number) for number in root.evaluate("(root) => root.noted")]

    def show(self) -> None:
        """Scroll to the view: it is painted where it can be seen."""
        self.root.scroll_into_view_if_needed()

    def look(self) -> Look:
        """The view as it is now."""
        seen = self.root.evaluate(READ)
        panels = {name: Picture(**picture) for name, picture in seen["panels"].items()}
        return Look(seen["data"], Picture(**seen["heatmap"]) if seen["heatmap"] else None, panels)

    def control(self, role: str) -> Locator:
        """The element that plays a role in the view."""
        return self.root.locator(f'[data-role="{role}"]')

    @contextlib.contextmanager
    def drag(self, role: str, start: float) -> Iterator[Callable[[float], None]]:
        """Press on a slider at a fraction of its length and hold it; what is yielded drags it on to another fraction.

        Each is painted when it returns. The slider is let go at the end of the block.
        """
        slider, mouse = self.control(role), self.page.mouse
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box, f"the {role} slider is not on the page"
        x, y, width = box["x"], box["y"] + box["height"] / 2, box["width"]
        slider.evaluate(NOTE_POINTER)

        def move(fraction: float) -> None:
            mouse.move(x + fraction * width, y, steps=5)
            slider.evaluate(PAINTED, [fraction, 1000 * PATIENCE_SECONDS])

        mouse.move(x + start * width, y)
        mouse.down()
        try:
            yield move
        finally:
            mouse.up()


def differ(one: Picture | None, other: Picture | None) -> bool:
    """Whether two pictures exist and differ."""
    return one is not None and other is not None and one != other
