"""What methods cost: orders against exact errors, measured errors against exact values, budgets, and what is not run."""

import dataclasses
import math
import re
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.costs import peers
from nearclifford.costs.cardinality import n_multi_indices, n_stabilizer_calls
from nearclifford.costs.contest import Contest, MethodCost
from nearclifford.costs.methods import shortened, worst_case
from nearclifford.costs.model import AMPLITUDE_SECONDS, FACTOR_SECONDS, GATE_SECONDS, CostModel
from nearclifford.costs.taylor_rays import taylor_errors
from nearclifford.studies import StudySpec
from nearclifford.studies.cells import points_of
from nearclifford.studies.experiments.phase import Phase
from nearclifford.studies.problem import prepare
from nearclifford.surrogates.prediction import NODE_SECONDS, PATH_SECONDS, TURN_SECONDS, predict_paths, table_seconds

TOLERANCE = 1e-2


@pytest.fixture(scope="module")
def land():
    circuit, observable = nc.ansatz.mhea(5, 3), nc.observables.random_pauli(5, rng=3)
    return nc.Landscape(nc.encode(circuit, observable, parameter=7).circuit, observable)


@pytest.fixture(scope="module")
def cost(land):
    return nc.simulation_cost(land, nc.Gaussian(0.12), TOLERANCE, samples=10**6, rng=5)


# orders ----------------------------------------------------------------------------------------------------------


def test_the_rms_order_is_that_of_the_exact_error(land, cost):
    """With a million chains the interval of the error is narrower than the steps from order to order."""
    patch = nc.Gaussian(0.12)
    assert nc.surrogate(land, cost.rms_order).rms_error(patch) < TOLERANCE
    assert nc.surrogate(land, cost.rms_order - 1).rms_error(patch) > 0.9 * TOLERANCE


def test_the_taylor_order_is_that_of_its_polynomials(land, cost):
    """The order found along rays, against Taylor surrogates that are built and evaluated at the same thetas."""
    theta = land.center + nc.Gaussian(0.12).sample((64, land.n_parameters), rng=np.random.default_rng(3))
    errors = taylor_errors(land.value, land.center, theta - land.center, np.arange(1, 8))
    for order in range(1, 8):
        built = nc.surrogate(land, order, kind="taylor")
        assert np.abs(errors[:, order - 1] - (land.value(theta) - built.value(theta))).max() < 1e-9, order
    found = cost["Taylor surrogate", "rms"]
    assert found.order == cost.taylor_order and found.rms_error <= TOLERANCE


