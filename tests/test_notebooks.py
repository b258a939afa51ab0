"""Notebooks are stored with their outputs, and what they print still holds: each runs again and is compared.

Texts are equal word by word. A number with a point or an exponent may differ by one unit of its last printed digit, for
platforms round differently; whole numbers are equal. Figures are drawn again and not compared; `make notebooks` stores them.
"""

from __future__ import annotations

import io
import re
import runpy
from decimal import Decimal
from pathlib import Path

import nbformat
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

ROOT = Path(__file__).parents[1]
SCRIPT = runpy.run_path(str(ROOT / "benchmarks" / "notebooks.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
MOST_BYTES = 400_000


def same_number(one: str, other: str) -> bool:
    """Return whether two printed numbers differ by one unit of the last digit at most; whole numbers not at all."""
    if one == other:
        return True
    first, second = Decimal(one), Decimal(other)
    if one.lstrip("+-").isdigit() and other.lstrip("+-").isdigit():
        return first == second
    unit = Decimal(1).scaleb(max(int(first.as_tuple().exponent), int(second.as_tuple().exponent)))
    return abs(first - second) <= unit


def same_text(one: str, other: str) -> bool:
    """Return whether two texts have the same words, and numbers that round to each other; blanks do not count."""
    words = [" ".join(NUMBER.sub(" # ", text).split()) for text in (one, other)]
    numbers = [NUMBER.findall(text) for text in (one, other)]
    return words[0] == words[1] and all(map(same_number, *numbers))


def texts(cell) -> dict[str, str]:
    """Return what a cell printed and shows, by kind; an image counts as there or not."""
    found: dict[str, str] = {}
    for output in cell.outputs:
        kinds = {output["name"]: output["text"]} if output.output_type == "stream" else dict(output["data"])
        for kind, text in kinds.items():
            found[kind] = found.get(kind, "") + ("an image " if kind.startswith("image/") else text)
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_outputs_hold(path):
    stored, fresh = nbformat.read(path, as_version=4), SCRIPT["executed"](path)
    for before, after in zip(SCRIPT["code_cells"](stored), SCRIPT["code_cells"](fresh), strict=True):
        found, expected = texts(after), texts(before)
        assert found.keys() == expected.keys(), before.source
        for kind, text in expected.items():
            assert same_text(text, found[kind]), f"{before.source}\n--- {kind}, stored:\n{text}\n--- now:\n{found[kind]}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_as_it_should_be(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_size < MOST_BYTES
    assert notebook.metadata == SCRIPT["METADATA"]
    title, code = notebook.cells[0].source, SCRIPT["code_cells"](notebook)
    assert re.match(r"# .+\?\n", title), "a notebook begins with its question"
    assert re.search(r"\*Run time: about \d+ seconds", title)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not list(SCRIPT["warnings"](notebook)) and not any(cell.metadata for cell in code)
    assert "image/png" in texts(code[-1]), "a notebook ends with a figure"
    printed = " ".join(text for cell in code for text in texts(cell).values())
    assert not re.search(r"\.venv|/home|/tmp|site-packages|\b0x[0-9a-f]{6}|\d+\.\d+\.\d+|nan\b", printed)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    prose = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\((?!http)([^)#]+)", prose):
        assert (path.parent / target).exists(), target


def test_images_lose_their_texts():
    drawn = io.BytesIO()
    Figure().savefig(drawn, format="png", metadata={"Title": "made today"})
    kept = SCRIPT["without_texts"](drawn.getvalue())
    assert b"made today" in drawn.getvalue() and b"made today" not in kept and b"Software" not in kept
    first, second = (imread(io.BytesIO(png)) for png in (drawn.getvalue(), kept))
    assert (first == second).all()


def test_there_are_nine():
    assert [path.stem[:3] for path in NOTEBOOKS] == [f"0{number}_" for number in range(1, 10)]


@pytest.mark.parametrize(
    ("stored", "found", "same"),
    [
        ("E = 0.62024 ± 0.004", "E =  0.62025 ± 0.004\n", True),
        ("E = 0.62024", "E = 0.62026", False),
        ("2.1e-05", "2.2e-05", True),
        ("2.1e-05", "2.1e-04", False),
        ("9.99", "10.00", True),
        ("12 hits", "13 hits", False),
        ("3,272 shots", "3,271 shots", False),
        ("alive", "dead", False),
        ("1.0 2.0", "1.0", False),
        ("-0.00", "0.00", True),
        ("nan", "0.5", False),
    ],
)
def test_comparison_tells_what_differs(stored, found, same):
    assert same_text(stored, found) == same
