"""The first steps of published training curves of arXiv:2507.06344, reproduced from their seeds.

The figures are from the data published with that article: the biased Heisenberg chain, mHEA, N = 8, L = 16, its first run,
from four patches, with the encoder and without. benchmarks/conformity.py checks whole files; this test gives it a small one.
"""

from __future__ import annotations

import pickle
import runpy
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "conformity.py"
GROUND = -1.5680458071929346
# [quantity][patch][step]
PUBLISHED = {
    "loss": [
        [1.3358809367, 1.2559647033, 1.176231205],
        [0.9082617284, 0.8395061063, 0.7709936011],
        [0.5877298686, 0.5513962078, 0.5155201585],
        [0.033560149, 0.0177721445, 0.0021136564],
    ],
    "loss_LCE": [
        [0.9980190934, 0.6403341163, 0.2997029438],
        [1.1432075066, 0.9069088104, 0.675556768],
        [0.6290633678, 0.5272369386, 0.430521574],
        [0.0277698163, 0.0110004231, -0.0055763875],
    ],
    "gradient": [
        [2.8272869847, 2.8251755573, 2.8185778128],
        [2.6229805122, 2.6192377472, 2.6116275877],
        [1.9091121422, 1.8972059228, 1.8847455844],
        [1.2577698926, 1.2526815717, 1.2472884692],
    ],
    "gradient_LCE": [
        [5.9970633648, 5.8995292335, 5.6181564124],
        [4.8691908071, 4.8314004181, 4.7431707186],
        [3.209799996, 3.1329295535, 3.0399111227],
        [1.2968076505, 1.289423116, 1.2817510524],
    ],
    "parameter": [
        [0.0574140556, 0.0636996235, 0.0800872861],
        [1.01817409, 1.0229271315, 1.0282311102],
        [2.3845655323, 2.3877470727, 2.3909572212],
        [5.2026396995, 5.2039375416, 5.2052529956],
    ],
    "parameter_LCE": [
        [0.0574140556, 0.083332603, 0.1324505044],
        [1.01817409, 1.0198018278, 1.0228070215],
        [2.3845655323, 2.3900794428, 2.3957075703],
        [5.2026396995, 5.2022965973, 5.2019759869],
    ],
}


@pytest.fixture(scope="module")
def main():
    """Return the main function of the script."""
    return runpy.run_path(str(SCRIPT))["main"]


def written(folder, wrong=0.0):
    """Return the path of a file as the authors wrote theirs, one of whose numbers is wrong by so much."""
    data = {"n_qubits": 8, "n_layers": 16, "number_of_runs": 1, "number_of_iterations": 3, "solution": np.float64(GROUND)}
    for name, patches in PUBLISHED.items():
        quantity, _, suffix = name.partition("_")
        for number, curve in enumerate(patches, start=1):
            ending = f"_{suffix}" if suffix else ""
            data[f"{quantity}_data_patch{number}{ending}"] = [[np.float64(one) for one in curve]]
    data["loss_data_patch3_LCE"][0][1] += wrong
    path = folder / "data_VQE_4.pkl"
    path.write_bytes(pickle.dumps(data))
    return str(path)


def test_published_curves_are_reproduced(main, tmp_path, capsys):
    assert main([written(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "1 files of training: conform (1e-8)" in told and told.count("100.0%") == 24


def test_a_curve_that_deviates_is_told(main, tmp_path):
    assert main([written(tmp_path, wrong=2e-8)]) == 1


class Burglar:
    def __reduce__(self):
        return print, ("run",)


def test_a_file_that_would_run_something_is_refused(main, tmp_path, capsys):
    path = tmp_path / "data_VQE_1.pkl"
    path.write_bytes(pickle.dumps(Burglar()))
    with pytest.raises(pickle.UnpicklingError, match=r"asks for builtins\.print, and only arrays of NumPy are read"):
        main([str(path)])
    assert capsys.readouterr().out == ""
