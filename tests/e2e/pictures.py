"""Runs lessons in a real JupyterLab and takes their pictures; not a test.

    python -m tests.e2e.pictures notebooks/pictures          the gallery: of each lesson its first Explorer
    python -m tests.e2e.pictures FOLDER zh 04                one lesson, every output that draws, and the whole page

The Brown corpus is hidden from the lessons, so that no word of it gets into a picture.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.chromium import executable
from tests.e2e.conftest import FLAGS
from tests.e2e.lab import serve
from tests.e2e.notebook import Notebook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.e2e.lab import Lab

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SECONDS = 600.0
DRAWN = ".rnnw, .bqplot"
SHOWN = {"08": 3}  # which drawing of a lesson goes into the gallery, the first where it is not said


def finished(lab: Lab, browser: Browser, lesson: Path) -> Iterator[Notebook]:
    """The lesson after Run All Cells, without an error."""
    with Notebook.on_a_new_page(lab, browser, f"{lesson.parent.name}-{lesson.stem}") as notebook:
        shutil.copy(lesson, notebook.folder / "notebook.ipynb")
        notebook.page.set_viewport_size({"width": 1280, "height": 2600})
        notebook.open()
        notebook.page.keyboard.press("Control+b")
        notebook.menu("Run", "Run All Cells")
        notebook.wait_for_all(SECONDS)
        said = notebook.page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').all_text_contents()
        errors = [text for text in said if "DeprecationWarning" not in text]
        assert errors == [], (lesson.stem, errors)
        yield notebook


def take(notebook: Notebook, number: int, target: Path) -> None:
    """The picture of one drawing on the page, once it is painted where it can be seen."""
    drawing = notebook.page.locator(DRAWN).nth(number)
    drawing.scroll_into_view_if_needed()
    notebook.page.wait_for_timeout(1_500)
    drawing.screenshot(path=target, animations="disabled")
    sys.stdout.write(f"{target} {target.stat().st_size // 1024} KB\n")


def main(folder: str, language: str = "en", number: str = "") -> None:
    """Take the pictures."""
    os.environ["NLTK_DATA"] = os.devnull
    shelf = Path(folder)
    shelf.mkdir(parents=True, exist_ok=True)
    lessons = sorted((NOTEBOOKS / language).glob(f"{number}*.ipynb"))
    with tempfile.TemporaryDirectory() as scratch, serve(Path(scratch)) as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        for lesson in lessons:
            for notebook in finished(lab, browser, lesson):
                if not number:
                    take(notebook, SHOWN.get(lesson.stem[:2], 0), shelf / f"{lesson.stem[:2]}.png")
                    continue
                for place in range(notebook.page.locator(DRAWN).count()):
                    take(notebook, place, shelf / f"{language}-{number}-{place}.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
