"""EstimatorV2 over landscapes and surrogates against Qiskit's own, gradients through any estimator, and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import CouplingMap
from scipy.optimize import minimize

import nearclifford as nc
from nearclifford.interchange.circuit_files import read_circuit, write_circuit

HEISENBERG = nc.observables.heisenberg(3)
LAND = nc.Landscape(nc.ansatz.mhea(3, 1), HEISENBERG)
POINTS = np.random.default_rng(5).normal(0, 0.3, (4, 12))


def shared():
    """Angles that are shared, have factors and sums, and a gate without a shift rule of its own."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(3)
    for qubit in range(3):
        circuit.h(qubit)
        circuit.rx(a, qubit)
    circuit.rzz(2 * b - a + 0.3, 0, 1)
    circuit.crx(b, 1, 2)
    circuit.u(a, b / 2, -b, 0)
    return circuit


# an estimator of a landscape


def test_values_of_arrays_of_observables_and_points_are_those_of_qiskit():
    observables = [[SparsePauliOp("XZI"), SparsePauliOp(["YYI", "ZIZ"], [0.5, -2])], [HEISENBERG, {"XZI": 1.0, "ZZZ": 0.2}]]
    pubs = [
        (LAND.circuit, observables, POINTS[:2]),
        (LAND.circuit, HEISENBERG, POINTS.reshape(2, 2, 12)),
        (LAND.circuit, [[HEISENBERG], [SparsePauliOp("IIZ")]], POINTS[:2]),
        (shared(), [HEISENBERG], [[0.2, -0.7]]),
    ]
    for ours, theirs in zip(LAND.estimator().run(pubs).result(), StatevectorEstimator().run(pubs).result(), strict=True):
        assert ours.data.evs.shape == ours.data.stds.shape == theirs.data.evs.shape == ours.data.shape
        np.testing.assert_allclose(ours.data.evs, theirs.data.evs, atol=1e-13)
        assert not ours.data.stds.any() and ours.metadata["method"] == "exact"


def test_projectors_in_a_pub():
    result = LAND.estimator().run([(LAND.circuit, {"0+I": 2.0}, POINTS[0])]).result()[0]
    projector = SparsePauliOp(["III", "ZII", "IXI", "ZXI"], [0.5] * 4)
    assert result.data.evs == pytest.approx(LAND.with_observable(projector).value(POINTS[0]), abs=1e-14)


def test_the_precision_is_told_and_changes_nothing():
    result = LAND.estimator().run([(LAND.circuit, HEISENBERG, POINTS[0])], precision=0.1).result()[0]
    assert result.metadata["target_precision"] == 0.1 and result.data.evs == pytest.approx(LAND.value(POINTS[0]), abs=1e-14)


# an estimator of a surrogate


@pytest.mark.parametrize("kind", ["pauli-path", "taylor"])
def test_stds_of_a_surrogate_are_its_rms_error(kind, tmp_path):
    kept, patch = nc.surrogate(LAND, 3, kind), nc.Gaussian(0.1)
    result = kept.estimator(patch).run([(LAND.circuit, HEISENBERG, POINTS)]).result()[0]
    np.testing.assert_array_equal(result.data.evs, kept.value(POINTS))
    np.testing.assert_array_equal(result.data.stds, np.full(4, kept.rms_error(patch)))
    assert result.metadata["stds"] == "root mean square error over Gaussian(sigma=0.1)" and result.metadata["order"] == 3
    theta = patch.sample((4000, 12), rng=7)
    measured = kept.estimator(patch).run([(LAND.circuit, HEISENBERG, theta)]).result()[0].data.evs - LAND.value(theta)
    # a mean square of 4000 draws of heavy tails: within 30 % of what it estimates
    assert abs(np.sqrt(np.mean(measured**2)) / result.data.stds[0] - 1) < 0.3
    kept.save(tmp_path / "kept.npz")
    loaded = nc.Surrogate.load(tmp_path / "kept.npz").estimator()
    again = loaded.run([(LAND.circuit, HEISENBERG, POINTS)]).result()[0]
    np.testing.assert_array_equal(again.data.evs, result.data.evs)
    assert np.isnan(again.data.stds).all() and again.metadata["stds"] == "not known: no patch was given"


def test_a_surrogate_refuses_what_it_does_not_know():
    estimator = nc.surrogate(LAND, 3).estimator()
    other = LAND.circuit.copy()
    other.cx(0, 1)
    for pub, text in (
        ((LAND.circuit, SparsePauliOp("ZZZ"), POINTS[0]), "The observable is not the one"),
        ((other, HEISENBERG, POINTS[0]), "The observable is not the one"),
        ((nc.ansatz.mhea(3, 2), HEISENBERG, np.zeros(18)), "The circuit has 3 qubits and 18 parameters"),
        ((nc.ansatz.random_pqc(3, 4, rng=1), HEISENBERG, np.zeros(12)), "other gates or angles"),
    ):
        with pytest.raises(nc.NearCliffordError, match=text):
            estimator.run([pub]).result()


