"""Rules that give the number of layers and the width of the patch once N and D are known, each in one spelling."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from nearclifford.arguments import shown
from nearclifford.errors import NearCliffordError

# The width up to which the encoded gradient may decay like a power: theory puts the transition zone behind it.
LOGARITHMIC = "sqrt(lnD/D)"

# Narrower patches have moments that leave the range of a float.
LARGEST_POWER = 20
MOST_DIGITS = 9


def layers_rule(given: str | int, name: str = "layers") -> str:
    """Return the one spelling of a rule for L: "N", or a positive number; an error calls it ``name``.

    >>> layers_rule("N"), layers_rule(3), layers_rule("3")
    ('N', '3', '3')
    """
    text = _text(given).strip()
    if text == "N":
        return text
    digits = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    if isinstance(given, bool) or not digits or int(text) < 1:
        raise NearCliffordError(
            f'{name} is {shown(given)}; expected "N", for as many layers as qubits, or an integer >= 1 of at most '
            f"{MOST_DIGITS} digits."
        )
    return str(int(text))


def _text(given: object) -> str:
    try:
        return str(given)
    except ValueError:  # Python refuses to print very long integers
        return shown(given)


def n_layers(rule: str, n_qubits: int) -> int:
    """Return L for a rule in its one spelling.

    >>> n_layers("N", 8), n_layers("3", 8)
    (8, 3)
    """
    return n_qubits if rule == "N" else int(rule)


def sigma_rule(given: str | int | float, name: str = "sigma") -> str:
    """Return the one spelling of a rule for σ: "D^-q" with q a positive fraction, "sqrt(lnD/D)", or a number of radians.

    An error calls it ``name``.

    >>> sigma_rule("D^-1/2"), sigma_rule("D^-0.5"), sigma_rule("D^-2/2"), sigma_rule("D^0"), sigma_rule(0.05)
    ('D^-1/2', 'D^-1/2', 'D^-1', '1', '0.05')
    >>> sigma_rule("sqrt(ln D / D)")
    'sqrt(lnD/D)'
    """
    text = _text(given).replace(" ", "")
    if text == LOGARITHMIC:
        return text
    power = re.fullmatch(r"D\^-?(\d+(?:/\d+|\.\d+)?)", text) if len(text) <= 80 else None
    if power and not re.search(r"/0+$", text):
        exponent = Fraction(power[1])
        if exponent == 0:
            return "1"
        if text.startswith("D^-") and exponent <= LARGEST_POWER:
            return f"D^-{exponent}"
    elif not isinstance(given, bool) and re.fullmatch(r"\d*\.?\d+(?:[eE][+-]?\d+)?", text):
        width = float(text)
        if 0 < width < math.inf:
            return f"{width:g}" if float(f"{width:g}") == width else repr(width)
    raise NearCliffordError(
        f'{name} is {shown(given)}; expected a rule such as "D^-1/2" (up to D^-{LARGEST_POWER}) or "sqrt(lnD/D)", D the '
        "number of parameters, or a positive number of radians."
    )


def sigma_value(rule: str, n_parameters: int) -> float:
    """Return σ in radians for a rule in its one spelling and D parameters.

    >>> sigma_value("D^-1/2", 16), sigma_value("0.05", 16)
    (0.25, 0.05)
    """
    if rule == LOGARITHMIC:
        return math.sqrt(math.log(n_parameters) / n_parameters)
    if not rule.startswith("D^-"):
        return float(rule)
    return float(n_parameters ** -float(Fraction(rule[3:])))
