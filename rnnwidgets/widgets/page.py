"""Widgets that the page sets and that never answer it: Python hears it late, an answer would take the reader back."""

from __future__ import annotations

from functools import partial
from typing import Any

import anywidget
import numpy as np
import traitlets


class PageWidget(anywidget.AnyWidget):
    """A widget that sends what Python sets, and nothing in return for what the page sets.

    ipywidgets answers wherever a value looks otherwise in Python, as a typed array does that became a list.
    """

    def _should_send_property(self, key: str, value: Any) -> bool:
        return key not in self._property_lock and bool(super()._should_send_property(key, value))


def unechoed(trait: traitlets.TraitType[Any, Any]) -> Any:
    """Return the trait, synchronised, without the echo that would fight a drag."""
    return trait.tag(sync=True, echo_update=False)


def array(dtype: str = "<f8") -> Any:
    """Return a trait that holds what bqplot's arrays are in the browser: numbers, or None.

    The browser sends a typed array as its bytes alone; that they are float64 is how bqplot measures along a scale.
    """
    return unechoed(traitlets.List(traitlets.Float(), None, allow_none=True)).tag(from_json=partial(_numbers, dtype))


def _numbers(dtype: str, value: Any, _widget: Any) -> Any:
    return np.frombuffer(value, dtype).tolist() if isinstance(value, bytes | memoryview) else value
