"""The data and the models of the lessons: what comes out of them, and what they refuse."""

from __future__ import annotations

import importlib
import itertools
import shutil
import zipfile
from pathlib import Path

import nltk
import pytest
import torch

from rnnwidgets import tasks
from rnnwidgets.tasks.corpus import UNKNOWN, encoded, ranked

source = importlib.import_module("rnnwidgets.tasks.brown")


@pytest.fixture(scope="module")
def corpus():
    return tasks.brown()


def small(words: str, *, vocabulary: int = 100, length: int = 3, batch: int = 2) -> tasks.Corpus:
    tokens = words.split()
    return encoded(tokens, [UNKNOWN, *ranked(tokens)[: vocabulary - 1]], length, batch)


def test_the_corpus_is_all_1161192_words(corpus: tasks.Corpus):
    assert corpus.tokens.shape == (1_161_192,)
    assert corpus.tokens.dtype == torch.int64


def test_the_vocabulary_is_unk_and_9999_words_each_once_and_in_lower_case(corpus: tasks.Corpus):
    assert corpus.vocabulary[0] == "<unk>"
    assert len(corpus.vocabulary) == len(set(corpus.vocabulary)) == 10_000
    assert [word for word in corpus.vocabulary if word != word.lower()] == []


def test_ids_fall_in_frequency_and_ties_are_in_alphabetical_order(corpus: tasks.Corpus):
    counts = torch.bincount(corpus.tokens, minlength=10_000).tolist()
    ranked = list(zip([-count for count in counts[1:]], corpus.vocabulary[1:], strict=True))
    assert ranked == sorted(ranked)


def test_every_id_is_used_and_words_beyond_the_vocabulary_are_7_percent(corpus: tasks.Corpus):
    counts = torch.bincount(corpus.tokens)
    assert counts.shape == (10_000,)
    assert counts.min() > 0
    assert counts[0] / len(corpus.tokens) == pytest.approx(0.0712, abs=1e-4)


def test_the_words_carry_no_part_of_speech_tags(corpus: tasks.Corpus):
    assert [word for word in corpus.vocabulary if word.endswith(("/nn", "/at", "/in"))] == []


def test_an_epoch_of_the_lesson_is_1036_batches_of_35_by_32(corpus: tasks.Corpus):
    batches = list(corpus.batches())
    assert len(batches) == corpus.batches_per_epoch == 1036
    assert {(tuple(x.shape), tuple(y.shape)) for x, y in batches} == {((35, 32), (35, 32))}
    assert {x.dtype for x, _ in batches} | {y.dtype for _, y in batches} == {torch.int64}


def test_words_get_ids_by_frequency_and_rare_ones_get_unk():
    corpus = small("b a c b a b d", vocabulary=3, length=1, batch=1)
    assert corpus.vocabulary == ["<unk>", "b", "a"]
    assert corpus.tokens.tolist() == [1, 2, 0, 1, 2, 1, 0]


def test_a_vocabulary_larger_than_the_text_holds_every_word():
    assert small("b a a c", length=1, batch=1).vocabulary == ["<unk>", "a", "b", "c"]


def test_batches_are_contiguous_streams_with_y_one_word_ahead():
    corpus = small(" ".join(map(chr, range(ord("a"), ord("a") + 15))))
    first, second = corpus.batches()
    assert first[0].t().tolist() == [[1, 2, 3], [8, 9, 10]]
    assert first[1].t().tolist() == [[2, 3, 4], [9, 10, 11]]
    assert second[0].t().tolist() == [[4, 5, 6], [11, 12, 13]]
    assert second[1].t().tolist() == [[5, 6, 7], [12, 13, 14]]


def test_the_last_word_is_reached_as_a_target():
    corpus = small("a b c d e f g", length=3, batch=2)
    [(x, y)] = corpus.batches()
    assert x.t().tolist() == [[1, 2, 3], [4, 5, 6]]
    assert y.t().tolist() == [[2, 3, 4], [5, 6, 7]]


def test_batches_are_the_same_in_every_epoch():
    corpus = small("a b c d e f g h a c e g b d f h")
    batches = [torch.stack(pair) for pair in corpus.batches(epochs=2)]
    assert len(batches) == 2 * corpus.batches_per_epoch == 4
    assert torch.equal(batches[0], batches[2])
    assert torch.equal(batches[1], batches[3])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"vocabulary": 1}, 'vocabulary must be at least 2 ids, "<unk>" and one word, but is 1'),
        ({"length": 0}, "length must be at least 1 time, but is 0"),
        ({"batch": 0}, "batch must be at least 1 sequence, but is 0"),
        (
            {"length": 1000, "batch": 2000},
            "length x batch must be less than the 1161192 tokens of the text, but is 2000000",
        ),
    ],
)
def test_brown_refuses_a_bad_argument_in_one_sentence(arguments: dict[str, int], sentence: str):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole sentence is compared below)
        tasks.brown(**arguments)
    assert str(caught.value) == sentence