def test_taylor_errors_of_one_cosine():
    orders, t = np.arange(1, 12), np.array([[0.3], [1.0], [2.5]])
    partial = np.array(
        [[sum((-1) ** (n // 2) * x**n / math.factorial(n) for n in range(0, m, 2)) for m in orders] for [x] in t]
    )
    found = taylor_errors(lambda theta: np.cos(theta[:, 0]), np.zeros(1), t, orders)
    assert np.abs(found - (np.cos(t) - partial)).max() < 1e-8


def test_rays_that_turn_too_often_are_not_known():
    found = taylor_errors(lambda theta: np.cos(theta[:, 0]), np.zeros(1), np.array([[200.0], [0.1]]), np.array([3]))
    assert np.isnan(found[0, 0]) and not np.isnan(found[1, 0])


def test_the_worst_case_bounds_both_surrogates(land):
    """|L - L_m| <= ‖t‖₁^m / m! at every theta, for the Taylor and the Pauli-path surrogate."""
    t = np.random.default_rng(8).normal(size=(50, land.n_parameters)) * np.geomspace(0.01, 0.2, 50)[:, None]
    for order in (1, 2, 3, 5, 7):
        bound = np.abs(t).sum(axis=1) ** order / math.factorial(order)
        for kind in ("taylor", "pauli-path"):
            error = np.abs(nc.surrogate(land, order, kind=kind).value(land.center + t) - land.value(land.center + t))
            assert np.all(error <= bound + 1e-12)


def test_the_worst_case_order_is_relative_to_the_observable(land):
    patch, theta = nc.Uniform(0.1), np.zeros((2, land.n_parameters))
    scaled = nc.Landscape(land.circuit, 3 * land.observable)
    contests = [Contest(one, patch, tolerance, theta, 1.0, 1) for one, tolerance in ((land, 1e-3), (scaled, 3e-3))]
    assert contests[0].mean_displacement == pytest.approx(0.05 * land.n_parameters)
    assert worst_case(contests[0]) == worst_case(contests[1]) > 5
    assert worst_case(Contest(land, patch, 1.5, theta, 1.0, 1)) == 1


# records ---------------------------------------------------------------------------------------------------------


def test_every_measured_error_reaches_the_tolerance(cost):
    """Every rms order and every exact method; the rms error of few thetas may stray from the patch's by its spread."""
    measured = [one for one in cost.methods if one.rms_error is not None]
    assert {one.method for one in measured} >= {"Taylor surrogate", "Pauli-path surrogate", "statevector"}
    for one in measured:
        assert one.rms_error < 1.5 * TOLERANCE, one


def test_the_published_enumeration_is_counted(land, cost):
    found = cost["Taylor, published", "worst case"]
    assert found.order == cost.worst_case_order > cost.rms_order
    assert found.size == n_stabilizer_calls(land.n_parameters, found.order)
    assert shortened(n_multi_indices(land.n_parameters, found.order)) in found.note
    assert found.seconds is None and found.predicted_build_seconds > 0


def test_frame_and_text_hold_every_method(cost):
    frame, text = cost.frame(), str(cost)
    assert len(frame) == len(cost.methods) == len(text.splitlines()) - 2
    for one in cost.methods:
        assert one.method in text
    with pytest.raises(nc.NearCliffordError, match=r"no method \("):
        cost["abacus", "rms"]


def test_orders_and_errors_follow_from_the_seed(land, cost):
    again = nc.simulation_cost(land, nc.Gaussian(0.12), TOLERANCE, samples=10**6, rng=5)
    assert [(one.order, one.size, one.rms_error) for one in again.methods if "(" not in one.method] == [
        (one.order, one.size, one.rms_error) for one in cost.methods if "(" not in one.method
    ]


def test_nothing_beyond_the_budget_is_run():
    """Forty qubits and a thousandth of a second: all of it is predicted or refused, and says why."""
    land = nc.Landscape(nc.ansatz.mhea(40, 40), nc.observables.global_z(40))
    found = nc.simulation_cost(land, nc.Gaussian(0.05), 1e-2, samples=2000, max_seconds=1e-3, rng=1)
    assert all(one.seconds is None for one in found.methods)
    assert "beyond the budget" in found["statevector", "exact"].note
    assert found["statevector", "exact"].size == 2**40
    assert found["matrix product state (Aer)", "rms"].note == peers.NO_REFERENCE
    assert found.taylor_order is None and "no order" in found["Taylor, published", "rms"].note


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tolerance": 0.0}, "tolerance is 0.0"),
        ({"tolerance": math.inf}, "tolerance is inf"),
        ({"tolerance": "x"}, "tolerance is 'x'; expected a positive, finite number"),
        ({"tolerance": None}, "tolerance is None"),
        ({"tolerance": 1j}, "tolerance is 1j"),
        ({"max_seconds": "x"}, "max_seconds is 'x'"),
        ({"max_bytes": "1 GiB"}, "max_bytes is '1 GiB'; expected an integer of at least 1"),
        ({"max_bytes": 1.5}, "max_bytes is 1.5"),
        ({"land": nc.ansatz.mhea(5, 3)}, "land is a QuantumCircuit; expected a Landscape"),
        ({"samples": 10**20}, "samples is 1000"),
        ({"n_thetas": 1}, "n_thetas is 1"),
        ({"max_seconds": 0.0}, "max_seconds is 0.0; expected a positive"),
        ({"patch": nc.Gaussian([0.1, 0.2])}, "2 widths; expected 40"),
    ],
)
def test_wrong_requests(land, changes, words):
    with pytest.raises(nc.NearCliffordError, match=words):
        nc.simulation_cost(**({"land": land, "patch": nc.Gaussian(0.1), "tolerance": 0.1} | changes))


# predictions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [3, 5, 7])
def test_counted_nodes_are_about_those_of_the_walk(order):
    """Counting assumes that a string meets half of the rotations before it; at N = L = 16 it does to a quarter."""
    land = nc.Landscape(nc.ansatz.mhea(16, 16), nc.observables.random_pauli(16, rng=1))
    walked = predict_paths(land, order, np.random.default_rng(1)).nodes
    tables = table_seconds(544, order - 1)
    without_paths = dataclasses.replace(CostModel.of(land), active_qubits=1000)
    counted = (10.0 ** without_paths.path_surrogate(order) - tables) / NODE_SECONDS
    assert counted == pytest.approx(walked, rel=0.3)


def test_every_prediction_reads_rotations_and_the_active_rank():
    """Two parameters, each of which turns three of six rotations, on four qubits of which the observable can meet two."""
    circuit, (a, b) = QuantumCircuit(4), ParameterVector("t", 2)
    for angle in (a, b, a, b, a, b):
        circuit.ry(angle, 0)
        circuit.rx(angle, 1)
    land = nc.Landscape(circuit, SparsePauliOp("IIZZ"))
    model = CostModel.of(land)
    assert model == CostModel(n_parameters=2, n_rotations=12, active_qubits=land.active_qubits, n_gates=12, n_terms=1)
    assert land.active_qubits == 2 and 10 ** model.statevector() == pytest.approx(AMPLITUDE_SECONDS * 12 * 2**2)
    calls = n_stabilizer_calls(2, 5)
    assert 10 ** model.published_taylor(5) == pytest.approx(calls * GATE_SECONDS * 12)
    assert 10 ** model.published_taylor_value(5) == pytest.approx(n_multi_indices(2, 5) * FACTOR_SECONDS * 5)
    # order 2: no flip is walked, one flip in 12/2 ways of which one in 2^2 ends Z-type, and no table of pairs
    path = NODE_SECONDS + PATH_SECONDS * 6 / 4 + TURN_SECONDS * 12
    assert 10 ** model.path_surrogate(2) == pytest.approx(path)


def test_the_phase_diagram_and_the_cost_command_have_one_model():
    """A shallow random circuit on nine qubits: the rank is below N, which a study once took for it."""
    spec = StudySpec(["random_pqc"], [9], layers=[1], sigma=["D^-1/2"], encoder=["compact"], draws=2, experiment=Phase())
    for point in points_of(spec):
        [draws] = Phase.measure([point])
        models = [CostModel.of(prepare(point, draw).land) for draw in point.draws]
        assert min(model.active_qubits for model in models) < 9
        seconds = [model.path_surrogate(int(m)) for model, m in zip(models, draws["order"], strict=True)]
        assert draws["build_log10_seconds"].tolist() == seconds
        assert draws["statevector_log10_seconds"].tolist() == [model.statevector() for model in models]


# other packages --------------------------------------------------------------------------------------------------


def test_a_ladder_ends_at_the_tolerance_or_at_the_budget(land):
    contest = Contest(land, nc.Gaussian(0.1), 0.1, np.zeros((4, land.n_parameters)), 1.0, 2**20)
    blank, reference, asked = MethodCost("toy", "rms", "units"), np.zeros(4), []

    def values(size):
        asked.append(size)
        return np.full(4, 1.0 / size)

    found = peers.climbed(blank, contest, reference, peers.Ladder(2, 2, 1.0, 1e9, 1e-6), values)
    assert asked == [2, 4, 8, 16] and found.size == 16 and found.rms_error == 1 / 16
    asked.clear()
    found = peers.climbed(blank, contest, reference, peers.Ladder(2, 2, 1.0, 4, 1e-6), values)
    assert asked == [2, 4] and found.size is None and "should be exact" in found.note
    found = peers.climbed(blank, contest, reference, peers.Ladder(2, 2, 1.0, 1e9, 10.0), values)
    assert asked == [2, 4] and found.note == "2 units are beyond the budget"
    assert peers.climbed(blank, contest, None, peers.Ladder(2, 2, 1.0, 4, 1e-6), values).note == peers.NO_REFERENCE


def test_matrix_product_states_agree_with_exact_values(land):
    theta = land.center + nc.Gaussian(0.3).sample((5, land.n_parameters), rng=np.random.default_rng(1))
    contest = Contest(land, nc.Gaussian(0.3), 1e-8, theta, 60.0, 2**30)
    found = peers.matrix_product_state(contest, land.value(theta))
    assert found.size is not None and found.size <= 4 and found.rms_error < 1e-8


def test_a_package_that_is_missing_is_named(land, monkeypatch):
    monkeypatch.setitem(sys.modules, "pauli_prop", None)
    contest = Contest(land, nc.Gaussian(0.1), 0.1, np.zeros((2, land.n_parameters)), 1.0, 2**20)
    assert peers.pauli_propagation(contest, np.zeros(2)).note == "pauli-prop is not installed"


def test_pauli_propagation_agrees_with_exact_values():
    package = pytest.importorskip("pauli_prop", reason="pauli-prop is not installed")
    observable = nc.observables.random_hamiltonian(5, 6, weighted=True, rng=2)
    land = nc.Landscape(nc.ansatz.random_pqc(5, 4, rng=1), observable)
    theta = np.random.default_rng(2).normal(size=(6, land.n_parameters))
    contest = Contest(land, nc.Gaussian(0.1), 0.1, theta, 1.0, 2**20)
    assert np.abs(peers.propagated(package, contest, 4**6) - land.value(theta)).max() < 1e-12


def chain_with_fields(n_qubits):
    """RZZ between neighbours, RX on each qubit, and the Ising ring: light cones of a few qubits at any size."""
    circuit, angles = QuantumCircuit(n_qubits), (Parameter(f"t{k:03d}") for k in range(2 * n_qubits))
    for qubit in range(n_qubits - 1):
        circuit.rzz(next(angles), qubit, qubit + 1)
    for qubit in range(n_qubits):
        circuit.rx(next(angles), qubit)
    return nc.Landscape(circuit, nc.observables.ising(n_qubits))


@pytest.mark.parametrize("n_qubits", [64, 100])
def test_beyond_the_qubits_of_the_target_of_aer(n_qubits, capfd):
    found = nc.simulation_cost(chain_with_fields(n_qubits), nc.Gaussian(0.1), tolerance=0.5, rng=1)
    states = found["matrix product state (Aer)", "rms"]
    assert states.size == 2 and states.rms_error < 1e-9
    assert capfd.readouterr() == ("", "")


def test_parameters_that_the_circuit_meets_in_another_order():
    """Matrix product states bind by name: the parameters stand in the circuit from the last to the first."""
    circuit, angles = QuantumCircuit(4), ParameterVector("t", 12)
    for number, angle in enumerate(reversed(angles)):
        (circuit.ry if number % 3 else circuit.rx)((number + 1) * angle, number % 4)
        circuit.cx(number % 4, (number + 1) % 4)
    land = nc.Landscape(circuit, nc.observables.heisenberg(4))
    theta = np.random.default_rng(4).normal(size=(3, 12))
    exact = [float(Statevector(circuit.assign_parameters(t)).expectation_value(land.observable).real) for t in theta]
    found = peers.matrix_product_state(Contest(land, nc.Gaussian(0.3), 1e-8, theta, 60.0, 2**30), np.array(exact))
    assert found.size is not None and found.rms_error < 1e-8


def a_result(success):
    return SimpleNamespace(success=success, status="ERROR: out of memory", data=lambda k: {})


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda self, circuits: 1 / 0, "failed at 2 bonds: ZeroDivisionError: division by zero"),
        (lambda self, circuits: SimpleNamespace(result=lambda: a_result(False)), "failed at 2 bonds: .*out of memory"),
        (lambda self, circuits: SimpleNamespace(result=lambda: a_result(True)), "failed at 2 bonds: KeyError"),
        (None, "failed: TypeError"),
    ],
)
def test_a_competitor_that_breaks_is_a_note_in_its_row(land, monkeypatch, run, words):
    fake = ModuleType("qiskit_aer")
    fake.AerSimulator = lambda **options: SimpleNamespace(operation_names=["cx", "rz", "sx"], run=lambda c: run(None, c))
    if run is None:
        fake.AerSimulator = lambda: None
    monkeypatch.setitem(sys.modules, "qiskit_aer", fake)
    broken = ModuleType("pauli_prop")
    monkeypatch.setitem(sys.modules, "pauli_prop", broken)
    found = nc.simulation_cost(land, nc.Gaussian(0.12), 0.1, samples=10**5, rng=5)
    assert re.match(words, found["matrix product state (Aer)", "rms"].note)
    assert re.match("failed at 16 Pauli strings: AttributeError", found["Pauli propagation (pauli-prop)", "rms"].note)
    assert found["statevector", "exact"].rms_error == 0.0


def test_an_order_is_not_claimed_from_errors_that_were_not_seen():
    """The exact rms error of order 8 is 0.0079 in the wide patch: 50,000 samples cannot tell it from 0.01, more can.

    Order 14, above the 13 flips that a path can have, is right without a sample. In the narrow patch, where it is 0.0049 at
    order 1, paths of few flips are summed, and as many samples are enough.
    """
    land, narrow, wide = nc.Landscape(efficient_su2(6, reps=2), SparsePauliOp("ZZIIII")), nc.Gaussian(0.05), nc.Gaussian(0.7)
    assert (
        0.0045 < nc.surrogate(land, 1).rms_error(narrow) < 0.0053 and 0.007 < nc.surrogate(land, 8).rms_error(wide) < 0.009
    )

    def orders(patch, **samples):
        return [nc.simulation_cost(land, patch, 1e-2, max_seconds=0.1, rng=seed, **samples).rms_order for seed in range(4)]

    assert orders(narrow, samples=50_000) == [1] * 4
    assert orders(wide, samples=50_000) == [14] * 4
    assert all(8 <= order <= 10 for order in orders(wide, samples=10**6))
