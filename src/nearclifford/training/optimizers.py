"""The optimizers by name, and an optimizer from what a user or a file gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nearclifford.arguments import shown
from nearclifford.errors import NearCliffordError
from nearclifford.training.adaptive import Adam, AMSGrad, RMSprop
from nearclifford.training.curvature import GaussNewton, NaturalGradient, Newton
from nearclifford.training.rules import GradientDescent, Momentum, Nesterov, RandomWalk, SignSGD, UpdateRule
from nearclifford.training.scipy_method import METHODS, ScipyMethod

Optimizer = UpdateRule | ScipyMethod

RULES: dict[str, type[UpdateRule]] = {
    "gd": GradientDescent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "signsgd": SignSGD,
    "rmsprop": RMSprop,
    "adam": Adam,
    "amsgrad": AMSGrad,
    "natural-gradient": NaturalGradient,
    "newton": Newton,
    "gauss-newton": GaussNewton,
    "random-walk": RandomWalk,
}
_CLASSES = {rule.__name__: rule for rule in RULES.values()}
_SPELT = {name.lower(): name for name in METHODS}


def optimizer_of(given: object, learning_rate: object = None) -> Optimizer:
    """Return the optimizer of a name or the object itself; ``learning_rate`` goes with the names of rules alone.

    Raises `NearCliffordError` for a name that is not known, in whatever case, for a wrong learning rate, and for one that is
    given although the optimizer has its own.

    >>> optimizer_of("adam", 0.05), optimizer_of("cobyla"), optimizer_of("gd")
    (Adam(learning_rate=0.05, ...), ScipyMethod(method='COBYLA', options={}), GradientDescent(learning_rate=0.01))
    >>> optimizer_of("sgd")
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: optimizer is 'sgd'; expected one of 'gd', 'momentum', 'nesterov', ...
    """
    name = given.lower() if isinstance(given, str) else None
    if name in RULES:
        rule = RULES[name]
        return rule() if learning_rate is None else rule(learning_rate=learning_rate)  # type: ignore[arg-type]
    if isinstance(given, UpdateRule | ScipyMethod) or name in _SPELT:
        found = given if isinstance(given, UpdateRule | ScipyMethod) else ScipyMethod(_SPELT[str(name)])
        if learning_rate is not None:
            raise NearCliffordError(
                f"learning_rate is {shown(learning_rate)}, and {found!r} has settings of its own; leave it out."
            )
        return found
    known = ", ".join(map(repr, [*RULES, *METHODS]))
    raise NearCliffordError(f"optimizer is {shown(given)}; expected one of {known}, or an object such as Adam(0.01).")


def optimizer_from(entries: Mapping[str, Any]) -> Optimizer:
    """Return the optimizer of ``to_dict``; `NearCliffordError`, or `TypeError`, for a mapping that is none.

    >>> optimizer_from(Momentum(0.1).to_dict()) == Momentum(0.1)
    True
    """
    given = dict(entries)
    name = given.pop("rule", None)
    if name == ScipyMethod.__name__:
        return ScipyMethod(**given)
    if name not in _CLASSES:
        raise NearCliffordError(f"there is no rule {shown(name)}")
    return _CLASSES[name](**given)
