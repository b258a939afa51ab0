"""Circuits that the authors of this package did not write, each with a value and a derivative that another library gives.

`SUITE` holds, by source and name, a function that builds a `Case`. Qiskit's circuits are compared with its `Statevector`,
their derivatives along random directions with a difference quotient of fourth order; PennyLane's with `default.qubit`
and its own gradient; Cirq's with its simulator. Beyond twelve qubits they meet at a Clifford point, with `StabilizerState`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
from qiskit import QuantumCircuit, qasm2, transpile
from qiskit.circuit import library
from qiskit.quantum_info import Clifford, SparsePauliOp, StabilizerState, Statevector
from qiskit.transpiler import CouplingMap

import nearclifford as nc

SUITE: dict[tuple[str, str], Callable[[], Case]] = {}
STENCIL = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
HYDROGEN = {
    "IIII": -0.81054798160031430, "ZIII": -0.22575349071287365, "IZII": 0.17218393211855787, "ZZII": 0.12091263243164174,
    "IIZI": -0.22575349071287362, "ZIZI": 0.17464343053355980, "IZZI": 0.16614543242281926, "IIIZ": 0.17218393211855818,
    "ZIIZ": 0.16614543242281926, "IZIZ": 0.16892753870087912, "IIZZ": 0.12091263243164174, "XXXX": 0.04523279999117751,
    "YYXX": 0.04523279999117751, "XXYY": 0.04523279999117751, "YYYY": 0.04523279999117751,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A circuit of another library as this package takes it, a point, and what the library says there.

    `value` maps theta to a float; `gradient` maps it to shape ``(D,)``, or is None where only values exist.
    """

    circuit: QuantumCircuit
    observable: Any
    theta: np.ndarray
    center: np.ndarray
    value: Callable[[np.ndarray], float]
    gradient: Callable[[np.ndarray], np.ndarray] | None
    reference: str


def enter(source: str, name: str) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    """Return a decorator that puts a case into the suite."""

    def entered(build: Callable[[], Case]) -> Callable[[], Case]:
        SUITE[source, name] = build
        return build

    return entered


def of_qiskit(
    circuit: QuantumCircuit, observable: SparsePauliOp, theta: np.ndarray | None = None, center: Any = None
) -> Case:
    """A circuit of Qiskit with its Statevector; without theta, at a random point about the centre 0."""
    d = circuit.num_parameters
    point = np.random.default_rng(5).normal(0, 0.7, d) if theta is None else theta
    place = np.zeros(d) if center is None else center
    if circuit.num_qubits > 12:
        return at_clifford_point(circuit, observable)
    bare = circuit.remove_final_measurements(inplace=False) or circuit

    def value(angles: np.ndarray) -> float:
        return float(Statevector(bare.assign_parameters(angles)).expectation_value(observable).real)

    return Case(circuit, observable, point, place, value, None, "Statevector")


def at_clifford_point(circuit: QuantumCircuit, observable: SparsePauliOp) -> Case:
    """A large circuit at a random Clifford point, with the tableau of Qiskit; parameter shifts are Clifford points too."""
    center = np.random.default_rng(5).integers(0, 4, circuit.num_parameters) * (np.pi / 2)
    simple = transpile(circuit, basis_gates=["h", "cx", "cz", "rx", "ry", "rz", "rzz"], optimization_level=0)

    def value(angles: np.ndarray) -> float:
        native = transpile(
            simple.assign_parameters(angles), basis_gates=["rz", "h", "cx", "rx", "ry", "cz"], optimization_level=0
        )
        state = StabilizerState(Clifford(native))
        return float(
            sum(c.real * state.expectation_value(p) for p, c in zip(observable.paulis, observable.coeffs, strict=True))
        )

    return Case(circuit, observable, center, center, value, None, "StabilizerState")