# gradients through estimators


@pytest.fixture
def algorithms():
    return pytest.importorskip("qiskit_algorithms")


@pytest.mark.parametrize("circuit", [nc.ansatz.mhea(3, 1), shared()], ids=["own angles", "shared angles"])
@pytest.mark.parametrize("estimator", [StatevectorEstimator(), LAND.estimator()], ids=["Qiskit", "landscape"])
def test_shifted_gradients_are_exact(circuit, estimator, algorithms):
    point = np.linspace(-0.7, 0.9, circuit.num_parameters)
    some = list(circuit.parameters)[::-1][:2]
    gradient = nc.ParameterShiftGradient(estimator)
    result = gradient.run([circuit] * 2, [HEISENBERG, "ZZI + 0.5 XIX"], [point] * 2, [None, some]).result()
    assert isinstance(result, algorithms.gradients.EstimatorGradientResult)
    expected = nc.Landscape(circuit, HEISENBERG).gradient(point), nc.Landscape(circuit, "ZZI + 0.5 XIX").gradient(point)
    np.testing.assert_allclose(result.gradients[0], expected[0], atol=1e-12)
    np.testing.assert_allclose(result.gradients[1], expected[1][::-1][:2], atol=1e-12)
    theirs = algorithms.gradients.ParamShiftEstimatorGradient(StatevectorEstimator())
    np.testing.assert_allclose(theirs.run([circuit], [HEISENBERG], [point]).result().gradients[0], expected[0], atol=1e-10)


def test_shifted_gradients_of_a_surrogate_are_its_own(algorithms):
    kept = nc.surrogate(LAND, 3)
    gradient = nc.ParameterShiftGradient(kept.estimator(nc.Gaussian(0.1)))
    result = gradient.run([LAND.circuit], [HEISENBERG], [POINTS[0]]).result()
    np.testing.assert_allclose(result.gradients[0], kept.gradient(POINTS[0]), atol=1e-12)
    assert (result.metadata[0]["stds"] > 0).all()


def test_vqe_of_qiskit_algorithms_finds_the_ground_energy(algorithms):
    from qiskit_algorithms.minimum_eigensolvers import VQE
    from qiskit_algorithms.optimizers import COBYLA, L_BFGS_B

    circuit = efficient_su2(3, reps=2)
    estimator, start = nc.Landscape(circuit, HEISENBERG).estimator(), np.random.default_rng(1).normal(0, 0.5, 18)
    gradient = nc.ParameterShiftGradient(estimator)
    found = VQE(
        estimator, circuit, L_BFGS_B(maxiter=200), gradient=gradient, initial_point=start
    ).compute_minimum_eigenvalue(HEISENBERG)
    assert found.eigenvalue == pytest.approx(np.linalg.eigvalsh(HEISENBERG.to_matrix())[0], abs=1e-4)
    kept = nc.surrogate(nc.Landscape(circuit, HEISENBERG), 4).estimator(nc.Gaussian(0.1))
    rough = VQE(kept, circuit, COBYLA(maxiter=30), initial_point=start / 5).compute_minimum_eigenvalue(HEISENBERG)
    assert np.isfinite(rough.eigenvalue)


def test_mistaken_requests_for_gradients():
    gradient = nc.ParameterShiftGradient(LAND.estimator())
    with pytest.raises(nc.NearCliffordError, match="There are 1 circuits, 2 observables"):
        gradient.run([LAND.circuit], [HEISENBERG] * 2, [POINTS[0]])
    with pytest.raises(nc.NearCliffordError, match="There are 3 values for a circuit of 12 parameters"):
        gradient.run([LAND.circuit], [HEISENBERG], [[0.1] * 3])
    with pytest.raises(nc.NearCliffordError, match="estimator is a str"):
        nc.ParameterShiftGradient("estimator")


# SciPy


@pytest.mark.parametrize("evaluator", [LAND, nc.surrogate(LAND, 13)], ids=["landscape", "surrogate"])
def test_scipy_minimizes(evaluator):
    found = minimize(evaluator.fun_and_jac, POINTS[0], jac=True, method="L-BFGS-B")
    plain = minimize(LAND.value, POINTS[0], method="L-BFGS-B", options={"maxfun": 10**5})
    assert found.fun == pytest.approx(plain.fun, abs=1e-4) and found.fun < -3
    value, gradient = evaluator.fun_and_jac(POINTS[1])
    assert type(value) is float and gradient.shape == (12,)
    with pytest.raises(nc.NearCliffordError, match="one point, no batch"):
        evaluator.fun_and_jac(POINTS)


# layouts


