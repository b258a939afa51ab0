"""Circuits of PennyLane against PennyLane: values and gradients to 1e-12, templates included."""

from __future__ import annotations

import numpy as np
import pytest

import nearclifford as nc

qml = pytest.importorskip("pennylane")
pnp = qml.numpy

WIRES = 4
SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {}
BODIES = {}


def measured():
    z0, x1, y2, z3 = qml.Z(0), qml.X(1), qml.Y(2), qml.Z(3)
    return qml.expval(z0 @ x1 + 0.5 * y2 @ z3 - 0.3 * qml.X(0) + 0.7 * qml.sum(z3, qml.s_prod(2.0, qml.prod(z0, y2))))


def body(*shapes):
    """Enter a circuit by the name of its function, with the shapes of its arguments."""

    def entered(function):
        BODIES[function.__name__], SHAPES[function.__name__] = function, shapes
        return function

    return entered


def mix(angle=0.4):
    """A state on which every gate tells."""
    for wire in range(WIRES):
        qml.RX(angle + wire, wires=wire)
        qml.RZ(0.3 - wire, wires=wire)
    for wire in range(WIRES):
        qml.CNOT(wires=[wire, (wire + 1) % WIRES])


@body((2, WIRES, 3))
def strongly_entangling(weights):
    qml.StronglyEntanglingLayers(weights, wires=range(WIRES))


@body((2, WIRES), (WIRES,))
def basic_entangler(weights, x):
    qml.AngleEmbedding(x, wires=range(WIRES), rotation="Y")
    qml.BasicEntanglerLayers(weights, wires=range(WIRES), rotation=qml.RZ)


@body((WIRES,), (2, WIRES - 1, 2))
def simplified_two_design(initial, weights):
    qml.SimplifiedTwoDesign(initial, weights, wires=range(WIRES))


@body((2, 5))
def random_layers(weights):
    qml.RandomLayers(weights, wires=range(WIRES), seed=3)


@body((WIRES,))
def iqp_embedding(x):
    mix()
    # an angle x_i x_j is not affine, so the pattern has no pairs
    qml.IQPEmbedding(x, wires=range(WIRES), n_repeats=2, pattern=[])


@body((3,))
def uccsd(weights):
    s_wires, d_wires = qml.qchem.excitations_to_wires(*qml.qchem.excitations(2, WIRES))
    qml.UCCSD(weights, range(WIRES), s_wires, d_wires, init_state=np.array([1, 1, 0, 0]))


@body((3,))
def all_singles_doubles(weights):
    singles, doubles = qml.qchem.excitations(2, WIRES)
    qml.AllSinglesDoubles(weights, range(WIRES), np.array([1, 1, 0, 0]), singles, doubles)


@body((1, 3, 2))
def particle_conserving_u2(weights):
    mix()
    qml.MultiRZ(0.3, wires=[0, 2])
    for k in range(3):
        qml.SingleExcitation(weights[0, k, 0], wires=[k, k + 1])
        qml.FermionicSWAP(weights[0, k, 1], wires=[k + 1, k])


@body((2, 1, 2))
def gate_fabric(weights):
    qml.GateFabric(weights, wires=range(WIRES), init_state=np.array([1, 1, 0, 0]), include_pi=True)


@body((2,), (2,))
def qaoa(gammas, alphas):
    with qml.QueuingManager.stop_recording():
        cost, mixer = qml.qaoa.maxcut(pytest.importorskip("networkx").cycle_graph(WIRES))
    for wire in range(WIRES):
        qml.Hadamard(wires=wire)
    for gamma, alpha in zip(gammas, alphas, strict=True):
        qml.qaoa.cost_layer(gamma, cost)
        qml.qaoa.mixer_layer(alpha, mixer)


@body(())
def trotter(time):
    mix()
    hamiltonian = qml.dot([0.5, -1.2, 0.7], [qml.Z(0) @ qml.Z(1), qml.X(2), qml.Y(1) @ qml.X(3)])
    qml.ApproxTimeEvolution(hamiltonian, time, 2)


@body((4,))
def rotations(x):
    mix()
    for wire, gate in enumerate((qml.RX, qml.RY, qml.RZ, qml.PhaseShift)):
        gate(2 * x[wire] - 0.3, wires=wire)
        gate(x[(wire + 1) % 4] - x[wire] / 3, wires=wire)
    qml.U1(x[0], wires=0)
    qml.U2(x[1], x[2], wires=1)
    qml.U3(x[3], x[0], x[1], wires=2)
    qml.Rot(x[1], x[2], x[3], wires=3)
    qml.adjoint(qml.Rot)(x[0], x[1], x[2], wires=2)