def of_pennylane(
    body: Callable[..., None], shapes: list[tuple[int, ...]], hamiltonian: Any, wires: int, *fixed: Any
) -> Case:
    """A circuit of PennyLane: a function of arrays, and of data that stay fixed, and what it measures."""
    import pennylane as qml

    pnp, rng = qml.numpy, np.random.default_rng(5)
    arrays = [pnp.array(rng.normal(0, 0.7, shape), requires_grad=True) for shape in shapes]
    data = [pnp.array(part, requires_grad=False) for part in fixed]

    @qml.qnode(qml.device("default.qubit", wires=wires))
    def energy(*arguments: Any) -> Any:
        body(*arguments)
        return qml.expval(hamiltonian)

    def parts(theta: np.ndarray) -> list[Any]:
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        cut = zip(np.split(theta, ends), shapes, strict=True)
        return [pnp.array(part.reshape(shape), requires_grad=True) for part, shape in cut]

    def gradient(theta: np.ndarray) -> np.ndarray:
        found = qml.grad(energy)(*parts(theta), *data)
        return np.concatenate([np.ravel(part) for part in (found if isinstance(found, tuple) else (found,))])

    taken = nc.from_pennylane(energy, *arrays, *data)
    zero = np.zeros(len(taken.theta))
    value = lambda theta: float(energy(*parts(theta), *data))  # noqa: E731
    return Case(taken.circuit, taken.observable, taken.theta, zero, value, gradient, "default.qubit")


def of_cirq(circuit: Any, observable: Any) -> Case:
    """A circuit of Cirq with its own simulator in double precision."""
    import cirq

    taken = nc.from_cirq(circuit, observable)
    theta = np.random.default_rng(5).normal(0, 0.4, len(taken.theta))

    def value(angles: np.ndarray) -> float:
        resolver = dict(zip(taken.parameters, angles.tolist(), strict=True))
        simulator = cirq.Simulator(dtype=np.complex128)
        return float(simulator.simulate_expectation_values(circuit, observable, param_resolver=resolver)[0].real)

    return Case(taken.circuit, taken.observable, theta, np.zeros(len(theta)), value, None, "cirq.Simulator")


def of_text(text: str, observable: SparsePauliOp, free: str = "non-clifford") -> Case:
    """An OpenQASM 2 file with numbers: its non-Clifford angles are free, and the centre is the nearest Clifford point."""
    taken = nc.from_qasm(text, observable, free=free)
    steps = [np.pi / 2, np.pi]
    centers = [np.round(taken.theta / step) * step for step in steps]
    return of_qiskit(taken.circuit, observable, taken.theta, next((c for c in centers if _clifford(taken, c)), centers[0]))


def _clifford(taken: Any, center: np.ndarray) -> bool:
    try:
        nc.Landscape(taken.circuit, taken.observable, center).value(center)
    except nc.NearCliffordError:
        return False
    return True


def derivative(case: Case, theta: np.ndarray, direction: np.ndarray, step: float = 1e-3) -> float:
    """The derivative of the other library's values along a direction, to fourth order in the step."""
    return sum(weight * case.value(theta + shift * step * direction) for shift, weight in STENCIL) / step


def heisenberg(n: int) -> SparsePauliOp:
    """XX + YY + ZZ on neighbours of a line."""
    return SparsePauliOp.from_sparse_list([(p * 2, [k, k + 1], 1.0) for k in range(n - 1) for p in "XYZ"], n)


def ising(n: int) -> SparsePauliOp:
    """ZZ on neighbours of a line and half an X on each qubit."""
    bonds = [("ZZ", [k, k + 1], 1.0) for k in range(n - 1)]
    return SparsePauliOp.from_sparse_list(bonds + [("X", [k], 0.5) for k in range(n)], n)


def cut(graph: Any, weighted: bool = False) -> SparsePauliOp:
    """Half the ZZ of each edge; with weights, those of the edges by their ends."""
    edges = [("ZZ", list(edge), 0.5 + (0.1 * (sum(edge) % 3) if weighted else 0)) for edge in graph.edges]
    return SparsePauliOp.from_sparse_list(edges, graph.number_of_nodes())


