"""Seconds per exact gradient: the kernels of the GPU beside those of the CPU and Aer's parameter-shift rule.

    make bench-gpu

mHEA, L = 2, Z on every qubit, one theta, medians. Aer's row is the time of a few circuits, scaled to all 2 D of
them. Rows without a GPU say so. GPU results must agree with the CPU's to 1e-9 (1e-3 in single precision) where both ran.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from qiskit_aer import AerSimulator

import nearclifford as nc
from nearclifford.exact.gpu import Cuda, GpuSweeps

CIRCUITS = 4


def median(function, rounds):
    """Return the median seconds of a call, after one to warm up, and the result."""
    result, seconds = function(), []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), result


def on_gpu(land, theta, precision, rounds, reference):
    """Return a cell of the table."""
    try:
        gpu = GpuSweeps(land.problem, Cuda(precision), precision)
        seconds, (_, gradient) = median(lambda: gpu.value_and_gradient(theta[None]), rounds)
    except nc.ResourceError as error:
        return f"not run: {error}"
    except nc.NearCliffordError:
        return "not run: no GPU"
    if reference is not None:
        assert np.abs(gradient[0] - reference).max() < (1e-9 if precision == "double" else 1e-3)
    return f"{seconds:.4g}"


def by_aer(land, device):
    """Return a cell of the table: seconds of a circuit, times all of them."""
    if device not in AerSimulator().available_devices():
        return "not run: no GPU"
    try:
        stats = nc.loss_statistics(land, nc.Uniform(np.pi), nc.Aer(device), samples=CIRCUITS, rng=1)
    except nc.NearCliffordError as error:
        return f"not run: {error}"
    return f"{stats.run.seconds_per_circuit * 2 * land.n_parameters:.4g}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qubits", type=int, nargs="+", default=[16, 20, 24, 26])
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("seconds per gradient")
    for n_qubits in options.qubits:
        land = nc.Landscape(nc.ansatz.mhea(n_qubits, options.layers), nc.observables.global_z(n_qubits))
        theta = np.random.default_rng(1).normal(size=land.n_parameters)
        print(f"N = {n_qubits}, L = {options.layers}, D = {land.n_parameters}", flush=True)
        reference = None
        try:
            seconds, reference = median(lambda land=land, theta=theta: land.gradient(theta), options.rounds)
            print(f"  {'CPU kernel, complex128':28} {seconds:.4g}", flush=True)
        except nc.ResourceError as error:
            print(f"  {'CPU kernel, complex128':28} not run: {error}", flush=True)
        for precision, name in (("double", "complex128"), ("single", "complex64")):
            print(f"  {f'GPU kernel, {name}':28} {on_gpu(land, theta, precision, options.rounds, reference)}", flush=True)
        for device in ("CPU", "GPU"):
            print(f"  {f'Aer {device}, parameter shift':28} {by_aer(land, device)}", flush=True)


if __name__ == "__main__":
    main()
