"""The compiler against Qiskit's `LitinskiTransformation`, which moves Clifford gates to the end by code of its own."""

import numpy as np
import pytest
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, library
from qiskit.converters import circuit_to_dag, dag_to_circuit
from qiskit.quantum_info import Clifford, Pauli, PauliList

from nearclifford.normal_form.compiler import compile_circuit

passes = pytest.importorskip("qiskit.transpiler.passes")
if not hasattr(passes, "LitinskiTransformation") or not hasattr(library, "PauliProductRotationGate"):
    pytest.skip("This Qiskit has no Litinski transformation to rotations about Pauli strings.", allow_module_level=True)

CLIFFORD = [
    library.IGate(), library.XGate(), library.YGate(), library.ZGate(), library.HGate(), library.SGate(), library.SdgGate(),
    library.SXGate(), library.SXdgGate(), library.CXGate(), library.CYGate(), library.CZGate(), library.SwapGate(),
    library.iSwapGate(), library.ECRGate(), library.DCXGate(),
]  # fmt: skip
TURNS = [library.RXGate, library.RYGate, library.RZGate, library.PhaseGate]


def circuit_of(rng, n_qubits, n_gates):
    """Clifford gates, rotations about one letter by free, fixed and Clifford angles, T gates and Pauli product rotations.

    The pass walks the circuit as a graph, in which gates on other qubits may trade places: so does this circuit.
    """
    circuit, pool = QuantumCircuit(n_qubits), [Parameter(f"p{k}") for k in range(4)]
    circuit.h(0)
    circuit.t(0)
    for _ in range(n_gates):
        parameter = pool[rng.integers(len(pool))]
        angle = [parameter, -2 * parameter, float(rng.normal()), float(rng.integers(-4, 5)) * np.pi / 2][rng.integers(4)]
        turn = TURNS[rng.integers(len(TURNS))](angle)
        kind = rng.integers(4)
        if kind == 0:
            gate = [library.TGate(), library.TdgGate(), turn][rng.integers(3)]
        elif kind == 1 and n_qubits > 1:
            letters = "".join(rng.choice(list("XYZ"), size=rng.integers(2, min(n_qubits, 5) + 1)))
            gate = library.PauliProductRotationGate(Pauli(rng.choice(["", "-"]) + letters), angle)
        else:
            gate = CLIFFORD[rng.integers(len(CLIFFORD))]
        if gate.num_qubits <= n_qubits:
            circuit.append(gate, rng.choice(n_qubits, size=gate.num_qubits, replace=False).tolist())
    return dag_to_circuit(circuit_to_dag(circuit))


def string_of(pauli, qubits, n_qubits):
    """A Pauli of Qiskit on some of the qubits, in stim's form."""
    result = stim.PauliString(n_qubits)
    for letter, qubit in zip(reversed(pauli.to_label()), qubits, strict=True):
        result[qubit] = letter
    return result


def is_clifford(angle):
    return (
        not getattr(angle, "parameters", ()) and abs(float(angle) / (np.pi / 2) - round(float(angle) / (np.pi / 2))) < 1e-9
    )


def of_litinski(circuit):
    """The rotations (string, angle) of the pass in the order in which it wrote them, and its Clifford gates."""
    found = passes.LitinskiTransformation(fix_clifford=True, use_ppr=True).run(circuit_to_dag(circuit))
    rotations, rest = [], QuantumCircuit(circuit.num_qubits)
    for node in found.op_nodes():
        qubits = [found.find_bit(qubit).index for qubit in node.qargs]
        if node.op.name == "pauli_product_rotation" and not is_clifford(node.op.params[0]):
            assert not rest.data
            rotations.append((string_of(node.op.pauli(), qubits, circuit.num_qubits), node.op.params[0]))
        else:
            rest.append(node.op, qubits)
    return rotations, Clifford(rest)


def turned_by(string, turns):
    """The tableau of Q† P Q, Q a rotation about an unsigned string by so many quarter turns."""
    letters = "*".join(f"{'_XYZ'[string[qubit]]}{qubit}" for qubit in string.pauli_indices())
    gates = stim.Circuit(f"I {len(string) - 1}\n" + f"SPP_DAG {letters}\n" * (turns % 4))
    return gates.to_tableau()


def slope_and_constant(angle, parameter):
    bound = [float(angle.bind({parameter: value})) if hasattr(angle, "bind") else float(angle) for value in (0.0, 1.0)]
    return bound[1] - bound[0], bound[0]


def parameter_of(angle):
    return next(iter(getattr(angle, "parameters", ())), Parameter("none"))


def compare(circuit):
    """Generators with signs, angles, and the remaining Clifford.

    The pass keeps an angle that is no multiple of π/2 whole; the program moves whole quarter turns to the end, which changes
    what follows. Which turns they are (π/4 lies between two) is read off the program and checked to be whole.
    """
    program = compile_circuit(circuit)
    rotations, clifford = of_litinski(circuit)
    moved = stim.Tableau(circuit.num_qubits)
    assert len(rotations) == program.angle_map.n_rotations
    names = list(program.angle_map.parameters)
    for j, (string, angle) in enumerate(rotations):
        slope, constant = slope_and_constant(angle, parameter_of(angle))
        theirs, ours = moved(string), program.generators.to_stim(j)
        relative = int((theirs.sign * ours.sign).real)
        assert theirs == ours * relative
        turns = (constant - relative * program.angle_map.offset[j]) / (np.pi / 2)
        assert abs(turns - round(turns)) < 1e-9
        row = program.angle_map.matrix[[j]].toarray()[0]
        expected = np.zeros(len(names))
        if slope:
            expected[names.index(parameter_of(angle).name)] = relative * slope
        assert row == pytest.approx(expected, abs=1e-12)
        moved = turned_by(string, round(turns)).then(moved) if round(turns) % 4 else moved
    check_clifford(program, clifford, moved)


def check_clifford(program, clifford, moved):
    """C of the program is the Clifford of the pass after the quarter turns that were moved: by every X and Z."""
    n_qubits = program.n_qubits
    unit = np.eye(2 * n_qubits, dtype=bool)
    basis = PauliList.from_symplectic(unit[:, :n_qubits], unit[:, n_qubits:])
    for before, after in zip(basis, basis.evolve(clifford, frame="h"), strict=True):
        image = stim.PauliString.from_numpy(xs=after.x, zs=after.z) * (-1 if after.phase == 2 else 1)
        assert program.pull_back(stim.PauliString.from_numpy(xs=before.x, zs=before.z)) == moved(image)


@pytest.mark.parametrize("seed", range(60))
def test_random_circuits_of_a_few_qubits(seed):
    rng = np.random.default_rng([seed, 11])
    compare(circuit_of(rng, int(rng.integers(1, 7)), int(rng.integers(1, 60))))


@pytest.mark.parametrize("n_qubits", [20, 63, 64, 65, 129])
def test_tens_of_qubits_and_the_ends_of_words(n_qubits):
    rng = np.random.default_rng([n_qubits, 12])
    circuit = circuit_of(rng, n_qubits, 20 * n_qubits)
    assert compile_circuit(circuit).angle_map.n_rotations > 4 * n_qubits
    compare(circuit)
