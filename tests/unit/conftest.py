"""What holds for every unit test: torch computes on one thread; what several of them need of the browser's edge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from rnnwidgets.recording import Recording
from rnnwidgets.widgets.publisher import publisher_of
from tests.unit.browser import Wire

torch.set_num_threads(1)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Wire:
    return Wire.connect(monkeypatch, tmp_path)


@pytest.fixture
def recording() -> Iterator[Recording]:
    made = Recording()
    made.report(state="live")
    yield made
    publisher = publisher_of(made)
    for member in (*publisher._views, *publisher._charts):
        cast(Any, member).close()
