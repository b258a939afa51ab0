"""What all surrogates have in common: a tree of paths, the map from parameters to angles, and how they are kept on disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import integer, one_of, shown, thetas
from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of, replacing
from nearclifford.kernels.paths.tree import END, PathTree
from nearclifford.memory import require_memory
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.patches import Patch
from nearclifford.shown import MOST_ROWS, html_of
from nearclifford.surrogates.drawn_paths import draw_paths, path_frame
from nearclifford.surrogates.storage import arrays_of, problem_of, read_arrays, tree_of
from nearclifford.surrogates.support import support_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from nearclifford.primitives.estimator import EvaluatorEstimator


@dataclass(frozen=True, eq=False)
class Surrogate(ABC):
    """A classical stand-in for a landscape near its centre: the Pauli paths with fewer flips than its order.

    Make one with `nearclifford.surrogate`, read one from a file with `Surrogate.load`.

    Attributes
    ----------
    order : m, at least 1: paths with fewer than m flips are kept.
    problem : the landscape in normal form: its angles, and its strings for errors over a patch.
    tree : the paths.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    >>> whole = nc.surrogate(land, order=land.n_parameters + 1)
    >>> bool(np.isclose(whole.value([0.3] * 24), land.value([0.3] * 24)))
    True
    """

    order: int
    problem: PauliProblem
    tree: PathTree

    kind: ClassVar[str]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(order {self.order}, {self.n_parameters} parameters, {self.n_paths} paths)"

    def _repr_html_(self) -> str:
        return html_of(repr(self), self.frame(MOST_ROWS))

    def frame(self, most: int = 1000) -> pd.DataFrame:
        """Return a row for each of the ``most`` heaviest paths, of equal ones those of the fewest flips first.

        ``flips`` are the rotations at which the path flips, in time order, and ``weight`` its coefficient: the value of the
        surrogate of kind "pauli-path" is the sum of weights times sines there and cosines where a path stays.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
        >>> nc.surrogate(land, order=4).frame(most=2)
           n_flips      flips  weight
        0        0         ()     1.0
        1        3  (1, 7, 8)     1.0
        """
        return path_frame(self.tree, integer(most, "most", 1))

    def plot(self, ax: Axes | None = None, levels: int = 4) -> Axes:
        """Draw the first ``levels`` flips of the heaviest paths as a tree, from the observable down, and return the axis.

        A full line is a flip, at the rotation whose index it ends in; a dashed one a string that stays to the end, with the
        weight of its path; lines are the wider the more weight passes through them.
        """
        return draw_paths(self.tree, integer(levels, "levels", 1), ax)

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return self.problem.angle_map.n_parameters

    @cached_property
    def n_paths(self) -> int:
        """Number of paths kept."""
        return int(np.count_nonzero((self.tree.rotation == END) & (self.tree.weight != 0.0)))

    @property
    def nbytes(self) -> int:
        """Bytes of the paths in memory."""
        return self.tree.nbytes

    @cached_property
    def support(self) -> int:
        """Number of Taylor coefficients by the angles that are not zero, of total degree below the order.

        One term: Σ_S C(⌊(m - 1 - |S|) / 2⌋ + |S| + |K_S|, |S| + |K_S|) over the paths, S their flips and K_S the rotations
        where they stay while anticommuting. Paths of several terms with the same flips share monomials, which count once,
        or not at all where they cancel.
        """
        return support_of(self.tree, self.order)

    def value(self, theta: npt.ArrayLike) -> np.float64 | Floats:
        """Return the surrogate's value at ``theta``, radians: shape ``(..., D)`` to ``(...)``, float64.

        Raises `NearCliffordError` for a wrong length or dtype, NaN or infinity.
        """
        points = thetas(theta, self.n_parameters)
        angle = self.problem.angle_map.angles(points.reshape(-1, self.n_parameters))
        return self._values(np.ascontiguousarray(angle)).reshape(points.shape[:-1])[()]

    def gradient(self, theta: npt.ArrayLike) -> Floats:
        """Return its derivative by the parameters: shape ``(..., D)`` to ``(..., D)``; errors as for `value`."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: npt.ArrayLike) -> tuple[np.float64 | Floats, Floats]:
        """Return value and gradient at ``theta``: shapes ``(...)`` and ``(..., D)``; errors as for `value`."""
        points = thetas(theta, self.n_parameters)
        angle = self.problem.angle_map.angles(points.reshape(-1, self.n_parameters))
        value, by_angle = self._gradients(np.ascontiguousarray(angle))
        gradient = self.problem.angle_map.to_parameters(by_angle)
        return value.reshape(points.shape[:-1])[()], gradient.reshape(points.shape)

    def fun_and_jac(self, theta: npt.ArrayLike) -> tuple[float, Floats]:
        """Return value and gradient at one theta, shape ``(D,)``, as SciPy's optimizers take them; errors as for `value`."""
        point = thetas(theta, self.n_parameters)
        if point.ndim != 1:
            raise NearCliffordError(f"theta has shape {point.shape}; expected ({self.n_parameters},): one point, no batch.")
        value, gradient = self.value_and_gradient(point)
        return float(value), gradient

    def estimator(self, patch: Patch | None = None) -> EvaluatorEstimator:
        """Return an EstimatorV2 of Qiskit for the surrogate's own circuit and observable.

        The ``stds`` of its results are the root mean square error over a patch, `rms_error`, the same at every theta: no
        bound on the error at one theta, nor beyond the patch. Without a patch they are NaN. A PUB of another circuit or
        observable is refused, with a `CircuitError` or an `ObservableError` from ``result()``: a surrogate knows nothing of
        it. Raises what `rms_error` does.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(3, 1), "ZZZ")
        >>> estimator = nc.surrogate(land, order=2).estimator(nc.Gaussian(0.1))
        >>> result = estimator.run([(land.circuit, "ZZZ", [0.0] * 12)]).result()[0]
        >>> result.data.evs, result.data.stds.round(4), result.metadata["stds"]
        (array(1.), np.float64(0.0019), 'root mean square error over Gaussian(sigma=0.1)')
        """
        from nearclifford.primitives.estimator import EvaluatorEstimator
        from nearclifford.primitives.own_circuit import OwnCircuit

        error = np.nan if patch is None else self.rms_error(patch)
        stds = "not known: no patch was given" if patch is None else f"root mean square error over {shown(patch)}"
        metadata = {"method": f"{self.kind} surrogate", "order": self.order, "stds": stds}
        return EvaluatorEstimator(OwnCircuit(self, self.problem, "this surrogate"), error, metadata)

    def hessian(self, theta: npt.ArrayLike) -> Floats:
        """Return its second derivatives at ``theta``: shape ``(..., D)`` to ``(..., D, D)``.

        Errors as for `value`, and `ResourceError` where the matrices do not fit the memory.
        """
        points = thetas(theta, self.n_parameters)
        self._check_hessians(points)
        angles = self.problem.angle_map.angles(points.reshape(-1, self.n_parameters))
        matrix = self.problem.angle_map.matrix
        each = [matrix.T @ (matrix.T @ self._hessian(np.ascontiguousarray(angle))).T for angle in angles]
        return np.array(each).reshape(*points.shape, self.n_parameters)

    def _check_hessians(self, points: Floats) -> None:
        needed = 8 * (points.size * self.n_parameters + 6 * self.problem.n_rotations**2)
        what = f"A Hessian of {self.n_parameters} parameters at {points.size // self.n_parameters} thetas"
        require_memory(needed, what, "Take fewer thetas at once, or `gradient`.")

    @abstractmethod
    def rms_error(self, patch: Patch) -> float:
        """Return the root mean square over a patch of the difference to the landscape, exactly."""

    @abstractmethod
    def _values(self, angle: Floats) -> Floats:
        """Return the values, shape ``(batch,)``, at rotation angles, shape ``(batch, n_rotations)``."""

    @abstractmethod
    def _gradients(self, angle: Floats) -> tuple[Floats, Floats]:
        """Return (values, derivatives by the angles)."""

    @abstractmethod
    def _hessian(self, angle: Floats) -> Floats:
        """Return the second derivatives by the angles at one point, shape ``(n_rotations, n_rotations)``."""

    def save(self, path: str | Path) -> None:
        """Write the surrogate to an ``.npz`` file of plain arrays, which `load` reads; with its noise, if any.

        >>> import tempfile
        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
        >>> kept = nc.surrogate(land, order=4)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     kept.save(f"{folder}/kept.npz")
        ...     again = nc.Surrogate.load(f"{folder}/kept.npz")
        >>> bool(again.value([0.1] * 12) == kept.value([0.1] * 12)), again
        (True, PauliPathSurrogate(order 4, 12 parameters, 5 paths))

        Raises `NearCliffordError`, in one line, for a name that does not end in .npz and for a place that cannot be written;
        a file that was there stays whole then.
        """
        target = path_of(path, "path")
        if target.suffix != ".npz":
            raise NearCliffordError(f"A surrogate cannot be saved as {str(path)!r}; expected a name that ends in .npz.")
        with replacing(target, "a place for the file of a surrogate") as stream:
            np.savez_compressed(stream, allow_pickle=False, **arrays_of(self))

    @classmethod
    def load(cls, path: str | Path) -> Surrogate:
        """Return the surrogate in a file that `save` wrote; nothing in the file is executed, and nothing in it believed.

        Raises `NearCliffordError`, which says what is wrong, for a file that is not there, none of a surrogate, of another
        format, damaged, or of arrays that do not fit each other.
        """
        arrays = read_arrays(path_of(path, "path"))
        kinds = {known.kind: known for known in Surrogate.__subclasses__()}
        kind = kinds[one_of(str(arrays["kind"]), f"The kind of {path}", kinds)]
        return kind(
            order=int(arrays["order"]),
            problem=problem_of(arrays),
            tree=tree_of(arrays),
        )
