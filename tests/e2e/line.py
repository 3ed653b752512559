"""The line between a browser and a server, which can be cut: all that is on it breaks off, and nobody gets through."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 65_536


class Line:
    """A port that leads to a server's, while the line is whole."""

    def __init__(self, port: int) -> None:
        self._far = port
        self._near = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._near.getsockname()[1]
        self._lock = threading.Lock()
        self._whole = True
        self._ends: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut(self) -> None:
        """Break every connection off, and each new one, until the line is mended."""
        with self._lock:
            self._whole = False
            for end in self._ends:
                _shut(end)

    def mend(self) -> None:
        """Let new connections through."""
        with self._lock:
            self._whole = True

    def close(self) -> None:
        """End the line, once nobody is on it any more."""
        self.cut()
        _shut(self._near)
        for thread in self._threads:
            thread.join()
        self._near.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the line is closed
            while True:
                end, _ = self._near.accept()
                with self._lock:
                    if self._whole:
                        self._join(end, socket.create_connection(("127.0.0.1", self._far)))
                    else:
                        end.close()

    def _join(self, one: socket.socket, other: socket.socket) -> None:
        self._ends |= {one, other}
        both = threading.Barrier(2)
        for source, sink in ((one, other), (other, one)):
            self._threads.append(threading.Thread(target=self._carry, args=(source, sink, both)))
            self._threads[-1].start()

    def _carry(self, source: socket.socket, sink: socket.socket, both: threading.Barrier) -> None:
        with contextlib.suppress(OSError):  # one of them has hung up, or the line was cut
            while data := source.recv(CHUNK):
                sink.sendall(data)
        _shut(sink)
        both.wait()
        with self._lock:
            self._ends.discard(source)
            source.close()


@contextlib.contextmanager
def line(port: int) -> Iterator[Line]:
    """A line to a server's port, closed at the end."""
    laid = Line(port)
    try:
        yield laid
    finally:
        laid.close()


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is not connected any more
        end.shutdown(socket.SHUT_RDWR)
