"""A few published gradient norms of arXiv:2507.06344, reproduced from their seeds.

The figures are from the data published with that article (trainability of mHEA with L = N layers, with the encoder and
without, seeds 0 and 1). benchmarks/conformity.py checks the whole file; this test gives it a small one.
"""

from __future__ import annotations

import copy
import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "conformity.py"

# [kind][sigma][N][seed]; seeds 0 and 1, and only 0 for N = 16
AT_THETA: dict[str, Any] = {
    "n_qubits": [2, 4, 8, 16],
    "sigma": ["D^-1", "D^-1/2", "D^-1/3", "D^-1/5", "1"],
    "gradient_norm": {
        "lce": {
            "D^-1": [
                [1.414773707124, 1.614968856262],
                [1.410023441048, 2.432455928469],
                [2.819991441091, 0.998950113334],
                [0.999543580594],
            ],
            "D^-1/2": [
                [1.192027881798, 1.357249771998],
                [1.315773162401, 2.047582387047],
                [2.070731873941, 0.802869435079],
                [0.789621172189],
            ],
            "D^-1/3": [
                [1.284919019251, 1.424442224484],
                [0.920138699663, 1.58668702872],
                [1.582819702786, 0.428456140423],
                [0.213924090479],
            ],
            "D^-1/5": [
                [1.354244491386, 1.036140481518],
                [1.069867145347, 1.013357291684],
                [0.521874090144, 0.574901764422],
                [0.066059529919],
            ],
            "1": [
                [1.427575672234, 1.508752262754],
                [1.026355092215, 1.037075863462],
                [0.481249160842, 0.573908202466],
                [0.061729347929],
            ],
        },
        "plain": {
            "D^-1": [
                [0.190281606763, 1.614734315538],
                [0.076428681976, 0.026991609282],
                [0.022127592686, 0.001830386061],
                [1.74325e-07],
            ],
            "D^-1/2": [
                [0.878886806116, 1.697731811859],
                [0.801662913849, 0.421568154962],
                [0.205445571152, 0.140407820544],
                [0.002102335713],
            ],
            "D^-1/3": [
                [1.389793623268, 1.461226336596],
                [0.94050262257, 0.741518738962],
                [0.293693429989, 0.437481216392],
                [0.029317260328],
            ],
            "D^-1/5": [
                [0.30855502147, 1.328564381918],
                [0.95318562862, 0.971489137494],
                [0.549704242646, 0.485116001018],
                [0.065722307393],
            ],
            "1": [
                [1.502094921612, 0.800338103108],
                [1.520295587006, 0.941029922864],
                [0.539530551469, 0.522834335474],
                [0.066592901685],
            ],
        },
    },
}
# [kind][N][seed] at theta = 0; seeds 0 to 2
AT_CENTER: dict[str, Any] = {
    "n_qubits": [2, 3, 8, 16],
    "lce": [
        [1.414213562373, 1.732050807569, 2.0],
        [1.0, 1.732050807569, 1.0],
        [2.828427124746, 1.0, 2.2360679775],
        [1.0, 5.656854249492, 3.162277660168],
    ],
    "plain": [[0.0, 1.732050807569, 0.0], [0.0, 0.0, 1.414213562373], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
}


@pytest.fixture(scope="module")
def main() -> Callable[[list[str]], int]:
    """Return the main function of the script."""
    entry: Callable[[list[str]], int] = runpy.run_path(str(SCRIPT))["main"]
    return entry


def written(folder: Path, content: dict[str, Any]) -> str:
    """Return the path of a new file of this content."""
    path = folder / f"{len(list(folder.iterdir()))}.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_published_gradient_norms_are_reproduced(
    main: Callable[[list[str]], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([written(tmp_path, AT_THETA), written(tmp_path, AT_CENTER)]) == 0
    assert "94 gradient norms" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [2e-9, float("nan")])
def test_a_norm_that_deviates_is_told(main: Callable[[list[str]], int], tmp_path: Path, wrong: float) -> None:
    altered = copy.deepcopy(AT_CENTER)
    altered["plain"][0][1] += wrong
    assert main([written(tmp_path, altered)]) == 1


def test_a_file_of_which_nothing_was_checked_does_not_conform(main: Callable[[list[str]], int], tmp_path: Path) -> None:
    assert main([written(tmp_path, AT_CENTER), "--max-qubits", "1"]) == 1