@body((4,))
def two_qubit_rotations(x):
    mix()
    for gate, wires in ((qml.IsingXX, [0, 1]), (qml.IsingYY, [2, 0]), (qml.IsingZZ, [3, 1]), (qml.IsingXY, [1, 2])):
        gate(x[wires[0]], wires=wires)
    qml.PSWAP(x[0], wires=[1, 3])


@body((4,))
def strings(x):
    mix()
    qml.PauliRot(x[0], "XIYZ", wires=[3, 2, 1, 0])
    qml.PauliRot(x[1], "Y", wires=2)
    qml.MultiRZ(x[2], wires=[3, 0, 1])
    qml.MultiRZ(x[3], wires=2)
    qml.exp(qml.X(0) @ qml.Y(3), -0.5j)


@body((4,))
def controlled(x):
    mix()
    qml.CRX(x[0], wires=[1, 0])
    qml.CRY(x[1], wires=[0, 2])
    qml.CRZ(x[2], wires=[3, 1])
    qml.CRot(x[0], x[1], x[2], wires=[2, 3])
    qml.ControlledPhaseShift(x[3], wires=[1, 3])
    qml.ctrl(qml.RY(x[3], wires=0), control=[1, 2], control_values=[0, 1])
    qml.ctrl(qml.PhaseShift, control=3)(x[0], wires=0)


@body((4,))
def excitations(x):
    mix()
    qml.SingleExcitation(x[0], wires=[3, 1])
    qml.SingleExcitationPlus(x[1], wires=[0, 2])
    qml.SingleExcitationMinus(x[2], wires=[2, 1])
    qml.DoubleExcitation(x[3] / 2, wires=[2, 0, 3, 1])
    qml.OrbitalRotation(x[0] - x[3], wires=[0, 1, 2, 3])


@body((4,))
def fixed_gates(x):
    mix()
    qml.AngleEmbedding(x, wires=range(WIRES))
    qml.QFT(wires=[2, 0, 3])
    qml.adjoint(qml.S)(wires=1)
    qml.adjoint(qml.T)(wires=0)
    qml.adjoint(qml.SX)(wires=2)
    qml.pow(qml.T(3), 3)
    qml.Barrier(wires=[0, 1])
    for gate, wires in ((qml.CY, [0, 1]), (qml.CH, [2, 3]), (qml.CZ, [1, 3]), (qml.SWAP, [0, 3]), (qml.ISWAP, [1, 2])):
        gate(wires=wires)
    qml.SISWAP(wires=[0, 1])
    qml.ECR(wires=[3, 2])
    qml.Toffoli(wires=[2, 0, 3])
    qml.CSWAP(wires=[1, 2, 0])
    qml.GroverOperator(wires=range(WIRES))


@body((4,))
def matrices(x):
    mix()
    qml.AngleEmbedding(x, wires=range(WIRES))
    qml.QubitUnitary(qml.matrix(qml.IsingXX(0.3, [0, 1]) @ qml.T(1) @ qml.RY(0.4, 0), wire_order=[0, 1]), wires=[3, 1])
    qml.DiagonalQubitUnitary(np.exp(1j * np.arange(4) ** 2), wires=[2, 0])


@body((2, 4))
def prepared(x):
    qml.BasisState(np.array([1, 0, 1, 1]), wires=range(WIRES))
    for row in x:
        for wire in range(WIRES):
            qml.RY(row[wire] + 0.1 * wire, wires=wire)
            qml.CNOT(wires=[wire, (wire + 1) % WIRES])


def drawn(shapes, seed):
    rng = np.random.default_rng(seed)
    return tuple(pnp.array(rng.uniform(-2, 2, shape), requires_grad=True) for shape in shapes)


def flat(parts):
    parts = parts if isinstance(parts, tuple) else (parts,)
    return np.concatenate([np.ravel(part) for part in parts])


def qnode_of(function, device="default.qubit"):
    def circuit(*arguments):
        function(*arguments)
        return measured()

    return qml.QNode(circuit, qml.device(device, wires=WIRES))


def test_there_are_twenty_circuits():
    assert len(BODIES) >= 19


@pytest.mark.parametrize("name", BODIES)
def test_values_and_gradients_of_a_qnode(name):
    qnode, arguments = qnode_of(BODIES[name]), drawn(SHAPES[name], 3)
    found = nc.from_pennylane(qnode, *arguments)
    assert found.theta.tolist() == flat(arguments).tolist() and found.qubits == (0, 1, 2, 3)
    land = found.landscape()
    for seed in (3, 4):
        point = drawn(SHAPES[name], seed)
        value, gradient = land.value_and_gradient(flat(point))
        assert abs(value - qnode(*point)) < 1e-12
        assert np.abs(gradient - flat(qml.grad(qnode)(*point))).max() < 1e-12


