"""``nearclifford variance``: moments of every component of the gradient over a patch, as a table."""

from __future__ import annotations

import argparse

import pandas as pd

from nearclifford.commands.backends import make_backend
from nearclifford.commands.output import printed
from nearclifford.commands.reading import read_observable, seed_of
from nearclifford.interchange.circuit_files import read_circuit
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian
from nearclifford.statistics.results import GradientStatistics
from nearclifford.statistics.verbs import gradient_statistics

LEVEL = 0.95
COLUMNS = ("mean", "mean_error", "second_moment", "second_moment_error", "variance", "variance_error")


def run(options: argparse.Namespace) -> int:
    """Print the moments with their errors, and the norms of the gradient that the backend knows; or JSON, or CSV."""
    land = Landscape(read_circuit(options.circuit), read_observable(options.observable))
    backend, patch = make_backend(options), Gaussian(options.sigma)
    found = gradient_statistics(land, patch, backend, options.samples, rng=seed_of(options))
    table = _table(land, found)
    about = {"sigma": options.sigma, "seed": options.seed, "names": table["parameter"].tolist()}
    if printed(options, lambda: about | found.to_dict(), lambda: table):
        return 0
    print(table.to_string(float_format="{:.4e}".format))
    norms = (("E‖∇L‖ ", found.norm, found.norm_error), ("E‖∇L‖²", found.norm_squared, found.norm_squared_error))
    known = [f"{name} = {norm:.6g} ± {error:.2g}" for name, norm, error in norms if norm is not None]
    print(
        "",
        *known,
        f"{found.samples or 'no'} samples, σ = {options.sigma:g}, seed {options.seed}, {found.method}; errors are standard "
        f"errors, from low to high goes the {LEVEL:.0%} interval of the second moment.",
        *([] if found.choice is None else [found.choice]),
        sep="\n",
    )
    return 0


def _table(land: Landscape, found: GradientStatistics) -> pd.DataFrame:
    table = pd.DataFrame({"parameter": [parameter.name for parameter in land.circuit.parameters]})
    table = table.assign(**{name: getattr(found, name) for name in COLUMNS})
    table["low"], table["high"] = found.interval(LEVEL).T
    return table
