"""The first lesson, as it ships, in a real JupyterLab."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.notebook import Notebook

PATIENCE_SECONDS = 400.0
LESSON = Path(__file__).parents[2] / "notebooks" / "en" / "01_watch_an_lstm_learn.ipynb"


def test_the_first_lesson_runs_from_top_to_bottom_and_its_explorer_is_live_while_it_trains(notebook: Notebook):
    assert os.environ.get("NLTK_DATA"), "NLTK_DATA must name the folder of the Brown corpus: run `make e2e`"
    shutil.copy(LESSON, notebook.folder / "notebook.ipynb")
    notebook.open()
    notebook.menu("Run", "Run All Cells")
    notebook.page.locator(".rnnw").first.wait_for()
    view = notebook.view(notebook.position(".rnnw"))
    view.show()
    early = view.until("d.state === 'live' && n('frames') >= 2")
    later = view.until(f"n('latest') > {early.number('latest')} && n('painted') > {early.number('painted')}")
    assert "recorder.log" in notebook.running_source()
    assert early.heatmap != later.heatmap

    notebook.wait_for_all(PATIENCE_SECONDS)
    assert notebook.errors() == []
    view.show()
    end = view.until("d.state === 'finished' && d.step === d.latest")
    assert end.number("latest") > later.number("latest")
