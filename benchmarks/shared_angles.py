"""A QAOA of shared angles on a random 3-regular graph: statistics by paths, training on a surrogate, Aer's MPS beside both.

    python benchmarks/shared_angles.py                   # statistics, 50 nodes, three layers, and 100 nodes, two layers
    python benchmarks/shared_angles.py --check           # the loss against Aer's matrix product states
    python benchmarks/shared_angles.py --train           # L-BFGS-B on a surrogate, and Aer's value where it ends

Statistics take seconds. Aer's matrix product states are slow where the graph is wide: the check takes some minutes.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc

SEED, MIXER = 7, np.pi / 4


def regular_graph(n_nodes, rng):
    """Return the edges of a random 3-regular graph, its nodes numbered so that neighbours are near each other."""
    while True:
        ends = rng.permutation(np.repeat(np.arange(n_nodes), 3)).reshape(-1, 2)
        edges = {(min(pair), max(pair)) for pair in ends.tolist() if pair[0] != pair[1]}
        if len(edges) == 3 * n_nodes // 2:
            return narrowed(sorted(edges), n_nodes)


def narrowed(edges, n_nodes):
    """Return the edges in the reverse order of Cuthill and McKee, of a small bandwidth."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    first, second = np.array(edges).T
    both = coo_array((np.ones(2 * len(edges)), (np.r_[first, second], np.r_[second, first])), (n_nodes, n_nodes)).tocsr()
    place = np.argsort(reverse_cuthill_mckee(both, symmetric_mode=True))
    return sorted(tuple(sorted((int(place[i]), int(place[j])))) for i, j in edges)


def qaoa(n_nodes, layers):
    """Return circuit, observable Σ ZZ and a centre where every gate is Clifford: rx by a quarter turn, rzz by none."""
    edges = regular_graph(n_nodes, np.random.default_rng(SEED))
    circuit, beta, gamma = QuantumCircuit(n_nodes), ParameterVector("β", layers), ParameterVector("γ", layers)
    circuit.h(range(n_nodes))
    for layer in range(layers):
        for edge in edges:
            circuit.rzz(2 * gamma[layer], *edge)
        circuit.rx(2 * beta[layer], range(n_nodes))
    observable = SparsePauliOp.from_sparse_list([("ZZ", edge, 1.0) for edge in edges], n_nodes)
    return circuit, observable, np.repeat([MIXER, 0.0], layers)


def mps_value(circuit, observable, theta, bonds):
    """Return the loss by Aer's matrix product states of at most so many bonds."""
    from qiskit_aer import AerSimulator

    bound = circuit.assign_parameters(theta)
    bound.save_expectation_value(observable, range(circuit.num_qubits))
    simulator = AerSimulator(method="matrix_product_state", matrix_product_state_max_bond_dimension=bonds)
    return float(simulator.run(bound).result().data(0)["expectation_value"])


def statistics(n_nodes, layers, widths):
    """Print E[(∂_k L)²] for all parameters, the error, and the seconds."""
    circuit, observable, center = qaoa(n_nodes, layers)
    land = nc.Landscape(circuit, observable, center=center)
    print(f"{n_nodes} nodes, p = {layers}, light cones of {land.active_qubits} qubits")
    for sigma in widths:
        start = time.perf_counter()
        found = nc.gradient_statistics(land, nc.Gaussian(sigma), rng=SEED)
        seconds = time.perf_counter() - start
        total, error = found.norm_squared, found.norm_squared_error
        print(f"  σ = {sigma:<5g} E‖∇L‖² = {total:.6g} ± {error:.2g}  {seconds:.1f} s  {found.choice}", flush=True)


def check(bonds, thetas):
    """Print E[L²] by paths and by Aer at thetas of the patch, and the largest difference of single values."""
    circuit, observable, center = qaoa(50, 3)
    land, patch = nc.Landscape(circuit, observable, center=center), nc.Gaussian(0.05)
    theta = center + patch.sample((thetas, land.n_parameters), rng=SEED)
    found = nc.loss_statistics(land, patch, rng=SEED)
    kept = nc.surrogate(land, 9, progress=False)
    start = time.perf_counter()
    by_aer = np.array([mps_value(circuit, observable, point, bonds) for point in theta])
    seconds = time.perf_counter() - start
    squares = by_aer**2
    print(f"E[L²] by paths {found.second_moment:.5g} ± {found.second_moment_error:.1g}")
    print(
        f"by Aer, {thetas} thetas, {bonds} bonds, {seconds:.0f} s: {squares.mean():.5g} ± {squares.std() / thetas**0.5:.2g}"
    )
    print(f"surrogate of order 9 against Aer: largest difference {np.abs(kept.value(theta) - by_aer).max():.2g}")


def train(order, bonds):
    """Train on a surrogate from linear ramps, as annealing has them, and print the end beside other orders and Aer."""
    circuit, observable, center = qaoa(50, 3)
    land = nc.Landscape(circuit, observable, center=center)
    start = time.perf_counter()
    kept = nc.surrogate(land, order, progress=False)
    built = time.perf_counter() - start
    ramp = np.linspace(0.25, 0.75, 3)
    theta = np.array([np.r_[0.9 * (1 - ramp), -slope * ramp] for slope in (0.2, 0.4, 0.6)])
    start = time.perf_counter()
    run = nc.train(kept, theta, "L-BFGS-B", steps=60, progress=False)
    seconds = time.perf_counter() - start
    best = int(np.argmin(run.losses[-1]))
    end = run.theta[best]
    print(f"surrogate of order {order}: {kept.n_paths} paths in {built:.1f} s; three runs of L-BFGS-B in {seconds:.1f} s")
    away = np.round(end - center, 3).tolist()
    print(f"from {kept.value(theta[best]):.4f} to {run.losses[-1][best]:.4f}; {away} rad from the centre")
    for other in (order - 2, order + 2):
        print(f"order {other} there: {nc.surrogate(land, other, progress=False).value(end):.4f}", flush=True)
    for most in bonds:
        start = time.perf_counter()
        value = mps_value(circuit, observable, end, most)
        print(f"Aer, {most} bonds: {value:.4f}  {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--order", type=int, default=11)
    parser.add_argument("--bonds", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--thetas", type=int, default=32)
    options = parser.parse_args()
    if options.check:
        check(max(options.bonds), options.thetas)
    if options.train:
        train(options.order, options.bonds)
    if not options.check and not options.train:
        statistics(50, 3, (0.02, 0.05, 0.1, 0.2))
        statistics(100, 2, (0.05, 0.1, 0.2))
