"""Errors and costs of surrogates where angles are shared or fixed, against Qiskit's states at thetas of the patch."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import QAOAAnsatz
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.errors import ResourceError

RING = SparsePauliOp(["ZZII", "IZZI", "IIZZ", "ZIIZ"], [1.0, 0.5, 1.0, -0.7])


def qaoa():
    return nc.Landscape(QAOAAnsatz(RING, reps=2), RING, center=[0.0, np.pi / 4, 0.0, np.pi / 2])


def data():
    circuit, pool = QuantumCircuit(3), ParameterVector("t", 3)
    for qubit in range(3):
        circuit.ry(0.3 * qubit + 0.1, qubit)
        circuit.rx(pool[qubit] + 0.2, qubit)
        circuit.cx(qubit, (qubit + 1) % 3)
        circuit.ry(pool[0], qubit)
    return nc.Landscape(circuit, SparsePauliOp(["ZZI", "IXY"], [1.0, 0.6]))


def by_qiskit(land, kept, patch, seed):
    """Mean square of the surrogate's error over 300 thetas, and its standard error."""
    theta = land.center + patch.sample((300, land.n_parameters), rng=seed)
    circuits = (land.circuit.assign_parameters(point) for point in theta)
    exact = np.array([Statevector(one).expectation_value(land.observable).real for one in circuits])
    squares = (kept.value(theta) - exact) ** 2
    return squares.mean(), squares.std() / np.sqrt(len(squares))


@pytest.mark.parametrize("make", [qaoa, data])
def test_errors_over_a_patch(make):
    """Within five standard errors of 300 thetas of their own."""
    land, patch = make(), nc.Gaussian(0.15)
    curve = nc.surrogate_error_curve(land, patch, orders=[0, 2, 3, 40], samples=4000, rng=1)
    assert curve.reference == "exact sweeps" and curve.samples == 1024
    assert "1024 thetas beside exact sweeps" in repr(curve) and curve.rms_error[-1] == 0.0
    for row, order in enumerate((2, 3), start=1):
        kept = nc.surrogate(land, order)
        expected, spread = by_qiskit(land, kept, patch, 5)
        assert abs(curve.mean_square[row] - expected) <= 5 * np.hypot(spread, curve.mean_square_error[row])
        assert abs(kept.rms_error(patch) ** 2 - expected) <= 5 * 1.2 * spread
    low, high = curve.interval()[1]
    assert low < curve.rms_error[1] < high


def test_a_reference_of_higher_order_says_what_it_is_off_by(monkeypatch):
    land, patch = qaoa(), nc.Gaussian(0.2)
    exact = nc.surrogate_error_curve(land, patch, orders=range(1, 6), rng=1)
    for module in ("theta_errors", "theta_rms"):
        monkeypatch.setattr(f"nearclifford.surrogates.{module}.fits_exactly", lambda problem, thetas: False)
    found = nc.surrogate_error_curve(land, patch, orders=range(1, 6), rng=1)
    assert found.reference == "the surrogate of order 7"
    assert np.all(np.abs(found.mean_square - exact.mean_square) <= found.mean_square_error - exact.mean_square_error + 1e-12)
    with pytest.raises(ResourceError, match="surrogate_error_curve"):
        nc.surrogate(land, 3).rms_error(patch)
    monkeypatch.setattr("nearclifford.surrogates.theta_errors.MOST_BYTES", 10)
    with pytest.raises(ResourceError, match="untie"):
        nc.surrogate_error_curve(land, patch, rng=1)


def test_a_taylor_surrogate_of_shared_angles():
    even = SparsePauliOp(["ZZII", "IZZI", "ZIIZ"], [1.0, 0.5, 1.0])
    land, patch = nc.Landscape(QAOAAnsatz(even, reps=2), even, center=[np.pi / 4, 0.0, 0.0, np.pi / 2]), nc.Gaussian(0.1)
    kept = nc.surrogate(land, 4, kind="taylor")
    expected, spread = by_qiskit(land, kept, patch, 3)
    assert abs(kept.rms_error(patch) ** 2 - expected) <= 6 * spread


@pytest.mark.parametrize("make", [qaoa, data])
def test_costs(make):
    land = make()
    cost = nc.simulation_cost(land, nc.Gaussian(0.05), tolerance=1e-2, n_thetas=8, max_seconds=2.0, rng=1)
    kept = cost["Pauli-path surrogate", "rms"]
    assert kept.order == cost.rms_order and kept.rms_error < 2e-2
    assert cost["statevector", "exact"].rms_error == 0.0
    assert "one gate a parameter" in cost["stabilizer rank", "exact"].note and "one gate" in str(cost)
    angles = land.problem.angle_map
    expected = np.abs(angles.matrix).sum() * 0.05 * np.sqrt(2 / np.pi) + np.abs(angles.offset).sum()
    assert cost.mean_displacement == pytest.approx(expected)
