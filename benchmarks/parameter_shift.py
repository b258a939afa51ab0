"""The parameter-shift gradient through `nearclifford.Aer` beside binding and running circuits one by one.

    .venv/bin/python benchmarks/parameter_shift.py

mHEA with Z on every qubit, N = L = 10: 440 circuits a gradient. Both run Aer's statevector simulator on the same circuit
with the value saved in the simulator, in turns, so that a slow minute of the machine hits both. They must agree to 1e-9.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from qiskit_aer import AerSimulator

import nearclifford as nc


def one_by_one(circuit, observable, theta):
    """Return the gradient; the circuit is transpiled already, as Aer runs all of its gates."""
    simulator = AerSimulator(method="statevector")
    values = []
    for sign in (1, -1):
        for k in range(len(theta)):
            point = theta.copy()
            point[k] += sign * np.pi / 2
            bound = circuit.assign_parameters(point)
            bound.save_expectation_value(observable, range(circuit.num_qubits))
            values.append(simulator.run(bound).result().data(0)["expectation_value"])
    forwards, backwards = np.array(values).reshape(2, -1)
    return (forwards - backwards) / 2


def main() -> None:
    """Print seconds of both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qubits", type=int, default=10)
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    circuit, observable = nc.ansatz.mhea(options.qubits, options.layers), nc.observables.global_z(options.qubits)
    land, backend = nc.Landscape(circuit, observable), nc.Aer(device="CPU")
    theta = np.random.default_rng(1).normal(size=land.n_parameters)
    ours, theirs = [], []
    for _ in range(options.rounds + 1):
        start = time.perf_counter()
        first = backend.gradient(land, theta)
        middle = time.perf_counter()
        second = one_by_one(circuit, observable, theta)
        ours.append(middle - start)
        theirs.append(time.perf_counter() - middle)
        assert np.abs(first - second).max() < 1e-9
    print(
        f"N = {options.qubits}, L = {options.layers}, {2 * land.n_parameters} circuits, medians of {options.rounds} rounds"
    )
    print(f"nearclifford.Aer, transpiling included   {np.median(ours[1:]):8.3f} s")
    print(f"bound and run one by one                 {np.median(theirs[1:]):8.3f} s")
    print(f"ratio                                    {np.median(theirs[1:]) / np.median(ours[1:]):8.1f}")


if __name__ == "__main__":
    main()
