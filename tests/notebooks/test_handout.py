"""The lesson as one HTML file: what its widgets showed stands in their places."""

from __future__ import annotations

import html
import importlib.util
import re
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.notebooks.lesson import NOTEBOOKS

if TYPE_CHECKING:
    from pathlib import Path

LESSON = """
import numpy as np
import torch
from torch import nn
import ipywidgets
import rnnwidgets as rw

layer = nn.LSTM(2, 3)
recorder = rw.watch(layer, every=1)
layer(torch.rand(7, 2, 2))[0].sum().backward()
recorder.step()
recorder.close()
"""


@pytest.fixture(scope="module")
def handout():
    spec = importlib.util.spec_from_file_location("handout", NOTEBOOKS / "handout.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page(handout, tmp_path_factory: pytest.TempPathFactory) -> str:
    draw = (NOTEBOOKS / "source" / "include" / "draw.py").read_text(encoding="utf-8")
    shown = "ipywidgets.VBox([ipywidgets.IntSlider(), rw.Explorer(recorder)])"
    lines = '{"loss & more": ([0, 1, 2, 3], [8.0, 4.0, np.nan, 2.0])}'
    curve = f'draw({lines}, band=rw.tasks.Band(2.0, 4.0, 0, ""), log=True)'
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A small lesson"),
            *map(nbformat.v4.new_code_cell, (LESSON, draw, shown, curve)),
        ]
    )
    lesson: Path = tmp_path_factory.mktemp("lesson") / "small.ipynb"
    nbformat.write(notebook, lesson)
    return str(handout.handout(lesson))


def test_the_page_holds_the_text_and_the_code_of_the_lesson(page: str):
    assert "<title>A small lesson</title>" in page
    assert "A small lesson" in page
    assert "recorder" in page


def test_an_explorer_inside_other_widgets_is_a_page_of_its_own_with_its_recording(page: str):
    [inner] = [html.unescape(found) for found in re.findall(r'<iframe [^>]*srcdoc="([^"]+)"', page)]
    assert inner.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in inner
    assert len(inner) > 50_000
    assert "application/vnd.jupyter.widget-view+json" not in page


def test_a_figure_is_drawn_with_its_band_its_gap_and_the_ends_of_its_axes(page: str):
    [figure] = re.findall(r'<svg [^>]*viewbox="0 0 900 320".*?</svg>', page, re.DOTALL | re.IGNORECASE)
    [curve] = re.findall(r'<path d="([^"]+)"', figure)
    assert [piece[0] for piece in curve.split()] == ["M", "L", "M"]
    heights = [float(piece.split(",")[1]) for piece in curve.split()]
    assert heights == pytest.approx([20.0, 150.0, 280.0], abs=0.1)
    assert figure.count("<polygon") == 1
    assert "loss &amp; more" in figure
    assert {"8", "2", "0", "3"} <= set(re.findall(r">([^<]+)</text>", figure))


def test_widths_and_heights_of_a_figure_without_extent_are_finite(handout):
    line = {"name": "flat", "color": "#000", "strip": False, "log": False, "x": [1.0], "y": [[5.0]]}
    assert "nan" not in handout.figure([line], ["x", "y"])


def test_the_script_says_where_it_writes(handout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys):
    monkeypatch.setattr(handout, "handout", lambda lesson: f"<p>{lesson.stem}</p>")
    monkeypatch.setattr(sys, "argv", ["handout.py"])
    handout.main(str(tmp_path), "04")
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html"))
    assert written == [f"{language}/04_vanishing_and_exploding_gradients.html" for language in ("en", "zh")]
    assert capsys.readouterr().out.count("MB") == 2
