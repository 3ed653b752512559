"""The problems that need a long memory: what they are made of, against closed forms and an automaton of its own."""

from __future__ import annotations

import itertools
import math
import re

import pytest
import torch

from rnnwidgets import tasks

GENERATORS = {
    "copy_memory": lambda seed: tasks.copy_memory(seed=seed),
    "reber": lambda seed: tasks.reber(seed=seed),
    "temporal_order": lambda seed: tasks.temporal_order(seed=seed),
}


def text(column: torch.Tensor) -> str:
    return "".join(tasks.REBER_SYMBOLS[int(k)] for k in column).rstrip("·")


def test_ten_symbols_a_delay_the_sign_and_then_the_same_ten_symbols():
    x, y = next(tasks.copy_memory(delay=7, batch=5))
    assert x.shape == y.shape == (27, 5)
    assert x.dtype == y.dtype == torch.int64
    for sample in range(5):
        symbols = x[:10, sample]
        assert x[:, sample].tolist() == [*symbols.tolist(), *[0] * 6, 9, *[0] * 10]
        assert y[:, sample].tolist() == [*[0] * 17, *symbols.tolist()]
        assert set(symbols.tolist()) <= set(range(1, 9))
    assert [tasks.COPY_SYMBOLS[k] for k in (0, 1, 8, 9)] == [".", "a", "h", ">"]


@pytest.mark.parametrize(("delay", "baseline"), [(30, 0.41589), (100, 0.17329)])
def test_the_best_answer_without_memory_costs_10_ln_8_over_the_length(delay: int, baseline: float):
    assert tasks.copy_baseline(delay) == pytest.approx(baseline, abs=1e-5)
    _, y = next(tasks.copy_memory(delay=delay, batch=200))
    memoryless = torch.full((delay + 20, 200, 9), -math.inf)
    memoryless[:-10, :, 0] = 0.0
    memoryless[-10:, :, 1:] = math.log(1 / 8)
    cost = torch.nn.functional.cross_entropy(memoryless.flatten(0, 1), y.flatten())
    assert cost.item() == pytest.approx(tasks.copy_baseline(delay), rel=1e-5)


def test_every_symbol_is_to_be_copied_equally_often():
    symbols = torch.cat([x[:10] for x, _ in itertools.islice(tasks.copy_memory(batch=500), 16)])
    shares = torch.bincount(symbols.flatten(), minlength=9)[1:] / symbols.numel()
    assert (shares - 1 / 8).abs().max().item() < 0.005


def accepts(string: str) -> bool:
    """Whether the embedded Reber grammar makes the string: a set of states, moved by the arcs as they are published."""
    if not re.fullmatch(r"B([TP]).*\1E", string):
        return False
    arcs = {
        (0, "B", 1),
        (1, "T", 2),
        (1, "P", 3),
        (2, "S", 2),
        (2, "X", 4),
        (3, "T", 3),
        (3, "V", 5),
        (4, "X", 3),
        (4, "S", 6),
        (5, "P", 4),
        (5, "V", 6),
        (6, "E", 7),
    }
    states = {0}
    for symbol in string[2:-2]:
        states = {end for start, sign, end in arcs if start in states and sign == symbol}
    return states == {7}


@pytest.mark.parametrize(
    ("string", "right"),
    [
        ("BTBTXSETE", True),
        ("BPBPVVEPE", True),
        ("BTBTSSXXTTVPSETE", True),
        ("BTBTXSEPE", False),
        ("BTBTXXETE", False),
        ("BTBTTXSETE", False),
    ],
)
def test_the_automaton_knows_right_strings_from_wrong_ones(string: str, right: bool):
    assert accepts(string) is right


def test_every_string_is_legal_and_both_kinds_come_equally_often():
    x, _, _ = next(tasks.reber(batch=2000))
    strings = [text(x[:, sample]) for sample in range(2000)]
    assert [string for string in strings if not accepts(string)] == []
    assert min(map(len, strings)) == 9
    assert max(map(len, strings)) >= 25
    assert sum(string[1] == "T" for string in strings) / 2000 == pytest.approx(0.5, abs=0.04)


