"""Forked processes and Python threads get the parent's bits, under every threading layer of Numba that is here."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nearclifford

KERNELS = Path(nearclifford.__file__).parent / "kernels"
SCRIPTS = Path(__file__).with_name("concurrent_scripts.py")


def run(script: str, layer: str, **environment: str) -> str:
    variables = os.environ | {"NUMBA_THREADING_LAYER": layer, "NUMBA_NUM_THREADS": "2"} | environment
    ended = subprocess.run(
        [sys.executable, SCRIPTS, script], capture_output=True, text=True, timeout=300, env=variables, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "Terminating" not in ended.stderr
    return ended.stdout.strip()


def require(layer: str) -> None:
    pool = {"omp": "omppool", "tbb": "tbbpool", "workqueue": "workqueue"}[layer]
    try:
        importlib.import_module(f"numba.np.ufunc.{pool}")
    except ImportError:
        pytest.skip(f"Numba has no layer {layer} here")


FORKS = {
    "omp": ["pool", "executor", "nested", "before_any_kernel", "number_of_threads", "other_kernels", "while_running"],
    "tbb": ["pool", "nested", "while_running"],
    "workqueue": ["pool", "number_of_threads", "while_running"],
}
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")


@forks
@pytest.mark.parametrize(("layer", "script"), [(layer, script) for layer, scripts in FORKS.items() for script in scripts])
def test_forked_children_get_the_bits_of_the_parent(layer: str, script: str) -> None:
    require(layer)
    assert run(script, layer) == f"{layer} equal"


@forks
def test_forked_children_of_one_thread() -> None:
    require("omp")
    assert run("pool", "omp", NUMBA_NUM_THREADS="1") == "omp equal"


@forks
def test_a_fork_waits_for_the_compiler(tmp_path: Path) -> None:
    assert run("while_compiling", "workqueue", NUMBA_CACHE_DIR=str(tmp_path)) == "workqueue equal"


@pytest.mark.parametrize("layer", FORKS)
def test_six_threads_at_once(layer: str) -> None:
    require(layer)
    assert run("threads", layer) == f"{layer} equal"


def test_every_kernel_of_several_threads_has_a_serial_twin():
    threaded = re.compile(r"^@njit\(.*parallel=True", re.MULTILINE)
    assert [path.name for path in KERNELS.rglob("*.py") if threaded.search(path.read_text())] == ["gradient.py"]
    text = (KERNELS / "sweep" / "gradient.py").read_text()
    assert len(threaded.findall(text)) == len(re.findall(r"^@with_serial_twin", text, re.MULTILINE)) == 4
