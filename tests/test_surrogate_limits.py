"""Orders that cannot be enumerated, predictions, and bars."""

import re
import subprocess
import sys
import time

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc
from nearclifford.costs.model import CostModel
from nearclifford.surrogates import threads
from nearclifford.surrogates.prediction import predict_paths
from nearclifford.surrogates.threads import in_threads

WIDE = nc.Landscape(nc.ansatz.mhea(40, 10), nc.observables.global_z(40))
SMALL = nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.heisenberg(3))


@pytest.mark.parametrize("kind", ["pauli-path", "taylor"])
@pytest.mark.parametrize("order", [10**9, 2**53])
def test_an_order_beyond_all_flips_leaves_nothing_out(kind, order):
    kept, whole = nc.surrogate(SMALL, order, kind=kind), nc.surrogate(SMALL, 19)
    theta = np.random.default_rng(1).normal(size=(4, 18)) * 0.4
    assert kept.order == order and kept.n_paths == whole.n_paths
    assert np.abs(kept.value(theta) - SMALL.value(theta)).max() < 1e-12 * 6
    assert np.abs(kept.gradient(theta) - SMALL.gradient(theta)).max() < 1e-12 * 6
    if kind == "pauli-path":
        assert kept.rms_error(nc.Gaussian(0.3)) == 0.0


def test_monomials_of_a_huge_order_are_not_listed():
    kept = nc.surrogate(SMALL, 10**9, kind="taylor")
    with pytest.raises(nc.ResourceError, match="have more than 10000000 monomials of degree below 1000000000"):
        next(kept.coefficients())


def test_orders_that_are_no_numbers_of_a_float():
    with pytest.raises(
        nc.NearCliffordError, match=r"order is 1000000000000000000000000000000; expected an integer of at most"
    ):
        nc.surrogate(SMALL, 10**30)


@pytest.mark.parametrize("order", [12, 60, 881, 10**9])
@pytest.mark.parametrize("kind", ["pauli-path", "taylor"])
def test_a_walk_without_end_is_refused_with_its_figures(order, kind):
    began = time.monotonic()
    words = rf"order {order} takes about .*e\+\d+ s here, on one core: a walk over about .*e\+\d+ nodes for about .* paths, "
    with pytest.raises(nc.ResourceError, match=words + r".*B; max_seconds is 600\. Choose a lower order"):
        nc.surrogate(WIDE, order, kind=kind, progress=False)
    assert time.monotonic() - began < 120  # kernels may compile


def test_limits_are_those_of_the_caller():
    land = nc.Landscape(nc.ansatz.mhea(16, 16), nc.observables.global_z(16))
    with pytest.raises(nc.ResourceError, match=r"order 6 takes about .*max_seconds is 0\.001"):
        nc.surrogate(land, 6, max_seconds=1e-3)
    for wrong in (0, -1.0, "x", None, np.inf):
        with pytest.raises(nc.NearCliffordError, match=r"max_seconds is .*; expected a positive"):
            nc.surrogate(land, 2, max_seconds=wrong)
    for name, wrong in (("kind", ["taylor"]), ("kind", 3), ("land", land.circuit), ("max_bytes", "x")):
        with pytest.raises(nc.NearCliffordError, match=f"{name} is "):
            nc.surrogate(**{"land": land, "order": 2} | {name: wrong})


def test_a_walk_longer_than_predicted_is_stopped(monkeypatch):
    monkeypatch.setattr("nearclifford.surrogates.paths.refuse_beyond", lambda *arguments: None)
    with pytest.raises(
        nc.ResourceError, match=r"order 12 was stopped after .* nodes, .* s of one core; max_seconds is 0\.01"
    ):
        nc.surrogate(WIDE, 12, max_seconds=0.01, progress=False)


@pytest.mark.parametrize("order", [40, 500, 881])
def test_predictions_of_many_flips_are_finite(order):
    found = predict_paths(WIDE, order, np.random.default_rng(1))
    assert 1e20 < found.nodes <= 1e300 and np.isfinite([found.n_paths, found.n_paths_error, found.seconds]).all()
    assert found.seconds > 1e12


def test_counts_do_not_fall_beyond_half_of_the_rotations():
    model = CostModel(n_parameters=100, n_rotations=100, active_qubits=10, n_gates=100)
    seconds = [model.path_surrogate(order) for order in (10, 51, 100, 3000)]
    assert seconds[0] < seconds[1] <= seconds[2] == seconds[3]


def test_diagonal_circuits_have_one_path_at_any_order():
    circuit = QuantumCircuit(80)
    for qubit in range(80):
        circuit.ry(Parameter(f"t{qubit:02d}"), qubit)
    kept = nc.surrogate(nc.Landscape(circuit, SparsePauliOp("Z" * 80)), 81)
    assert kept.n_paths == 1 and kept.value(np.full(80, 0.1)) == pytest.approx(np.cos(0.1) ** 80)


def test_a_bar_moves_while_one_piece_runs(capfd, monkeypatch):
    monkeypatch.setattr(threads, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(threads, "LOOK_SECONDS", 0.02)

    def slowly(number):
        time.sleep(0.3)
        return number

    assert list(in_threads(slowly, [1, 2], "pieces", progress=True)) == [1, 2]
    assert re.search(r"pieces: +0%.*0/2", capfd.readouterr().err)
    assert list(in_threads(slowly, [1, 2], "pieces", progress=False)) == [1, 2]
    assert capfd.readouterr().err == ""


def test_errors_of_a_piece_come_through():
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda x: 1 / x, [1, 0, 2], "pieces", progress=True))


def test_costs_and_surrogates_without_progress_write_no_bars():
    code = (
        "import nearclifford as nc, nearclifford.surrogates.threads as threads\n"
        "threads.QUIET_SECONDS = threads.LOOK_SECONDS = 0.0\n"
        "land = nc.Landscape(nc.ansatz.mhea(8, 8), nc.observables.global_z(8))\n"
        "nc.surrogate(land, 5, progress=False)\n"
        "nc.simulation_cost(land, nc.Gaussian(0.05), 0.01, samples=1000, rng=1)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr == run.stdout == ""
