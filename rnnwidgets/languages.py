"""The languages of what a reader sees: `en`, `zh`, and `auto` for the reader's own where the page knows it."""

from __future__ import annotations

from typing import cast, get_args

from rnnwidgets.errors import RecordingError
from rnnwidgets.schema import Language

LANGUAGES: tuple[str, ...] = get_args(Language)


def checked_language(language: str) -> Language:
    """Return the language if it is one of `LANGUAGES`.

    Raises:
        RecordingError: it is another value.
    """
    if language in LANGUAGES:
        return cast("Language", language)
    raise RecordingError(
        "language",
        expected="'auto', 'en' or 'zh'",
        found=repr(language),
        remedy="use one of those, or leave it out for 'auto'",
    )


def choose(language: str, english: str, chinese: str) -> str:
    """Return the text in a language: Chinese for `zh`, English for `en` and for `auto`."""
    return chinese if checked_language(language) == "zh" else english


SERIES = {
    "loss": ("loss", "损失"),
    "grad_norm": ("gradient norm", "梯度范数"),
    "grad_norm_before_clip": ("gradient norm before clipping", "裁剪前的梯度范数"),
    "lr": ("learning rate", "学习率"),
}
"""Names of the curves that charts, figures and findings mention: English, Chinese."""


def series_name(name: str, language: str) -> str:
    """Return the name of a curve in a language; a curve that the user named keeps its name."""
    return choose(language, *SERIES.get(name, (name, name)))
