"""Which panels a view has and where they stand, checked by name before anything is drawn.

A layout is `auto` (the view arranges its panels by its width), `column` (one below the other), or rows: each a list of
columns, a column being the name of a panel or a list of names that stand one below the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError, UnknownNameError

PANELS: tuple[schema.Panel, ...] = get_args(schema.Panel)

Rows = list[list[list[str]]]
Layout = Literal["auto", "column"] | Sequence[Sequence[str | Sequence[str]]]


def arrange(panels: Sequence[str], layout: Layout) -> tuple[list[str], Rows]:
    """Return the names of the panels, and rows of columns of them; no rows where the view is to arrange them.

    Raises:
        UnknownNameError: a name is not that of a panel.
        RecordingError: no panel is named, one is named twice, or `layout` is none of the three.
    """
    if isinstance(layout, str):
        names = _checked("panels", panels)
        if layout == "auto":
            return names, []
        if layout == "column":
            return names, [[[name]] for name in names]
        raise _wrong_layout(layout)
    try:
        rows = [[[column] if isinstance(column, str) else list(column) for column in _listed(row)] for row in layout]
    except TypeError as error:
        raise _wrong_layout(layout) from error
    return _checked("layout", [name for row in rows for column in row for name in column]), rows


def _listed(row: Sequence[str | Sequence[str]]) -> Sequence[str | Sequence[str]]:
    return [row] if isinstance(row, str) else row


def _checked(subject: str, names: Sequence[str]) -> list[str]:
    listed = [names] if isinstance(names, str) else list(names)
    for name in listed:
        if name not in PANELS:
            raise UnknownNameError(
                subject, expected=f"names among {', '.join(PANELS)}", found=repr(name), remedy="use one of those names"
            )
    twice = [name for name in dict.fromkeys(listed) if listed.count(name) > 1]
    if twice or not listed:
        found = f"{twice[0]!r} twice" if twice else "none"
        raise RecordingError(
            subject, expected="each panel once", found=found, remedy=f"name one of {', '.join(PANELS)}"
        )
    return listed


def _wrong_layout(layout: object) -> RecordingError:
    return RecordingError(
        "layout",
        expected="'auto', 'column' or rows of panels",
        found=repr(layout),
        remedy="write rows such as [['gates', 'cell'], ['flow', 'curves']]",
    )
