"""Diagnoses of twelve circuits whose answer is known, as a table in Markdown.

    python benchmarks/diagnoses.py                     # about six minutes on two cores
    python benchmarks/diagnoses.py --only QAOA         # those whose name holds a word

What is expected stands beside what was found: a statement that holds by the literature, a closed form or a statevector,
about whether the gradient is alive and whether the region is simulated. Circuits: layers of RY RZ and CX in a ring (mHEA), a
brickwork of RY and CZ, Qiskit's EfficientSU2 and QAOA ansatz, a UCCSD for the hydrogen molecule (four qubits, Jordan-Wigner,
STO-3G at 0.735 Å), and a data-encoding circuit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate, efficient_su2
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc

Problem = tuple[QuantumCircuit, Any, Any]
HYDROGEN = {
    "IIII": -0.81054798160031430, "ZIII": -0.22575349071287365, "IZII": 0.17218393211855787, "ZZII": 0.12091263243164174,
    "IIZI": -0.22575349071287362, "ZIZI": 0.17464343053355980, "IZZI": 0.16614543242281926, "IIIZ": 0.17218393211855818,
    "ZIIZ": 0.16614543242281926, "IZIZ": 0.16892753870087912, "IIZZ": 0.12091263243164174, "XXXX": 0.04523279999117751,
    "YYXX": 0.04523279999117751, "XXYY": 0.04523279999117751, "YYYY": 0.04523279999117751,
}  # fmt: skip


def brickwork(n: int, layers: int) -> QuantumCircuit:
    """RY on every qubit and CZ between neighbours, layer after layer."""
    circuit, angles = QuantumCircuit(n), iter(ParameterVector("t", n * (layers + 1)))
    for layer in range(layers):
        for qubit in range(n):
            circuit.ry(next(angles), qubit)
        for qubit in range(layer % 2, n - 1, 2):
            circuit.cz(qubit, qubit + 1)
    for qubit in range(n):
        circuit.ry(next(angles), qubit)
    return circuit


def ring(n: int) -> list[tuple[int, int]]:
    """The edges of a ring."""
    return [(node, (node + 1) % n) for node in range(n)]


def cubic_graph(n: int, seed: int) -> list[tuple[int, int]]:
    """The edges of a 3-regular graph: a ring, and a random perfect matching that repeats none of its edges."""
    rng = np.random.default_rng(seed)
    while True:
        pairs = [(int(first), int(second)) for first, second in rng.permutation(n).reshape(-1, 2)]
        if all((first - second) % n not in (1, n - 1) for first, second in pairs):
            return ring(n) + pairs


def qaoa(edges: list[tuple[int, int]], layers: int) -> Problem:
    """MaxCut, at a Clifford point: every RX(2 β) turns by π/2."""
    n = 1 + max(max(edge) for edge in edges)
    circuit, angles = QuantumCircuit(n), ParameterVector("x", 2 * layers)
    circuit.h(range(n))
    for layer in range(layers):
        for edge in edges:
            circuit.rzz(angles[2 * layer], *edge)
        circuit.rx(2 * angles[2 * layer + 1], range(n))
    cost = SparsePauliOp.from_sparse_list([("ZZ", list(edge), 0.5) for edge in edges], n)
    return circuit, cost, np.tile([0.0, np.pi / 4], layers)


def hydrogen() -> Problem:
    """Hartree and Fock's state, two single excitations and the double one, each gate with one angle for all its strings."""
    circuit = QuantumCircuit(4)
    circuit.x([0, 2])
    for number, (first, second) in enumerate(((0, 1), (2, 3))):
        strings = SparsePauliOp.from_sparse_list([("XY", [first, second], 0.5), ("YX", [first, second], -0.5)], 4)
        circuit.append(PauliEvolutionGate(strings, Parameter(f"single {number}")), range(4))
    letters = {"XXXY": 1, "XXYX": -1, "XYXX": 1, "XYYY": 1, "YXXX": -1, "YXYY": -1, "YYXY": 1, "YYYX": -1}
    strings = SparsePauliOp(list(letters), np.array(list(letters.values())) / 8)
    circuit.append(PauliEvolutionGate(strings, Parameter("double")), range(4))
    return circuit, SparsePauliOp(list(HYDROGEN), list(HYDROGEN.values())), None


def data_encoding() -> Problem:
    """Features bound to RX, weights free: the fixed angles are not Clifford."""
    rng, circuit = np.random.default_rng(7), QuantumCircuit(6)
    weights = iter(ParameterVector("w", 36))
    for _ in range(3):
        for qubit in range(6):
            circuit.rx(float(rng.uniform(0, np.pi)), qubit)
            circuit.ry(next(weights), qubit)
            circuit.rz(next(weights), qubit)
        for qubit in range(5):
            circuit.cx(qubit, qubit + 1)
    return circuit, SparsePauliOp.from_sparse_list([("Z", [5], 1.0)], 6), None


def encoded(n: int, layers: int) -> Problem:
    """Global Z behind mHEA, with an encoder for the largest gradient."""
    observable = nc.observables.global_z(n)
    found = nc.search_encoder(nc.ansatz.mhea(n, layers), observable, objective="gradient", progress=False)
    return found.circuit, observable, found.center


