"""The overhead figure is the recorder's CPU time over training's, and "auto" keeps it within the budget."""

from __future__ import annotations

import pytest

from rnnwidgets.recorder import budget as module
from rnnwidgets.recorder.budget import Budget


class Clock:
    """CPU time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def process_time(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return self.now

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def run(
    budget: Budget, clock: Clock, steps: int, *, training: float, cost: float, idle=0.0, late=0.0, beyond=0.25
) -> int:
    """Pass through steps of known cost and return how many were recorded.

    Of `cost` and `late` a fraction `beyond` more than is timed falls on training, half of it in the step after; of
    `idle`, the cost of a step that passes, half is timed.
    """
    recorded, due, since = 0, 0, module.WAKE
    untimed = beyond * (cost + late) / (1 + beyond) / 2
    for step in range(steps):
        since += 1
        clock.now += training + (untimed if since == 1 else 0.0)
        if step >= due:
            clock.now += untimed
            with budget.recording:
                clock.now += cost / (1 + beyond)
            budget.step_recorded()
            recorded, due, since = recorded + 1, step + budget.every, 0
            with budget.recording:
                clock.now += late / (1 + beyond)
        else:
            clock.now += idle
            budget.step_passed(idle / 2)
        if since == module.WAKE or (since and step + 1 == due):
            budget.note()
    return recorded


def test_the_figure_is_own_time_over_the_rest_of_the_step(clock):
    budget = Budget(1, 0.05)
    run(budget, clock, 20, training=1.0, cost=0.02, late=0.01)
    assert budget.overhead == pytest.approx(0.03, rel=0.01)


def test_figure_is_that_of_the_last_minute(clock):
    budget = Budget(1, 0.05)
    run(budget, clock, 200, training=1.0, cost=0.4)
    run(budget, clock, 30, training=1.0, cost=0.02)
    assert budget.overhead == pytest.approx((21 * 0.4 + 30 * 0.02) / (21 + 30), rel=0.05)
    run(budget, clock, 40, training=1.0, cost=0.02)
    assert budget.overhead == pytest.approx(0.02, rel=0.02)


def test_part_that_costs_most_is_named(clock):
    budget = Budget(None, 0.05)
    assert budget.figures.budget == 0.05
    parts = []
    for idle in (0.0, 0.04):
        run(budget, clock, 2000, training=1.0, cost=0.2, idle=idle)
        parts.append(budget.figures.costs)
    assert parts == ["frames", "steps"]


def test_a_fixed_every_averages_over_the_steps_between(clock):
    budget = Budget(4, 0.05)
    run(budget, clock, 100, training=1.0, cost=0.08, idle=0.004)
    assert budget.overhead == pytest.approx((0.08 + 3 * 0.004) / 4, rel=0.01)


@pytest.mark.parametrize("beyond", [0.0, 0.05, 0.4])
def test_what_a_recorded_step_costs_beyond_what_is_timed_is_learned_where_many_steps_pass(clock, beyond):
    budget = Budget(20, 0.05)
    run(budget, clock, 1000, training=1.0, cost=0.8, beyond=beyond)
    assert budget.overhead == pytest.approx(0.8 / 20, rel=0.02)


def test_an_evaluation_now_and_then_does_not_pass_for_the_cost_of_recording(clock):
    budget = Budget(20, 0.05)
    for _ in range(20):
        run(budget, clock, 100, training=1.0, cost=0.8, beyond=0.3)
        clock.now += 1.5
    assert budget.overhead == pytest.approx(0.8 / 20, rel=0.05)


@pytest.mark.parametrize(("cost", "every"), [(0.02, 1), (0.049, 1), (0.08, 2), (0.5, 10), (3.0, 60)])
def test_auto_takes_the_smallest_interval_within_the_budget(clock, cost, every):
    budget = Budget(None, 0.05)
    run(budget, clock, 500, training=1.0, cost=cost)
    assert budget.every == every
    assert budget.overhead is not None
    assert budget.overhead <= 0.05 + 0.001


def test_auto_counts_what_waiting_costs(clock):
    budget = Budget(None, 0.05)
    run(budget, clock, 500, training=1.0, cost=0.35, idle=0.02)
    assert budget.every == 11
    assert budget.overhead == pytest.approx((0.35 + 10 * 0.02) / 11, rel=0.01)


def test_auto_returns_to_every_step_when_recording_gets_cheap(clock):
    budget = Budget(None, 0.05)
    run(budget, clock, 200, training=1.0, cost=0.5)
    run(budget, clock, 2000, training=1.0, cost=0.001)
    assert budget.every == 1


def test_auto_soon_forgets_what_was_dear_once(clock):
    budget = Budget(None, 0.05)
    run(budget, clock, 1, training=1.0, cost=0.08)
    run(budget, clock, 1, training=1.0, cost=400.0)
    assert budget.every == 2
    run(budget, clock, 40, training=1.0, cost=0.08)
    assert budget.every == 2


def test_what_views_use_on_their_own_threads_counts_and_leaves_less_for_frames(clock):
    budget = Budget(None, 0.05, lambda: 0.02 * clock.now)
    run(budget, clock, 200, training=1.0, cost=0.08)
    assert budget.every == 3
    assert budget.overhead == pytest.approx(0.08 / 3 + 0.02, rel=0.05)


def test_nested_spending_counts_once(clock):
    budget = Budget(1, 0.05)
    for _ in range(5):
        clock.now += 1.0
        with budget.recording, budget.recording:
            clock.now += 0.1
        budget.step_recorded()
        assert budget.recording.seconds == 0.0
    spent = module._USUAL_FACTOR * 0.1
    assert budget.overhead == pytest.approx(spent / (1.1 - spent))


def test_nothing_is_claimed_before_anything_was_measured(clock):
    budget = Budget(None, 0.05)
    assert budget.overhead is None
    run(budget, clock, 1, training=1.0, cost=0.5)
    assert budget.overhead is None
