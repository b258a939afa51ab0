"""Every gate of Qiskit's library, made with random arguments, and what a user may do to a gate.

Its controls may act on 0, it may be inverted, raised to a power, annotated, labelled and nested.
"""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import AnnotatedOperation, ControlModifier, InverseModifier, Parameter, PowerModifier, library
from qiskit.quantum_info import (
    Pauli,
    SparseObservable,
    SparsePauliOp,
    Statevector,
    random_clifford,
    random_statevector,
    random_unitary,
)
from qiskit.synthesis import LieTrotter, QDrift, SuzukiTrotter

STANDARD = {
    name: gate for name, gate in library.get_standard_gate_name_mapping().items() if name not in ("measure", "reset")
}


class Angles:
    """Angles for gates: numbers, or affine expressions of a few parameters of a circuit."""

    def __init__(self, rng, pool):
        self.rng, self.pool = rng, pool

    def number(self):
        large = float(self.rng.uniform(-1, 1) * 10 ** self.rng.uniform(0, 7))
        return large if self.rng.random() < 0.25 else self.small()

    def small(self):
        turns = int(self.rng.integers(-4, 5)) * np.pi / 2
        return [float(self.rng.normal()), turns, turns + 1e-6 * float(self.rng.normal())][self.rng.integers(3)]

    def __call__(self):
        if not self.pool or self.rng.random() < 0.3:
            return self.number()
        first, second = (self.pool[k] for k in self.rng.integers(len(self.pool), size=2))
        kinds = [
            first,
            -first,
            2 * first,
            first + np.pi / 2,
            0.7 * first - second / 2 + 0.3,
            first + self.small(),  # Qiskit rounds the sum, at 10^7 too much for differences
            first + 0.0,
        ]
        return kinds[self.rng.integers(len(kinds))]


def standard(name):
    gate = STANDARD[name]
    kind = gate.base_class

    def make(rng, angle, _):
        if name == "delay":
            return kind(int(rng.integers(100)))
        arguments = [angle() for _ in gate.params]
        if gate.num_qubits and getattr(gate, "num_ctrl_qubits", 0) and rng.random() < 0.7:
            return kind(
                *arguments, ctrl_state=int(rng.integers(2**gate.num_ctrl_qubits)), label="a" if rng.random() < 0.2 else None
            )
        return kind(*arguments)

    return make


def unit(rng, count):
    return np.exp(1j * rng.choice([0, np.pi / 2, np.pi, 0.3, 2.1], size=count))


def pauli(rng, n):
    return "".join(rng.choice(list("IXYZ"), size=n))


def evolution(rng, angle, room):
    """Of one term, of terms that commute, of terms that do not, of projectors, of a list; by any synthesis."""
    n = int(rng.integers(1, room + 1))
    kind = rng.integers(6)
    if kind == 0:
        operator = SparsePauliOp(pauli(rng, n), [rng.normal()])
    elif kind == 1:
        operator = SparsePauliOp(["".join(rng.choice(list("IZ"), size=n)) for _ in range(3)], rng.normal(size=3))
    elif kind == 2:
        operator = SparsePauliOp([pauli(rng, n) for _ in range(2)], rng.normal(size=2))
    elif kind == 3:
        letters = list("IXYZ01+-rl")
        operator = SparseObservable.from_list(
            [("".join(rng.choice(letters, size=n)), rng.normal()) for _ in range(rng.integers(1, 3))]
        )
    elif kind == 4:
        operator = Pauli(pauli(rng, n))
    else:
        operator = [SparsePauliOp(pauli(rng, n), [rng.normal()]) for _ in range(2)]
    synthesis = [None, LieTrotter(reps=2), SuzukiTrotter(order=2), QDrift(reps=2)][rng.integers(4)]
    return library.PauliEvolutionGate(operator, time=angle(), synthesis=synthesis)


def invertible(rng, n):
    while True:
        matrix = rng.integers(2, size=(n, n))
        if round(np.linalg.det(matrix)) % 2:
            return matrix.astype(bool)


def some(rng, low, high):
    return int(rng.integers(low, high + 1))


