"""Write the lessons: each source, in jupytext's percent format, becomes one notebook in English and one in Chinese.

    python notebooks/generate.py

A cell with lang="en" or lang="zh" goes into the notebook of that language, every other cell into both. Each English markdown
cell is followed by its Chinese counterpart; of the code, only the cell that sets `language` differs. A code cell with
include="name" is replaced by source/include/name.py. Below the title are links to the other language, to the neighbouring
lessons and to the list of lessons. Notebooks are stored without outputs; pictures of the outputs are in pictures/.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

FOLDER = Path(__file__).parent
SOURCES = sorted((FOLDER / "source").glob("[0-9]*.py"))
LANGUAGES = ("en", "zh")

KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WORDS = {
    "en": {"other": "中文", "lesson": "Lesson {} of {}", "before": "before: ", "next": "next: ", "list": "all lessons"},
    "zh": {
        "other": "English",
        "lesson": "第 {} 课，共 {} 课",
        "before": "上一课：",
        "next": "下一课：",
        "list": "课程目录",
    },
}
LIST = {"en": "../README.md", "zh": "../README.zh-CN.md"}


def notebook(source: Path, language: str) -> NotebookNode:
    """The notebook of a source in one language."""
    read = jupytext.read(source, fmt="py:percent")
    cells = [cell_of(cell) for cell in read.cells if cell.metadata.get("lang", language) == language]
    cells[0].source += "\n\n" + links(source, language)
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:02}"
    return nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)


def cell_of(cell: NotebookNode) -> NotebookNode:
    """The cell as it stands in a notebook: without the marks of the source, with its include written out."""
    if cell.cell_type == "markdown":
        return nbformat.v4.new_markdown_cell(cell.source)
    name = cell.metadata.get("include")
    text = cell.source if name is None else (FOLDER / "source" / "include" / f"{name}.py").read_text(encoding="utf-8")
    tags = {"tags": list(cell.metadata["tags"])} if "tags" in cell.metadata else {}
    return nbformat.v4.new_code_cell(text.strip(), metadata=tags)


def title(source: Path, language: str) -> str:
    """The first heading of a lesson in one language."""
    read = jupytext.read(source, fmt="py:percent")
    text = next(cell.source for cell in read.cells if cell.metadata.get("lang") == language)
    return re.sub(r"^# ", "", text.splitlines()[0])


def links(source: Path, language: str) -> str:
    """The line under the title that leads to the other language, the neighbours and the list of lessons."""
    words, here = WORDS[language], SOURCES.index(source)
    other = LANGUAGES[1 - LANGUAGES.index(language)]
    parts = [words["lesson"].format(here + 1, len(SOURCES)), f"[{words['other']}](../{other}/{source.stem}.ipynb)"]
    for key, place in (("before", here - 1), ("next", here + 1)):
        if 0 <= place < len(SOURCES):
            near = SOURCES[place]
            parts.append(f"{words[key]}[{title(near, language)}]({near.stem}.ipynb)")
    return " · ".join([*parts, f"[{words['list']}]({LIST[language]})"])


def text_of(source: Path, language: str) -> str:
    """The notebook as the text of its file."""
    written: str = nbformat.writes(notebook(source, language), version=nbformat.NO_CONVERT)
    return written + "\n"


def main() -> None:
    """Write every notebook."""
    for source in SOURCES:
        for language in LANGUAGES:
            target = FOLDER / language / f"{source.stem}.ipynb"
            target.parent.mkdir(exist_ok=True)
            target.write_text(text_of(source, language), encoding="utf-8")
            sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main()
