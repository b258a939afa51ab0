"""Second moments of Hamiltonians at any number of qubits: seconds, relative errors, and what stim alone would need.

    python benchmarks/hamiltonians.py [--qubits 100 1000] [--circuits 20]

The Heisenberg chain and the transverse-field Ising chain on mHEA with ten layers, plain and encoded, Gaussian patch of
σ = D^-1/2: variance of the loss and E‖∇L‖². Beside it random Clifford circuits, one at a time through stim's
TableauSimulator: four angles for each rotation, with weights of which one is negative, are an exact quadrature of the patch
(docs/theory.md, "Averages over a patch"), so the weighted mean of L² is E[L²]; and D (∂_j L)² of a random j has the mean
E‖∇L‖², by the shift rule. The time of a sample is measured, in stim alone, and from the spread of a few follows how many
would give the same relative errors.
"""

from __future__ import annotations

import argparse
import math
import time

import numba
import numpy as np
import stim

import nearclifford as nc
from nearclifford.normal_form.gates import PRIMITIVES, QUARTER_TURNS, ROTATION_AXIS

LAYERS = 10
HAMILTONIANS = {"Heisenberg": nc.observables.heisenberg, "Ising, transverse field": nc.observables.ising}


def landscapes(n_qubits):
    """Yield (name, landscape) of each Hamiltonian, plain and encoded."""
    for name, build in HAMILTONIANS.items():
        circuit, observable = nc.ansatz.mhea(n_qubits, LAYERS), build(n_qubits)
        yield f"{name}, plain", nc.Landscape(circuit, observable)
        parameter = circuit.num_parameters - 2 * n_qubits + n_qubits // 2
        yield f"{name}, encoded", nc.encode(circuit, observable, parameter).landscape()


def timed(action):
    start = time.perf_counter()
    found = action()
    return found, time.perf_counter() - start


def ours(name, land, samples):
    """Print variance of the loss and E‖∇L‖² with relative errors and seconds; return both, each with its error."""
    patch = nc.Gaussian(land.n_parameters**-0.5)
    loss, seconds = timed(lambda: nc.loss_statistics(land, patch, nc.Stabilizer(), samples=samples, rng=1))
    print(f"{name}, N = {land.n_qubits}, {len(land.problem.coefficients)} terms, E L = {loss.mean:.6g}")
    print(f"    Var L = {told(loss.variance, loss.variance_error)} in {seconds:.1f} s")
    slope, seconds = timed(lambda: nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=samples, rng=1))
    print(f"    E‖∇L‖² = {told(slope.norm_squared, slope.norm_squared_error)} in {seconds:.1f} s")
    return (loss.variance, loss.variance_error), (slope.norm_squared, slope.norm_squared_error)


def told(value, error):
    """Return a number with its error, and what part of it that is; of zero there is none."""
    part = f"{100 * error / value:.2g} %" if value else "zero for certain" if error == 0 else "nothing seen"
    return f"{value:.6g} ± {error:.2g} ({part})"


def whole_circuits(land, circuits, variance, norm):
    """Print how many random Clifford circuits, and seconds of stim, would give both to the same errors."""
    whole = WholeCircuits(land, np.random.default_rng(1))
    for name, draw, (value, error) in (("E[L²] for Var L", whole.loss, variance), ("E‖∇L‖²", whole.derivative, norm)):
        whole.seconds = 0.0
        found = np.array([draw() for _ in range(circuits)])
        each, spread = whole.seconds / circuits, float(found.std(ddof=1))
        print(f"    stim, {name}: {each:.3g} s a sample, {found.mean():.4g} ± {spread / math.sqrt(circuits):.2g}", end="; ")
        if not 0 < error < value / 2:
            print("above there is no error to compare with")
        elif spread == 0:
            print("all samples alike: too few to tell how many are needed")
        else:
            needed = (spread / error) ** 2
            print(
                f"{needed:.1e} samples, {needed * each:.1e} s or {needed * each / 3.15e7:.1e} years of one core, "
                f"would give the {100 * error / value:.2g} % above"
            )


class WholeCircuits:
    """Random Clifford circuits whose weighted means are those of the patch, each run as a whole by stim."""

    def __init__(self, land, rng):
        patch = nc.Gaussian(land.n_parameters**-0.5)
        c1, c2, s2 = (float(m()) for m in (patch.cosine_mean, patch.cosine_square_mean, patch.sine_square_mean))
        weights = np.array([c2 + c1, s2, c2 - c1, s2]) / 2
        self.seconds = 0.0  # in stim alone: building circuits is not its fault
        self.size, self.land, self.rng = np.abs(weights).sum(), land, rng
        self.chance = np.abs(weights) / self.size
        self.observables = [land.terms.to_stim(row) for row in range(len(land.terms))]

    def loss(self):
        """Return L² of one circuit, with its weight; the mean is E[L²]."""
        turns, weight = self._turns()
        return weight * self._loss_at(turns) ** 2

    def derivative(self):
        """Return D (∂_j L)² of one circuit and one j, with its weight, by the shift rule; the mean is E‖∇L‖²."""
        turns, weight = self._turns()
        shift = np.zeros_like(turns)
        shift[self.rng.integers(len(turns))] = 1
        return weight * len(turns) * (self._loss_at((turns + shift) % 4) - self._loss_at((turns - shift) % 4)) ** 2 / 4

    def _turns(self):
        turns = self.rng.choice(4, size=self.land.n_parameters, p=self.chance)
        return turns, self.size ** len(turns) * (-1.0) ** np.count_nonzero(turns == 2)

    def _loss_at(self, turns):
        circuit = turned(self.land.program.tape, turns)
        values, seconds = timed(lambda: self._values(circuit))
        self.seconds += seconds
        return self.land.problem.coefficients @ values

    def _values(self, circuit):
        simulator = stim.TableauSimulator()
        simulator.set_num_qubits(self.land.n_qubits)
        simulator.do_circuit(circuit)
        return [simulator.peek_observable_expectation(one) for one in self.observables]


def turned(tape, turns):
    """Return the Clifford circuit whose rotation j turns by ``turns[j]`` quarters."""
    circuit = stim.Circuit()
    for code, first, second, rotation in zip(tape.opcode, tape.first, tape.second, tape.rotation, strict=True):
        name = PRIMITIVES[code]
        if name not in ROTATION_AXIS:
            circuit.append(name, [first] if second < 0 else [first, second])
        elif turns[rotation]:
            quarter = QUARTER_TURNS[ROTATION_AXIS[name]][turns[rotation] - 1]
            circuit.append(quarter, [first])
    return circuit


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qubits", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--samples", type=int, default=2**20, help="chains of our sampler")
    parser.add_argument("--circuits", type=int, default=20, help="random Clifford circuits through stim")
    options = parser.parse_args()
    print(f"nearclifford {nc.__version__}, stim {stim.__version__}, {numba.get_num_threads()} threads")
    first = next(land for _, land in landscapes(8))
    ours("warm-up", first, 2048)
    for n_qubits in options.qubits:
        for name, land in landscapes(n_qubits):
            whole_circuits(land, options.circuits, *ours(name, land, options.samples))


if __name__ == "__main__":
    main()
