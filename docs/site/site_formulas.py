"""Formulas: LaTeX becomes MathML when the site is built, so a reader's browser needs no script and no font from elsewhere."""

from __future__ import annotations

import html
import re

from math_core import LatexError, LatexToMathML

FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
_convert = LatexToMathML(annotation=False)


def as_mathml(page: str, name: str) -> str:
    """Return the page with every formula in MathML; a formula that is not understood ends the build."""

    def converted(match: re.Match[str]) -> str:
        latex = html.unescape(match[3]).strip()
        try:
            formula = _convert.convert_with_local_state(latex, displaystyle=match[2] == "[")
        except LatexError as error:
            raise ValueError(f"{name}: no MathML for {latex!r}: {error}") from error
        return f'<div class="formula" tabindex="0">{formula}</div>' if match[2] == "[" else formula

    return FORMULA.sub(converted, page)
