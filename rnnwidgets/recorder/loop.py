"""Calls of nn.RNNCell, nn.LSTMCell and nn.GRUCell in the user's own loop: one time each, one trace together.

A call costs its hook little more than copies of the sequences kept; all else is computed at once when the step ends, in
`unrolled`. A call goes on with a sequence if the h that it was given is the h that the last call returned, has the same
values, or was computed from it. Batches may shrink from one call to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_not
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from rnnwidgets.cells import Start
from rnnwidgets.frame import Trace
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.replay import MOVED
from rnnwidgets.recorder.runs import Runner, Text, listen, plainly, precise, size_of, text, version
from rnnwidgets.recorder.sampling import Rows
from rnnwidgets.recorder.unrolled import Unrolled, cell_trace

_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_COMPUTED = "the weights are computed anew at each call, so that the gates cannot be replayed"
_FARTHEST = 1000
_LATEST_IDS = 4

Made = tuple[int, int]


class Given(NamedTuple):
    """What one call of a cell was given and returned, as the user sees it, and the weights that it used, if known.

    `origins` and `results` are how the states given and those returned, h and c, stand on autograd's graph.
    """

    x: Tensor
    h_prev: Tensor | None
    c_prev: Tensor | None
    h: Tensor
    c: Tensor | None
    weights: tuple[Tensor, ...]
    origins: tuple[Made | None, Made | None]
    results: tuple[Made | None, Made | None]

    @classmethod
    def of(cls, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Given:
        """Sort out positional and keyword arguments."""
        before = args[1] if len(args) > 1 else kwargs.get("hx")
        h_prev, c_prev = before if isinstance(before, tuple | list) else (before, None)
        h, c = output if isinstance(output, tuple) else (output, None)
        origins, results = (_made_by(h_prev), _made_by(c_prev)), (_made_by(h), _made_by(c))
        return cls(args[0] if args else kwargs["input"], h_prev, c_prev, h, c, _weights_seen(module), origins, results)


class _Time(NamedTuple):
    """Copies of one call, (S, F). `h_prev` and `c_prev` are None where they are what the call before returned.

    `attached`: a gradient reaches the h given.
    """

    x: Tensor
    h_prev: Tensor | None
    c_prev: Tensor | None
    h: Tensor
    c: Tensor | None
    ids: Tensor | None
    attached: bool
    rows: Rows


class Loop:
    """The calls of one cell that carry one another's state on.

    Attributes:
        samples: batch indices of the sequences kept.
    """

    def __init__(self, recurrent: Recurrent, given: Given, rows: Rows, run: Runner) -> None:
        """Be ready for a first call; `run` runs the work of a tensor hook."""
        self.samples = rows.kept
        self._recurrent = recurrent
        self._run = run
        self._weights = given.weights
        self._versions = [version(weight) for weight in self._weights]
        self._times: list[_Time] = []
        self._candidates: Sequence[Tensor] = ()
        self._dh: dict[int, Tensor] = {}
        self._dc: dict[int, Tensor] = {}
        self._made: tuple[Made | None, Made | None] = None, None
        h_made, c_made = given.results
        self._apart = (
            c_made is not None and h_made is not None and (h_made[0] == c_made[0] or not _descends(given.h, c_made))
        )

    def __len__(self) -> int:
        """Return the number of calls."""
        return len(self._times)

    def continues(self, given: Given, rows: Rows) -> bool:
        """Whether a call goes on where the last one ended."""
        last, made = self._times[-1], self._made[0]
        if given.h_prev is None or (rows is not last.rows and not _shrinks(last.rows, rows)):
            return False
        if made is not None and (given.origins[0] == made or _descends(given.h_prev, made)):
            return True
        return torch.equal(rows.take(given.h_prev.detach()), last.h[: len(rows.kept)])

    def take(self, given: Given, rows: Rows, candidates: Sequence[Tensor]) -> None:
        """Keep one call, with the latest of the candidates that are its token ids."""
        x, h_prev, c_prev, h, c, *_ = given
        h_linked, c_linked = (
            made is not None and made == last for made, last in zip(given.origins, self._made, strict=True)
        )
        if any(map(is_not, given.weights, self._weights)):
            self._weights = ()
        self._candidates = candidates
        place = len(self._times)
        self._times.append(
            _Time(
                x=rows.take(x.detach()),
                h_prev=None if h_linked else _before(h_prev, h, rows),
                c_prev=None if c_linked or c is None else _before(c_prev, c, rows),
                h=rows.take(h.detach()),
                c=None if c is None else rows.take(c.detach()),
                ids=_ids(candidates, rows) if candidates else None,
                attached=h_prev is not None and h_prev.requires_grad,
                rows=rows,
            )
        )
        self._made = given.results
        listen(h, self._run, self._keep_h, place)
        if c is not None:
            listen(c, self._run, self._keep_c, place)

    def _keep_h(self, place: int, gradient: Tensor) -> None:
        found = self._times[place].rows.take(gradient.detach())
        self._dh[place] = self._dh[place] + found if place in self._dh else found

    def _keep_c(self, place: int, gradient: Tensor) -> None:
        found = self._times[place].rows.take(gradient.detach())
        self._dc[place] = self._dc[place] + found if place in self._dc else found

    @property
    def nbytes(self) -> int:
        """Bytes of the copies kept."""
        return size_of(self._times, self._dh, self._dc)

    @property
    def reached(self) -> bool:
        """Whether any gradient came."""
        return bool(self._dh or self._dc)

    @property
    def overflowed(self) -> bool:
        """Whether a gradient that came is not finite."""
        return not all(bool(one.isfinite().all()) for one in (*self._dh.values(), *self._dc.values()))

    def forget(self) -> None:
        """Drop the gradients that came so far."""
        self._dh.clear()
        self._dc.clear()

    def tokens(self, decode: Callable[[int], str]) -> Text | None:
        """Return the text of the token ids read, [sample][time]; None where it is not known which those are."""
        ids = [time.ids for time in self._times if time.ids is not None]
        if len(ids) == len(self._times):
            return text(self._stacked(ids), self._lengths, decode)
        whole = next((found for found in map(self._whole, reversed(self._candidates)) if found is not None), None)
        return None if whole is None else text(whole, self._lengths, decode)

    def _whole(self, ids: Tensor) -> Tensor | None:
        """Return the kept ids (T, S) of all calls, where they stand in one tensor (T, B) or (B, T); which, is clear."""
        times, batch = len(self._times), self._times[0].rows.batch
        if times == batch or ids.shape not in {(times, batch), (batch, times)}:
            return None
        by_time = ids if ids.shape == (times, batch) else ids.T
        return by_time[:, list(self.samples)]

    def traces(self, seen: int, *, heavy: bool) -> list[Trace]:
        """Return the trace of the cell over all calls; `seen` is how many sequences of calls the step has had."""
        reasons = [f"the last of {seen} sequences of calls in this step"] if seen > 1 else []
        weights = self._weights
        if not weights:
            reasons.append(_COMPUTED)
        elif self._versions != [version(weight) for weight in weights]:
            reasons.append(MOVED)
            weights = ()
        (layer,) = self._recurrent.layers
        device = self._times[0].h.device
        return [plainly(lambda: cell_trace(layer.name, self._unrolled(), weights, reasons, heavy=heavy), device)]

    def _unrolled(self) -> Unrolled:
        h = self._stacked([time.h for time in self._times])
        c = None if self._times[0].c is None else self._stacked([time.c for time in self._times if time.c is not None])
        dh = self._summed(self._dh, h) if self.reached else None
        return Unrolled(
            kind=self._recurrent.kind,
            lengths=self._lengths,
            x=self._stacked([time.x for time in self._times]),
            before=Start(
                self._carried([time.h_prev for time in self._times], h),
                None if c is None else self._carried([time.c_prev for time in self._times], c),
            ),
            h=h,
            c=c,
            dh=dh,
            dc=None if dh is None or c is None else self._summed(self._dc, c),
            linked=[time.h_prev is None for time in self._times],
            attached=[time.attached for time in self._times],
            computed_in=self._times[-1].h.dtype,
            apart=self._apart,
        )

    @property
    def _lengths(self) -> tuple[int, ...]:
        counts = [len(time.rows.kept) for time in self._times]
        return tuple(sum(count > sample for count in counts) for sample in range(len(self.samples)))

    @property
    def _shrunk(self) -> bool:
        return self._times[-1].rows.kept != self.samples

    def _stacked(self, pieces: Sequence[Tensor]) -> Tensor:
        """Return (T, S, ...) of one (S, ...) a time, with zeros where a batch has shrunk."""
        full = [_filled(one, len(self.samples)) for one in pieces] if self._shrunk else list(pieces)
        return precise(torch.stack(full))

    def _carried(self, given: Sequence[Tensor | None], returned: Tensor) -> Tensor:
        """Return the states given (T, S, F), those that are not known by themselves from those returned one before."""
        before = torch.cat((torch.zeros_like(returned[:1]), returned[:-1]))
        for time, one in enumerate(given):
            if one is not None:
                before[time] = _filled(one, len(self.samples))
        return before

    def _summed(self, gradients: dict[int, Tensor], like: Tensor) -> Tensor:
        zero = torch.zeros_like(like[0])
        return self._stacked([gradients.get(time, zero) for time in range(len(like))])


def _shrinks(before: Rows, now: Rows) -> bool:
    return now.kept == before.kept[: len(now.kept)]


def _ids(candidates: Sequence[Tensor], rows: Rows) -> Tensor | None:
    found = (rows.tokens(ids.detach()) for ids in reversed(candidates[-_LATEST_IDS:]))
    return next((ids for ids in found if ids is not None), None)


def _before(given: Tensor | None, returned: Tensor, rows: Rows) -> Tensor:
    """Return a copy of a state given; zeros where none was."""
    return torch.zeros_like(rows.take(returned.detach())) if given is None else rows.take(given.detach())


def _filled(values: Tensor, count: int) -> Tensor:
    """Return values (S, ...) with zeros for the samples that a batch has no more."""
    missing = count - len(values)
    return torch.cat((values, values.new_zeros(missing, *values.shape[1:]))) if missing else values


def _made_by(value: Tensor | None) -> Made | None:
    """Return which operation, and which result of it, a tensor is on autograd's graph; None for one that is on none.

    Operations are numbered in the order in which a thread runs them; to keep one itself would keep its graph.
    """
    node = None if value is None else value.grad_fn
    return None if node is None or value is None else (_number(node), value.output_nr)


def _number(node: Any) -> int:
    number: int = node._sequence_nr()  # noqa: SLF001 # autograd's own, which its profiler shows
    return number


def _descends(value: Tensor, made: Made) -> bool:
    """Tell whether a tensor was computed from another; operations older than that one are not looked into."""
    ahead: list[Any] = [value.grad_fn]
    known: set[Any] = set()
    while ahead and len(known) < _FARTHEST:
        node = ahead.pop()
        if node is None or node in known:
            continue
        number = _number(node)
        if number == made[0]:
            return True
        known.add(node)
        if number > made[0]:
            ahead += [one for one, _ in node.next_functions]
    return False


def _weights_seen(module: nn.Module) -> tuple[Tensor, ...]:
    """Return the weights of this call; none where one is computed when it is read, since that might change it."""
    own, other = module._parameters, vars(module)  # noqa: SLF001 # a weight that is computed is in neither
    if not all(name in own or name in other for name in _NAMES):
        return ()
    found = [own[name] if name in own else other[name] for name in _NAMES]
    return tuple([weight for weight in found if weight is not None])
