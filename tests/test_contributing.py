"""The pages that say how to add something are tried: a new experiment is the two files that CONTRIBUTING.md shows."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
STUDY = """
experiment = "loss"
ansatz = ["mhea"]
layers = ["1"]
observable = "global_z"
encoder = ["none"]
sigma = ["0.2"]
qubits = [2, 3, 4]
draws = 2
samples = 500
seed = 7
"""
RUN = """
import nearclifford as nc
study = nc.Study.from_toml("loss.toml")
results = study.run("run", workers=1)
print(results.text)
print(results.frame["square"].tolist())
print([path.name for path in study.figures("run")])
"""


def test_an_experiment_is_two_files(tmp_path):
    """For mHEA of one layer and σ = 0.2 the second moment lies between 0 and 1 and falls with N."""
    package = tmp_path / "nearclifford"
    shutil.copytree(ROOT / "src" / "nearclifford", package, ignore=shutil.ignore_patterns("__pycache__"))
    files = re.findall(r"```py\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.DOTALL)
    for text, place in zip(files, ("experiments", "figures"), strict=True):
        (package / "studies" / place / "loss.py").write_text(text)
    (tmp_path / "loss.toml").write_text(STUDY)
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    squares, figures = map(eval, done.stdout.splitlines()[-2:])
    assert 1 > squares[0] > squares[1] > squares[2] > 0 and figures == ["loss.png", "loss.svg"]
