"""The far end of the wire for tests: comms that keep what is sent, and the store of the browser in a few lines."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import comm
import numpy as np
import pytest
from comm.base_comm import BaseComm

from rnnwidgets.frame import decode, split
from rnnwidgets.recording import Recording
from rnnwidgets.widgets import publisher, relay, view
from rnnwidgets.widgets.beside import AtOnce
from tests.unit.frames import make_frame


@dataclass
class Sent:
    """One message of the Jupyter protocol, with the time of the clock that ran then."""

    at: float
    comm_id: str
    kind: str
    data: dict[str, Any]
    buffers: list[bytes]


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Idle:
    """Analyses nothing, so that what is sent does not depend on what another thread finds meanwhile."""

    def __init__(self, *_: Any) -> None: ...

    def touch(self, *, live: bool) -> None: ...

    def stop(self) -> None: ...


class Wire(list[Sent]):
    """Every message that any widget sent; `clock` stamps them, and goes on by the next of `takes` seconds with each."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.takes: Iterator[float] = itertools.repeat(0.0)
        self._held: list[publisher.Publisher] = []

    @classmethod
    def connect(cls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Wire:
        """Put a wire in the place of the kernel, and some bundle in that of the built one."""
        wire = cls()

        class Comm(BaseComm):
            def publish_msg(
                self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
            ) -> None:
                assert metadata is None or isinstance(metadata, dict)
                wire.append(Sent(wire.clock(), self.comm_id, msg_type, data or {}, buffers or []))
                wire.clock.now += next(wire.takes)

        bundle = tmp_path / "widget.js"
        bundle.write_text("export default {};\n")
        monkeypatch.setattr(comm, "create_comm", Comm)
        monkeypatch.setattr(view, "BUNDLE", bundle)
        monkeypatch.setattr(relay, "SCRIPT", bundle)
        monkeypatch.setattr(publisher, "Analyst", Idle)
        monkeypatch.setattr(publisher, "worker", lambda _: AtOnce())
        return wire

    def publish(self, recording: Recording) -> publisher.Publisher:
        """Return the recording's publisher, running on the clock of this wire."""
        made = publisher.Publisher(recording, self.clock)
        self._held.append(made)
        publisher._publishers[recording] = weakref.ref(made)
        return made

    def deltas(self) -> list[Sent]:
        return immutable([sent for sent in self if sent.data.get("method") == "custom"])

    def snapshots(self) -> list[Sent]:
        return immutable([sent for sent in self if is_snapshot(sent)])


def immutable(messages: list[Sent]) -> list[Sent]:
    """Return the messages; each buffer is `bytes`, since live memory would arrive as what it became meanwhile."""
    assert {type(buffer) for sent in messages for buffer in sent.buffers} <= {bytes}
    return messages


def is_snapshot(sent: Sent) -> bool:
    return ["_snapshot"] in sent.data.get("buffer_paths", [])


def train(
    wire: Wire, recording: Recording, steps: range, seconds: float, shape: tuple[int, int, int] = (7, 2, 5)
) -> None:
    """Append a frame and log its loss, each `seconds` after the one before."""
    for step in steps:
        wire.clock.now += seconds
        recording.append(make_frame(step, shape, {"grad_norm": 1 / (step + 1)}))
        recording.log(step, {"loss": float(np.cos(step))})


@dataclass
class Store:
    """What a browser holds after some messages."""

    seq: int = -1
    gaps: list[int] = field(default_factory=list)
    status: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    steps: dict[int, dict[str, Any]] = field(default_factory=dict)

    def take(self, sent: Sent) -> None:
        """Apply one message; a snapshot stands for all deltas before it."""
        if is_snapshot(sent):
            meta = sent.data["state"]["_meta"]
            self.seq, self.status, self.gaps = meta["seq"], meta["status"], []
            self._read(sent.buffers[sent.data["buffer_paths"].index(["_snapshot"])])
        elif sent.data.get("method") == "custom":
            delta = sent.data["content"]
            if delta["seq"] <= self.seq:
                return
            if delta["seq"] > self.seq + 1:
                self.gaps.append(delta["seq"])
            self.seq, self.status = delta["seq"], delta["status"]
            self._read(sent.buffers[0])

    def _read(self, data: bytes) -> None:
        for one in split(data):
            header, arrays = decode(one)
            if header["kind"] == "step":
                planes = {(plane["layer"], plane["name"]): plane for plane in header["planes"]}
                self.steps[header["step"]] = {**header, "planes": planes}
                continue
            for plane, bins in zip(header["planes"], arrays, strict=True):
                held = self.curves.get(plane["name"], np.empty((6, 0)))
                kept = held[:, held[0] < bins[0, 0]]
                self.curves[plane["name"]] = np.concatenate((kept, bins), axis=1)


def same_curves(store: Store, recording: Recording) -> None:
    held = recording.series()
    assert set(store.curves) == set(held)
    for name, (_, bins) in held.items():
        np.testing.assert_array_equal(store.curves[name], bins)
