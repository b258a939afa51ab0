"""Any evaluator as a function of JAX, with its own gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nearclifford.errors import NearCliffordError
from nearclifford.evaluator import Evaluator, require_evaluator
from nearclifford.interchange.imported import foreign


def to_jax(evaluator: Evaluator) -> Callable[[Any], Any]:
    """Return an evaluator as a function of a JAX array, shape ``(..., D)`` to ``(...)``, for jit, grad, vjp and vmap.

    The numbers are computed on the host in float64, a batch in one call, and returned in the precision of theta: JAX takes
    float32 unless ``jax_enable_x64`` is set. The gradient is the evaluator's, computed together with the value; there are no
    second derivatives and no forward mode. Shots of a device are drawn whenever JAX calls.

    Raises `NearCliffordError` where JAX is not installed and for what is no evaluator.

    >>> jax = __import__("pytest").importorskip("jax")
    >>> import nearclifford as nc
    >>> loss = nc.to_jax(nc.Landscape(nc.ansatz.mhea(2, 0), "ZZ"))
    >>> float(jax.jit(loss)(np.zeros(4)))
    1.0
    """
    jax = foreign("jax", "jax")
    known = require_evaluator(evaluator)

    def value(theta: Any) -> Any:
        shape = jax.ShapeDtypeStruct(theta.shape[:-1], theta.dtype)
        return jax.pure_callback(_on_host(known.value, theta.dtype), shape, theta, vmap_method="broadcast_all")

    def forward(theta: Any) -> tuple[Any, Any]:
        shapes = jax.ShapeDtypeStruct(theta.shape[:-1], theta.dtype), jax.ShapeDtypeStruct(theta.shape, theta.dtype)
        return jax.pure_callback(_on_host(known.value_and_gradient, theta.dtype), shapes, theta, vmap_method="broadcast_all")

    def backward(gradient: Any, outer: Any) -> tuple[Any]:
        return (outer[..., None] * gradient,)

    differentiable = jax.custom_vjp(value)
    differentiable.defvjp(forward, backward)

    def loss(theta: Any) -> Any:
        array = jax.numpy.asarray(theta)
        return differentiable(array if jax.numpy.issubdtype(array.dtype, jax.numpy.floating) else array.astype(float))

    return loss


def _on_host(function: Callable[[Any], Any], kind: Any) -> Callable[[Any], Any]:
    def run(theta: Any) -> Any:
        points = np.asarray(theta)
        if points.dtype != kind:
            # JAX calls from a thread of its own, which knows no setting of `with jax.enable_x64()`
            raise NearCliffordError(
                f"theta is {kind} and reached the host as {points.dtype}. Set jax.config.update('jax_enable_x64', True) for "
                "the whole process."
            )
        found = function(points.astype(np.float64))
        if isinstance(found, tuple):
            return tuple(np.asarray(part, dtype=kind) for part in found)
        return np.asarray(found, dtype=kind)

    return run
