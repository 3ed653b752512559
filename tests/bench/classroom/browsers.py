"""The websockets of many browsers in one process: they read what comes, note when, and draw nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

PROTOCOL = "v1.kernel.websocket.jupyter.org"
LARGEST = 64 * 2**20
AT_ONCE = 8
Note = tuple[float, float, int]


def read(urls: Sequence[str], token: str, rest: float, told: Connection) -> None:
    """Open all, say so, and read until told; answer with (sent, received, bytes) of each message.

    The last of them does not read for `rest` seconds after the first message.
    """
    notes: list[Note] = []
    asyncio.run(_read_all(urls, token, rest, told, notes))
    told.send(notes)


async def _read_all(urls: Sequence[str], token: str, rest: float, told: Connection, notes: list[Note]) -> None:
    doors = asyncio.Semaphore(AT_ONCE)

    async def opened(url: str) -> WebSocketClientConnection:
        request = HTTPRequest(url, headers={"Authorization": f"token {token}"}, request_timeout=120)
        async with doors:
            return await websocket_connect(request, subprotocols=[PROTOCOL], max_message_size=LARGEST)

    sockets = await asyncio.gather(*map(opened, urls))
    told.send("open")
    rests = [0.0] * (len(sockets) - 1) + [rest]
    readers = [asyncio.create_task(_read(socket, wait, notes)) for socket, wait in zip(sockets, rests, strict=True)]
    await asyncio.to_thread(told.recv)
    for reader in readers:
        reader.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*readers)


async def _read(socket: WebSocketClientConnection, rest: float, notes: list[Note]) -> None:
    """Note each message that carries the time of its sending, until the server closes."""
    while (data := await socket.read_message()) is not None:
        now = time.monotonic()
        assert isinstance(data, bytes)
        offsets = struct.unpack_from("<6Q", data, 8)
        sent = json.loads(data[offsets[3] : offsets[4]]).get("sent")
        if sent is not None:
            notes.append((sent, now, len(data)))
            if rest:
                await asyncio.sleep(rest)
                rest = 0.0
