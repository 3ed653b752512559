"""What holds for every test: nothing of ours runs on after it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS_TO_END = 2.0


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    ours = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("rnnwidgets-")]
    for thread in ours:
        thread.join(SECONDS_TO_END)
    alive = [thread.name for thread in ours if thread.is_alive()]
    assert not alive, f"threads left behind: {alive}"
