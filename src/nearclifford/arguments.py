"""Arguments that many functions share, checked where they come in."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Iterable
from numbers import Real
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from nearclifford.errors import NearCliffordError

Seed = int | np.random.Generator | None
Kind = TypeVar("Kind")

# No count of anything is larger: kernels count in int64, and a float holds every integer up to here.
LARGEST_COUNT = 2**53


def shown(given: object) -> str:
    """Return a value as an error shows it: on one line, shortened, and whatever its digits.

    >>> shown("D^1"), shown(10**5000), len(shown("long" * 1000))
    ("'D^1'", 'an integer of 16610 bits', 80)
    """
    if isinstance(given, int) and abs(given) > 2**256:
        return f"an integer of {given.bit_length()} bits"  # Python refuses to print very long ones
    try:
        text = " ".join(repr(given).split())
    except ValueError:
        text = f"a {type(given).__name__} of very long integers"
    return text if len(text) <= 80 else f"{text[:77]}..."


def integer(
    value: Any,
    name: str,
    least: int | None = None,
    error: type[NearCliffordError] = NearCliffordError,
    otherwise: str = "",
    most: int = LARGEST_COUNT,
) -> int:
    """Return an integer of Python, given as one or as one of NumPy.

    Raises ``error``, which names the argument, where the value is no integer (True and 2.0 are none), below ``least`` or
    above ``most``; ``otherwise`` ends its text with what else the caller would take.

    >>> integer(np.int64(3), "samples", 2)
    3
    >>> integer(1, "samples", 2)
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: samples is 1; expected an integer of at least 2.
    """
    expected = "an integer" if least is None else f"an integer of at least {least}"
    try:
        number = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        number = None
    if number is None or (least is not None and number < least):
        raise error(f"{name} is {shown(value)}; expected {expected}{otherwise}.")
    if number > most:
        raise error(f"{name} is {shown(value)}; expected an integer of at most {most}{otherwise}.")
    return number


def integers(values: object, name: str, least: int, example: str, most: int = LARGEST_COUNT) -> list[int]:
    """Return the integers of a sequence; `NearCliffordError` names what is no sequence, empty, or an entry out of range.

    >>> integers(range(1, 4), "orders", 0, "range(1, 12)")
    [1, 2, 3]
    """
    given = entries(values)
    if given is None:
        raise NearCliffordError(f"{name} is {shown(values)}; expected a sequence of integers, such as {example}.")
    found = [integer(value, f"an entry of {name}", least, most=most) for value in given]
    if not found:
        raise NearCliffordError(f"{name} is empty; expected at least one integer, such as {example}.")
    return found


def entries(values: object) -> list[Any] | None:
    """Return the entries of a sequence, a set, an array or a generator; None for text and for what has no entries.

    >>> entries((3, 4)), entries("34"), entries(np.array(3))
    ([3, 4], None, None)
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        return None
    try:
        return list(values)
    except TypeError:  # an array of no dimension claims to be iterable
        return None


def instance(
    value: object, kind: type[Kind], name: str, example: str, error: type[NearCliffordError] = NearCliffordError
) -> Kind:
    """Return the value itself if it is of a kind; ``error`` names any other.

    >>> instance("ZZ", np.ndarray, "theta", "numpy.zeros(4)")
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: theta is a str; expected a ndarray, such as numpy.zeros(4).
    """
    if not isinstance(value, kind):
        raise error(f"{name} is a {type(value).__name__}; expected a {kind.__name__}, such as {example}.")
    return value


def one_of(value: object, name: str, known: Collection[str], error: type[NearCliffordError] = NearCliffordError) -> str:
    """Return a name that is known; ``error`` names any other value, of whatever type.

    >>> one_of(["loss"], "objective", ("loss", "norm"))
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: objective is ['loss']; expected one of 'loss', 'norm'.
    """
    if not isinstance(value, str) or value not in known:
        raise error(f"{name} is {shown(value)}; expected one of {', '.join(map(repr, known))}.")
    return value


def generator(rng: Seed) -> np.random.Generator:
    """Return the generator itself, or a new one from a seed; None seeds it from the operating system.

    Raises `NearCliffordError` for what NumPy takes for no seed.

    >>> generator(7).integers(100, size=3).tolist()
    [94, 62, 68]
    """
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise NearCliffordError(
            f"rng is {shown(rng)}; expected an integer >= 0, a numpy.random.Generator or None."
        ) from error


def parameter_index(value: Any, n_parameters: int) -> int:
    """Return an index into ``circuit.parameters``; `NearCliffordError` names one that is out of range or no integer.

    >>> parameter_index(4, 3)
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: parameter 4 is out of range; expected 0 to 2, an index into circuit.parameters.
    """
    index = integer(value, "parameter")
    if not 0 <= index < n_parameters:
        raise NearCliffordError(
            f"parameter {index} is out of range; expected 0 to {n_parameters - 1}, an index into circuit.parameters."
        )
    return index


def chosen_parameters(values: object, n_parameters: int) -> npt.NDArray[np.int64]:
    """Return indices into ``circuit.parameters``, all of them for None; `NearCliffordError` names anything else.

    >>> chosen_parameters(None, 3).tolist(), chosen_parameters([2, 0], 3).tolist()
    ([0, 1, 2], [2, 0])
    """
    if values is None:
        return np.arange(n_parameters)
    given = entries(values)
    if given is None:
        raise NearCliffordError(f"parameters is {values!r}; expected a sequence of indices into circuit.parameters.")
    return np.array([parameter_index(value, n_parameters) for value in given], dtype=np.int64)


