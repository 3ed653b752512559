"""The first lesson in a real JupyterLab; it trains for a while only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import nbformat

from tests.notebooks.lesson import with_values

if TYPE_CHECKING:
    from tests.e2e.notebook import Notebook

PATIENCE_SECONDS = 400.0
LESSON = "01_watch_an_lstm_learn"
VALUES = {"steps": 120, "vocabulary": 1_000, "held_words": 5_000, "race_steps": 3}

TRAINS = """[...document.querySelectorAll(".jp-CodeCell")]
  .find((cell) => cell.querySelector(".jp-InputPrompt")?.textContent === "[*]:")
  ?.querySelector(".jp-InputArea-editor").innerText.includes("recorder.log")"""


def test_the_first_lesson_runs_from_top_to_bottom_and_its_explorer_is_live_while_it_trains(notebook: Notebook):
    assert os.environ.get("NLTK_DATA"), "NLTK_DATA must name the folder of the Brown corpus: run `make e2e`"
    nbformat.write(with_values("en", LESSON, VALUES), notebook.folder / "notebook.ipynb")
    notebook.open()
    notebook.menu("Run", "Run All Cells")
    notebook.page.locator(".rnnw").first.wait_for()
    view = notebook.view(notebook.position(".rnnw"))
    view.show()
    early = view.until("d.state === 'live' && n('frames') >= 2")
    later = view.until(
        f"{TRAINS} && n('latest') > {early.number('latest')} && n('painted') > {early.number('painted')}"
    )
    assert early.heatmap != later.heatmap

    notebook.wait_for_all(PATIENCE_SECONDS)
    assert notebook.errors() == []
    view.show()
    end = view.until("d.state === 'finished' && d.step === d.latest")
    assert end.number("latest") > later.number("latest")
