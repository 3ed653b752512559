"""Every notebook is what its source says, in both languages, and holds what every lesson holds."""

from __future__ import annotations

import re

import pytest

from tests.notebooks.lesson import LANGUAGES, NAMES, NOTEBOOKS, generator, parameters_of, read

generate = generator()
EVERY = pytest.mark.parametrize(("language", "name"), [(language, name) for name in NAMES for language in LANGUAGES])
CLOSING = {"en": "## What to take away", "zh": "## 小结"}
EXERCISES = {"en": "Exercises\n", "zh": "练习\n"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,:;?!]|[,;?!][\u4e00-\u9fff]")
ANSWERS = 3
VIEW = re.compile(r"rw\.(?:Explorer|GradientFlow|Saturation|GradientNorms|TrainingCurves)\(.*")


def markdown(language: str, name: str) -> list[str]:
    return [cell.source for cell in read(language, name).cells if cell.cell_type == "markdown"]


def test_there_are_eight_lessons():
    assert [name[:2] for name in NAMES] == [f"{k:02}" for k in range(1, 9)]


@EVERY
def test_the_notebook_is_what_its_source_makes(language: str, name: str):
    stored = (NOTEBOOKS / language / f"{name}.ipynb").read_text(encoding="utf-8")
    assert stored == generate.text_of(NOTEBOOKS / "source" / f"{name}.py", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_notebook_is_without_a_source(language: str):
    assert sorted(path.stem for path in (NOTEBOOKS / language).glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_cells_and_the_same_code(name: str):
    english, chinese = (read(language, name).cells for language in LANGUAGES)
    assert [cell.cell_type for cell in english] == [cell.cell_type for cell in chinese]
    assert [cell.id for cell in english] == [cell.id for cell in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert one.metadata == other.metadata
        if one.cell_type == "code":
            assert one.source.replace('language = "en"', 'language = "zh"') == other.source
        else:
            assert not CHINESE.search(one.source.replace("中文", ""))
            assert CHINESE.search(other.source)


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_equations_in_display_and_the_same_links(name: str):
    english, chinese = ("\n".join(markdown(language, name)) for language in LANGUAGES)
    assert len(re.findall(r"\$\$.*?\$\$", english, re.DOTALL)) == len(re.findall(r"\$\$.*?\$\$", chinese, re.DOTALL))
    links = [set(re.findall(r"https?://[^)\s]+", text)) for text in (english, chinese)]
    assert links[0] == links[1]


@EVERY
def test_a_notebook_is_stored_without_outputs(language: str, name: str):
    for cell in read(language, name).cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


@EVERY
def test_a_notebook_has_one_cell_of_parameters(language: str, name: str):
    _, parameters = parameters_of(read(language, name))
    assert parameters


@EVERY
def test_every_view_of_a_lesson_has_its_language(language: str, name: str):
    code = "\n".join(cell.source for cell in read(language, name).cells if cell.cell_type == "code")
    views = VIEW.findall(code)
    assert f'language = "{language}"' in code
    assert views
    assert [view for view in views if "language=language" not in view] == []


@EVERY
def test_a_lesson_shows_an_explorer_and_ends_with_three_exercises_whose_answers_are_folded_and_a_summary(
    language: str, name: str
):
    cells = read(language, name).cells
    assert any("rw.Explorer(" in cell.source for cell in cells if cell.cell_type == "code")
    last = markdown(language, name)[-1]
    assert last.count("<details>") == last.count("</details>") == last.count("<summary>") == ANSWERS
    assert last.index(EXERCISES[language]) < last.index("<details>") < last.index(CLOSING[language])


@pytest.mark.parametrize("name", NAMES)
def test_chinese_text_is_set_with_chinese_punctuation(name: str):
    found = [match.group() for text in markdown("zh", name) for match in HALF_WIDTH.finditer(text)]
    assert found == []


@pytest.mark.parametrize("name", ["notebooks/README.md", "notebooks/README.zh-CN.md", "README.zh-CN.md"])
def test_every_picture_and_page_that_a_list_points_to_is_there(name: str):
    page = NOTEBOOKS.parent / name
    targets = re.findall(r"\]\((?!https?:|#)([^)]+)\)", page.read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not (page.parent / target).exists()] == []


@EVERY
def test_every_picture_and_notebook_that_a_lesson_points_to_is_there(language: str, name: str):
    targets = re.findall(r"(?:\]\(|src=\")(?!https?:|#)([^)\"]+)", "\n".join(markdown(language, name)))
    assert targets
    assert [target for target in targets if not (NOTEBOOKS / language / target).exists()] == []
