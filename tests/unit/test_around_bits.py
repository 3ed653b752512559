"""However a model is trained, losses, weights and random states are the same bits with and without a recorder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.around import WAYS

ROOT = Path(__file__).resolve().parents[2]


def start(name: str, how: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.unit.around", name, how]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("name", WAYS)
def test_training_in_a_fresh_process_is_bit_identical_with_and_without_watch(name: str):
    found = []
    for process in [start(name, how) for how in ("watched", "plain")]:
        found.append(process.communicate(timeout=120)[0].strip())
        assert process.returncode == 0
    watched, plain = found
    assert watched == plain
    assert len(plain) == 64
