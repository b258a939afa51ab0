"""Methods of `scipy.optimize.minimize`, described: which there are, and what each asks of an evaluator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nearclifford.arguments import one_of, shown
from nearclifford.errors import NearCliffordError

# What each method asks for: values alone, gradients too, or Hessians too.
METHODS = {
    "Nelder-Mead": "value", "Powell": "value", "COBYLA": "value", "COBYQA": "value",
    "CG": "gradient", "BFGS": "gradient", "L-BFGS-B": "gradient", "TNC": "gradient", "SLSQP": "gradient",
    "Newton-CG": "hessian", "trust-constr": "gradient",
    "dogleg": "hessian", "trust-ncg": "hessian", "trust-exact": "hessian", "trust-krylov": "hessian",
}  # fmt: skip


@dataclass(frozen=True)
class ScipyMethod:
    """A method of `scipy.optimize.minimize`, with its options: a step is one of its iterations.

    Attributes
    ----------
    method : its name, as SciPy spells it.
    options : what ``minimize`` takes as ``options``, numbers, texts and truth values, such as ``{"rhobeg": 0.1}``.

    Raises `NearCliffordError` for a method that SciPy has not.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> nc.train(land, [0.3] * 8, nc.ScipyMethod("L-BFGS-B"), steps=50).losses[-1].round(6)
    np.float64(-1.0)
    """

    method: str = "L-BFGS-B"
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        one_of(self.method, "method", METHODS)
        if not isinstance(self.options, dict) or not all(isinstance(name, str) for name in self.options):
            raise NearCliffordError(f"options is {shown(self.options)}; expected a dict, such as {{'rhobeg': 0.1}}.")
        for name, value in self.options.items():
            if not isinstance(value, str | int | float | bool | None):
                raise NearCliffordError(f"options[{name!r}] is {shown(value)}; expected a number, a text or a truth value.")

    @property
    def asks(self) -> str:
        """What the method asks for besides values: "gradient", "hessian", or "value" for nothing."""
        return METHODS[self.method]

    @property
    def one_at_a_time(self) -> bool:
        """Whether SciPy holds a lock while the method runs, so that no two of them can take turns."""
        import scipy

        older = tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 16)
        return self.method == "COBYQA" or (older and self.method == "COBYLA")

    def to_dict(self) -> dict[str, Any]:
        """Return the name of the method and its options."""
        return {"rule": type(self).__name__, "method": self.method, "options": self.options}
