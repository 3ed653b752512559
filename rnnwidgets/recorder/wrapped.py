"""What stands around the model that a user passes: taken off, or refused with the way out, before anything is attached.

`DistributedDataParallel` and `torch.compile` hand the calls on to the model inside, whose hooks they run; its layers
and parameters keep the names that they have there. Code that `torch.compile` has made already runs no hook that comes
later, without a word, for every model of the same class: that is found out here, or no one would ever know.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import torch
from torch import jit, nn

from rnnwidgets.errors import RecordingError
from rnnwidgets.recorder.layers import Recurrent


def unwrapped(model: object) -> nn.Module:
    """Return the model itself, out of `DistributedDataParallel` and what `torch.compile` returns.

    Raises:
        RecordingError: it is no module, or runs no hooks, or only those of copies of itself.
    """
    if not isinstance(model, nn.Module):
        raise RecordingError(
            "model",
            expected="a torch.nn.Module",
            found=type(model).__name__,
            remedy="pass the model that you train",
        )
    _refuse_scripted_and_copied(model)
    while name := _name_inside(model):
        model = model.get_submodule(name)
    return model


def _name_inside(model: nn.Module) -> str:
    """Return the attribute that holds the model inside a wrapper, empty where there is none."""
    if isinstance(model, nn.parallel.DistributedDataParallel):
        return "module"
    return "_orig_mod" if type(model).__name__ == "OptimizedModule" else ""


def _refuse_scripted_and_copied(model: nn.Module) -> None:
    for path, module in model.named_modules():
        where = f" at {path!r}" if path else ""
        if isinstance(module, jit.ScriptModule):
            raise RecordingError(
                "model",
                expected="a model in Python",
                found=f"a ScriptModule{where}, which runs no hooks",
                remedy="watch the model before torch.jit.script or torch.jit.trace",
            )
        if isinstance(module, nn.DataParallel):
            raise RecordingError(
                "model",
                expected="one model on one device, or DistributedDataParallel",
                found=f"DataParallel{where}, which trains copies that it throws away",
                remedy="use DistributedDataParallel, or watch and train the model inside on one device",
            )


def refuse_compiled(model: nn.Module, modules: Sequence[Recurrent]) -> None:
    """Refuse a model whose compiled code would not run the hooks of one of the modules to be recorded.

    PyTorch compiles no `nn.RNN`, `nn.LSTM` or `nn.GRU`, unless it is told to; it compiles cells.

    Args:
        model: the model as the user passed it.
        modules: the modules to be recorded.

    Raises:
        RecordingError: it was compiled as a whole, or has run.
    """
    inside = {recurrent.path: recurrent for recurrent in modules if _is_compiled_with_others(recurrent.module())}
    if not inside or "torch._dynamo" not in sys.modules:
        return
    names = ", ".join(layer.name for recurrent in inside.values() for layer in recurrent.layers)
    if any(_wants_one_graph(module) for module in model.modules()):
        raise RecordingError(
            "model",
            expected="a model that torch.compile may run in several pieces",
            found=f"fullgraph=True around {names}, where no hook can run",
            remedy="compile it without fullgraph=True",
        )
    if any(_has_run_compiled(module) for path in inside for module in _around(unwrapped(model), path)):
        raise RecordingError(
            "model",
            expected="a model that has not run yet since torch.compile",
            found=f"compiled code around {names}, which runs no hook that comes later",
            remedy="call torch.compiler.reset() first, and watch before the first batch",
        )


def differs_in_bits(model: nn.Module, modules: Sequence[Recurrent]) -> list[str]:
    """Return a sentence for a compiled model whose results recording changes in the last bits, as inductor fuses them.

    Args:
        model: the model as the user passed it.
        modules: the modules to be recorded.
    """
    compiled = [inner for inner in (model, *model.modules()) if getattr(inner, "_compiled_call_impl", None) is not None]
    inside = [layer.name for one in modules if _is_compiled_with_others(one.module()) for layer in one.layers]
    if not inside or not (compiled or _name_inside(model) == "_orig_mod"):
        return []
    sentence = (
        f"torch.compile compiles the loop around {', '.join(inside)} in pieces while it is recorded: with inductor, "
        "losses and weights may differ in the last bits from a run that is not watched"
    )
    return [sentence]


def has_compiled() -> bool:
    """Tell whether `torch.compile` has made code in this process that is still in use."""
    compiler = sys.modules.get("torch._dynamo.convert_frame")
    return compiler is not None and bool(compiler.input_codes.seen)


def _is_compiled_with_others(module: nn.Module | None) -> bool:
    told_to = bool(getattr(sys.modules.get("torch._dynamo.config"), "allow_rnn", False))
    return isinstance(module, nn.RNNCellBase) or told_to


def _wants_one_graph(module: nn.Module) -> bool:
    compiled = getattr(module, "_compiled_call_impl", None)
    held = [cell.cell_contents for cell in getattr(compiled, "__closure__", None) or ()]
    return any(getattr(context, "fullgraph", False) is True for context in (*held, getattr(module, "dynamo_ctx", None)))


def _around(model: nn.Module, path: str) -> Iterator[nn.Module]:
    """Yield the modules that call the one at a path, from the outside in."""
    parts = path.split(".") if path else []
    for count in range(len(parts)):
        yield model.get_submodule(".".join(parts[:count]))


def _has_run_compiled(module: nn.Module) -> bool:
    """Tell whether there is compiled code of a module's forward."""
    code = getattr(type(module).forward, "__code__", None)
    entries = torch._C._dynamo.eval_frame._debug_get_cache_entry_list  # noqa: SLF001 # the only list that there is
    return code is not None and bool(entries(code))
