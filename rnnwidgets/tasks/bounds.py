"""The one sentence by which a task refuses a number that is too small."""

from __future__ import annotations


def at_least(name: str, value: int, least: int, what: str) -> None:
    """Raise ValueError, naming the argument, unless `value` reaches `least`; `what` says least of what and why."""
    if value < least:
        raise ValueError(f"{name} must be at least {least} {what}, but is {value}")