def test_lightning_agrees():
    qnode, arguments = qnode_of(BODIES["rotations"], "lightning.qubit"), drawn(SHAPES["rotations"], 5)
    found = nc.from_pennylane(qnode, *arguments)
    assert abs(found.landscape().value(found.theta) - qnode(*arguments)) < 1e-12


@pytest.mark.parametrize("name", ["strongly_entangling", "excitations", "rotations"])
def test_a_tape_has_a_parameter_for_each_angle(name):
    arguments = drawn(SHAPES[name], 6)
    with qml.queuing.AnnotatedQueue() as queue:
        BODIES[name](*arguments)
        measured()
    tape = qml.tape.QuantumScript.from_queue(queue)
    tape.trainable_params = [k for k, info in enumerate(tape.par_info) if info["op_idx"] < len(tape.operations)]
    expected = flat(tuple(tape.get_parameters()))
    found = nc.from_pennylane(tape)
    assert found.theta.tolist() == expected.tolist()
    value, gradient = found.landscape().value_and_gradient(found.theta)
    device = qml.device("default.qubit", wires=WIRES)
    assert abs(value - qml.execute([tape], device)[0]) < 1e-12
    step = 1e-4 * np.eye(len(found.theta))
    slope = found.landscape().value(found.theta + step) - found.landscape().value(found.theta - step)
    assert np.abs(slope / 2e-4 - gradient).max() < 1e-6


def test_trainable_parameters_of_a_tape_and_their_order():
    operations = [qml.RX(0.1 * k, wires=k % 3) for k in range(1, 13)]
    tape = qml.tape.QuantumScript(
        operations, [qml.expval(qml.Z(0) + qml.Z(1) @ qml.Z(2))], trainable_params=[0, 2, 9, 10, 11]
    )
    found = nc.from_pennylane(tape)
    np.testing.assert_allclose(found.theta, [0.1, 0.3, 1.0, 1.1, 1.2])
    assert [parameter.name for parameter in found.circuit.parameters] == [f"theta[{k}]" for k in range(5)]
    gradient = qml.gradients.param_shift(tape)
    expected = np.ravel(gradient[1](qml.execute(gradient[0], qml.device("default.qubit", wires=3))))
    np.testing.assert_allclose(found.landscape().gradient(found.theta), expected, atol=1e-12)


def test_what_is_fixed_stays_fixed():
    def circuit(x, data, depth, *, axis="Z"):
        for _ in range(depth):
            qml.RX(x[0], wires="a")
            qml.RY(data[0], wires="b")
            qml.PauliRot(x[1] * data[1], f"X{axis}", wires=["a", "b"])
        return qml.expval(qml.Z("a") @ qml.X("b"))

    qnode = qml.QNode(circuit, qml.device("default.qubit", wires=["b", "a"]))
    x, data = pnp.array([0.2, 0.5]), pnp.array([0.7, 1.3], requires_grad=False)
    found = nc.from_pennylane(qnode, x, data, 2, axis="Y")
    assert found.parameters == ("x[0]", "x[1]") and found.qubits == ("b", "a")
    assert found.observable.to_list() == [("ZX", 1)]
    value, gradient = found.landscape().value_and_gradient(found.theta)
    assert abs(value - qnode(x, data, 2, axis="Y")) < 1e-12
    np.testing.assert_allclose(gradient, qml.grad(qnode)(x, data, 2, axis="Y"), atol=1e-12)
    other = nc.from_pennylane(qnode, x, data, 2, observable=qml.Y("a"), wire_order=["a", "b"])
    assert other.observable.to_list() == [("IY", 1)]


def test_a_qnode_without_arguments_and_other_numbers():
    def circuit(x, y):
        qml.RX(x, 0)
        qml.RY(y, 1)
        return qml.expval(qml.Hermitian(np.diag([1.0, 2, 3, 5]), [0, 1]))

    qnode = qml.QNode(circuit, qml.device("default.qubit"))
    found = nc.from_pennylane(qnode, 0.3, np.float64(0.4))
    assert found.parameters == ("x", "y")
    assert abs(found.landscape().value([0.3, 0.4]) - qnode(0.3, 0.4)) < 1e-12
    torch = pytest.importorskip("torch")
    found = nc.from_pennylane(qnode, torch.tensor(0.3, dtype=torch.float64, requires_grad=True), torch.tensor(0.4))
    assert found.parameters == ("x",) and found.theta.tolist() == [0.3]