def test_what_may_follow_is_exactly_what_some_string_goes_on_with():
    x, y, legal = next(tasks.reber(batch=2000))
    seen: dict[str, set[str]] = {}
    for sample in range(2000):
        string = text(x[:, sample])
        assert y[: len(string) - 1, sample].tolist() == x[1 : len(string), sample].tolist()
        assert set(y[len(string) - 1 :, sample].tolist()) == {-100}
        assert not legal[len(string) - 1 :, sample].any()
        for t in range(len(string) - 1):
            seen.setdefault(string[: t + 1], set()).add(string[t + 1])
    common = {"B", "BT", "BP", "BTB", "BPB", "BTBT", "BTBP", "BPBPV", "BTBTXSE", "BPBPVVE"}
    for sample in range(2000):
        string = text(x[:, sample])
        for t in range(len(string) - 1):
            if string[: t + 1] in common:
                allowed = {tasks.REBER_SYMBOLS[k] for k in legal[t, sample].nonzero().flatten().tolist()}
                assert allowed == seen[string[: t + 1]]


def test_legality_counts_whole_strings_and_the_long_range_symbol_alone():
    batch = next(tasks.reber(batch=400))
    perfect = torch.nn.functional.one_hot(batch.y.clamp(min=0), 8).float()
    assert tasks.reber_legality(perfect, batch) == (1.0, 1.0)
    always_t = perfect.clone()
    ends = (batch.y != -100).sum(dim=0) - 2
    always_t[ends, torch.arange(400)] = torch.tensor([0.0, 1, 0, 0, 0, 0, 0, 0])
    share = (batch.x[1] == 1).float().mean().item()
    assert tasks.reber_legality(always_t, batch) == pytest.approx((share, share))
    broken = perfect.clone()
    broken[0, 0] = torch.tensor([1.0, 0, 0, 0, 0, 0, 0, 0])
    assert tasks.reber_legality(broken, batch) == pytest.approx((399 / 400, 1.0))


@pytest.mark.parametrize("length", [10, 13, 50, 100])
def test_the_two_signs_stand_in_their_tenths_and_their_order_is_the_class(length: int):
    x, y = next(tasks.temporal_order(length=length, batch=600))
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((length, 600), torch.int64, (600,), torch.int64)
    for sample in range(600):
        places = (x[:, sample] < 2).nonzero().flatten().tolist()
        first, second = places
        assert 0.1 * length <= first < 0.2 * length
        assert 0.5 * length <= second < 0.6 * length
        assert 2 * x[first, sample] + x[second, sample] == y[sample]
    assert torch.bincount(y, minlength=4).min() > 100
    assert set(x.unique().tolist()) == set(range(6))


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_seed_gives_the_same_batches_again_and_leaves_the_global_random_state_alone(generator: str):
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first, again, other = (next(GENERATORS[generator](seed)) for seed in (5, 5, 6))
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert first[0].shape != other[0].shape or not torch.equal(first[0], other[0])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: tasks.copy_memory(delay=0),
            "delay must be at least 1 time between the symbols and their recall, but is 0",
        ),
        (lambda: tasks.copy_memory(batch=0), "batch must be at least 1 sequence, but is 0"),
        (lambda: tasks.reber(batch=0), "batch must be at least 1 sequence, but is 0"),
        (
            lambda: tasks.temporal_order(length=9),
            "length must be at least 10 times, so that each sign has a place, but is 9",
        ),
    ],
)
def test_a_bad_argument_is_refused_at_the_call_in_one_sentence(call, sentence: str):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole sentence is compared below)
        call()
    assert str(caught.value) == sentence


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_the_symbol_model_reads_one_hot_symbols(cell: str):
    model = tasks.SymbolModel(10, hidden=7, cell=cell, classes=9)
    x, _ = next(tasks.copy_memory(batch=3))
    states, _ = getattr(model, cell.lower())(torch.eye(10)[x])
    assert [name for name, _ in model.named_children()] == [cell.lower(), "readout"]
    assert torch.equal(model(x), model.readout(states))
    assert model(x).shape == (50, 3, 9)
    assert tasks.SymbolModel(6, hidden=7)(x.clamp(max=5)).shape == (50, 3, 6)


def test_the_forget_bias_is_the_sum_of_both_biases_and_nothing_else_is_moved():
    torch.manual_seed(0)
    before = torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    after = tasks.set_forget_bias(torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True), 2.5)
    after.load_state_dict(before.state_dict())
    assert tasks.set_forget_bias(after, 2.5) is after
    for name, parameter in after.named_parameters():
        old = before.state_dict()[name]
        if name.startswith("weight"):
            assert torch.equal(parameter, old)
        else:
            assert torch.equal(parameter[:4], old[:4])
            assert torch.equal(parameter[8:], old[8:])
    for suffix in ("l0", "l0_reverse", "l1", "l1_reverse"):
        total = getattr(after, f"bias_ih_{suffix}") + getattr(after, f"bias_hh_{suffix}")
        assert total[4:8].tolist() == [2.5] * 4
