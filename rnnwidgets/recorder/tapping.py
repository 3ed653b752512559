"""`tap`: quantities of a cell written by hand, recorded by name while a watched model runs its forward pass.

A listener hears the taps on its own thread between the beginning and the end of a forward pass of its model, or of a
part of it that is called by itself; so of two models only the one that runs hears them, of nested ones both. Under a
compiler nobody listens: what it traces is the identity.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import torch
from torch import Tensor, nn

from rnnwidgets.errors import RecordingError
from rnnwidgets.recorder.inert import Hook, Steps, eagerly

_MOST_AXES = 3
_CALL = nn.Module._call_impl.__code__  # noqa: SLF001 # what every call of a module runs
_RUNNING = threading.local()
_is_compiling: Callable[[], bool] = vars(torch.compiler)["is_compiling"]  # it has no types


def tap(name: str, tensor: Tensor) -> Tensor:
    """Return the very same tensor, having let the recorders that listen see its value and, later, its total gradient.

    Call it on what a cell of your own computes, once a time or once for a whole sequence. All taps of one layer become
    one trace of kind "TAP": `tap("cell.z", z)` is then `frame["cell"]["z"]`, with its total gradient
    `frame["cell"]["dz"]`, each (time, sample, unit). Calls join along time until a new forward pass of the watched
    model begins or a backward pass has reached them. Where no model is watched, or under `torch.compile`, it does
    nothing. A recorder listens while its model, or a part of it, runs its forward pass on the same thread.

    Args:
        name: "<layer>.<quantity>", such as "decoder.cell.h"; the layer need not be a module.
        tensor: (sample, unit) for one time, (unit,) for one of an unbatched sequence, (time, sample, unit) for all.

    Raises:
        RecordingError: the name has no layer, or the tensor is none, complex, or of other axes.
    """
    if not isinstance(name, str) or not all(name.rpartition(".")[::2]):
        raise _refused(name, expected='a name such as "cell.z": a layer, a dot, a quantity', found=repr(name))
    if not isinstance(tensor, Tensor):
        raise _refused(name, expected="a tensor", found=type(tensor).__name__)
    if not tensor.is_floating_point():
        raise _refused(name, expected="a tensor of real floating-point numbers", found=str(tensor.dtype))
    if not 1 <= tensor.dim() <= _MOST_AXES:
        expected = "axes (unit), (sample, unit) or (time, sample, unit)"
        raise _refused(name, expected=expected, found=f"a tensor of shape {tuple(tensor.shape)}")
    if not _is_compiling():
        for listener in list(_listeners()):
            listener.hear(name, tensor)
    return tensor


class Listener:
    """Knows whether a model runs its forward pass, and hears the taps meanwhile.

    Attributes:
        hear: takes the name and the tensor of every tap.
        passes: number of forward passes of the whole model so far.
    """

    def __init__(
        self, model: nn.Module, hear: Callable[[str, Tensor], None], step: Callable[[], int], steps: Steps
    ) -> None:
        """Follow no module yet; `step` tells the number of the step, which no forward pass outlasts."""
        self.hear = hear
        self.passes = 0
        self._step = step
        self._steps = steps
        self._whole = id(model)

    def on(self, model: nn.Module) -> Iterator[Hook]:
        """Yield the hooks of every module whose code may call `tap`."""
        if may_tap(model):
            for module in {model, *filter(_is_users, model.modules())}:
                yield Hook(module.register_forward_pre_hook, eagerly(self._steps, self._enter))
                yield Hook(module.register_forward_hook, eagerly(self._steps, self._leave), always_call=True)

    def leave_for_good(self) -> None:
        """Hear nothing any more on this thread."""
        _listeners().pop(self, None)

    def _enter(self, module: nn.Module, *_rest: object) -> None:
        """Begin to listen. A pass of an earlier step is over, and one that this one does not stand in: an interrupt has
        ended it, of which no hook is told.
        """
        number = self._step()
        step, depth = _listeners().get(self, (number, 0))
        depth = depth if step == number else 0
        if id(module) == self._whole and (depth == 0 or not _calls_itself(module)):
            self.passes += 1
            depth = 0
        _listeners()[self] = number, depth + 1

    def _leave(self, *_rest: object) -> None:
        number, depth = _listeners().pop(self, (0, 0))
        if depth > 1:
            _listeners()[self] = number, depth - 1


def may_tap(model: nn.Module) -> bool:
    """Tell whether a model has code that is not PyTorch's own, and so may call `tap`."""
    return any(map(_is_users, model.modules()))


def _is_users(module: nn.Module) -> bool:
    return not type(module).__module__.startswith("torch.nn.")


def _calls_itself(module: nn.Module) -> bool:
    """Tell whether a module that is called now was called by itself, as in a tree."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 # the only way from a hook to the calls it stands in
    calls = 0
    while frame is not None:
        calls += frame.f_code is _CALL and frame.f_locals["self"] is module
        frame = frame.f_back
    return calls > 1


def _listeners() -> dict[Listener, tuple[int, int]]:
    """Return who listens on this thread, with the step and the depth of modules in which it is."""
    if not hasattr(_RUNNING, "listeners"):
        _RUNNING.listeners = {}
    found: dict[Listener, tuple[int, int]] = _RUNNING.listeners
    return found


def _refused(name: object, *, expected: str, found: str) -> RecordingError:
    remedy = 'call for example tap("cell.h", h) with h (sample, unit)'
    return RecordingError(f"tap({name!r}, ...)", expected=expected, found=found, remedy=remedy)