def test_observables_of_pennylane_at_the_doors_of_a_landscape():
    circuit = nc.ansatz.mhea(3, 1)
    theta = np.linspace(0.1, 1.2, 12)
    expected = nc.Landscape(circuit, "Z0 X2 + 0.5 Y1").value(theta)
    for operator in (qml.Z(0) @ qml.X(2) + 0.5 * qml.Y(1), qml.Hamiltonian([1, 0.5], [qml.Z(0) @ qml.X(2), qml.Y(1)])):
        assert nc.Landscape(circuit, operator).value(theta) == pytest.approx(expected, abs=1e-14)
    with pytest.raises(nc.ObservableError, match="acts on 'a'"):
        nc.Landscape(circuit, qml.Z("a"))


@pytest.mark.parametrize(
    ("operations", "measurements", "text"),
    [
        ([qml.RX(0.1, 0), qml.DepolarizingChannel(0.1, 0)], [qml.expval(qml.Z(0))], "DepolarizingChannel"),
        ([qml.RX(0.1, 0)], [qml.probs(wires=0)], r"expected one qml\.expval"),
        ([qml.RX(0.1, 0)], [qml.expval(qml.Z(0)), qml.expval(qml.X(0))], r"expected one qml\.expval"),
        ([qml.RX(0.1, 0)], [qml.var(qml.Z(0))], r"expected one qml\.expval"),
        ([qml.RX(np.array([0.1, 0.2]), 0)], [qml.expval(qml.Z(0))], "batch of angles"),
        ([qml.RX(0.1, 0), qml.measurements.MidMeasureMP(0), qml.RX(0.2, 0)], [qml.expval(qml.Z(0))], "no unitary gate"),
    ],
)
def test_what_cannot_come_in(operations, measurements, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.from_pennylane(qml.tape.QuantumScript(operations, measurements))


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: qml.RX(x[0] ** 2, 0), "not affine"),
        (lambda x: qml.RX(qml.math.sin(x[0]), 0), "not affine"),
        (lambda x: [qml.RX(x[0], 0) for _ in range(1 + int(3 * x[0]) % 3)], "depend"),
        (lambda x: qml.RX(0.3, 0), "turn no gate"),
        (lambda x: [qml.RX(x[0], 0), qml.QubitUnitary(qml.matrix(qml.RY(x[0], 0)), 0)], "or their matrices, depend"),
        (lambda x: [qml.RX(x[0], 0), qml.PauliRot(x[0], "XY"[int(2 * x[0]) % 2], 0)], "depend on the values"),
    ],
)
def test_functions_that_no_landscape_has(function, text):
    def circuit(x):
        function(x)
        return qml.expval(qml.Z(0))

    with pytest.raises(nc.CircuitError, match=text):
        nc.from_pennylane(qml.QNode(circuit, qml.device("default.qubit", wires=1)), pnp.array([0.4]))


def test_another_observable_and_its_wires():
    tape = qml.tape.QuantumScript([qml.RX(0.1, "a"), qml.CNOT(["a", "b"])], [qml.probs(wires="a")])
    assert nc.from_pennylane(tape, observable="Z1").observable.to_list() == [("ZI", 1)]
    assert nc.from_pennylane(tape, observable=qml.Z("b") + 2 * qml.I()).observable.to_list() == [("ZI", 1), ("II", 2)]
    with pytest.raises(nc.ObservableError, match="the wire 'c'; expected one of"):
        nc.from_pennylane(tape, observable=qml.Z("c"))
    with pytest.raises(nc.CircuitError, match="RX acts on the wire 'a'"):
        nc.from_pennylane(tape, observable="Z0", wire_order=["b"])


def test_transforms_of_a_qnode_are_applied():
    @qml.transforms.cancel_inverses
    @qml.qnode(qml.device("default.qubit", wires=2))
    def circuit(x):
        qml.RX(x, 0)
        qml.Hadamard(1)
        qml.Hadamard(1)
        return qml.expval(qml.Z(0))

    assert nc.from_pennylane(circuit, 0.3).circuit.count_ops() == {"rx": 1}


def test_other_things_are_refused():
    with pytest.raises(nc.CircuitError, match="is a int; expected a QNode"):
        nc.from_pennylane(3)


def test_optimizers_of_pennylane_train_a_landscape():
    qnode, arguments = qnode_of(BODIES["strongly_entangling"]), drawn(SHAPES["strongly_entangling"], 8)
    found = nc.from_pennylane(qnode, *arguments)
    land, optimizer = found.landscape(), qml.AdamOptimizer(0.1)
    point, weights = pnp.array(found.theta, requires_grad=True), arguments[0]
    for _ in range(5):
        point = optimizer.step(land.value, point, grad_fn=land.gradient)
    ours, optimizer = point, qml.AdamOptimizer(0.1)
    for _ in range(5):
        weights = optimizer.step(qnode, weights)
    theirs = flat(weights)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)