def parameter_pair(values: object, n_parameters: int) -> list[int]:
    """Return two different indices into ``circuit.parameters``; `NearCliffordError` names anything else.

    >>> parameter_pair((4, np.int64(0)), 5)
    [4, 0]
    """
    given = entries(values)
    if given is None or len(given) != 2:
        raise NearCliffordError(f"parameters is {values!r}; expected two indices into circuit.parameters.")
    first, second = (parameter_index(value, n_parameters) for value in given)
    if first == second:
        raise NearCliffordError(f"parameters holds {first} twice; expected two different ones: slice draws L along one.")
    return [first, second]


def positive(value: object, name: str, example: float) -> float:
    """Return a positive, finite number; `NearCliffordError` names any other value.

    >>> positive(np.float32(0.5), "rel_error", 0.05)
    0.5
    >>> positive(0, "rel_error", 0.05)
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: rel_error is 0; expected a positive, finite number, such as 0.05.
    """
    if not 0 < _real(value) < math.inf:
        raise NearCliffordError(f"{name} is {shown(value)}; expected a positive, finite number, such as {example}.")
    return _real(value)


def finite(value: object, name: str, example: float) -> float:
    """Return a finite number; `NearCliffordError` names any other value.

    >>> finite(-1, "j", 0.5)
    -1.0
    """
    if not math.isfinite(_real(value)):
        raise NearCliffordError(f"{name} is {shown(value)}; expected a finite number, such as {example}.")
    return _real(value)


def _real(value: object) -> float:
    """Return a number as a float; NaN for what is none, infinity beyond floats."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def boolean(value: object, name: str) -> bool:
    """Return a truth value; `NearCliffordError` names any other value.

    >>> boolean(True, "fits")
    True
    """
    if not isinstance(value, bool):
        raise NearCliffordError(f"{name} is {shown(value)}; expected true or false.")
    return value


def fraction(value: object, name: str) -> float:
    """Return a number strictly between 0 and 1; `NearCliffordError` names any other value.

    >>> fraction(0.1, "tolerance")
    0.1
    """
    if not 0 < _real(value) < 1:
        raise NearCliffordError(f"{name} is {shown(value)}; expected a number between 0 and 1.")
    return _real(value)


def confidence(level: object) -> float:
    """Return the level of a confidence interval; `NearCliffordError` unless it lies strictly between 0 and 1.

    >>> confidence(0.95)
    0.95
    """
    if not isinstance(level, float | np.floating) or not 0 < level < 1:
        raise NearCliffordError(f"level is {shown(level)}; expected a probability between 0 and 1, such as 0.95.")
    return float(level)


def real_array(
    numbers: npt.ArrayLike, name: str, error: type[NearCliffordError] = NearCliffordError
) -> npt.NDArray[np.generic]:
    """Return an array of real numbers; ``error`` for rows of different lengths, complex numbers and text.

    >>> real_array([[0, 1]], "points").shape
    (1, 2)
    """
    try:
        array = np.asarray(numbers)
    except ValueError as problem:
        raise error(f"{name} holds rows of different lengths; expected an array of angles, radians.") from problem
    except TypeError as problem:  # a circuit, for one, has entries that are no numbers
        raise error(f"{name} is a {type(numbers).__name__}; expected an array of angles, radians.") from problem
    if array.dtype.kind not in "fiu":
        raise error(f"{name} has dtype {array.dtype}; expected real numbers, angles in radians.")
    return array


def angles_on_axis(points: npt.ArrayLike, name: str = "points") -> npt.NDArray[np.float64]:
    """Return finite angles along one axis as float64, shape ``(M,)``; `NearCliffordError` names anything else.

    >>> angles_on_axis([0, 1])
    array([0., 1.])
    """
    values = real_array(points, name)
    if values.ndim != 1:
        raise NearCliffordError(f"{name} has shape {values.shape}; expected (M,): a sequence of angles, radians.")
    angles = values.astype(np.float64)
    for k in np.flatnonzero(~np.isfinite(angles))[:1]:
        raise NearCliffordError(f"{name}[{k}] is {values[k]}; expected finite angles.")
    return angles


def thetas(theta: npt.ArrayLike, n_parameters: int) -> npt.NDArray[np.float64]:
    """Return parameters as float64, shape ``(..., D)``, radians.

    Raises `NearCliffordError` for a wrong length, a complex or non-numeric dtype, NaN or infinity.

    >>> thetas([1, 2], 2)
    array([1., 2.])
    """
    points = real_array(theta, "theta")
    if points.ndim == 0 or points.shape[-1] != n_parameters:
        raise NearCliffordError(
            f"theta has shape {points.shape}; expected (..., {n_parameters}), one angle for each of the circuit's "
            f"{n_parameters} parameters, in the order of circuit.parameters."
        )
    with np.errstate(over="ignore"):  # a wider float beyond the range of float64 becomes infinite
        angles = points.astype(np.float64, copy=False)
    bad = np.argwhere(~np.isfinite(angles))
    if len(bad):
        where = tuple(int(i) for i in bad[0])
        raise NearCliffordError(f"theta[{', '.join(map(str, where))}] is {points[where]}; expected finite angles.")
    return angles
