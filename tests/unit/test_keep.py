"""A frame's arrays share no memory with training, and their memory serves another frame once nobody reads it."""

from __future__ import annotations

import numpy as np
import torch

from rnnwidgets.recorder.keep import SPARE, Block, kept


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
    blocks = [block(float(k)) for k in range(40)]
    del blocks
    assert 0 < SPARE.nbytes <= 8 * 2**20