@dataclass(frozen=True)
class Case:
    """A circuit with what is known of it."""

    name: str
    make: Callable[[], Problem]
    expected: str
    holds: Callable[[nc.Diagnosis], bool]
    shots: int = 10**6


def state_at(found: nc.Diagnosis, exponent: float) -> str:
    """The state of the region of width D^-exponent; "" where there is none."""
    wanted = found.n_parameters**-exponent
    return next((region.state for region in found.regions if np.isclose(region.sigma, wanted)), "")


def simulated(found: nc.Diagnosis) -> bool:
    """Whether all regions that were looked at are simulated."""
    return all(region.simulable for region in found.regions)


CASES = (
    Case(
        "brickwork, 40 qubits, 2 layers, one Z",
        lambda: (brickwork(40, 2), SparsePauliOp.from_sparse_list([("Z", [20], 1.0)], 40), None),
        "alive at 1 rad, simulated: a light cone of a few qubits",
        lambda found: state_at(found, 0) == "alive" and simulated(found),
    ),
    Case(
        "brickwork, 40 qubits, 2 layers, Z on all",
        lambda: (brickwork(40, 2), "Z" * 40, None),
        "dead at 1 rad, its local counterpart alive (Cerezo et al. 2021)",
        lambda found: state_at(found, 0) == "dead" and found.local is not None and found.local.state == "alive",
    ),
    Case(
        "mHEA, N = L = 20, Z on all",
        lambda: (nc.ansatz.mhea(20, 20), nc.observables.global_z(20), None),
        "dead at 1 rad: E‖∇L‖² is about D/2 2^-20, and 10^7 shots would resolve it",
        lambda found: state_at(found, 0) == "dead",
    ),
    Case(
        "mHEA, N = L = 20, Z on all, encoded",
        lambda: encoded(20, 20),
        "alive at D^-1/2 (arXiv:2507.06344)",
        lambda found: state_at(found, 0.5) == "alive",
    ),
    Case(
        "mHEA, N = 200, L = 5, Z on all, encoded",
        lambda: encoded(200, 5),
        "alive at D^-1/2, dead at 1 rad",
        lambda found: state_at(found, 0.5) == "alive" and state_at(found, 0) != "alive",
    ),
    Case(
        "product of RY, 100 qubits, Z on all",
        lambda: (brickwork(100, 0), "Z" * 100, None),
        "alive at D^-1/2, dead at 1 rad: n E[sin^2] E[cos^2]^(n-1)",
        lambda found: state_at(found, 0.5) == "alive" and state_at(found, 0) == "dead",
    ),
    Case(
        "EfficientSU2, 10 qubits, reps 3, Heisenberg",
        lambda: (efficient_su2(10, reps=3), nc.observables.heisenberg(10), None),
        "alive at every width, simulated: 10 qubits",
        lambda found: all(region.state == "alive" for region in found.regions) and simulated(found),
    ),
    Case(
        "mHEA, 100 qubits, 2 layers, Ising",
        lambda: (nc.ansatz.mhea(100, 2), nc.observables.ising(100), None),
        "alive at D^-1/2: local terms, few layers",
        lambda found: state_at(found, 0.5) == "alive",
    ),
    Case(
        "QAOA, p = 1, ring of 12",
        lambda: qaoa(ring(12), 1),
        "alive at every width, simulated: light cones of 4 qubits",
        lambda found: all(region.state == "alive" for region in found.regions) and simulated(found),
    ),
    Case(
        "QAOA, p = 2, 3-regular graph of 100 nodes",
        lambda: qaoa(cubic_graph(100, seed=1), 2),
        "alive at D^-1/2: local terms, two layers",
        lambda found: state_at(found, 0.5) == "alive",
    ),
    Case(
        "UCCSD, hydrogen",
        hydrogen,
        "alive at every width, simulated: 4 qubits",
        lambda found: all(region.state == "alive" for region in found.regions) and simulated(found),
    ),
    Case(
        "data encoding, 6 qubits, one Z",
        data_encoding,
        "alive at 1 rad, simulated: 6 qubits",
        lambda found: state_at(found, 0) == "alive" and simulated(found),
    ),
)


def main() -> None:
    """Diagnose every circuit and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--max-seconds", type=float, default=30.0)
    parser.add_argument("--verbose", action="store_true", help="print every diagnosis too")
    options = parser.parse_args()
    print("| circuit | known | verdict | as known | seconds |\n|---|---|---|---|---:|", flush=True)
    for case in CASES:
        if options.only.lower() not in case.name.lower():
            continue
        circuit, observable, center = case.make()
        begun = time.perf_counter()
        found = nc.diagnose(circuit, observable, center, shots=case.shots, max_seconds=options.max_seconds, rng=1)
        seconds = time.perf_counter() - begun
        print(
            f"| {case.name} | {case.expected} | {found.verdict} | {'yes' if case.holds(found) else 'NO'} | {seconds:.0f} |"
        )
        if options.verbose:
            print(f"\n{found}\n", flush=True)


if __name__ == "__main__":
    main()
