"""What ties bqplot's selectors and marks to the cursor of the page by `ipywidgets.jslink`, so without the kernel.

A link sets one trait to the value of another as it is: the traits here hold what those of bqplot hold in the browser,
arrays of numbers. In the browser the relay joins the cursor of its recording, as views do; it draws nothing itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, final

import ipywidgets
import traitlets

from rnnwidgets.widgets.page import PageWidget, array, unechoed
from rnnwidgets.widgets.view import bundle

SCRIPT = Path(__file__).parent.parent / "static" / "relay.js"


@final
class Relay(PageWidget):
    """The cursor of a recording for the selector, the points and the rule of one figure.

    Attributes:
        selected: what the selector holds: the steps brushed over, whose last is that of the cursor.
        steps: the training step of each point that can be clicked.
        heard: whether a page has answered. Python need not pass on what the figure tells it then, and must not, since
            it hears of it late: what it passed on would take the reader back.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _run = traitlets.Unicode().tag(sync=True)
    _picked = array("<u4")
    _rule = array()
    selected = array()
    steps = array()
    heard = unechoed(traitlets.Bool())

    def __init__(self, run: str, *, selector: Any, points: Any, rule: Any) -> None:
        """Tie a selector of bqplot, the positions of the points clicked and the place of a rule to a run's cursor."""
        super().__init__(_run=run, steps=[])
        self._links = (
            ipywidgets.jslink((selector, "selected"), (self, "selected")),
            ipywidgets.jslink((points, "selected"), (self, "_picked")),
            ipywidgets.jsdlink((self, "_rule"), (rule, "x")),
        )

    def close(self) -> None:
        """End the links and itself."""
        for link in self._links:
            link.close()
        self.layout.close()
        super().close()

    @traitlets.default("_esm")
    def _load_script(self) -> str:
        return bundle(SCRIPT)

    @traitlets.default("_rule")
    def _no_rule(self) -> list[float]:
        return []
