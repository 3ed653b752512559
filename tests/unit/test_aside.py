"""What is used beside training is counted once, whole, and shared out over the CPU time that follows."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

import pytest

from rnnwidgets.recording import aside
from rnnwidgets.recording.aside import SPREAD, Aside


@dataclass
class Cpu:
    """Clocks that go when told to."""

    process: float = 50.0
    thread: float = 7.0

    def process_time(self) -> float:
        return self.process

    def thread_time(self) -> float:
        return self.thread


@pytest.fixture
def cpu(monkeypatch: pytest.MonkeyPatch) -> Cpu:
    made = Cpu()
    monkeypatch.setattr(aside, "time", made)
    return made


def test_a_lump_falls_to_the_cpu_time_that_follows_it_by_an_exponential(cpu: Cpu):
    made = Aside()
    cpu.process += 100
    made.add(0.2)
    assert (made.seconds, made.counted) == (0.0, 0.2)
    for spreads in (0.5, 1, 2, 7):
        cpu.process = 150 + spreads * SPREAD
        assert made.seconds == pytest.approx(0.2 * (1 - math.exp(-spreads)))
        assert made.counted == pytest.approx(0.2)


def test_it_does_not_matter_how_often_one_asks(cpu: Cpu):
    often, once = Aside(), Aside()
    for _ in range(200):
        often.add(0.01)
        once.add(0.01)
        for _ in range(3):
            cpu.process += 0.05
            assert often.seconds <= often.counted
    assert often.seconds == pytest.approx(once.seconds)
    assert often.counted == pytest.approx(2.0)


def test_steady_use_is_shown_as_it_is_once_it_has_gone_on_for_a_while(cpu: Cpu):
    made, seen = Aside(), []
    for _ in range(40):
        made.add(0.02)
        cpu.process += 2.0
        seen.append(made.seconds)
    assert seen[-1] - seen[-11] == pytest.approx(0.2, rel=1e-3)


def test_what_a_thread_does_inside_is_counted_and_what_others_do_meanwhile_is_not():
    made = Aside()
    with made.counting():
        began = time.thread_time()
        other = threading.Thread(target=sum, args=(range(3_000_000),))
        other.start()
        while time.thread_time() - began < 0.02:
            sum(range(1000))
        other.join()
        spent = time.thread_time() - began
    assert made.counted == pytest.approx(spent, abs=0.002)


def test_work_that_fails_is_counted_too(cpu: Cpu):
    made = Aside()

    def fail() -> None:
        with made.counting():
            cpu.thread += 0.5
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    assert made.counted == 0.5
