"""What studies can measure: each file of this folder is one experiment, found by being there."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from nearclifford.studies.experiment import Experiment


def _found() -> dict[str, type[Experiment[Any]]]:
    """Return the experiment of each file, by the name that a study's file gives it."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    own = [kind for kind in Experiment.__subclasses__() if kind.__module__.rpartition(".")[0] == __name__]
    return {kind.name: kind for kind in sorted(own, key=lambda kind: kind.name)}


EXPERIMENTS = _found()
_CLASSES = {kind.__name__: kind for kind in EXPERIMENTS.values()}


def __getattr__(name: str) -> Any:
    """Return an experiment by the name of its class.

    >>> from nearclifford.studies import experiments
    >>> experiments.Phase
    <class 'nearclifford.studies.experiments.phase.Phase'>
    """
    if name not in _CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(_CLASSES)}")
    return _CLASSES[name]


def __dir__() -> list[str]:
    return sorted(_CLASSES)
