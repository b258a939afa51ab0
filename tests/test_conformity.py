"""A few published gradient norms of arXiv:2507.06344, reproduced from their seeds.

The figures are from the data published with that article (trainability of mHEA with L = N layers, with the encoder and
without, the first seeds). benchmarks/conformity.py checks the whole file; this test gives it a small one.
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

# [kind][sigma][N][seed]; seeds 0 to 6 for N = 4, of which 2 and 6 tell the conventions of the CX apart, and 0 else
AT_THETA: dict[str, Any] = {
    "n_qubits": [4, 8, 16],
    "sigma": ["D^-1", "D^-1/2", "D^-1/3", "D^-1/5", "1"],
    "gradient_norm": {
        "lce": {
            "D^-1": [
                [
                    1.410023441048,
                    2.432455928469,
                    1.000725996644,
                    2.210990222978,
                    1.724911395646,
                    2.983587231905,
                    1.412937682863,
                ],
                [2.819991441091],
                [0.999543580594],
            ],
            "D^-1/2": [
                [
                    1.315773162401,
                    2.047582387047,
                    0.932191854664,
                    1.73019972734,
                    1.551804288555,
                    2.706485833033,
                    1.327978746455,
                ],
                [2.070731873941],
                [0.789621172189],
            ],
            "D^-1/3": [
                [
                    0.920138699663,
                    1.58668702872,
                    1.023773253966,
                    1.324333237899,
                    0.698123544035,
                    1.122008376281,
                    1.040677154171,
                ],
                [1.582819702786],
                [0.213924090479],
            ],
            "D^-1/5": [
                [
                    1.069867145347,
                    1.013357291684,
                    1.348116508028,
                    0.889828697694,
                    0.934831654011,
                    1.312256729293,
                    0.955715954605,
                ],
                [0.521874090144],
                [0.066059529919],
            ],
            "1": [
                [
                    1.026355092215,
                    1.037075863462,
                    1.276186737007,
                    0.729497709965,
                    1.000939041,
                    0.815995563739,
                    1.084120447265,
                ],
                [0.481249160842],
                [0.061729347929],
            ],
        },
        "plain": {
            "D^-1": [
                [
                    0.076428681976,
                    0.026991609282,
                    0.111676554196,
                    0.034901975247,
                    0.124166675434,
                    1.40862885278,
                    0.067263155055,
                ],
                [0.022127592686],
                [1.74325e-07],
            ],
            "D^-1/2": [
                [
                    0.801662913849,
                    0.421568154962,
                    0.62570725801,
                    0.445523649985,
                    0.714111101624,
                    0.998572828482,
                    0.590636565858,
                ],
                [0.205445571152],
                [0.002102335713],
            ],
            "D^-1/3": [
                [
                    0.94050262257,
                    0.741518738962,
                    0.712525280622,
                    0.440850740068,
                    0.89535939319,
                    1.021957697393,
                    1.605133818177,
                ],
                [0.293693429989],
                [0.029317260328],
            ],
            "D^-1/5": [
                [
                    0.95318562862,
                    0.971489137494,
                    0.856635790567,
                    0.825386436493,
                    0.969350993589,
                    0.995265871972,
                    0.734536574514,
                ],
                [0.549704242646],
                [0.065722307393],
            ],
            "1": [
                [
                    1.520295587006,
                    0.941029922864,
                    0.75843705333,
                    1.225469842765,
                    1.2011607335,
                    1.103382380075,
                    0.868250751764,
                ],
                [0.539530551469],
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
    assert "114 gradient norms" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [2e-9, float("nan")])
def test_a_norm_that_deviates_is_told(main: Callable[[list[str]], int], tmp_path: Path, wrong: float) -> None:
    altered = copy.deepcopy(AT_CENTER)
    altered["plain"][0][1] += wrong
    assert main([written(tmp_path, altered)]) == 1


def test_a_file_of_which_nothing_was_checked_does_not_conform(main: Callable[[list[str]], int], tmp_path: Path) -> None:
    assert main([written(tmp_path, AT_CENTER), "--max-qubits", "1"]) == 1
