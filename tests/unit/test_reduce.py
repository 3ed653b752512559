"""What is reduced still tells the truth, within bounds that are stated."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnnwidgets import reduce, schema

FLOATS = st.floats(-(2.0**100), 2.0**100, width=32)
ARRAYS = hnp.arrays(np.float32, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6), elements=FLOATS)
DIRTY = hnp.arrays(np.float32, st.integers(1, 40), elements=st.floats(width=32))


def number(code: int, encoding: schema.Encoding, top: float) -> float:
    """The value of a code, from the formulas of the schema, one at a time."""
    if encoding == "unit":
        return code / 252
    if encoding == "symmetric":
        return top * (code - 126) / 126
    distance = abs(code - 126)
    return 0.0 if distance == 0 else math.copysign(top * 10 ** (12 * ((distance - 1) / 125 - 1)), code - 126)


@given(hnp.arrays(np.float32, 30, elements=st.floats(0, 1, width=32)))
def test_a_unit_code_is_within_half_a_level(values: np.ndarray):
    codes = reduce.quantise(values, "unit", 1.0)
    shown = np.array([number(code, "unit", 1.0) for code in codes.tolist()])
    assert np.abs(shown - values).max() <= 0.5 / 252 + 1e-6


@given(ARRAYS)
def test_a_symmetric_code_is_within_half_a_level(values: np.ndarray):
    top = reduce.high(values, "symmetric")
    codes = reduce.quantise(values, "symmetric", top)
    shown = np.array([number(code, "symmetric", top) for code in codes.ravel().tolist()])
    assert top >= np.abs(values).max()
    assert math.log2(top) == int(math.log2(top))
    assert np.abs(shown - values.ravel()).max() <= top * (0.5 / 126 + 1e-5)


@given(
    hnp.arrays(np.float64, 30, elements=st.floats(-1e30, 1e30).filter(lambda value: value == 0 or abs(value) > 1e-30))
)
def test_a_signed_log_code_is_within_half_a_level_in_decades_down_to_twelve_decades(values: np.ndarray):
    top = reduce.high(values, "signed_log")
    codes = reduce.quantise(values, "signed_log", top)
    for value, code in zip(values.tolist(), codes.tolist(), strict=True):
        shown = number(code, "signed_log", top)
        if value == 0:
            assert code == schema.CODE_ZERO
            continue
        assert code != schema.CODE_ZERO
        assert math.copysign(1, shown) == math.copysign(1, value)
        expected = max(abs(value), top * 1e-12)
        assert abs(math.log10(abs(shown)) - math.log10(expected)) <= 0.5 * 12 / 125 + 1e-9


@given(ARRAYS, st.sampled_from(["symmetric", "signed_log"]))
def test_zero_has_the_code_of_zero_and_under_signed_log_nothing_else_has_it(
    values: np.ndarray, encoding: schema.Encoding
):
    codes = reduce.quantise(values, encoding, reduce.high(values, encoding))
    assert (codes[values == 0] == schema.CODE_ZERO).all()
    if encoding == "signed_log":
        assert (codes[values != 0] != schema.CODE_ZERO).all()


@given(DIRTY, st.sampled_from(["unit", "symmetric", "signed_log"]))
def test_nan_and_infinities_have_codes_of_their_own_and_numbers_never_do(values: np.ndarray, encoding: schema.Encoding):
    codes = reduce.quantise(values, encoding, reduce.high(values, encoding))
    np.testing.assert_array_equal(codes == 255, np.isnan(values))
    np.testing.assert_array_equal(codes == 254, np.isposinf(values))
    np.testing.assert_array_equal(codes == 253, np.isneginf(values))


@pytest.mark.parametrize(
    ("encoding", "values", "top"),
    [
        ("unit", [0.2, 9.0], 1.0),
        ("symmetric", [0.5, -0.25, math.nan], 1.0),
        ("symmetric", [3.0, math.inf], 4.0),
        ("symmetric", [-4.0], 4.0),
        ("signed_log", [3.0, -5.0, -math.inf], 5.0),
        ("signed_log", [math.nan], 0.0),
        ("signed_log", [], 0.0),
    ],
)
def test_the_largest_code_stands_for_a_value_that_nothing_finite_exceeds(
    encoding: schema.Encoding, values: list[float], top: float
):
    assert reduce.high(np.array(values, np.float32), encoding) == top


@given(hnp.arrays(np.float32, (3, 2, 9), elements=st.floats(-(2.0**126), 2.0**126, width=32)))
def test_norms_of_float32_neither_overflow_nor_vanish(values: np.ndarray):
    expected = np.array([[math.hypot(*map(float, row)) for row in rows] for rows in values])
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(reduce.log10_norms(values), np.log10(expected), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1.0, 1e200, 1e300])
def test_norms_of_float64_neither_overflow_nor_vanish(size: float):
    found = reduce.log10_norms(np.full((1, 1, 4), size))
    np.testing.assert_allclose(found, [[math.log10(size) + math.log10(2)]], rtol=1e-6)


def test_norms_keep_zero_nan_and_infinity():
    values = np.array([[[0, 0]], [[math.nan, 1]], [[math.inf, 1]]])
    for dtype in (np.float32, np.float64):
        np.testing.assert_array_equal(
            reduce.log10_norms(values.astype(dtype)), np.array([[-math.inf], [math.nan], [math.inf]], np.float32)
        )


@given(st.tuples(*[st.integers(1, 200)] * 3), st.integers(1, 10_000))
def test_plan_keeps_to_the_room_and_the_fine_bytes_of_one_sample(shape: tuple[int, int, int], room: int):
    stride, fine = reduce.plan(shape, room)
    times, samples, units = (math.ceil(size / step) for size, step in zip(shape, stride, strict=True))
    assert times * units * (samples + fine) <= room
    assert fine == 0 if room == 1 else 1 <= fine <= samples
    if stride[0] > 1 or stride[2] > 1:
        assert samples == 1
    if 2 * math.prod(shape) <= room:
        assert (stride, fine) == ((1, 1, 1), shape[1])


def decoded(code: float, encoding: schema.Encoding, top: float) -> float:
    """Return the number at a place among the codes, by the formulas in `schema`."""
    if encoding == "unit":
        return code / 252
    if encoding == "symmetric":
        return top * (code - 126) / 126
    return math.copysign(top * 10 ** (12 * ((abs(code - 126) - 1) / 125 - 1)), code - 126)


@pytest.mark.parametrize("encoding", ["unit", "symmetric", "signed_log"])
def test_fine_bytes_bring_a_number_within_1_of_508_of_a_code(encoding: schema.Encoding):
    random = np.random.default_rng(3)
    values = random.random(5000) if encoding == "unit" else random.standard_normal(5000) * 3
    if encoding == "signed_log":
        values *= 10.0 ** -random.uniform(0, 6, 5000)
    values = values.astype(np.float32)
    top = reduce.high(values, encoding)
    codes, fine = reduce.quantise_finely(values, encoding, top)
    np.testing.assert_array_equal(codes, reduce.quantise(values, encoding, top))
    for value, code, byte in zip(values.tolist(), codes.tolist(), fine.tolist(), strict=True):
        outwards = -1 if encoding == "signed_log" and code < 126 else 1
        place = code + outwards * (byte - 127) / 254
        low, high = sorted(decoded(place + side * (1 / 508 + 1e-4), encoding, top) for side in (-1, 1))
        assert low <= value <= high


def test_zero_and_values_that_are_not_finite_have_no_fine_part():
    values = np.array([0.0, math.nan, math.inf, -math.inf], np.float32)
    for encoding in ("symmetric", "signed_log"):
        codes, fine = reduce.quantise_finely(values, encoding, 1.0)
        assert codes.tolist() == [126, 255, 254, 253]
        assert fine[0] == schema.FINE_ZERO


@given(st.integers(1, 500), st.integers(1, 60))
def test_a_spread_holds_the_last_and_the_first_and_no_gap_twice_another(count: int, keep: int):
    positions = reduce.spread(count, keep)
    assert positions[-1] == count - 1
    assert len(positions) == min(count, keep)
    if keep > 1:
        assert positions[0] == 0
    gaps = np.diff(positions)
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1


@given(st.integers(1, 500), st.integers(2, 60), st.sets(st.integers(0, 499)))
def test_a_spread_takes_what_is_known_where_that_is_nearer_to_a_place_than_to_another(
    count: int, keep: int, some: set[int]
):
    places = reduce.spread(count, keep)
    known = sorted(position for position in some if position < count)
    near = reduce.spread(count, keep, known)
    assert (near[0], near[-1], len(near)) == (places[0], places[-1], len(places))
    assert near == sorted(set(near))
    nearest = {position: min(places, key=lambda place: (abs(place - position), -place)) for position in known}
    for place, position in list(zip(places, near, strict=True))[1:-1]:
        candidates = [one for one in known if nearest[one] == place]
        wanted = min(candidates, key=lambda one: abs(one - place), default=place)
        assert abs(position - place) == abs(wanted - place)
        assert position in {*candidates, place}


def test_of_an_ever_longer_run_few_positions_of_the_spread_are_new_each_time():
    near, plain, fresh, anew = reduce.spread(100, 30), reduce.spread(100, 30), 0, 0
    for count in range(110, 2000, 10):
        near, before = reduce.spread(count, 30, near), near
        plain, without = reduce.spread(count, 30), plain
        fresh, anew = fresh + len({*near} - {*before}), anew + len({*plain} - {*without})
        assert np.diff(near).max() <= 2 * math.ceil(count / 29)
    assert 5 * fresh < anew


def test_crowded_steps_are_given_up_closest_in_the_logarithm_first_and_the_ends_never():
    steps = list(range(100))
    order = list(reduce.crowded(steps))
    assert sorted(order) == list(range(1, 99))
    left = sorted({*range(100)} - {*order[:90]})
    ratios = [(after + 1) / (before + 1) for before, after in itertools.pairwise(left[1:])]
    assert (left[0], left[-1]) == (0, 99)
    assert max(ratios) <= 2.5
    assert list(reduce.crowded([3, 9])) == []


@given(hnp.arrays(np.float64, st.integers(2, 41), elements=st.floats(-1e300, 1e300)))
def test_merged_bins_equal_the_bins_of_the_values_by_brute_force(values: np.ndarray):
    count = len(values)
    steps = np.arange(count, dtype=float)
    merged = reduce.merge_pairs(np.stack((steps, steps, values, values, values, np.ones(count))))
    groups = [values[k : k + 2] for k in range(0, count, 2)]
    np.testing.assert_array_equal(merged[2], [group.min() for group in groups])
    np.testing.assert_array_equal(merged[3], [group.max() for group in groups])
    np.testing.assert_allclose(merged[4], [math.fsum(group / len(group)) for group in groups], rtol=1e-9)
    np.testing.assert_array_equal(merged[5], [len(group) for group in groups])
