"""Every error is one sentence that carries its facts, and no guarded failure ends what it runs beside."""

from __future__ import annotations

import warnings

import pytest

from rnnwidgets.errors import FAILURES, FrameBytesError, Guard, RecorderWarning, RecordingError, UnknownNameError


def fail() -> None:
    raise OSError("the wire is cut")


def test_an_error_is_one_sentence_of_subject_expected_found_and_remedy():
    error = RecordingError("every", expected="a positive integer", found="0", remedy="use every=1")
    assert str(error) == "every: expected a positive integer, found 0; use every=1."
    assert (error.subject, error.expected, error.found, error.remedy) == (
        "every",
        "a positive integer",
        "0",
        "use every=1",
    )


def test_every_error_can_be_caught_as_a_value_error_and_an_unknown_name_as_a_key_error():
    facts = {"expected": "i", "found": "'x'", "remedy": "use i"}
    assert isinstance(FrameBytesError("frame", **facts), ValueError)
    assert isinstance(UnknownNameError("gate", **facts), KeyError)
    assert str(UnknownNameError("gate", **facts)) == "gate: expected i, found 'x'; use i."


def test_a_guard_returns_what_the_work_returns():
    assert Guard(print).run("converting", int, "ff", base=16) == 255


def test_a_guard_warns_once_with_the_traceback_then_switches_the_site_off_and_says_so():
    notes: list[str] = []
    calls: list[int] = []
    guard = Guard(notes.append)

    def work() -> None:
        calls.append(1)
        fail()

    with pytest.warns(
        RecorderWarning, match=r"sending failed; training goes on\.[\s\S]*OSError: the wire is cut"
    ) as told:
        results = [guard.run("sending", work) for _ in range(FAILURES + 5)]
    assert set(results) == {None}
    assert len(told) == 1
    assert len(calls) == FAILURES
    assert notes == ["sending failed: the wire is cut", "sending is switched off after 10 errors"]
    assert guard.run("drawing", lambda: 7) == 7


def test_a_guard_keeps_training_alive_where_warnings_are_errors():
    notes: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Guard(notes.append).run("sending", fail)
    assert notes == ["sending failed: the wire is cut"]


def test_a_guard_lets_an_interrupt_through():
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Guard(print).run("sending", interrupt)


def test_a_strict_guard_raises():
    with pytest.raises(OSError, match="the wire is cut"):
        Guard(print, strict=True).run("sending", fail)
