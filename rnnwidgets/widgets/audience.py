"""Whom a publisher tells: views, which are sent bytes, and charts, which read the recording themselves."""

from __future__ import annotations

from typing import Any, Protocol

Message = dict[str, Any]


class View(Protocol):
    """What shows frames: a widget."""

    step: int | None

    def send(self, content: Message, buffers: list[bytes]) -> None:
        """Send a custom message."""

    def show(self, meta: Message, snapshot: bytes) -> None:
        """Send the snapshot, changed or not."""


class Chart(Protocol):
    """What reads the recording itself: told when to, and where the cursor is."""

    def refresh(self) -> None:
        """Read the recording again."""

    def follow(self, step: int | None) -> None:
        """Mark this training step."""
