"""A frame's arrays share no memory with training, and their memory serves another frame once nobody reads it."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from rnnwidgets.recorder.keep import SPARE, Block, Store, kept


@pytest.fixture(autouse=True)
def room_for_spare_memory() -> Iterator[None]:
    SPARE.bound(8 * 2**20)
    yield
    SPARE.bound(0)


def block(fill: float) -> Block:
    made = kept({"h": torch.full((64, 4, 256), fill), "dh": torch.full((64, 4, 128), -fill, dtype=torch.float64)})
    assert isinstance(made, Block)
    return made


def address(made: Block) -> int:
    return int(made["h"].__array_interface__["data"][0])


def test_arrays_hold_the_tensors_values_and_not_their_memory():
    values = torch.randn(64, 4, 256)
    made = kept({"h": values})
    wanted = values.numpy().copy()
    values.zero_()
    np.testing.assert_array_equal(made["h"], wanted)


def pickled(made: Block) -> Any:
    return pickle.loads(pickle.dumps(made))  # noqa: S301 (from the line itself)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_arrays_are_copied_and_pickled_with_their_values(again):
    made = block(1.0)
    found = again(made)
    del made
    other = block(2.0)
    assert (found["h"] == 1).all()
    assert (found["dh"] == -1).all()
    assert list(found) == list(other)


def test_small_arrays_are_plain_copies():
    assert isinstance(kept({"h": torch.zeros(3)}), dict)


def test_the_memory_of_a_block_that_is_gone_serves_the_next_of_its_size():
    first = block(1.0)
    place = address(first)
    del first
    second = block(2.0)
    assert address(second) == place
    assert (second["h"] == 2).all()
    assert (second["dh"] == -2).all()


def test_memory_that_an_array_still_shows_is_never_written_again():
    first = block(1.0)
    shown = first["h"][:, 1]
    del first
    second = block(2.0)
    assert (shown == 1).all()
    assert (second["h"] == 2).all()


def test_spare_memory_is_bounded():
    SPARE.shrink(0)
    blocks = [block(float(k)) for k in range(40)]
    del blocks
    assert 2 * 2**20 < SPARE.nbytes <= 4 * 2**20  # half of it of each size
    before = [block(float(k)) for k in range(40)]
    SPARE.bound(2**20)
    assert SPARE.nbytes == 0
    later = [block(float(k)) for k in range(40)]
    del before, later
    assert 2**18 < SPARE.nbytes <= 2**19
    SPARE.bound(0)
    assert SPARE.nbytes == 0


def test_memory_of_any_size_is_spare_up_to_a_cap():
    SPARE.shrink(0)
    SPARE.bound(16 * 2**20)
    for size in (2**17, 2**20 + 8, 2**22 + 8, 2**23, 2**23 + 8):
        wanted = kept({"h": torch.zeros(size // 8, dtype=torch.float64)})
        del wanted
    assert SPARE.nbytes == 2**17 + 2**20 + 8 + 2**23


def test_no_line_of_python_runs_where_a_block_or_a_store_goes():
    """An interrupt would be swallowed there: Python ignores what a finalizer raises."""
    lines: list[str] = []
    held: list[Any] = [block(1.0), Store([torch.zeros(2**16)])]
    sys.setprofile(lambda frame, event, _: lines.append(f"{event} {frame.f_code.co_name}"))
    try:
        held.clear()
    finally:
        sys.setprofile(None)
    assert [line for line in lines if line.startswith("call")] == []
    assert SPARE.nbytes > 0


@pytest.mark.parametrize("size", [5, 2**18])
def test_a_store_keeps_values_and_layouts(size):
    values = torch.randn(3, 2, size).transpose(0, 1)
    store = Store([values, values[0], values[:, :, 1:1]])
    copies = [store.copied(one) for one in (values, values[0], values[:, :, 1:1])]
    wanted = values.clone()
    values.zero_()
    assert torch.equal(copies[0], wanted)
    assert torch.equal(copies[1], wanted[0])
    assert copies[0].stride() == values.stride()
    assert copies[1].is_contiguous()
    assert copies[2].shape == (2, 3, 0)
    assert all(copy.data_ptr() % 64 == 0 for copy in copies)


def test_small_copies_are_no_mappings(monkeypatch):
    """A process may hold some 65 000 of them, and a recording more frames than that."""
    monkeypatch.setattr("rnnwidgets.recorder.keep.Spare.take", lambda *_: pytest.fail("took a mapping"))
    assert torch.equal(Store([torch.zeros(64)]).copied(torch.ones(64)), torch.ones(64))
