"""A sample of benchmarks/wrong_arguments.py: a wrong argument is accepted, or refused by an error that names it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "wrong_arguments.py"


@pytest.mark.skipif(not SCRIPT.exists(), reason="no benchmarks beside these tests")
@pytest.mark.skipif(sys.platform == "win32", reason="the script limits the memory of processes")
def test_wrong_arguments_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("wrong_arguments", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, script)
    spec.loader.exec_module(script)
    monkeypatch.chdir(tmp_path)
    cheap = [call for call in script.calls(tmp_path) if call.cheap]
    sample = list(script.cases(cheap))[::9]
    assert len(sample) > 600
    outcomes = [(str(case), *script.judge(case)) for case in sample]
    assert [found for found in outcomes if found[1] not in script.FINE] == []
