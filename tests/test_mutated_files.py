"""A few dozen mutated files of each format; benchmarks/mutated_files.py makes thousands, in processes of their own."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "mutated_files.py"
spec = importlib.util.spec_from_file_location("mutated_files", SCRIPT)
mutated_files = importlib.util.module_from_spec(spec)
sys.modules["mutated_files"] = mutated_files
spec.loader.exec_module(mutated_files)
FORMATS = {one.name: one for one in mutated_files.formats()}


@pytest.mark.parametrize("name", ["OpenQASM 3", "QPY", "study TOML", "study SQLite"])
def test_mutated_files_are_read_or_refused_in_one_line(name, tmp_path):
    one, rng = FORMATS[name], np.random.default_rng(3)
    good = one.make(tmp_path)
    for path in good:
        assert mutated_files.outcome(one.read, path if name != "study SQLite" else copied(path, tmp_path)) == (
            "accepted",
            "",
        )
    seen = set()
    for number in range(48):
        original = good[number % len(good)]
        path = tmp_path / f"mutated{original.suffix}"
        path.write_bytes(mutated_files.mutate(one, original.read_bytes(), rng))
        found, said = mutated_files.outcome(one.read, path)
        assert found in ("accepted", "refused in one line"), said
        seen.add(found)
    assert seen == {"accepted", "refused in one line"}


def copied(path, folder):
    (folder / path.name).write_bytes(path.read_bytes())
    return folder / path.name
