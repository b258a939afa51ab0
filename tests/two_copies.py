"""Exact averages over a patch by the averaged density matrix of two copies of the state: dense, up to about five qubits.

An oracle for second moments that knows nothing of Pauli paths: the state of 2N qubits, ρ ⊗ ρ, is averaged over each angle
in turn, gate matrices are those of Qiskit, and noise is applied to each copy as a channel of its own. With G₁ and G₂ the
generator on either copy, averaging over exp(-iφ(G₁ + G₂)/2) multiplies the block between two eigenvalues m and m' of
(G₁ + G₂)/2, which are -1, 0 and 1, by E[cos (m - m')φ].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, SparsePauliOp

Kraus = Sequence[np.ndarray]
# The channel that follows an instruction, by its name and qubits: Kraus matrices on these qubits, or None.
Noise = Callable[[str, tuple[int, ...]], Kraus | None]
# E[cos(n t_k)] of the displacement of parameter k, n any real number.
Fourier = Callable[[float, int], float]


@dataclass(frozen=True)
class ExactMoments:
    """E[L] and E[L²], and E[∂_k L] and E[(∂_k L)²], shapes ``(D,)``."""

    mean: float
    second: float
    mean_gradient: np.ndarray
    second_gradient: np.ndarray

    @property
    def variance(self) -> float:
        """E[L²] - E[L]²; a difference of numbers of order one, so not for narrow patches."""
        return self.second - self.mean**2

    @property
    def norm_squared(self) -> float:
        """E‖∇L‖²."""
        return float(self.second_gradient.sum())


def _width(widths: float | Sequence[float], k: int) -> float:
    return float(np.atleast_1d(widths)[k if np.ndim(widths) else 0])


def gaussian(sigma: float | Sequence[float]) -> Fourier:
    """Return the moments of a Gaussian patch, of one width or of one for each parameter."""
    return lambda n, k: float(np.exp(-((n * _width(sigma, k)) ** 2) / 2))


def uniform(half_width: float | Sequence[float]) -> Fourier:
    """Return the moments of a uniform patch on [-r, r], of one width or of one for each parameter."""
    return lambda n, k: float(np.sinc(n * _width(half_width, k) / np.pi))


def exact_moments(
    circuit: QuantumCircuit,
    observable: SparsePauliOp,
    fourier: Fourier,
    center: Sequence[float] | None = None,
    noise: Noise | None = None,
) -> ExactMoments:
    """Return the exact averages; every parameter turns one Pauli rotation of Qiskit (rx ... rzx, p), times any factor."""
    one, two = _Copies(circuit.num_qubits, 1), _Copies(circuit.num_qubits, 2)
    matrix = observable.to_matrix()
    first = _averages(one, circuit, matrix, fourier, center, noise)
    second = _averages(two, circuit, np.kron(matrix, matrix), fourier, center, noise)
    return ExactMoments(first[0], second[0], first[1], second[1])


class _Copies:
    """Matrices over the qubits of one or two copies; qubit q of copy c is qubit c N + q."""

    def __init__(self, n_qubits: int, count: int) -> None:
        self.n_qubits, self.count, self.size = n_qubits, count, count * n_qubits

    def zero(self) -> np.ndarray:
        state = np.zeros((2**self.size, 2**self.size), complex)
        state[0, 0] = 1.0
        return state

    def left(self, gate: np.ndarray, qubits: tuple[int, ...], state: np.ndarray) -> np.ndarray:
        """Return the gate times the state, the gate on some of the 2N qubits, the first the least significant."""
        k = len(qubits)
        axes = [self.size - 1 - q for q in reversed(qubits)]
        tensor = state.reshape((2,) * self.size + (-1,))
        turned = np.tensordot(gate.reshape((2,) * (2 * k)), tensor, axes=(range(k, 2 * k), axes))
        return np.moveaxis(turned, range(k), axes).reshape(state.shape)

    def right(self, gate: np.ndarray, qubits: tuple[int, ...], state: np.ndarray) -> np.ndarray:
        """Return the state times the gate."""
        return self.left(gate.T, qubits, state.T).T

    def on_copies(self, qubits: tuple[int, ...]) -> list[tuple[int, ...]]:
        return [tuple(c * self.n_qubits + q for q in qubits) for c in range(self.count)]

    def channel(self, kraus: Kraus, qubits: tuple[int, ...], state: np.ndarray) -> np.ndarray:
        for where in self.on_copies(qubits):
            state = sum(self.right(e.conj().T, where, self.left(e, where, state)) for e in kraus)
        return state

    def average(
        self, generator: np.ndarray, qubits: tuple[int, ...], means: tuple[float, float], state: np.ndarray
    ) -> np.ndarray:
        """Average over a rotation; ``means`` are E[cos φ] and E[cos 2φ]."""
        unit = np.eye(len(generator))
        blocks = {0.0: state}
        for where in self.on_copies(qubits):
            split: dict[float, np.ndarray] = {}
            for shift, part in blocks.items():
                for left_sign in (1, -1):
                    half = self.left((unit + left_sign * generator) / 2, where, part)
                    for right_sign in (1, -1):
                        block = self.right((unit + right_sign * generator) / 2, where, half)
                        key = shift + (left_sign - right_sign) / 2
                        split[key] = split.get(key, 0.0) + block
            blocks = split
        weights = (1.0, *means)
        return sum(weights[int(abs(shift))] * part for shift, part in blocks.items())

    def commutators(self, generator: np.ndarray, qubits: tuple[int, ...], state: np.ndarray) -> np.ndarray:
        """Return the derivative by the angle on every copy: (-i/2) [G₁, (-i/2) [G₂, ρ]]."""
        for where in self.on_copies(qubits):
            state = -0.5j * (self.left(generator, where, state) - self.right(generator, where, state))
        return state


@dataclass(frozen=True)
class _Rotation:
    parameter: int
    factor: float
    generator: np.ndarray
    qubits: tuple[int, ...]
    means: tuple[float, float]


@dataclass(frozen=True)
class _Fixed:
    kraus: Kraus
    qubits: tuple[int, ...]


def _steps(
    circuit: QuantumCircuit, fourier: Fourier, center: Sequence[float] | None, noise: Noise | None
) -> list[_Rotation | _Fixed]:
    names = list(circuit.parameters)
    at = dict(zip(names, np.zeros(len(names)) if center is None else center, strict=True))
    steps: list[_Rotation | _Fixed] = []
    for instruction in circuit.data:
        gate, qubits = instruction.operation, tuple(circuit.find_bit(q).index for q in instruction.qubits)
        if gate.name in ("barrier", "measure"):
            continue
        free = [(i, p) for i, p in enumerate(gate.params) if getattr(p, "parameters", None)]
        if free:
            ((_, angle),) = free
            (name,) = angle.parameters
            factor = float(angle.gradient(name))
            constant = float(angle.bind({name: at[name]}))
            fixed, turned = type(gate)(constant), Operator(type(gate)(np.pi)).data
            steps.append(_Fixed([Operator(fixed).data], qubits))
            # exp(-iπP/2) = -iP, but for the phase of a phase gate
            generator = turned / turned[0, 0] if gate.name == "p" else 1j * turned
            k = names.index(name)
            means = (fourier(factor, k), fourier(2 * factor, k))
            steps.append(_Rotation(k, factor, generator, qubits, means))
        else:
            steps.append(_Fixed([Operator(gate).data], qubits))
        if noise and (kraus := noise(gate.name, qubits)) is not None:
            steps.append(_Fixed(kraus, qubits))
    return steps


def _averages(
    copies: _Copies,
    circuit: QuantumCircuit,
    observable: np.ndarray,
    fourier: Fourier,
    center: Sequence[float] | None,
    noise: Noise | None,
) -> tuple[float, np.ndarray]:
    steps, state, kept = _steps(circuit, fourier, center, noise), copies.zero(), []
    for step in steps:
        if isinstance(step, _Fixed):
            state = copies.channel(step.kraus, step.qubits, state)
        else:
            state = copies.average(step.generator, step.qubits, step.means, state)
        kept.append(state)
    gradient, dual = np.zeros(len(circuit.parameters)), observable
    for step, after in zip(reversed(steps), reversed(kept), strict=True):
        if isinstance(step, _Fixed):
            dual = copies.channel([e.conj().T for e in step.kraus], step.qubits, dual)
        else:
            moved = copies.commutators(step.generator, step.qubits, after)
            gradient[step.parameter] += step.factor**copies.count * np.vdot(dual.conj().T, moved).real
            dual = copies.average(step.generator, step.qubits, step.means, dual)
    return float(np.vdot(observable.conj().T, state).real), gradient


def depolarizing_kraus(probability: float, n_qubits: int) -> list[np.ndarray]:
    """Return Aer's depolarizing channel: the state is replaced by the mixed one with this probability."""
    letters = [np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]
    strings = letters if n_qubits == 1 else [np.kron(a, b) for a in letters for b in letters]
    share = probability / 4**n_qubits
    return [np.sqrt(share + (1 - probability if i == 0 else 0)) * e for i, e in enumerate(strings)]
