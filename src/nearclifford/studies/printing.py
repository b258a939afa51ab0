"""How tables and figures print numbers and names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nearclifford.ansatz import ANSATZE
from nearclifford.studies.rules import LOGARITHMIC

if TYPE_CHECKING:
    import pandas as pd


def encoder_title(encoder: str) -> str:
    """Return what tables and figures call an encoder.

    >>> encoder_title("paper"), encoder_title("none")
    ('with encoder (paper)', 'without encoder')
    """
    return "without encoder" if encoder == "none" else f"with encoder ({encoder})"


def circuit_title(ansatz: str, layers: object) -> str:
    """Return what tables and figures call an ansatz and a rule for L.

    >>> circuit_title("mhea", "N")
    'mHEA, L = N'
    """
    return f"{ANSATZE[ansatz].title}, L = {layers}"


def sigma_label(rule: str) -> str:
    r"""Return a rule for σ as a legend shows it.

    >>> sigma_label("D^-1/2"), sigma_label("0.05")
    ('$\\sigma = D^{-1/2}$', '$\\sigma = 0.05$')
    """
    if rule == LOGARITHMIC:
        return r"$\sigma = \sqrt{\ln D / D}$"
    power = f"D^{{{rule[2:]}}}" if rule.startswith("D^") else rule
    return rf"$\sigma = {power}$"


def table_text(part: pd.DataFrame, cells: list[str], rows: str, columns: str, heading: str, corner: str) -> str:
    """Return cells as a small table: one column of ``part`` down, under the name ``corner``, one across after ``heading``.

    >>> import pandas as pd
    >>> print(table_text(pd.DataFrame({"n_qubits": [2, 4], "sigma": "1"}), ["a", "b"], "n_qubits", "sigma", "σ = ", "N"))
     N σ = 1
     2     a
     4     b
    """
    table = part.assign(cell=cells).pivot(index=rows, columns=columns, values="cell")
    table = table.reindex(columns=part[columns].unique()).fillna("")
    names = [f"{heading}{name}" for name in table.columns]
    return table.set_axis(names, axis=1).reset_index(names=corner).to_string(index=False)


def with_error(mean: float, error: float) -> str:
    """Return a number with its standard error in units of the last digits shown, two digits where it starts with 1.

    An error that dwarfs the number stands beside it.

    >>> with_error(1.7137, 0.0251), with_error(1.7137, 0.0151), with_error(0.00031, 0.00004), with_error(12.0, 0.0)
    ('1.71(3)', '1.714(15)', '3.1(4)e-04', '12')
    >>> with_error(2e-31, 2.2e-7), with_error(0.0, 0.5)
    ('2e-31 ± 2.2e-07', '0 ± 0.5')
    """
    if not (error > 0.0 and math.isfinite(error)):
        return f"{mean:.3g}"
    if error > 100.0 * abs(mean):
        return f"{mean:.2g} ± {error:.2g}"
    scale = 0 if abs(mean) >= 1e-3 else math.floor(math.log10(abs(mean)))
    mean, error = mean / 10.0**scale, error / 10.0**scale
    digits = -math.floor(math.log10(error))
    if error * 10.0**digits < 1.95:
        digits += 1
    digits = max(digits, 0)
    power = f"e{scale:+03d}" if scale else ""
    return f"{mean:.{digits}f}({error * 10.0**digits:.0f}){power}"
