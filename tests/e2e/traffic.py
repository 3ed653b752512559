"""What crosses the page's edges: its console, and its messages to and from kernels."""

from __future__ import annotations

import itertools
import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import ConsoleMessage, Error, Page, Request, WebSocket

FLOOD = "IOPub data rate exceeded"


@dataclass(frozen=True)
class Message:
    """A message between the page and a kernel."""

    channel: str
    type: str
    content: dict[str, Any]

    @property
    def traits(self) -> set[str]:
        """The names of the traits that it sets."""
        return set(self.content["data"]["state"])

    @classmethod
    def decode(cls, payload: bytes | str) -> Message:
        """The message in a frame of Jupyter's v1 protocol: u64 count, u64 offsets, then the parts.

        Notebook 6 has JSON instead; with buffers, behind a u32 count and u32 offsets, highest byte first.
        """
        if isinstance(payload, str) or payload[0] == 0:
            text = payload if isinstance(payload, str) else payload[slice(*struct.unpack_from(">II", payload, 4))]
            message = json.loads(text)
            return cls(message["channel"], message["header"]["msg_type"], message["content"])
        (count,) = struct.unpack_from("<Q", payload)
        offsets = struct.unpack_from(f"<{count}Q", payload, 8)
        channel, header, _, _, content, *_ = (payload[a:b] for a, b in itertools.pairwise(offsets))
        return cls(channel.decode(), json.loads(header)["msg_type"], json.loads(content))


@dataclass
class Traffic:
    """What the page said on its console and sent to kernels, in order, and what came: how often a kernel introduced
    itself, how often a server said that it drops messages, and the messages of widgets.
    """

    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    widgets: list[Message] = field(default_factory=list)
    greetings: int = 0
    floods: int = 0

    def listen(self, page: Page) -> None:
        """Note everything from now on."""
        for event, note in self._notes.items():
            page.on(event, note)

    def ignore(self, page: Page) -> None:
        """Note nothing more, but for what connections say that are open."""
        for event, note in self._notes.items():
            page.remove_listener(event, note)

    @property
    def _notes(self) -> dict[Any, Callable[[Any], None]]:
        return {"console": self._note, "pageerror": self._fail, "websocket": self._socket, "request": self._request}

    @property
    def writes(self) -> list[Message]:
        """The messages by which widgets set traits in Python.

        A widget keeps back its later ones until the kernel has answered the first: while a cell runs, only that one
        can be counted on to be seen.
        """
        return [message for message in self.sent if message.content.get("data", {}).get("method") == "update"]

    def _note(self, message: ConsoleMessage) -> None:
        line = f"{message.type}: {message.text} ({message.location.get('url', '')})"
        self.console.append(line)
        if message.type == "error":
            self.errors.append(line)

    def _fail(self, error: Error) -> None:
        self.errors.append(f"uncaught: {error}")

    def _request(self, request: Request) -> None:
        if "/api/kernel/set_" in request.url:  # marimo's kernel has no socket of its own
            self.posted.append(request.url)

    def _socket(self, socket: WebSocket) -> None:
        if "/api/kernels/" in socket.url:
            socket.on("framesent", lambda payload: self.sent.append(Message.decode(payload)))
            socket.on("framereceived", self._received)

    def _received(self, payload: bytes | str) -> None:
        message = Message.decode(payload)
        self.greetings += message.type == "kernel_info_reply"
        self.floods += message.type == "stream" and message.content["text"].startswith(FLOOD)
        if message.type == "comm_msg":
            self.widgets.append(message)
