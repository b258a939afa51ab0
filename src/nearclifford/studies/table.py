"""The table of a study: one row for each cell, means over its draws with standard errors."""

from __future__ import annotations

import math
from functools import reduce
from operator import add

import numpy as np
import pandas as pd

from nearclifford.moments import MomentSums
from nearclifford.studies.catalogue import ANSATZE
from nearclifford.studies.measure import Draws
from nearclifford.studies.points import cells_of, points_of_cell
from nearclifford.studies.rules import n_layers, sigma_value
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.store import Store

QUANTITIES = ("norm", "squared_norm", "component")

COLUMNS = {
    "ansatz": "name of the ansatz",
    "layers": 'rule for the number of layers: "N" or a number',
    "n_qubits": "number of qubits N",
    "n_layers": "number of layers L",
    "n_parameters": "number of parameters D",
    "sigma": "rule for the standard deviation of the Gaussian patch",
    "sigma_value": "that standard deviation, radians",
    "encoder": '"compact", "paper" or "none"',
    "observable": "name of the observable",
    "draws": "number of draws finished: circuits, observables, encoded parameters and displacements",
    "norm": "mean of ‖∇L‖ over the draws; empty where the stabilizer was used",
    "norm_error": "its standard error",
    "norm_upper": "95 % upper bound where no draw had a gradient: of the mean, by ‖∇L‖ <= √D Σ|c_a|, or with the "
    "stabilizer of the root mean square over these draws, by the number of samples; empty elsewhere",
    "squared_norm": "mean of ‖∇L‖²",
    "squared_norm_error": "its standard error",
    "rms_norm": "root mean square of ‖∇L‖ over draws and patch",
    "rms_norm_error": "its standard error",
    "component": "mean of |∂_k L| of the encoded parameter (of the same parameter for plain circuits)",
    "component_error": "its standard error",
}


def make_frame(spec: StudySpec, store: Store) -> pd.DataFrame:
    """Return the table of a study, with the columns of `COLUMNS`; cells without a finished point are left out."""
    rows = []
    for ansatz, rule, sigma, encoder in cells_of(spec):
        for n_qubits in sorted(spec.qubits):
            loaded = (store.load(point) for point in points_of_cell(spec, ansatz, rule, n_qubits, sigma, encoder))
            blocks = [block for block in loaded if block is not None]
            if not blocks:
                continue
            depth = n_layers(rule, n_qubits)
            size = ANSATZE[ansatz].n_parameters(n_qubits, depth)
            cell = (ansatz, rule, n_qubits, depth, size, sigma, sigma_value(sigma, size), encoder, spec.observable)
            rows.append(dict(zip(COLUMNS, cell, strict=False)) | summary(blocks))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def summary(blocks: list[Draws]) -> dict[str, float]:
    """Return the means and standard errors over blocks of draws.

    >>> one, two = (Draws(np.array([i]), *np.full((3, 1), 1.0 + 2 * i), np.ones(1)) for i in range(2))
    >>> found = summary([one, two])
    >>> found["draws"], found["norm"], found["norm_error"]
    (2, 2.0, 1.0)
    """
    sums = reduce(add, (_sums(block) for block in blocks))
    errors = sums.mean_error if sums.count > 1 else np.full(len(QUANTITIES), np.nan)
    columns: dict[str, float] = {"draws": sums.count, "norm_upper": math.nan}
    for name, mean, error in zip(QUANTITIES, sums.mean.tolist(), errors.tolist(), strict=True):
        columns |= {name: mean, f"{name}_error": error}
    root = math.sqrt(columns["squared_norm"])
    columns |= {"rms_norm": root, "rms_norm_error": columns["squared_norm_error"] / (2 * root) if root else math.nan}
    if math.isnan(columns["norm"]) and root == 0.0:
        columns["norm_upper"] = math.sqrt(sum(float((block.bound**2).sum()) for block in blocks)) / sums.count
    if columns["norm"] == 0.0:
        bound = max(float(block.bound.max()) for block in blocks)
        columns["norm_upper"] = bound * (1.0 - 0.05 ** (1.0 / sums.count))
    return columns


def _sums(block: Draws) -> MomentSums:
    return MomentSums.of(np.stack([getattr(block, name) for name in QUANTITIES], axis=1), shift=np.zeros(len(QUANTITIES)))


def as_text(frame: pd.DataFrame) -> str:
    """Return the gradient norms as one small table for each ansatz, rule for L and encoder: N down, σ across.

    >>> row = dict(ansatz="mhea", layers="N", encoder="none", draws=9, sigma="1", n_qubits=2, norm=0.5, norm_error=0.02)
    >>> print(as_text(pd.DataFrame([row | {"norm_upper": np.nan}])))
    mHEA, L = N, without encoder: mean of ‖∇L‖ over 9 draws (standard error of the last digits)
     N   σ = 1
     2 0.50(2)
    """
    tables = []
    quantity, words = shown_quantity(frame)
    names = [quantity, f"{quantity}_error", "norm_upper"]
    for (ansatz, layers, encoder), part in frame.groupby(["ansatz", "layers", "encoder"], sort=False):
        cells = [_cell(*numbers) for numbers in part[names].to_numpy(float).tolist()]
        table = part.assign(cell=cells).pivot(index="n_qubits", columns="sigma", values="cell")
        table = table.reindex(columns=part["sigma"].unique()).fillna("")
        draws = (
            f"{part['draws'].min()} to {part['draws'].max()}" if part["draws"].nunique() > 1 else str(part["draws"].iloc[0])
        )
        title = f"{ANSATZE[str(ansatz)].title}, L = {layers}, {encoder_title(str(encoder))}"
        head = f"{title}: {words} ‖∇L‖ over {draws} draws (standard error of the last digits)"
        columns = [f"σ = {sigma}" for sigma in table.columns]
        text = table.set_axis(columns, axis=1).reset_index(names="N").to_string(index=False)
        tables.append(f"{head}\n{text}")
    return "\n\n".join(tables)


def shown_quantity(frame: pd.DataFrame) -> tuple[str, str]:
    """Return the column that tables and figures show, and its words: the mean of the norm where all of it is known."""
    return ("norm", "mean of") if frame["norm"].notna().all() else ("rms_norm", "root mean square of")


def encoder_title(encoder: str) -> str:
    """Return what tables and figures call an encoder.

    >>> encoder_title("paper"), encoder_title("none")
    ('with encoder (paper)', 'without encoder')
    """
    return "without encoder" if encoder == "none" else f"with encoder ({encoder})"


def _cell(mean: float, error: float, upper: float) -> str:
    return f"< {upper:.2g}" if mean == 0.0 else with_error(mean, error)


def with_error(mean: float, error: float) -> str:
    """Return a number with its standard error in units of the last digits shown, two digits where it starts with 1.

    >>> with_error(1.7137, 0.0251), with_error(1.7137, 0.0151), with_error(0.00031, 0.00004), with_error(12.0, 0.0)
    ('1.71(3)', '1.714(15)', '3.1(4)e-04', '12')
    """
    if not (error > 0.0 and math.isfinite(error)):
        return f"{mean:.3g}"
    scale = 0 if abs(mean) >= 1e-3 else math.floor(math.log10(abs(mean)))
    mean, error = mean / 10.0**scale, error / 10.0**scale
    digits = -math.floor(math.log10(error))
    if error * 10.0**digits < 1.95:
        digits += 1
    digits = max(digits, 0)
    power = f"e{scale:+03d}" if scale else ""
    return f"{mean:.{digits}f}({error * 10.0**digits:.0f}){power}"
