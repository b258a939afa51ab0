"""Any evaluator as a function of PyTorch, with its own gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nearclifford.evaluator import Evaluator, require_evaluator
from nearclifford.interchange.imported import foreign


def to_torch(evaluator: Evaluator) -> Callable[[Any], Any]:
    """Return an evaluator as a function of a PyTorch tensor, shape ``(..., D)`` to ``(...)``, for autograd and torch.func.

    The numbers are computed on the CPU in float64, a batch in one call, and returned in the precision and on the device of
    theta. The gradient is the evaluator's, computed together with the value always: where no gradient is wanted
    ``evaluator.value`` costs less. There are no second derivatives.

    Raises `NearCliffordError` where PyTorch is not installed and for what is no evaluator.

    >>> torch = __import__("pytest").importorskip("torch")
    >>> import nearclifford as nc
    >>> loss = nc.to_torch(nc.Landscape(nc.ansatz.mhea(2, 0), "ZZ"))
    >>> loss(torch.zeros(4, dtype=torch.float64)).item()
    1.0
    """
    torch = foreign("torch", "torch")
    known = require_evaluator(evaluator)

    def tensor(numbers: Any, like: Any) -> Any:
        return torch.as_tensor(np.array(numbers), dtype=like.dtype, device=like.device)

    class Loss(torch.autograd.Function):  # type: ignore[name-defined]
        """Value and gradient in one go; the gradient is an output that autograd keeps and does not differentiate."""

        @staticmethod
        def forward(theta: Any) -> Any:
            points = theta.detach().cpu().double().numpy()
            value, gradient = known.value_and_gradient(points)
            return tensor(value, theta), tensor(gradient, theta)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.mark_non_differentiable(output[1])
            ctx.save_for_backward(output[1])

        @staticmethod
        @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
        def backward(ctx: Any, outer: Any, _: Any) -> Any:
            (gradient,) = ctx.saved_tensors
            return outer.unsqueeze(-1) * gradient

        @staticmethod
        def vmap(info: Any, in_dims: Any, theta: Any) -> Any:
            return Loss.apply(theta.movedim(in_dims[0], 0)), (0, 0)

    def loss(theta: Any) -> Any:
        return Loss.apply(theta)[0]

    return loss
