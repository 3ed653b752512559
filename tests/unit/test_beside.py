"""A thread beside training: one for all work that comes soon enough, none afterwards, another after a failure."""

from __future__ import annotations

import gc
import sys
import threading
import types
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from rnnwidgets.widgets import beside
from rnnwidgets.widgets.beside import AtOnce, Beside, worker

SECONDS = 30.0


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == beside.THREAD_NAME]


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    for thread in threads():  # of tests before
        thread.join(SECONDS)
    monkeypatch.setattr(beside, "LINGER", 0.3)


def test_work_is_done_in_order_by_one_thread_that_ends_when_there_is_no_more():
    done: list[tuple[int, int]] = []
    over, work = threading.Event(), Beside(nullcontext)
    assert threads() == []

    def note(number: int) -> None:
        done.append((number, threading.get_ident()))
        if number == 9:
            over.set()

    for number in range(10):
        work(note, number)
    assert over.wait(SECONDS)
    assert [number for number, _ in done] == list(range(10))
    (thread,) = threads()
    assert {ident for _, ident in done} == {thread.ident} != {threading.get_ident()}
    thread.join(SECONDS)
    assert threads() == []
    over.clear()
    work(note, 9)
    assert over.wait(SECONDS)


def test_a_thread_that_is_told_to_end_does_so_at_once_and_work_after_it_is_done(monkeypatch):
    monkeypatch.setattr(beside, "LINGER", 10 * SECONDS)
    over, work = threading.Event(), Beside(nullcontext)
    work(lambda _: None, None)
    (thread,) = threads()
    work.end()
    thread.join(SECONDS)
    assert not thread.is_alive()
    work.end()
    work(lambda _: over.set(), None)
    assert over.wait(SECONDS)
    work.end()
    for thread in threads():
        thread.join(SECONDS)


def test_an_interrupt_while_work_is_handed_over_leaves_it_to_the_next(monkeypatch):
    def interrupted(_: threading.Thread) -> None:
        raise KeyboardInterrupt

    done: list[int] = []
    work = Beside(nullcontext)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(threading.Thread, "start", interrupted)
        work(done.append, 1)
    assert (done, work.busy) == ([], False)
    work(done.append, 2)
    for thread in threads():
        thread.join(SECONDS)
    assert (done, work.busy) == ([1, 2], False)


@pytest.mark.parametrize("told_to_end", [False, True])
def test_it_is_busy_while_work_is_at_hand(told_to_end):
    begun, may_end, work = threading.Event(), threading.Event(), Beside(nullcontext)

    def hold(_: Any) -> None:
        begun.set()
        may_end.wait(SECONDS)

    assert not work.busy
    work(hold, None)
    assert begun.wait(SECONDS)
    assert work.busy
    if told_to_end:
        work.end()
    may_end.set()
    for thread in threads():
        thread.join(SECONDS)
    assert not work.busy


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_work_that_fails_ends_its_thread_and_not_the_work_after_it():
    over, work = threading.Event(), Beside(nullcontext)

    def fail(_: Any) -> None:
        raise OSError("expected by the test")

    work(fail, None)
    for thread in threads():
        thread.join(SECONDS)
    assert not work.busy
    work(lambda _: over.set(), None)
    assert over.wait(SECONDS)


def test_what_was_worked_on_is_not_held_while_the_thread_waits():
    class Piece:
        pass

    over, work, piece = threading.Event(), Beside(nullcontext), Piece()
    trace = weakref.ref(piece)
    work(lambda _: over.set(), piece)
    del piece
    assert over.wait(SECONDS)
    work(lambda _: None, None)
    for thread in threads():
        thread.join(SECONDS)
    gc.collect()
    assert trace() is None


def test_work_is_counted_and_in_colab_done_by_the_thread_that_asks(monkeypatch):
    inside: list[int] = []
    counted: list[int] = []

    @contextmanager
    def counting() -> Iterator[None]:
        inside.append(threading.get_ident())
        yield
        inside.clear()

    def note(_: None) -> None:
        counted.extend(inside)
        idents.append(threading.get_ident())

    idents: list[int] = []
    beside_training = worker(counting)
    beside_training(note, None)
    for thread in threads():
        thread.join(SECONDS)
    assert idents == counted != [threading.get_ident()]
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    at_once = worker(counting)
    assert isinstance(at_once, AtOnce)
    at_once(note, None)
    assert (idents[1:], len(counted), threads()) == ([threading.get_ident()], 1, [])