def _qiskit_library() -> None:
    rows: list[tuple[str, Callable[[], QuantumCircuit], Callable[[int], SparsePauliOp]]] = [
        (f"efficient_su2(5, {form!r})", lambda form=form: library.efficient_su2(5, reps=2, entanglement=form), heisenberg)
        for form in ("linear", "full", "circular", "pairwise", "sca")
    ]
    rows += [
        ("real_amplitudes(6)", lambda: library.real_amplitudes(6, reps=2), ising),
        ("real_amplitudes(8, 'full')", lambda: library.real_amplitudes(8, "full", reps=1), ising),
        ("n_local(5, rx rz, cz)", lambda: library.n_local(5, ["rx", "rz"], "cz", "linear", reps=2), heisenberg),
        ("n_local(4, ry, crx)", lambda: library.n_local(4, "ry", "crx", "linear", reps=2), ising),
        ("n_local(5, ry, rzz)", lambda: library.n_local(5, "ry", "rzz", "linear", reps=2), ising),
        ("TwoLocal(5, ry rz, cz, 'full')", lambda: library.TwoLocal(5, ["ry", "rz"], "cz", "full", reps=2), heisenberg),
        ("excitation_preserving(4, iswap)", lambda: library.excitation_preserving(4, "iswap", reps=2), heisenberg),
        ("excitation_preserving(4, fsim)", lambda: library.excitation_preserving(4, "fsim", reps=1), heisenberg),
        ("pauli_two_design(5)", lambda: library.pauli_two_design(5, reps=3, seed=3), ising),
        ("zz_feature_map(3), data free", lambda: library.zz_feature_map(3, reps=1), ising),
        ("z_feature_map(4), data free, real_amplitudes", lambda: _composed(library.z_feature_map(4), False), ising),
        ("zz_feature_map(4) at data, real_amplitudes", lambda: _composed(library.zz_feature_map(4), True), ising),
        ("pauli_feature_map(4) at data, efficient_su2", _pauli_map, ising),
        (
            "hamiltonian_variational_ansatz(6)",
            lambda: library.hamiltonian_variational_ansatz(heisenberg(6), reps=2),
            heisenberg,
        ),
        ("evolved_operator_ansatz(4)", _evolved, heisenberg),
        ("real_amplitudes(50)", lambda: library.real_amplitudes(50, reps=2), ising),
        ("efficient_su2(30)", lambda: library.efficient_su2(30, reps=2), heisenberg),
    ]
    for name, build, observable in rows:
        enter("Qiskit", name)(lambda build=build, observable=observable: _with(build(), observable))
    graphs = {
        "ring of 8, p = 2": (nx.cycle_graph(8), 2, False),
        "3-regular, 8 nodes, p = 3": (nx.random_regular_graph(3, 8, seed=1), 3, False),
        "weighted, 6 nodes, p = 2": (nx.complete_graph(6), 2, True),
        "3-regular, 50 nodes, p = 1": (nx.random_regular_graph(3, 50, seed=1), 1, False),
    }
    for name, (graph, depth, weighted) in graphs.items():
        enter("Qiskit", f"qaoa_ansatz({name})")(lambda a=graph, b=depth, c=weighted: _qaoa(a, b, c))


def _with(circuit: QuantumCircuit, observable: Callable[[int], SparsePauliOp]) -> Case:
    return of_qiskit(circuit, observable(circuit.num_qubits))


def _composed(features: QuantumCircuit, bound: bool) -> QuantumCircuit:
    data = features.assign_parameters(np.linspace(0.3, 1.1, 4)) if bound else features
    return data.compose(library.real_amplitudes(4, reps=2))


def _pauli_map() -> QuantumCircuit:
    data = library.pauli_feature_map(4, reps=1, paulis=["Z", "XX"]).assign_parameters(np.linspace(0.3, 1.1, 4))
    return data.compose(library.efficient_su2(4, reps=1))


def _evolved() -> QuantumCircuit:
    return library.evolved_operator_ansatz([SparsePauliOp(p) for p in ("XYII", "IXYI", "IIXY", "ZZII", "YXXX")], reps=2)


def _qaoa(graph: Any, depth: int, weighted: bool) -> Case:
    operator = cut(graph, weighted)
    return of_qiskit(library.qaoa_ansatz(operator, reps=depth), operator)