def test_without_corpus_and_network_the_error_says_both_and_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(source, "_DOWNLOAD", "raise SystemExit('no route to host')")
    with pytest.raises(tasks.CorpusUnavailable) as caught:
        source._download(["/here", "/there"], str(tmp_path))
    assert isinstance(caught.value, LookupError)
    assert caught.value.paths == ("/here", "/there")
    assert caught.value.reason == "no route to host"
    assert str(caught.value) == (
        "the Brown corpus is in none of NLTK's folders (/here, /there) and downloading it failed (no route to host): "
        "run `python -m nltk.downloader brown` where there is a network, or set NLTK_DATA to a folder that holds "
        "corpora/brown.zip"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_never_answers_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(source, "_DOWNLOAD", "import time; time.sleep(600)")
    monkeypatch.setattr(source, "_DOWNLOAD_SECONDS", 1.0)
    with pytest.raises(tasks.CorpusUnavailable, match=r"downloading it failed \(no answer within 1 seconds\)"):
        source._download(["/here"], str(tmp_path))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    occupied = tmp_path / "corpora"
    occupied.write_text("a file where the folder should be")
    monkeypatch.setattr(source, "_DOWNLOAD", "pass")
    with pytest.raises(tasks.CorpusUnavailable) as caught:
        source._download(["/here"], str(tmp_path))
    assert str(occupied) in caught.value.reason


def test_a_corpus_that_had_to_be_downloaded_is_read(
    corpus: tasks.Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    found = str(nltk.data.find("corpora/brown.zip"))
    monkeypatch.setattr(
        source,
        "_DOWNLOAD",
        f"import shutil, sys, pathlib; folder = pathlib.Path(sys.argv[1], 'corpora'); folder.mkdir(); "
        f"shutil.copy({found!r}, folder)",
    )
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    monkeypatch.setattr(nltk.corpus, "brown", unloaded_brown())
    again = tasks.brown()
    assert torch.equal(again.tokens, corpus.tokens)
    assert zipfile.is_zipfile(tmp_path / "corpora" / "brown.zip")
    shutil.rmtree(tmp_path / "corpora")


def unloaded_brown():
    from nltk.corpus.reader import CategorizedTaggedCorpusReader
    from nltk.corpus.util import LazyCorpusLoader

    return LazyCorpusLoader("brown", CategorizedTaggedCorpusReader, r"c[a-z]\d\d", cat_file="cats.txt")


def test_the_sum_of_the_two_marked_numbers_is_the_answer():
    x, y = next(tasks.adding(length=20, batch=8))
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((20, 8, 2), torch.float32, (8,), torch.float32)
    for sample in range(8):
        marked = x[x[:, sample, 1] == 1, sample, 0]
        assert len(marked) == 2
        assert torch.equal(marked[0] + marked[1], y[sample])


@pytest.mark.parametrize("length", [2, 3, 50])
def test_each_half_holds_one_mark_and_every_place_gets_its_turn(length: int):
    marks = torch.cat([x[..., 1] for x, _ in itertools.islice(tasks.adding(length=length, batch=200), 10)], dim=1)
    assert set(marks.unique().tolist()) <= {0.0, 1.0}
    assert torch.equal(marks[: length // 2].sum(dim=0), torch.ones(2000))
    assert torch.equal(marks[length // 2 :].sum(dim=0), torch.ones(2000))
    assert marks.sum(dim=1).min() > 0


def test_always_answering_1_has_a_mean_squared_error_of_a_sixth():
    y = torch.cat([y for _, y in itertools.islice(tasks.adding(batch=1000), 50)])
    assert ((y - 1) ** 2).mean().item() == pytest.approx(1 / 6, rel=0.02)


def test_the_same_seed_gives_the_same_batches_and_another_seed_others():
    first, again, other = (list(itertools.islice(tasks.adding(seed=seed), 3)) for seed in (5, 5, 6))
    assert all(torch.equal(a, b) for one, two in zip(first, again, strict=True) for a, b in zip(one, two, strict=True))
    assert not torch.equal(first[0][0], other[0][0])
    assert not torch.equal(first[0][0], first[1][0])


def test_the_global_random_state_is_neither_read_nor_moved():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    x, _ = next(tasks.adding())
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert torch.equal(next(tasks.adding())[0], x)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"length": 1}, "length must be at least 2 times, one marked number in each half, but is 1"),
        ({"batch": 0}, "batch must be at least 1 sequence, but is 0"),
    ],
)
def test_adding_refuses_a_bad_argument_at_the_call(arguments: dict[str, int], sentence: str):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole sentence is compared below)
        tasks.adding(**arguments)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_the_language_model_is_embedding_recurrent_layer_and_readout(cell: str):
    model = tasks.LanguageModel(11, embedding=5, hidden=7, cell=cell)
    assert [name for name, _ in model.named_children()] == ["embedding", cell.lower(), "readout"]
    tokens = torch.randint(11, (4, 3))
    states, _ = getattr(model, cell.lower())(model.embedding(tokens))
    assert type(getattr(model, cell.lower())).__name__ == cell
    assert states.shape == (4, 3, 7)
    assert torch.equal(model(tokens), model.readout(states))
    assert model(tokens).shape == (4, 3, 11)


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_the_adding_model_reads_the_last_state(cell: str):
    model = tasks.AddingModel(hidden=7, cell=cell)
    assert [name for name, _ in model.named_children()] == [cell.lower(), "readout"]
    x = torch.rand(6, 3, 2)
    states, _ = getattr(model, cell.lower())(x)
    assert torch.equal(model(x), model.readout(states[-1])[:, 0])
    assert model(x).shape == (3,)


@pytest.mark.parametrize("make", [lambda: tasks.LanguageModel(10, cell="lstm"), lambda: tasks.AddingModel(cell="lstm")])
def test_a_cell_that_there_is_not_is_refused_in_one_sentence(make):
    with pytest.raises(ValueError, match=r'^cell must be "RNN", "LSTM" or "GRU", but is \'lstm\'$'):
        make()


def test_a_small_lstm_learns_to_add():
    torch.manual_seed(0)
    model = tasks.AddingModel(hidden=16)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for x, y in itertools.islice(tasks.adding(length=8), 400):
        loss = torch.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 0.1
    assert sum(losses[-20:]) / 20 < 0.02
