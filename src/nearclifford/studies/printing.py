"""How tables and figures print numbers and names."""

from __future__ import annotations

import math


def encoder_title(encoder: str) -> str:
    """Return what tables and figures call an encoder.

    >>> encoder_title("paper"), encoder_title("none")
    ('with encoder (paper)', 'without encoder')
    """
    return "without encoder" if encoder == "none" else f"with encoder ({encoder})"


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
