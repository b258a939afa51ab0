"""Second moments of Hamiltonians at any number of qubits: seconds, relative errors, and what stim alone would need.

    python benchmarks/hamiltonians.py [--qubits 100 1000] [--circuits 20]

The Heisenberg chain and the transverse-field Ising chain on mHEA with ten layers, plain and encoded, Gaussian patch of
σ = D^-1/2: variance of the loss and E‖∇L‖². Beside it random Clifford circuits, one at a time through stim's
TableauSimulator: four angles for each rotation, with weights of which one is negative, are an exact quadrature of the patch
(docs/theory.md, "Averages over a patch"), so the weighted mean of L² is E[L²]. From the spread of a few of them follows
how many would give E[L²] - E[L]² to the same error.
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
    """Print variance of the loss and E‖∇L‖² with relative errors and seconds; return the variance and its error."""
    patch = nc.Gaussian(land.n_parameters**-0.5)
    loss, seconds = timed(lambda: nc.loss_statistics(land, patch, nc.Stabilizer(), samples=samples, rng=1))
    part = 100 * loss.variance_error / loss.variance
    print(f"{name}, N = {land.n_qubits}, {len(land.problem.coefficients)} terms, E L = {loss.mean:.6g}")
    print(f"    Var L = {loss.variance:.6g} ± {loss.variance_error:.2g} ({part:.2g} %) in {seconds:.1f} s")
    slope, seconds = timed(lambda: nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=samples, rng=1))
    part = 100 * slope.norm_squared_error / slope.norm_squared
    print(f"    E‖∇L‖² = {slope.norm_squared:.6g} ± {slope.norm_squared_error:.2g} ({part:.2g} %) in {seconds:.1f} s")
    return loss.variance, loss.variance_error


def whole_circuits(land, circuits, error):
    """Print how many random Clifford circuits, and seconds of stim, would give the variance to the same error."""
    patch = nc.Gaussian(land.n_parameters**-0.5)
    c1, c2, s2 = (float(m()) for m in (patch.cosine_mean, patch.cosine_square_mean, patch.sine_square_mean))
    weights = np.array([c2 + c1, s2, c2 - c1, s2]) / 2
    size, rng = np.abs(weights).sum(), np.random.default_rng(1)
    chance = np.abs(weights) / size
    observables = [land.terms.to_stim(row) for row in range(len(land.terms))]
    coefficients = land.problem.coefficients
    squares, spent = [], []
    for _ in range(circuits):
        turns = rng.choice(4, size=land.n_parameters, p=chance)
        weight = size**land.n_parameters * (-1.0) ** np.count_nonzero(turns == 2)
        circuit = turned(land.program.tape, turns)
        start = time.perf_counter()
        simulator = stim.TableauSimulator()
        simulator.set_num_qubits(land.n_qubits)
        simulator.do_circuit(circuit)
        loss = coefficients @ [simulator.peek_observable_expectation(each) for each in observables]
        spent.append(time.perf_counter() - start)
        squares.append(weight * loss**2)
    needed = np.var(squares, ddof=1) / error**2
    seconds = float(np.median(spent))
    print(
        f"    stim, whole circuits: {seconds:.3g} s each, E[L²] = {np.mean(squares):.4g} ± "
        f"{np.std(squares, ddof=1) / math.sqrt(circuits):.2g}; {needed:.1e} of them, {needed * seconds / 3.15e7:.1e} "
        "years of one core, would give the error above"
    )


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
            _, error = ours(name, land, options.samples)
            if "Heisenberg, plain" in name:
                whole_circuits(land, options.circuits, error)


if __name__ == "__main__":
    main()
