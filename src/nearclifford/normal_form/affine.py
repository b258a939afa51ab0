"""The angle of a gate, read: affine in the parameters, and split into quarter turns and a rest."""

from __future__ import annotations

from collections.abc import Mapping
from math import atan2, cos, pi, sin
from typing import TypeAlias

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression

from nearclifford.errors import CircuitError

Angle: TypeAlias = "float | ParameterExpression"


def affine(angle: Angle, index: Mapping[Parameter, int], where: str) -> tuple[float, list[tuple[int, float]]]:
    """Return (constant, [(parameter index, factor)]) of an angle, radians.

    Raises `CircuitError`, naming the instruction ``where``, for an angle that is not affine, or not finite and real.

    >>> a, b = Parameter("a"), Parameter("b")
    >>> affine(b / 2 - 3 * a + 1, {a: 0, b: 1}, "Instruction 0")
    (1.0, [(0, -3.0), (1, 0.5)])
    """
    if isinstance(angle, Parameter):
        return 0.0, [(_index(angle, index, where), 1.0)]
    if not isinstance(angle, ParameterExpression):
        return _finite(complex(angle), angle, where), []
    entries = []
    for parameter in sorted(angle.parameters, key=lambda parameter: _index(parameter, index, where)):
        slope = _slope(angle, parameter)
        if slope is None:
            raise CircuitError(
                f"{where} has the angle {angle}, which is not affine in {parameter.name!r}; expected "
                "constant + factor * parameter + ... Give the nonlinear part a parameter of its own."
            )
        factor = _finite(slope, angle, where)
        if factor:
            entries.append((index[parameter], factor))
    constant = angle.bind(dict.fromkeys(angle.parameters, 0.0)).numeric()
    return _finite(complex(constant), angle, where), entries


def _index(parameter: Parameter, index: Mapping[Parameter, int], where: str) -> int:
    if parameter not in index:
        raise CircuitError(
            f"{where} has a definition with the parameter {parameter.name!r}, which is none of the circuit's: Qiskit cannot "
            "give it a value. Give the gate's parameters numbers."
        )
    return index[parameter]


def _slope(angle: ParameterExpression, parameter: Parameter) -> complex | None:
    """Return the derivative of an angle, None unless it is a constant."""
    try:
        slope = angle.gradient(parameter)
    except RuntimeError:  # Qiskit differentiates no sign
        return None
    if isinstance(slope, ParameterExpression):
        return None if slope.parameters else complex(slope.numeric())
    return complex(slope)


def _finite(number: complex, angle: Angle, where: str) -> float:
    if number.imag or not np.isfinite(number.real):
        raise CircuitError(f"{where} has the angle {angle}; expected a finite real number of radians.")
    return number.real


def quarter_turns(angle: float, quarters: float) -> tuple[int, float]:
    """Return whole quarter turns and the rest, in [-π/4, π/4], of ``angle + quarters * π/2`` radians, modulo a full turn.

    The sine and cosine of a large angle are exact to rounding, where a difference to a multiple of π/2 would not be.

    >>> turns, rest = quarter_turns(-3.0, 2.5)
    >>> turns, round(rest, 9), quarter_turns(1e8, 1.0)[1] == quarter_turns(1e8, 0.0)[1]
    (1, -0.64380551, True)
    """
    sine, cosine = sin(angle), cos(angle)
    whole = round(atan2(sine, cosine) / (pi / 2))
    sine, cosine = ((sine, cosine), (-cosine, sine), (-sine, -cosine), (cosine, -sine))[whole % 4]
    more = round(quarters)
    rest = atan2(sine, cosine) + (quarters - more) * (pi / 2)
    over = round(rest / (pi / 2))
    return (whole + more + over) % 4, rest - over * (pi / 2)
