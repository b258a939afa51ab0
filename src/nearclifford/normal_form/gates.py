"""The one table of gates: how each Qiskit gate is written in the primitives of the gate tape."""

from __future__ import annotations

from math import pi

import stim
from qiskit.circuit import library as qiskit_gates

# The tape's alphabet: Clifford gates by their stim names, then the rotations exp(-i φ P / 2).
PRIMITIVES = (
    "H", "S", "S_DAG", "SQRT_X", "SQRT_X_DAG", "SQRT_Y", "SQRT_Y_DAG", "X", "Y", "Z", "CX", "CY", "CZ", "SWAP",
    "RX", "RY", "RZ",
)  # fmt: skip
OPCODE = {name: code for code, name in enumerate(PRIMITIVES)}
ROTATION_AXIS = {"RX": "X", "RY": "Y", "RZ": "Z"}

# A rotation by one, two and three quarter turns (φ = π/2, π, 3π/2), up to a global phase.
QUARTER_TURNS = {
    "X": ("SQRT_X", "X", "SQRT_X_DAG"),
    "Y": ("SQRT_Y", "Y", "SQRT_Y_DAG"),
    "Z": ("S", "Z", "S_DAG"),
}

# Gate class -> primitives in time order, each with the positions of its qubits among the gate's own.
CLIFFORD_GATES: dict[type, tuple[tuple[str, tuple[int, ...]], ...]] = {
    qiskit_gates.IGate: (),
    qiskit_gates.GlobalPhaseGate: (),
    qiskit_gates.XGate: (("X", (0,)),),
    qiskit_gates.YGate: (("Y", (0,)),),
    qiskit_gates.ZGate: (("Z", (0,)),),
    qiskit_gates.HGate: (("H", (0,)),),
    qiskit_gates.SGate: (("S", (0,)),),
    qiskit_gates.SdgGate: (("S_DAG", (0,)),),
    qiskit_gates.SXGate: (("SQRT_X", (0,)),),
    qiskit_gates.SXdgGate: (("SQRT_X_DAG", (0,)),),
    qiskit_gates.CXGate: (("CX", (0, 1)),),
    qiskit_gates.CYGate: (("CY", (0, 1)),),
    qiskit_gates.CZGate: (("CZ", (0, 1)),),
    qiskit_gates.SwapGate: (("SWAP", (0, 1)),),
    qiskit_gates.iSwapGate: (("S", (0,)), ("S", (1,)), ("H", (0,)), ("CX", (0, 1)), ("CX", (1, 0)), ("H", (1,))),
    qiskit_gates.DCXGate: (("CX", (0, 1)), ("CX", (1, 0))),
    qiskit_gates.ECRGate: (("S", (0,)), ("SQRT_X", (1,)), ("CX", (0, 1)), ("X", (0,))),
}

# Gate class -> Pauli rotations in time order: (axis letters, positions, index of the angle among the gate's own or a
# number). Up to a global phase, u(θ, φ, λ) = RZ(φ) RY(θ) RZ(λ).
ROTATION_GATES: dict[type, tuple[tuple[str, tuple[int, ...], int | float], ...]] = {
    qiskit_gates.RXGate: (("X", (0,), 0),),
    qiskit_gates.RYGate: (("Y", (0,), 0),),
    qiskit_gates.RZGate: (("Z", (0,), 0),),
    qiskit_gates.PhaseGate: (("Z", (0,), 0),),
    qiskit_gates.U1Gate: (("Z", (0,), 0),),
    qiskit_gates.RXXGate: (("XX", (0, 1), 0),),
    qiskit_gates.RYYGate: (("YY", (0, 1), 0),),
    qiskit_gates.RZZGate: (("ZZ", (0, 1), 0),),
    qiskit_gates.RZXGate: (("ZX", (0, 1), 0),),
    qiskit_gates.TGate: (("Z", (0,), pi / 4),),
    qiskit_gates.TdgGate: (("Z", (0,), -pi / 4),),
    qiskit_gates.UGate: (("Z", (0,), 2), ("Y", (0,), 0), ("Z", (0,), 1)),
    qiskit_gates.U3Gate: (("Z", (0,), 2), ("Y", (0,), 0), ("Z", (0,), 1)),
    qiskit_gates.U2Gate: (("Z", (0,), 1), ("Y", (0,), pi / 2), ("Z", (0,), 0)),
}

# Rotations about a Pauli string, `gate.pauli()`, by the angle `gate.params[0]`, which has the sign: of Qiskit 2.4 and later.
STRING_ROTATIONS: tuple[type, ...] = tuple(
    getattr(qiskit_gates, name) for name in ("PauliProductRotationGate",) if hasattr(qiskit_gates, name)
)

# Primitives that turn a letter into Z, undone in reverse by their inverses.
TO_Z = {"X": ("H",), "Y": ("SQRT_X",), "Z": ()}

# stim's names of Clifford gates as Qiskit methods, in time order.
QISKIT_METHODS = {
    "X": ("x",),
    "Y": ("y",),
    "Z": ("z",),
    "H": ("h",),
    "S": ("s",),
    "S_DAG": ("sdg",),
    "SQRT_X": ("sx",),
    "SQRT_X_DAG": ("sxdg",),
    "SQRT_Y": ("z", "h"),
    "SQRT_Y_DAG": ("h", "z"),
    "CX": ("cx",),
    "CY": ("cy",),
    "CZ": ("cz",),
    "SWAP": ("swap",),
}

TABLEAU = {name: stim.Tableau.from_named_gate(name) for name in PRIMITIVES if name not in ROTATION_AXIS}
INVERSE_TABLEAU = {name: tableau.inverse() for name, tableau in TABLEAU.items()}
INVERSE_NAME = {
    name: next(other for other, tableau in TABLEAU.items() if tableau == INVERSE_TABLEAU[name]) for name in TABLEAU
}
