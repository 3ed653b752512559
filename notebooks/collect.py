"""What a lesson's widgets show, saved from inside the kernel that ran it: recordings as pages, bqplot's lines as numbers.

The handout puts each in the place of the widget that showed it; a widget is known by its model id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bqplot
from ipywidgets.widgets.widget import _instances

from rnnwidgets import export_html


def save(folder: str, size: int) -> None:
    """Write found.json: model id -> what that widget shows, names of pages and figures, in order; and the pages."""
    shelf = Path(folder)
    found = {key: list(shown(widget, shelf, size)) for key, widget in list(_instances.items())}
    (shelf / "found.json").write_text(json.dumps({key: parts for key, parts in found.items() if parts}))


def shown(widget: Any, shelf: Path, size: int) -> Iterator[dict[str, Any]]:
    """What a widget and those inside it show."""
    for number, recording in enumerate(getattr(widget, "recordings", ())):
        if len(recording):
            page = shelf / f"{widget.model_id}-{number}.html"
            export_html(recording, page, size=size)
            yield {"page": page.name}
    if isinstance(widget, bqplot.Figure):
        lines = [line_of(mark) for mark in widget.marks if isinstance(mark, bqplot.Lines) and mark.x.size]
        yield {"lines": lines, "labels": [axis.label for axis in widget.axes]}
    for child in getattr(widget, "children", ()):
        yield from shown(child, shelf, size)


def line_of(mark: bqplot.Lines) -> dict[str, Any]:
    """A line, or a strip where it is filled, as plain numbers."""
    rows = mark.y.reshape(-1, mark.x.size)
    return {
        "name": next(iter(mark.labels), ""),
        "color": mark.colors[0],
        "strip": mark.fill == "between",
        "log": isinstance(mark.scales["y"], bqplot.LogScale),
        "x": [float(value) for value in mark.x],
        "y": [[float(value) for value in row] for row in rows],
    }