def _transpiled() -> None:
    ibm, line = ["rz", "sx", "x", "cx"], CouplingMap.from_line(7)
    su2 = lambda: library.efficient_su2(5, entanglement="full", reps=1)  # noqa: E731
    for level in range(4):
        settings = {"basis_gates": ibm, "coupling_map": line, "optimization_level": level, "seed_transpiler": 2}
        enter("Qiskit, transpiled", f"efficient_su2(5) on a line of 7, level {level}")(
            lambda settings=settings: _native(su2(), heisenberg(5), settings)
        )
    others: dict[str, tuple[Callable[[], tuple[QuantumCircuit, SparsePauliOp]], dict[str, Any]]] = {
        "efficient_su2(5) to ecr rz sx": (lambda: (su2(), heisenberg(5)), {"basis_gates": ["ecr", "rz", "sx", "x"]}),
        "real_amplitudes(5) to rx ry rz rxx": (
            lambda: (library.real_amplitudes(5, reps=2), ising(5)),
            {"basis_gates": ["rx", "ry", "rz", "rxx"]},
        ),
        "QAOA ring of 6 to cz rz sx, level 3": (
            lambda: (library.qaoa_ansatz(cut(nx.cycle_graph(6)), reps=2), cut(nx.cycle_graph(6))),
            {"basis_gates": ["cz", "rz", "sx", "x"], "coupling_map": CouplingMap.from_ring(8), "optimization_level": 3},
        ),
        "UCCSD H2 to cx rz sx, level 2": (
            lambda: (_ucc("H2").circuit, SparsePauliOp.from_list(list(HYDROGEN.items()))),
            {"basis_gates": ibm, "coupling_map": CouplingMap.from_line(5), "optimization_level": 2},
        ),
    }
    for name, (build, settings) in others.items():
        enter("Qiskit, transpiled", name)(
            lambda build=build, settings=settings: _native(*build(), {"seed_transpiler": 2, **settings})
        )
    enter("Qiskit, transpiled", "real_amplitudes(5), measured")(_measured)


def _native(circuit: QuantumCircuit, operator: SparsePauliOp, settings: dict[str, Any]) -> Case:
    native = transpile(circuit, **settings)
    return of_qiskit(native, operator.apply_layout(native.layout))


def _measured() -> Case:
    circuit = library.real_amplitudes(5, reps=2)
    circuit.measure_all()
    return of_qiskit(circuit, ising(5))


def _ucc(name: str) -> Case:
    from qiskit_nature.second_q.circuit.library import PUCCD, UCC, UCCSD, HartreeFock
    from qiskit_nature.second_q.hamiltonians import FermiHubbardModel
    from qiskit_nature.second_q.hamiltonians.lattices import BoundaryCondition, LineLattice
    from qiskit_nature.second_q.mappers import BravyiKitaevMapper, JordanWignerMapper, ParityMapper

    orbitals, electrons, mapper, build = {
        "H2": (2, (1, 1), JordanWignerMapper(), UCCSD),
        "H2, Bravyi-Kitaev": (2, (1, 1), BravyiKitaevMapper(), UCCSD),
        "H2, parity": (2, (1, 1), ParityMapper((1, 1)), UCCSD),
        "LiH's active space, 2 electrons": (3, (1, 1), JordanWignerMapper(), UCCSD),
        "pair doubles, 4 electrons": (4, (2, 2), JordanWignerMapper(), PUCCD),
        "doubles alone, 6 qubits": (3, (2, 2), JordanWignerMapper(), UCC),
    }[name]
    start = HartreeFock(orbitals, electrons, mapper)
    extra = {"excitations": "d"} if build is UCC else {}
    circuit = build(orbitals, electrons, qubit_mapper=mapper, initial_state=start, **extra)
    model = FermiHubbardModel(
        LineLattice(orbitals, boundary_condition=BoundaryCondition.OPEN).uniform_parameters(-1.0, 0.3), 2.0
    )
    operator = mapper.map(model.second_q_op()) if name != "H2" else SparsePauliOp.from_list(list(HYDROGEN.items()))
    return of_qiskit(circuit, operator)


def _nature() -> None:
    for name in ("H2", "H2, Bravyi-Kitaev", "H2, parity", "LiH's active space, 2 electrons", "pair doubles, 4 electrons"):
        enter("qiskit-nature", f"UCC {name}")(lambda name=name: _ucc(name))
    enter("qiskit-nature", "UCC doubles alone, 6 qubits")(lambda: _ucc("doubles alone, 6 qubits"))


