"""The text of characters, and the bands of published results."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from rnnwidgets import tasks
from rnnwidgets.tasks.characters import story


def test_a_story_has_the_length_asked_for_in_lines_of_at_most_60_characters():
    text = story(20_000)
    assert len(text) == 20_000
    lines = text.splitlines()
    assert max(map(len, lines)) <= 60
    assert sum(len(line) > 45 for line in lines) > 0.6 * len(lines)


def test_quotation_marks_and_brackets_of_a_story_close_in_every_paragraph_and_brackets_nest():
    paragraphs = story(50_000).split("\n\n")[:-1]
    for paragraph in paragraphs:
        assert paragraph.count('"') % 2 == 0
        depth = 0
        for character in paragraph:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
            assert 0 <= depth <= 2
        assert depth == 0
    whole = "".join(paragraphs)
    assert whole.count('"') > 100
    assert whole.count("[") > 10


def test_the_ids_of_characters_spell_the_text():
    corpus = tasks.characters(count=5_000, length=20, batch=5, seed=3)
    assert "".join(corpus.vocabulary[k] for k in corpus.tokens.tolist()) == story(5_000, seed=3)
    counts = torch.bincount(corpus.tokens).tolist()
    assert counts == sorted(counts, reverse=True)
    x, y = next(corpus.batches())
    assert x.shape == y.shape == (20, 5)
    assert torch.equal(x[1:], y[:-1])


def test_a_seed_tells_the_same_story_again_and_another_seed_another():
    assert story(500, seed=1) == story(500, seed=1)
    assert story(500, seed=1) != story(500, seed=2)


def test_a_file_of_the_user_is_read_as_it_is_up_to_the_count(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("你好,世界! " * 50, encoding="utf-8")
    corpus = tasks.characters(tmp_path / "mine.txt", count=70, length=6, batch=2)
    assert "".join(corpus.vocabulary[k] for k in corpus.tokens.tolist()) == "你好,世界! " * 10


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"count": 0}, "count must be at least 1 character, but is 0"),
        ({"length": 0}, "length must be at least 1 time, but is 0"),
        ({"batch": 0}, "batch must be at least 1 sequence, but is 0"),
        ({"count": 100}, "length x batch must be less than the 100 tokens of the text, but is 3200"),
    ],
)
def test_characters_refuses_a_bad_argument_in_one_sentence(arguments: dict[str, int], sentence: str):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole sentence is compared below)
        tasks.characters(None, **arguments)
    assert str(caught.value) == sentence


BAND = tasks.Band(low=0.1, high=0.2, due=100, source="nobody")


@pytest.mark.parametrize(
    ("values", "inside", "said"),
    [
        ([0.15] * 150, True, "✓ 0.15 ∈ [0.1, 0.2]"),
        ([0.15] * 20, True, "✓ 0.15 ∈ [0.1, 0.2]"),
        ([9.0] * 50 + [0.3] * 50, None, "… 0.3 → [0.1, 0.2] @ 100"),
        ([9.0] * 51 + [0.3] * 50, False, "✗ 0.3 ∉ [0.1, 0.2]"),
        ([9.0] * 100 + [0.1, 0.2] * 25, True, "✓ 0.15 ∈ [0.1, 0.2]"),
        ([0.15] * 149 + [math.nan], False, "✗ nan ∉ [0.1, 0.2]"),
    ],
)
def test_a_curve_is_judged_by_the_mean_of_its_last_50_values_from_the_due_step_on(
    values: list[float], inside: bool | None, said: str
):
    verdict = BAND.judge(range(len(values)), values)
    assert verdict.inside is inside
    assert str(verdict) == said


def test_a_number_is_judged_by_itself_and_the_edges_are_inside():
    assert [BAND.holds(value).inside for value in (0.0999, 0.1, 0.2, 0.2001, math.nan)] == [
        False,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(("steps", "values"), [([], []), ([0, 1], [0.1])])
def test_a_curve_without_values_or_with_too_few_is_refused(steps: list[int], values: list[float]):
    with pytest.raises(ValueError, match=r"^steps and values must be of one length from 1 on, but are of \d and \d$"):
        BAND.judge(steps, values)


def test_every_band_names_where_it_was_published():
    from rnnwidgets.tasks.expected import _EXPECTED

    for pair, band in _EXPECTED.items():
        assert band == tasks.expected(*pair)
        assert 0 <= band.low < band.high
        assert "doi:10." in band.source or "proceedings.mlr.press" in band.source


def test_an_unknown_band_is_refused_by_naming_those_there_are():
    with pytest.raises(ValueError, match=r"one of its models \('adding' 'RNN', .*\), found 'adding' 'lstm'$"):
        tasks.expected("adding", "lstm")
