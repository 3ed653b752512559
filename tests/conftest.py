"""What holds for every test: nothing of ours runs on after it. Under `make trust` the scorecard's figures are kept."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.counts import TRUST
from tests.scorecard.table import Figures

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS_TO_END = 2.0


def pytest_configure(config: pytest.Config) -> None:
    if TRUST and not hasattr(config, "workerinput"):  # a worker tells the session that started it
        config.pluginmanager.register(Figures())


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    ours = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("rnnwidgets-")]
    for thread in ours:
        thread.join(SECONDS_TO_END)
    alive = [thread.name for thread in ours if thread.is_alive()]
    assert not alive, f"threads left behind: {alive}"