def mqt(name: str, size: int, bound: bool, native: bool = False) -> QuantumCircuit:
    """A circuit of MQT Bench with its final measurements and barriers taken off."""
    from mqt.bench import BenchmarkLevel, get_benchmark
    from mqt.bench.targets import get_target_for_gateset

    level = BenchmarkLevel.NATIVEGATES if native else BenchmarkLevel.INDEP
    target = get_target_for_gateset("ibm_falcon", num_qubits=size) if native else None
    return get_benchmark(name, level, size, target=target, random_parameters=bound).remove_final_measurements(inplace=False)


def _mqt() -> None:
    for name, size in (("vqe_real_amp", 6), ("vqe_su2", 5), ("vqe_two_local", 5), ("qaoa", 6), ("qnn", 5)):
        enter("MQT Bench", f"{name}, {size} qubits")(lambda a=name, b=size: _with(mqt(a, b, bound=False), ising))
    for name, size in (("qnn", 4), ("bmw_quark_cardinality", 4), ("bmw_quark_copula", 4), ("qft", 4), ("wstate", 5)):
        enter("MQT Bench", f"{name}, {size} qubits, bound, non-Clifford angles free")(
            lambda a=name, b=size: of_text(qasm2.dumps(mqt(a, b, bound=True)), ising(b))
        )
    enter("MQT Bench", "vqe_su2, 4 qubits, native gates, bound")(
        lambda: of_text(qasm2.dumps(mqt("vqe_su2", 4, bound=True, native=True)), ising(4))
    )


def _pennylane() -> None:
    import pennylane as qml
    from foreign_pennylane import bodies

    def line(n: int) -> Any:
        strings = [qml.Z(k) @ qml.Z(k + 1) for k in range(n - 1)] + [qml.X(k) for k in range(n)]
        return qml.dot([1.0] * (n - 1) + [0.5] * n, strings)

    for name, (body, shapes, wires, fixed, hamiltonian) in bodies().items():
        enter("PennyLane", name)(
            lambda a=body, b=shapes, c=wires, d=fixed, e=hamiltonian: of_pennylane(a, b, e or line(c), c, *d)
        )


def _cirq() -> None:
    import cirq
    import sympy

    qubits = cirq.LineQubit.range(6)
    bonds = sum((cirq.Z(a) * cirq.Z(b) for a, b in pairwise(qubits)), cirq.PauliSum())
    field = bonds + sum((0.5 * cirq.X(q) for q in qubits), cirq.PauliSum())

    @enter("Cirq", "QAOA of its documentation, p = 2")
    def qaoa() -> Case:
        gamma, beta = sympy.symbols("g:2"), sympy.symbols("b:2")
        layers = [
            op
            for k in range(2)
            for op in [[cirq.ZZ(a, b) ** gamma[k] for a, b in pairwise(qubits)], [cirq.X(q) ** beta[k] for q in qubits]]
        ]
        return of_cirq(cirq.Circuit([cirq.H.on_each(*qubits)], *layers), bonds)

    @enter("Cirq", "VQE of its documentation, shared half turns")
    def vqe() -> Case:
        a, b, c = sympy.symbols("alpha beta gamma")
        rows = [cirq.X(q) ** a for q in qubits], [cirq.Z(q) ** b for q in qubits[::2]]
        return of_cirq(
            cirq.Circuit(*rows, [cirq.CZ(p, q) ** c for p, q in pairwise(qubits)], [cirq.Y(q) ** a for q in qubits]), field
        )

    @enter("Cirq", "layers of rx rz, CZ, ry rz")
    def layered() -> Case:
        x = sympy.symbols("x:24")
        first = [[cirq.rx(x[k])(q), cirq.rz(x[6 + k])(q)] for k, q in enumerate(qubits)]
        last = [[cirq.ry(x[12 + k])(q), cirq.rz(x[18 + k])(q)] for k, q in enumerate(qubits)]
        return of_cirq(cirq.Circuit(first, [cirq.CZ(p, q) for p, q in pairwise(qubits)], last), field)


def fill() -> None:
    """Enter every case; libraries that are missing raise here."""
    for part in (_qiskit_library, _transpiled, _nature, _mqt, _pennylane, _cirq):
        part()
