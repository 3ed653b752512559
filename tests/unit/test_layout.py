"""Panels and layouts are named by the user, and a wrong name is one sentence before anything is drawn."""

from __future__ import annotations

from typing import Any

import pytest

from rnnwidgets.errors import RecordingError, UnknownNameError
from rnnwidgets.widgets.layout import PANELS, arrange


def test_the_panels_named_are_shown_in_that_order_and_the_view_arranges_them():
    assert arrange(("flow", "gates"), "auto") == (["flow", "gates"], [])


def test_a_column_is_one_row_a_panel():
    assert arrange(("gates", "flow"), "column") == (["gates", "flow"], [[["gates"]], [["flow"]]])


def test_rows_name_their_panels_and_a_list_in_a_row_is_a_stack():
    rows: list[Any] = [["steps"], ["gates", ["flow", "curves"]], "status"]
    names, placed = arrange(PANELS, rows)
    assert names == ["steps", "gates", "flow", "curves", "status"]
    assert placed == [[["steps"]], [["gates"], ["flow", "curves"]], [["status"]]]


NAMES = ", ".join(PANELS)


@pytest.mark.parametrize(
    ("panels", "layout", "sentence"),
    [
        (("gate",), "auto", f"panels: expected names among {NAMES}, found 'gate'; use one of those names."),
        ((), "auto", f"panels: expected each panel once, found none; name one of {NAMES}."),
        (("flow", "flow"), "auto", f"panels: expected each panel once, found 'flow' twice; name one of {NAMES}."),
        (
            PANELS,
            [["gates"], ["gates"]],
            f"layout: expected each panel once, found 'gates' twice; name one of {NAMES}.",
        ),
        (PANELS, [["gaits"]], f"layout: expected names among {NAMES}, found 'gaits'; use one of those names."),
        (PANELS, [], f"layout: expected each panel once, found none; name one of {NAMES}."),
        (
            PANELS,
            "grid",
            (
                "layout: expected 'auto', 'column' or rows of panels, found 'grid'; "
                "write rows such as [['gates', 'cell'], ['flow', 'curves']]."
            ),
        ),
        (
            PANELS,
            [3],
            (
                "layout: expected 'auto', 'column' or rows of panels, found [3]; "
                "write rows such as [['gates', 'cell'], ['flow', 'curves']]."
            ),
        ),
    ],
)
def test_a_wrong_panel_or_layout_is_one_sentence(panels: Any, layout: Any, sentence: str):
    with pytest.raises(RecordingError) as told:
        arrange(panels, layout)
    assert str(told.value) == sentence


def test_an_unknown_panel_is_a_key_error_too():
    with pytest.raises(UnknownNameError):
        arrange(("gate",), "auto")