def transpiled(circuit, **settings):
    return transpile(
        circuit, coupling_map=CouplingMap.from_ring(7), seed_transpiler=3, basis_gates=["rz", "sx", "cx"], **settings
    )


@pytest.mark.parametrize("observable", [HEISENBERG, "XXI + 0.5*IZY - ZIZ", [("YIX", 0.3), ("IZI", 1.0)]])
@pytest.mark.parametrize("level", [0, 1, 3])
def test_an_observable_follows_the_layout_of_its_circuit(observable, level):
    circuit = nc.ansatz.mhea(3, 2)
    laid_out = transpiled(circuit, optimization_level=level, initial_layout=[5, 2, 6])
    ours, plain = nc.Landscape(laid_out, observable), nc.Landscape(circuit, observable)
    theta = np.linspace(-1, 1, 18)
    assert [p.name for p in laid_out.parameters] == [p.name for p in circuit.parameters] and ours.n_qubits == 7
    np.testing.assert_allclose(ours.gradient(theta), plain.gradient(theta), atol=1e-12)
    by_hand = plain.observable.apply_layout(laid_out.layout)
    assert ours.observable == by_hand and nc.Landscape(laid_out, by_hand).value(theta) == ours.value(theta)
    assert ours.with_observable("ZII").value(theta) == pytest.approx(plain.with_observable("ZII").value(theta), abs=1e-13)
    expected = StatevectorEstimator().run([(laid_out, by_hand, theta)]).result()[0].data.evs
    assert ours.value(theta) == pytest.approx(float(expected), abs=1e-12)
    # the encoder takes the same
    encoding = nc.encode(laid_out, observable, parameter=3)
    assert abs(encoding.gradient[3]) == pytest.approx(
        abs(nc.encode(circuit, observable, parameter=3).gradient[3]), abs=1e-12
    )


def test_ambiguous_layouts_and_wrong_sizes():
    laid_out = transpiled(nc.ansatz.mhea(3, 1), initial_layout=[5, 2, 6])
    for observable, text in (
        ("Z0 Z1", "either numbering might be meant"),
        ([("ZZ", [0, 1], 1.0)], "either numbering might be meant"),
        ("ZZZZ", "acts on 4 qubits; expected 7, the number of the circuit, or 3, the number before its layout"),
    ):
        with pytest.raises(nc.ObservableError, match=text):
            nc.Landscape(laid_out, observable)


def test_numbered_qubits_where_a_layout_moves_none():
    unmoved = transpiled(nc.ansatz.mhea(3, 1), initial_layout=[0, 1, 2], optimization_level=0)
    if unmoved.layout.final_index_layout() == [0, 1, 2]:
        assert nc.Landscape(unmoved, "Z0 Z6").n_qubits == 7


# measurements


def test_measurements_at_the_end_are_dropped_with_a_word():
    measured, theta = nc.ansatz.mhea(3, 1), POINTS[0]
    measured.measure_all()
    measured.barrier()
    with pytest.warns(nc.DroppedMeasurementsWarning, match="3 measurements at the end of the circuit dropped"):
        land = nc.Landscape(measured, HEISENBERG)
    assert land.value(theta) == LAND.value(theta)
    with pytest.warns(nc.DroppedMeasurementsWarning):
        assert (
            nc.encode(measured, HEISENBERG, parameter=2).gradient[2]
            == nc.encode(LAND.circuit, HEISENBERG, parameter=2).gradient[2]
        )
    with pytest.warns(nc.DroppedMeasurementsWarning):
        laid_out = nc.Landscape(transpiled(measured), HEISENBERG)
    assert laid_out.value(theta) == pytest.approx(LAND.value(theta), abs=1e-13)


def test_measurements_in_the_middle_are_refused():
    circuit = QuantumCircuit(2, 2)
    circuit.rx(Parameter("a"), 0)
    circuit.measure(0, 0)
    circuit.cx(0, 1)
    circuit.measure(1, 1)
    with (
        pytest.warns(nc.DroppedMeasurementsWarning),
        pytest.raises(nc.CircuitError, match=r"'measure' on qubits \[0\]\) is not unit"),
    ):
        nc.Landscape(circuit, "ZZ")


# the order of parameters through files and doors


@pytest.mark.parametrize("suffix", [".qasm", ".qpy"])
def test_the_tenth_parameter_stays_after_the_second(suffix, tmp_path):
    circuit = nc.ansatz.mhea(3, 1)
    write_circuit(circuit, tmp_path / f"circuit{suffix}")
    again = read_circuit(tmp_path / f"circuit{suffix}")
    assert [p.name for p in again.parameters][8:] == ["theta[8]", "theta[9]", "theta[10]", "theta[11]"]
    np.testing.assert_array_equal(nc.Landscape(again, HEISENBERG).gradient(POINTS[0]), LAND.gradient(POINTS[0]))