# Name -> how to make one: (rng, angle, the number of qubits that there are).
SPECIAL = {
    "AndGate": lambda rng, angle, room: library.AndGate(some(rng, 1, room - 1), None),
    "BitFlipOracleGate": lambda rng, angle, room: library.BitFlipOracleGate("a & ~b"),
    "BitwiseXorGate": lambda rng, angle, room: library.BitwiseXorGate(room, some(rng, 0, 2**room - 1)),
    "DiagonalGate": lambda rng, angle, room: library.DiagonalGate(unit(rng, 2 ** some(rng, 1, room)).tolist()),
    "ExactReciprocalGate": lambda rng, angle, room: library.ExactReciprocalGate(
        some(rng, 2, room - 1), 0.3, bool(rng.integers(2))
    ),
    "FullAdderGate": lambda rng, angle, room: library.FullAdderGate(1),
    "GraphStateGate": lambda rng, angle, room: library.GraphStateGate(
        (lambda a: np.triu(a, 1) + np.triu(a, 1).T)(rng.integers(2, size=(room, room)))
    ),
    "HalfAdderGate": lambda rng, angle, room: library.HalfAdderGate(1),
    "HamiltonianGate": lambda rng, angle, room: library.HamiltonianGate(
        SparsePauliOp(["XZ", "ZI"], rng.normal(size=2)).to_matrix(), angle()
    ),
    "InnerProductGate": lambda rng, angle, room: library.InnerProductGate(room // 2),
    "IntegerComparatorGate": lambda rng, angle, room: library.IntegerComparatorGate(
        2, some(rng, 0, 4), bool(rng.integers(2))
    ),
    "LinearAmplitudeFunctionGate": lambda rng, angle, room: library.LinearAmplitudeFunctionGate(2, 0.5, 0.1, (0, 1), (0, 1)),
    "LinearFunction": lambda rng, angle, room: library.LinearFunction(invertible(rng, room)),
    "LinearPauliRotationsGate": lambda rng, angle, room: library.LinearPauliRotationsGate(
        2, angle(), angle(), rng.choice(list("XYZ"))
    ),
    "MCGupDiag": lambda rng, angle, room: library.MCGupDiag(random_unitary(2, seed=rng).data, 1, 0, 0),
    "MCMTGate": lambda rng, angle, room: library.MCMTGate(
        [library.HGate(), library.ZGate(), library.RYGate(angle()), library.PhaseGate(angle())][rng.integers(4)],
        2,
        room - 2,
        some(rng, 0, 3),
    ),
    "MCPhaseGate": lambda rng, angle, room: library.MCPhaseGate(
        angle(), room - 1, ctrl_state=some(rng, 0, 2 ** (room - 1) - 1)
    ),
    "MCU1Gate": lambda rng, angle, room: library.MCU1Gate(angle(), room - 1, ctrl_state=some(rng, 0, 2 ** (room - 1) - 1)),
    "MCXGate": lambda rng, angle, room: library.MCXGate(room - 1, ctrl_state=some(rng, 0, 2 ** (room - 1) - 1)),
    "MCXGrayCode": lambda rng, angle, room: library.MCXGrayCode(room - 1, ctrl_state=some(rng, 0, 2 ** (room - 1) - 1)),
    "MCXRecursive": lambda rng, angle, room: library.MCXRecursive(2, ctrl_state=some(rng, 0, 3)),
    "MCXVChain": lambda rng, angle, room: library.MCXVChain(3, dirty_ancillas=True, ctrl_state=some(rng, 0, 7)),
    "MSGate": lambda rng, angle, room: library.MSGate(room, angle()),
    "ModularAdderGate": lambda rng, angle, room: library.ModularAdderGate(room // 2),
    "MultiplierGate": lambda rng, angle, room: library.MultiplierGate(1),
    "OrGate": lambda rng, angle, room: library.OrGate(some(rng, 1, room - 1)),
    "PauliEvolutionGate": evolution,
    "PauliGate": lambda rng, angle, room: library.PauliGate(pauli(rng, room)),
    "PauliProductRotationGate": lambda rng, angle, room: library.PauliProductRotationGate(
        Pauli(rng.choice(["", "-"]) + pauli(rng, room)), angle()
    ),
    "PermutationGate": lambda rng, angle, room: library.PermutationGate(rng.permutation(room).tolist()),
    "PhaseOracleGate": lambda rng, angle, room: library.PhaseOracleGate("(a | b) & ~c"),
    "PiecewiseChebyshevGate": lambda rng, angle, room: library.PiecewiseChebyshevGate(
        lambda x: 0.3 * np.sin(x), 2, 2, [0, 2, 4]
    ),
    "PiecewiseLinearPauliRotationsGate": lambda rng, angle, room: library.PiecewiseLinearPauliRotationsGate(
        2, [0, 2], [0.3, 0.7], [0.1, 0.2], rng.choice(list("XYZ"))
    ),
    "PiecewisePolynomialPauliRotationsGate": lambda rng, angle, room: library.PiecewisePolynomialPauliRotationsGate(
        2, [0, 2], [[0.1, 0.2], [0.3, 0.4]]
    ),
    "PolynomialPauliRotationsGate": lambda rng, angle, room: library.PolynomialPauliRotationsGate(2, [0.3, 0.2, 0.1]),
    "QFTGate": lambda rng, angle, room: library.QFTGate(some(rng, 1, room)),
    "QuadraticFormGate": lambda rng, angle, room: library.QuadraticFormGate(2, [[1, 0], [0, 1]], [1, 1], 0),
    "RVGate": lambda rng, angle, room: library.RVGate(angle(), angle(), angle()),
    "StatePreparation": lambda rng, angle, room: library.StatePreparation(
        [random_statevector(2**room, seed=rng), some(rng, 0, 2**room - 1), "+1r0l"[:room]][rng.integers(3)]
    ),
    "UCGate": lambda rng, angle, room: library.UCGate([random_unitary(2, seed=rng).data for _ in range(4)]),
    "UCPauliRotGate": lambda rng, angle, room: library.UCPauliRotGate(rng.normal(size=4).tolist(), rng.choice(list("XYZ"))),
    "UCRXGate": lambda rng, angle, room: library.UCRXGate(rng.normal(size=2 ** some(rng, 0, 2)).tolist()),
    "UCRYGate": lambda rng, angle, room: library.UCRYGate(rng.normal(size=4).tolist()),
    "UCRZGate": lambda rng, angle, room: library.UCRZGate(rng.normal(size=4).tolist()),
    "UniformSuperpositionGate": lambda rng, angle, room: library.UniformSuperpositionGate(some(rng, 2, 7), 3),
    "UnitaryGate": lambda rng, angle, room: library.UnitaryGate(
        [random_unitary(2 ** some(rng, 1, room), seed=rng), nearly_local(rng)][rng.integers(2)]
    ),
    "WeightedSumGate": lambda rng, angle, room: library.WeightedSumGate(2, [1, 1]),
    "Isometry": lambda rng, angle, room: library.Isometry(random_unitary(4, seed=rng).data[:, : some(rng, 1, 2) * 2], 0, 0),
    "Clifford": lambda rng, angle, room: random_clifford(some(rng, 1, room), seed=rng),
}
if not hasattr(library, "PauliProductRotationGate"):  # of Qiskit 2.4
    del SPECIAL["PauliProductRotationGate"]


def nearly_local(rng):
    """A two-qubit unitary that a synthesis might round to one of fewer CX."""
    local = np.kron(random_unitary(2, seed=rng).data, random_unitary(2, seed=rng).data)
    small = library.RZZGate(10.0 ** rng.uniform(-12, -3)).to_matrix()
    return local @ small @ np.kron(random_unitary(2, seed=rng).data, random_unitary(2, seed=rng).data)


MAKERS = {name: standard(name) for name in STANDARD} | SPECIAL


def changed(rng, angle, gate, depth):
    """Do something to a gate that keeps it unitary: its name says what."""
    kind = ["plain", "inverse", "control", "power", "annotated", "nested", "label"][rng.integers(7)] if depth else "plain"
    if kind == "plain" or not hasattr(gate, "inverse"):
        return gate, ""
    if kind == "inverse":
        return gate.inverse(), "inverse "
    if kind == "control":
        state = int(rng.integers(2))
        return gate.control(1, ctrl_state=state, annotated=bool(rng.integers(2))), f"control({state}) "
    if kind == "power":
        exponent = [2, -1, 0, 0.5, 3][rng.integers(5)]
        return gate.power(exponent, annotated=bool(rng.integers(2))), f"power({exponent}) "
    if kind == "annotated":
        modifiers = [
            InverseModifier(),
            ControlModifier(1, int(rng.integers(2))),
            PowerModifier([2, -1, 0.5][rng.integers(3)]),
        ]
        chosen = [modifiers[k] for k in rng.permutation(3)[: rng.integers(1, 3)]]
        return AnnotatedOperation(gate, chosen), "annotated " + "+".join(type(m).__name__[:3] for m in chosen) + " "
    if kind == "label":
        labelled = gate.to_mutable() if hasattr(gate, "to_mutable") else gate
        labelled.label = "x"
        return labelled, "label "
    inner = QuantumCircuit(gate.num_qubits + 1, name="x", global_phase=angle())
    inner.append(gate, rng.permutation(gate.num_qubits + 1)[: gate.num_qubits].tolist())
    inner.sx(0)
    nested = inner.to_gate() if rng.integers(2) and hasattr(gate, "to_mutable") else inner.to_instruction()
    return nested, "nested "


def random_operation(rng, pool, n_qubits, depth=2):
    """Return (operation, what it is); raises whatever Qiskit raises for what it does not make."""
    angle = Angles(rng, pool)
    name = list(MAKERS)[rng.integers(len(MAKERS))]
    gate, said = MAKERS[name](rng, angle, n_qubits), name
    for level in range(depth):
        gate, how = changed(rng, angle, gate, depth - level)
        said = how + said
    return gate, said


def at(circuit, theta):
    """The state that Qiskit computes."""
    return Statevector(circuit.assign_parameters(np.asarray(theta, dtype=float)))


def any_circuit(rng, most_qubits=5):
    """Return (circuit, what is in it): one to four operations of any kind between layers of rotations."""
    n_qubits, pool = int(rng.integers(4, most_qubits + 1)), [Parameter("a"), Parameter("b")]
    circuit, said = QuantumCircuit(n_qubits + 2, global_phase=0.3 * pool[0]), []
    circuit.rx(pool[0], 0)
    wanted = int(rng.integers(1, 5))
    while len(said) < wanted:
        operation, what = an_operation(rng, pool, n_qubits)
        if operation.num_qubits > circuit.num_qubits:
            continue
        circuit.append(operation, rng.permutation(circuit.num_qubits)[: operation.num_qubits].tolist())
        said.append(what)
        for qubit in range(circuit.num_qubits):
            circuit.ry(float(rng.normal()), qubit)
            circuit.rz(float(rng.normal()), qubit)
    return circuit, said


def an_operation(rng, pool, n_qubits):
    """The first of random operations that Qiskit makes, and has a state for."""
    while True:
        try:
            operation, what = random_operation(rng, pool, n_qubits)
            alone = QuantumCircuit(operation.num_qubits)
            alone.append(operation, range(operation.num_qubits))
            at(alone, np.zeros(len(alone.parameters)))
        except Exception:  # whatever Qiskit raises
            continue
        return operation, what


def six_point_gradient(circuit, observable, theta, step=2e-3):
    """The gradient of Qiskit's value by central differences of the sixth order."""
    gradient = np.empty(len(theta))
    for k in range(len(theta)):
        moves = np.zeros((6, len(theta)))
        moves[:, k] = step * np.array([-3, -2, -1, 1, 2, 3])
        values = [at(circuit, theta + move).expectation_value(observable).real for move in moves]
        gradient[k] = np.dot([-1, 9, -45, 45, -9, 1], values) / (60 * step)
    return gradient
