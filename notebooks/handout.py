"""Runs lessons and writes each as one HTML file: its text, its code, its curves, and its Explorers with their recordings.

    python notebooks/handout.py dist/lessons            all lessons in both languages
    python notebooks/handout.py dist/lessons 04 05      only these

An Explorer on such a page is what `rnnwidgets.export_html` writes, in a frame of its own: it needs neither Python nor a
network. Formulas are set by MathJax, which the page takes from the network; without one they stand as they were typed.
The first lesson runs without the Brown corpus, which may not be handed on.
"""

from __future__ import annotations

import html
import json
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "zh")
WIDGET = "application/vnd.jupyter.widget-view+json"
SIZE = 3_000_000
SECONDS = 1_200
FRAME = (
    '<iframe srcdoc="{page}" title="Explorer" loading="lazy" style="width: 100%; height: 1080px; border: 0"></iframe>'
)
SAVE = "import sys\nsys.path.insert(0, {here!r})\nfrom collect import save\nsave({folder!r}, {size})"
WIDTH, HEIGHT, LEFT, BOTTOM = 900, 320, 80, 40


def handout(lesson: Path) -> str:
    """The page of a lesson that has been run."""
    notebook = nbformat.read(lesson, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        save = SAVE.format(here=str(FOLDER), folder=folder, size=SIZE)
        notebook.cells.append(nbformat.v4.new_code_cell(save))
        NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": folder}}).execute()
        del notebook.cells[-1]
        found = json.loads((Path(folder) / "found.json").read_text())
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                put_in_place(output, found, Path(folder))
    notebook.metadata.pop("widgets", None)
    notebook.metadata["title"] = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
    page, _ = HTMLExporter().from_notebook_node(notebook)
    return str(page)


def put_in_place(output: NotebookNode, found: dict[str, list[dict[str, Any]]], folder: Path) -> None:
    """Replace a widget in an output by what it shows."""
    view = output.get("data", {}).get(WIDGET)
    if view is not None:
        output["data"] = {"text/html": "\n".join(drawn(part, folder) for part in found.get(view["model_id"], []))}


def drawn(part: dict[str, Any], folder: Path) -> str:
    """One page in a frame, or one figure as SVG."""
    if "page" in part:
        return FRAME.format(page=html.escape((folder / part["page"]).read_text(encoding="utf-8")))
    return figure(part["lines"], part["labels"])


def figure(lines: list[dict[str, Any]], labels: list[str]) -> str:
    """Lines and strips as SVG, with the ends of both axes in numbers."""
    log = any(line["log"] for line in lines)
    heights = [height(value, log=log) for line in lines for row in line["y"] for value in row]
    heights = [value for value in heights if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(heights), max(heights)
    first, last = min(min(line["x"]) for line in lines), max(max(line["x"]) for line in lines)

    def place(x: float, y: float) -> str:
        across = LEFT + (x - first) / ((last - first) or 1) * (WIDTH - LEFT - 20)
        up = (height(y, log=log) - low) / ((high - low) or 1)
        return f"{across:.1f},{(1 - up) * (HEIGHT - BOTTOM - 20) + 20:.1f}"

    parts = [path(line, place) for line in lines]
    names = [(line["name"], line["color"]) for line in lines if line["name"]]
    parts += [text(WIDTH - 200, 30 + 18 * k, name, color) for k, (name, color) in enumerate(names)]
    top, base = (f"{10**value if log else value:.3g}" for value in (high, low))
    marks = ((4, 24, top), (4, HEIGHT - BOTTOM, base), (LEFT, HEIGHT - 18, f"{first:g}"), (4, HEIGHT // 2, labels[1]))
    parts += [text(x, y, word) for x, y, word in (*marks, (WIDTH - 60, HEIGHT - 18, f"{last:g}"))]
    parts.append(text(WIDTH // 2, HEIGHT - 4, labels[0]))
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" style="max-width: {WIDTH}px">{"".join(parts)}</svg>'


def height(value: float, *, log: bool) -> float:
    """Where a value stands on the vertical axis; NaN where it cannot."""
    if not log:
        return value
    return math.log10(value) if value > 0 else math.nan


def path(line: dict[str, Any], place: Any) -> str:
    """A line broken where it has no value, or a strip."""
    if line["strip"]:
        low, high = line["y"]
        corners = [*zip(line["x"], low, strict=True), *reversed([*zip(line["x"], high, strict=True)])]
        points = " ".join(place(x, y) for x, y in corners)
        return f'<polygon points="{points}" fill="{line["color"]}" opacity="0.35"/>'
    pieces, open_ = [], False
    for x, y in zip(line["x"], line["y"][0], strict=True):
        spot = place(x, y)
        drawable = "nan" not in spot and "inf" not in spot
        if drawable:
            pieces.append(("L" if open_ else "M") + spot)
        open_ = drawable
    return f'<path d="{" ".join(pieces)}" fill="none" stroke="{line["color"]}" stroke-width="1.5"/>'


def text(x: int, y: int, words: str, color: str = "#555") -> str:
    """Words on a figure."""
    return f'<text x="{x}" y="{y}" font-size="13" font-family="sans-serif" fill="{color}">{html.escape(words)}</text>'


def main(target: str, *numbers: str) -> None:
    """Write the lessons."""
    os.environ["NLTK_DATA"] = os.devnull
    for language in LANGUAGES:
        for lesson in sorted((FOLDER / language).glob("*.ipynb")):
            if not numbers or lesson.stem[:2] in numbers:
                page = Path(target) / language / f"{lesson.stem}.html"
                page.parent.mkdir(parents=True, exist_ok=True)
                page.write_text(handout(lesson), encoding="utf-8")
                sys.stdout.write(f"{page} {page.stat().st_size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
