"""When a training step ends: in the optimizer's pre-hook, or, with a closure, when the closure has run once.

In the pre-hook the gradients are those that the optimizer will use and the weights are still those of the forward
pass. An optimizer that is given a closure has no gradients yet; the closure's first run computes them at the weights
from which the step starts, and the step ends there. Its further runs, at weights that a line search tries, belong to no
step of their own and are not recorded. The gradient scaler is found among the callers of `optimizer.step`, since
nothing that the optimizer holds leads to it.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

_SCALER_STEP = torch.cuda.amp.GradScaler.step.__code__
_FARTHEST_CALLER = 24

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class Scaling(NamedTuple):
    """What a gradient scaler has done: the backward pass ran on `scale` times the loss.

    `pending` says that the parameters' gradients are still scaled, since the optimizer itself unscales them;
    `overflowed` that it will then leave the weights as they are, because a gradient is not finite.
    """

    scale: float = 1.0
    pending: bool = False
    overflowed: bool = False


class Follower(Protocol):
    """What hears of the optimizer's steps."""

    def before_update(self, scaling: Callable[[], Scaling]) -> None:
        """Hear that gradients are ready and weights have not moved, with what tells how they are scaled."""

    def after_update(self) -> None:
        """Hear that the weights have moved."""

    def while_apart(self) -> AbstractContextManager[None]:
        """Return what surrounds forward passes that belong to no step."""


def follow(optimizer: Optimizer, follower: Follower) -> list[Any]:
    """Tell a follower, held weakly, of every step of the optimizer; return the handles of the hooks."""
    reference = weakref.ref(follower)

    def enter(stepped: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments | None:
        hears = reference()
        if hears is None:
            return None
        changed = _with_closure(args, kwargs, reference) if kwargs or len(args) > 1 else None
        if changed is None:
            hears.before_update(lambda: _scaling(stepped))
        return changed

    def leave(_stepped: Optimizer, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> None:
        hears = reference()
        if hears is not None:
            hears.after_update()

    return [optimizer.register_step_pre_hook(enter), optimizer.register_step_post_hook(leave)]


def unwrapped_optimizer(optimizer: object) -> object:
    """Return the torch optimizer inside a wrapper that keeps it as `optimizer`, as Accelerate's and Lightning's do.

    Accelerate's wrapper is an `Optimizer` by name, but has none of an optimizer's hooks.
    """
    inner = getattr(optimizer, "optimizer", None)
    while isinstance(inner, Optimizer) and inner is not optimizer:
        optimizer, inner = inner, getattr(inner, "optimizer", None)
    return optimizer


def parameters_of(optimizer: Optimizer) -> frozenset[int]:
    """Return the identities of the parameters that an optimizer steps."""
    return frozenset(id(parameter) for group in optimizer.param_groups for parameter in group["params"])


def owns_parameters(optimizer: Optimizer, model: nn.Module) -> bool:
    """Whether an optimizer steps any parameter of a model."""
    owned = parameters_of(optimizer)
    return any(id(parameter) in owned for parameter in model.parameters())


def await_optimizer(take: weakref.ReferenceType[Callable[[Optimizer], None]]) -> Any:
    """Call a method with each torch optimizer that is about to step; return the handle of that global hook.

    Hooks that the method installs on the optimizer run in the same step. It must not remove the handle itself: PyTorch
    iterates over its global hooks meanwhile.
    """

    def look(optimizer: Optimizer, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> None:
        method = take()
        if method is not None:
            method(optimizer)

    return register_optimizer_step_pre_hook(look)


def learning_rates(optimizer: Optimizer) -> dict[str, float]:
    """Return the learning rate as `lr`; of several groups as `lr.<name>`, by their names or else their places."""
    groups = optimizer.param_groups
    names = ["lr"] if len(groups) == 1 else [f"lr.{group.get('name', place)}" for place, group in enumerate(groups)]
    return {name: float(group["lr"]) for name, group in zip(names, groups, strict=True) if "lr" in group}


def _with_closure(
    args: tuple[Any, ...], kwargs: dict[str, Any], follower: weakref.ReferenceType[Follower]
) -> Arguments | None:
    """Return the arguments of `step` with its closure followed; None where there is none."""
    if callable(kwargs.get("closure")):
        return args, {**kwargs, "closure": _followed(kwargs["closure"], follower)}
    place = next((place for place, value in enumerate(args) if _is_closure(value)), None)
    if place is None:
        return None
    return (*args[:place], _followed(args[place], follower), *args[place + 1 :]), kwargs


def _is_closure(value: object) -> bool:
    return callable(value) and not isinstance(value, Optimizer)


def _followed(closure: Callable[[], Any], follower: weakref.ReferenceType[Follower]) -> Callable[[], Any]:
    """Return the closure, after whose first run the follower hears that the step has its gradients."""
    runs = 0

    @functools.wraps(closure)
    def run() -> Any:
        nonlocal runs
        runs += 1
        hears = follower()
        if runs > 1 and hears is not None:
            with hears.while_apart():
                return closure()
        loss = closure()
        if runs == 1 and hears is not None:
            hears.before_update(Scaling)
        return loss

    return run


def _scaling(optimizer: Optimizer) -> Scaling:
    """Return what the gradient scaler that calls `optimizer.step` has done; nothing if none does."""
    frame = sys._getframe(1)  # noqa: SLF001 # the only way from an optimizer's hook to the scaler
    for _ in range(_FARTHEST_CALLER):
        if frame.f_code is _SCALER_STEP:
            scaler = frame.f_locals["self"]
            pending = getattr(optimizer, "grad_scale", None) is not None
            found = getattr(optimizer, "found_inf", None)
            return Scaling(float(scaler.get_scale()), pending, found is not None and bool(found))
        if frame.f_back is None:
            break
        frame = frame.f_back
    return Scaling()
