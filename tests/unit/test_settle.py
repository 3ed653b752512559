"""After the last touch everything is said again, twice, on one thread that then ends."""

from __future__ import annotations

import threading
import time

from rnnwidgets.widgets.settle import THREAD_NAME, Settle

SOON = 0.2


def waiting() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


def wait_until_idle() -> None:
    deadline = time.monotonic() + 10
    while waiting() and time.monotonic() < deadline:
        time.sleep(SOON / 10)


def test_the_action_is_called_after_each_delay_since_the_last_touch_and_no_thread_remains():
    calls: list[tuple[float, bool]] = []
    settle = Settle(lambda last: calls.append((time.monotonic(), last)), (4 * SOON, 8 * SOON))
    for _ in range(3):
        touched = time.monotonic()
        settle.touch()
        assert len(waiting()) == 1
        assert waiting()[0].daemon
        time.sleep(SOON)
    wait_until_idle()
    assert [last for _, last in calls] == [False, True]
    assert calls[0][0] - touched >= 4 * SOON
    assert calls[1][0] - touched >= 8 * SOON
    assert waiting() == []


def test_a_touch_between_the_delays_starts_them_again():
    calls: list[bool] = []
    first = threading.Event()

    def act(last: bool) -> None:
        calls.append(last)
        first.set()

    settle = Settle(act, (SOON, 100.0))
    settle.touch()
    assert first.wait(10)
    first.clear()
    settle.touch()
    assert first.wait(10)
    settle.stop()
    wait_until_idle()
    assert calls == [False, False]


def test_a_stopped_settle_does_nothing_more_and_can_be_touched_again():
    calls: list[bool] = []
    settle = Settle(calls.append, (SOON, 2 * SOON))
    settle.touch()
    settle.stop()
    settle.stop()
    wait_until_idle()
    assert calls == []
    settle.touch()
    wait_until_idle()
    assert calls == [False, True]
