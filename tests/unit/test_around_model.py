"""Whatever is done to a watched model besides training it, it goes on being recorded, or is left out and counted."""

from __future__ import annotations

import os
import threading
import warnings

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from tests.unit.oracle import assert_close
from tests.unit.tagger import B, T, V, seeded, train_once
from tests.unit.test_recorder import by_autograd, zeros


def assert_exact(frame, wanted, tolerance=1e-12):
    for name, values in wanted.items():
        assert_close(torch.from_numpy(frame["lstm.l0"][name].copy()), values, tolerance)


@pytest.mark.parametrize("swap", [False, True])
def test_a_model_converted_in_the_middle_of_training_is_recorded_in_its_new_precision(swap):
    model, optimizer, tokens = seeded(dtype=torch.float32, lr=0.001)
    torch.__future__.set_swap_module_params_on_conversion(swap)
    try:
        with rw.watch(model, optimizer, every=1, strict=True) as recorder:
            train_once(model, optimizer, tokens)
            model.zero_grad()
            model.double()
            wanted = by_autograd(model, tokens, zeros(model, torch.float64), range(4))
            train_once(model, optimizer, tokens)
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)
    assert recorder.recording[0]["lstm.l0"]["h"].dtype == "float32"
    assert_exact(recorder.recording[1], wanted)


def test_loading_a_state_by_assignment_keeps_the_recorder_attached():
    model, optimizer, tokens = seeded()
    state = {name: weight.clone() * 0.5 for name, weight in model.state_dict().items()}
    with rw.watch(model, every=1, strict=True) as recorder:
        model.load_state_dict(state, assign=True)
        wanted = by_autograd(model, tokens, zeros(model, torch.float64), range(4))
        model(tokens).square().sum().backward()
        recorder.step()
    assert_exact(recorder.recording[0], wanted)
    assert isinstance(optimizer, torch.optim.SGD)


def test_tied_weights_are_recorded_once():
    model, _, tokens = seeded()
    model.readout = nn.Linear(6, V).double()
    model.lstm = nn.LSTM(6, 6).double()
    model.readout.weight = model.embedding.weight
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with rw.watch(model, optimizer, strict=True) as recorder:
        train_once(model, optimizer, tokens)
    norms = recorder.recording[0].norms
    assert "readout.weight" not in norms
    assert norms["embedding.weight"].gradient == pytest.approx(float(model.embedding.weight.grad.norm()))


def test_a_functional_call_is_recorded_with_the_weights_that_it_was_given():
    model, optimizer, tokens = seeded()
    other, _, _ = seeded()
    with torch.no_grad():
        for weight in other.parameters():
            weight.mul_(0.5)
    wanted = by_autograd(other, tokens, zeros(other, torch.float64), range(4))
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        torch.func.functional_call(model, dict(other.named_parameters()), (tokens,)).square().sum().backward()
        optimizer.step()
    assert_exact(recorder.recording[0], wanted)


def test_two_threads_that_train_two_models_do_not_meet():
    found = {}

    def run(seed):
        torch.manual_seed(0)
        model, optimizer, tokens = seeded(lr=0.001)
        tokens = (tokens + seed) % V
        wanted = by_autograd(model, tokens, zeros(model, torch.float64), range(4))
        with rw.watch(model, optimizer, every=1, strict=True) as recorder:
            for _ in range(20):
                train_once(model, optimizer, tokens)
        found[seed] = recorder.recording, wanted

    threads = [threading.Thread(target=run, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for recording, wanted in found.values():
        assert recording.steps == list(range(20))
        assert_exact(recording[0], wanted)
    assert len(found) == 2


def test_a_model_that_another_thread_trains_is_recorded():
    model, optimizer, tokens = seeded()
    wanted = by_autograd(model, tokens, zeros(model, torch.float64), range(4))
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        thread = threading.Thread(target=train_once, args=(model, optimizer, tokens))
        thread.start()
        thread.join()
    assert_exact(recorder.recording[0], wanted)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no process")
def test_a_forked_process_records_nothing_and_waits_for_no_lock():
    model, optimizer, tokens = seeded(lr=0.001)
    recorder = rw.watch(model, optimizer, every=1, strict=True)
    train_once(model, optimizer, tokens)
    held, done = threading.Event(), threading.Event()

    def hold():
        with recorder.recording.lock:
            held.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside a thread is what is tested
        child = os.fork()
    if child == 0:
        train_once(model, optimizer, tokens)
        os._exit(0 if recorder.closed and recorder.recording.steps == [0] else 1)
    deadline = threading.Timer(30, os.kill, (child, 9))
    deadline.start()
    assert os.waitpid(child, 0)[1] == 0
    deadline.cancel()
    done.set()
    thread.join()
    train_once(model, optimizer, tokens)
    recorder.close()
    assert recorder.recording.steps == [0, 1]


@pytest.mark.parametrize("whole", [False, True])
def test_a_model_compiled_after_it_is_watched_is_recorded(whole):
    torch.compiler.reset()
    model, optimizer, tokens = seeded(lr=0.001)
    wanted = by_autograd(model, tokens, zeros(model, torch.float64), range(4))
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        if whole:
            model.compile(backend="eager")
            run = model
        else:
            run = torch.compile(model, backend="eager")
        for _ in range(3):
            train_once(run, optimizer, tokens)
    assert recorder.recording.steps == [0, 1, 2]
    assert_exact(recorder.recording[0], wanted)
    assert tokens.shape == (T, B)


def test_a_model_compiled_in_place_and_run_before_it_is_watched_is_recorded():
    torch.compiler.reset()
    model, optimizer, tokens = seeded(lr=0.001)
    model.compile(backend="eager")
    train_once(model, optimizer, tokens)
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        model.zero_grad()
        wanted = by_autograd(model, tokens, zeros(model, torch.float64), range(4))
        for _ in range(2):
            train_once(model, optimizer, tokens)
    assert recorder.recording.steps == [0, 1]
    assert_exact(recorder.recording[0], wanted)
