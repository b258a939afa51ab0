"""Formulas: LaTeX becomes MathML when the site is built, so a browser needs no script and no font from elsewhere."""

from __future__ import annotations

import html
import re

from math_core import LatexError, LatexToMathML

FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
LONG = 40  # letters of LaTeX; on a telephone a longer formula in a line scrolls by itself
_convert = LatexToMathML(annotation=False)


def as_mathml(page: str, name: str) -> str:
    """Return the page with every formula in MathML; a formula that is not understood ends the build."""

    def mathml(latex: str, display: bool) -> str:
        try:
            return _convert.convert_with_local_state(latex, displaystyle=display)
        except LatexError as error:
            raise ValueError(f"{name}: no MathML for {latex!r}: {error}") from error

    def converted(match: re.Match[str]) -> str:
        latex = html.unescape(match[3]).strip()
        if match[2] == "[":
            return f'<div class="formula" tabindex="0">{"".join(mathml(part, True) for part in parts(latex))}</div>'
        formula = mathml(latex, False)
        return f'<span class="long-formula">{formula}</span>' if len(latex) > LONG else formula

    return FORMULA.sub(converted, page)


def parts(latex: str) -> list[str]:
    r"""Return a formula in pieces that may stand below each other: cut at ``\qquad`` and before a line of =."""
    return [part for part in re.split(r"\\qquad\s*(?![^{]*\})|\n(?==)", latex) if part.strip()]
