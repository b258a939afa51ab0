"""The mean square error of a Taylor polynomial over a patch, exactly.

Paths with different flips differ by an odd function of some angle, so their products average to zero: what is left are sums
over the paths (and pairs of paths of two terms) with the same flips S. For one path f with its polynomial T f,

    E[(f - T f)²] = E[f f] - 2 E[f T f] + E[T f T f],

each a product over the rotations of E[g(t) h(t)], g and h sines or cosines whose Taylor series carry a power of ε to tell
the degree. The three terms cancel to a high order in the width, so they are computed with as many digits as that takes
(docs/theory.md, "Surrogates").
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import mpmath
import numpy as np

from nearclifford.errors import ResourceError
from nearclifford.kernels.paths.tree import PathTree
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.patches import Patch
from nearclifford.surrogates.support import paths_of
from nearclifford.surrogates.tails import tail_moments

# Digits beyond those that cancel, and as many as a float's smallest square has.
SPARE_DIGITS, MOST_DIGITS = 60, 700
# The work grows with the fourth power of the order.
MOST_ORDER = 100
MOST_KINDS = 20_000
# What two paths do at a rotation: flip both, stay both, or one of them alone meets it and stays.
BOTH_FLIP, BOTH_STAY, FIRST_STAYS, SECOND_STAYS = range(4)

# How often two paths do what at rotations of which width: ((what, width), count), sorted.
Kind = tuple[tuple[tuple[int, float], int], ...]


def taylor_rms_error(problem: PauliProblem, patch: Patch, tree: PathTree, order: int) -> float:
    """Return √E[(L - T_m)²] over a patch, T_m the Taylor polynomial of total degree below ``order``.

    Raises `NearCliffordError` and `ResourceError` as `tail_moments` does, the latter also for orders above `MOST_ORDER` and
    more than `MOST_KINDS` kinds of paths, by their numbers of flips and of stays at each width.
    """
    if order > MOST_ORDER:
        raise ResourceError(
            f"The exact error of a Taylor surrogate takes order⁴ operations of many digits, and its order is {order}; "
            f"expected at most {MOST_ORDER}. Sample it: compare its values with the landscape's at thetas of the patch."
        )
    tail = float(tail_moments(problem, patch, order)[-1])
    widths = _widths(problem.angle_map, patch)
    weights: dict[Kind, float] = defaultdict(float)
    for kind, weight in _pairs(tree, widths):
        weights[kind] += weight
        if len(weights) > MOST_KINDS:
            raise ResourceError(
                f"The exact error of this Taylor surrogate needs more than {MOST_KINDS:,} kinds of paths, by how often they "
                "flip and stay at each width of the patch. Use a patch with one width for all parameters."
            )
    with mpmath.workdps(_digits(widths, order)):
        moments = _Moments(patch, order)
        kept = sum((weight * moments.square_error(kind) for kind, weight in weights.items()), mpmath.mpf(0))
        return float(mpmath.sqrt(max(tail + kept, mpmath.mpf(0))))


def _digits(widths: Sequence[float], order: int) -> int:
    """Return the digits to compute with: the error of one angle is of the size of (w^m / m!)² for its width w."""
    narrowest = min((width for width in widths if width > 0.0), default=1.0)
    lost = 2 * (math.lgamma(order + 1) - order * math.log(min(narrowest, 1.0))) / math.log(10)
    return SPARE_DIGITS + min(math.ceil(lost), MOST_DIGITS)


def _widths(angles: AngleMap, patch: Patch) -> list[float]:
    parameters, rotations, scaled = angles.patch_of_rotations(patch)
    widths = np.zeros(angles.n_rotations)
    widths[rotations] = scaled.for_parameters(angles.n_parameters)[parameters]
    return widths.tolist()


def _pairs(tree: PathTree, widths: Sequence[float]) -> list[tuple[Kind, float]]:
    """Return the kind and the product of the weights of all pairs of paths with the same flips."""
    count = len(paths_of(tree)[0])
    flips, _, start, stays, weight = paths_of(tree, np.ones(count, dtype=np.bool_))
    members: dict[bytes, list[int]] = defaultdict(list)
    for path in range(count):
        members[flips[path].tobytes()].append(path)
    found = []
    for paths in members.values():
        flipped = Counter((BOTH_FLIP, widths[j]) for j in flips[paths[0]] if j >= 0)
        stayed = {path: set(stays[start[path] : start[path + 1]].tolist()) for path in paths}
        for a in paths:
            for b in paths:
                kind = flipped.copy()
                for what, where in (
                    (BOTH_STAY, stayed[a] & stayed[b]),
                    (FIRST_STAYS, stayed[a] - stayed[b]),
                    (SECOND_STAYS, stayed[b] - stayed[a]),
                ):
                    kind.update((what, widths[j]) for j in where)
                found.append((tuple(sorted(kind.items())), float(weight[a] * weight[b])))
    return found


class _Moments:
    """Products of moments as polynomials in two powers of ε², cut off at the order.

    Row and column d < R stand for the part of degree 2d of the first and of the second factor's series; the last row and
    column stand for the whole function.
    """

    def __init__(self, patch: Patch, order: int) -> None:
        self.patch, self.order = patch, order
        self.powers: dict[tuple[tuple[int, float], int], np.ndarray] = {}

    def square_error(self, kind: Kind) -> mpmath.mpf:
        """Return E[(f - T f)(g - T g)] of two paths of this kind."""
        flips = sum(count for (what, _), count in kind if what == BOTH_FLIP)
        pairs = (self.order - 1 - flips) // 2
        product = None
        for factor, count in kind:
            power = self._cut(self._power(factor, count), pairs)
            product = power if product is None else _multiply(product, power)
        if product is None:
            return mpmath.mpf(0)
        kept, whole = product[:-1, :-1].sum(), product[-1, -1]
        return whole - product[:-1, -1].sum() - product[-1, :-1].sum() + kept

    @staticmethod
    def _cut(power: np.ndarray, pairs: int) -> np.ndarray:
        keep = [*range(pairs + 1), len(power) - 1]
        return power[np.ix_(keep, keep)]

    def _power(self, factor: tuple[int, float], count: int) -> np.ndarray:
        """Return a factor to the power ``count``, by way of smaller powers that other kinds need too."""
        key = factor, count
        if key not in self.powers:
            if count == 1:
                self.powers[key] = self._factor(*factor)
            else:
                half = count // 2 if count % 2 == 0 else count - 1
                self.powers[key] = _multiply(self._power(factor, half), self._power(factor, count - half))
        return self.powers[key]

    def _factor(self, what: int, width: float) -> np.ndarray:
        size = (self.order - 1) // 2 + 1
        first, second = what in (BOTH_STAY, FIRST_STAYS), what in (BOTH_STAY, SECOND_STAYS)
        entries = np.empty((size + 1, size + 1), dtype=object)
        for a in range(size + 1):
            for b in range(size + 1):
                if what == BOTH_FLIP:
                    entries[a, b] = self._average(1, a, 1, b, size, width)
                else:
                    entries[a, b] = self._average(0, a if first else -1, 0, b if second else -1, size, width)
                if (not first and what != BOTH_FLIP and 0 < a < size) or (not second and what != BOTH_FLIP and 0 < b < size):
                    entries[a, b] = mpmath.mpf(0)
        return entries

    def _average(self, odd_a: int, a: int, odd_b: int, b: int, size: int, width: float) -> mpmath.mpf:
        """Return E[g h], each a term of a series (its number), the whole function (``size``), or 1 (-1)."""
        powers = [2 * n + odd for n, odd in ((a, odd_a), (b, odd_b)) if 0 <= n < size]
        signs = mpmath.mpf((-1) ** sum(n for n in (a, b) if 0 <= n < size))
        scale = signs / mpmath.fprod(mpmath.factorial(power) for power in powers)
        whole = [odd for n, odd in ((a, odd_a), (b, odd_b)) if n == size]
        return scale * self._moment(sum(powers), whole, mpmath.mpf(width))

    def _moment(self, power: int, whole: list[int], width: mpmath.mpf) -> mpmath.mpf:
        """Return E[t^power · product of whole functions], each sin (1) or cos (0)."""
        if len(whole) == 2:
            # sin² and cos², both whole
            mean = self._cosine_moment(0, 2, width)
            return (1 - mean) / 2 if whole[0] else (1 + mean) / 2
        if not whole:
            return self._power_moment(power, width)
        return self._sine_moment(power, width) if whole[0] else self._cosine_moment(power, 1, width)

    def _power_moment(self, power: int, width: mpmath.mpf) -> mpmath.mpf:
        unit = self.patch.even_moment(power)
        return width**power * unit.numerator / unit.denominator

    def _cosine_moment(self, power: int, times: int, width: mpmath.mpf) -> mpmath.mpf:
        """Return E[t^power cos(times t)], by the series of the cosine: it converges for any width."""
        return mpmath.nsum(
            lambda n: (
                (-1) ** int(n)
                * mpmath.mpf(times) ** (2 * int(n))
                / mpmath.factorial(2 * int(n))
                * self._power_moment(power + 2 * int(n), width)
            ),
            [0, mpmath.inf],
            method="direct",
        )

    def _sine_moment(self, power: int, width: mpmath.mpf) -> mpmath.mpf:
        return mpmath.nsum(
            lambda n: (-1) ** int(n) / mpmath.factorial(2 * int(n) + 1) * self._power_moment(power + 2 * int(n) + 1, width),
            [0, mpmath.inf],
            method="direct",
        )


def _multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the product: degrees add up in the rows and columns below the last, the last multiply by themselves."""
    size = len(a) - 1
    product = np.full_like(a, mpmath.mpf(0))
    for i in range(size):
        for j in range(size):
            if a[i, j]:
                product[i:size, j:size] += a[i, j] * b[: size - i, : size - j]
        product[i:size, size] += a[i, size] * b[: size - i, size]
        product[size, i:size] += a[size, i] * b[size, : size - i]
    product[size, size] = a[size, size] * b[size, size]
    return product
