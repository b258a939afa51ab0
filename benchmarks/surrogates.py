"""Pauli-path surrogates: seconds to build, and a thousand thetas beside two packages that propagate Pauli strings.

    python benchmarks/surrogates.py [--rounds N] [--points N] [--skip-peers]

Building: mHEA, medians of N rounds. The published method, which sends one Clifford circuit to a stabilizer simulator for
every coefficient and shift, is timed on its own count of calls at 8 qubits.

Evaluation: mHEA with N = L = 16 and Z on every qubit, a Gaussian patch of σ = D^-1/2. The surrogate has the lowest order
whose rms error over the thetas is at most 1e-3 (the exact landscape is the judge); pauli-prop and bloqade-ppvm drop small
terms at the largest threshold, of five a decade, that gives the same. Each peer runs in the form it is fastest with:
pauli-prop after the Cliffords have been moved away once for all, bloqade-ppvm gate by gate. Peers are timed on --points
thetas, in rounds that alternate with the surrogate's.
"""

from __future__ import annotations

import argparse
import math
import time

import numba
import numpy as np

import nearclifford as nc

TOLERANCE = 1e-3
BUILDS = (
    ("order 3, N = 23, L = 1, Z^23", 23, 1, 3, None),
    ("order 3, N = 23, L = 1, random Pauli", 23, 1, 3, 1),
    ("order 5, N = L = 16, Z^16", 16, 16, 5, None),
    ("order 7, N = 32, L = 4, random Pauli", 32, 4, 7, 1),
    ("order 7, N = 32, L = 4, Z^32", 32, 4, 7, None),
)


def seconds(action):
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def builds(rounds):
    print(f"\n{'built':40} {'rotations':>9} {'paths':>9} {'MB':>7} {'median s':>10}")
    for name, n_qubits, layers, order, seed in BUILDS:
        observable = nc.observables.global_z(n_qubits) if seed is None else nc.observables.random_pauli(n_qubits, rng=seed)
        land = nc.Landscape(nc.ansatz.mhea(n_qubits, layers), observable)
        _ = land.problem.groups
        times = []
        for _ in range(rounds + 1):
            taken, kept = seconds(lambda: nc.surrogate(land, order, progress=False))  # noqa: B023
            times.append(taken)
        row = f"{land.problem.n_rotations:9d} {kept.n_paths:9d} {kept.nbytes / 1e6:7.2f}"
        print(f"{name:40} {row} {np.median(times[1:]):10.5f}")


def published(rounds, n_qubits=8, order=3):
    """Time the published count of stabilizer calls, each a bound Clifford circuit and an expectation, on this machine."""
    from qiskit.quantum_info import Pauli, StabilizerState

    circuit, label = nc.ansatz.mhea(n_qubits, 1), "Z" * n_qubits
    d = circuit.num_parameters
    calls = math.comb(2 * d + order - 1, order - 1)
    rng = np.random.default_rng(1)

    def call():
        shifts = rng.integers(-1, 2, size=d) * (rng.random(d) < 2 / d) * (math.pi / 2)
        return StabilizerState(circuit.assign_parameters(shifts)).expectation_value(Pauli(label))

    sample = min(calls, 300)
    each = seconds(lambda: [call() for _ in range(sample)])[0] / sample
    land = nc.Landscape(circuit, nc.observables.global_z(n_qubits))
    ours = np.median([seconds(lambda: nc.surrogate(land, order, kind="taylor", progress=False))[0] for _ in range(rounds)])
    print(
        f"\npublished method, order {order}, N = {n_qubits}, L = 1: {calls} stabilizer calls of {each * 1e3:.2f} ms "
        f"({sample} timed) = {calls * each:.2f} s; the same surrogate here {ours * 1e3:.2f} ms, "
        f"ratio {calls * each / ours:.0f}"
    )


def pauli_prop_contestant(land):
    """Return (threshold -> (theta -> value))."""
    import pauli_prop
    from qiskit.quantum_info import SparsePauliOp

    program = land.program
    gates, qargs = [], []
    for j in range(program.angle_map.n_rotations):
        x, z = program.generators.to_stim(j).to_numpy()
        gates.append(np.concatenate([x, z]))
        qargs.append(np.flatnonzero(x | z).tolist())
    signs = program.generators.sign.astype(float)
    images = [land.problem.images.to_stim(row) for row in range(len(land.problem.images))]
    labels = [str(image)[1:].replace("_", "I")[::-1] for image in images]
    start = SparsePauliOp(labels, [c * image.sign.real for c, image in zip(land.problem.coefficients, images, strict=True)])

    def with_threshold(threshold):
        def value(theta):
            angles = (program.angle_map.angles(theta[None])[0] * signs).tolist()
            rotations = pauli_prop.RotationGates(gates, qargs, angles)
            evolved, _ = pauli_prop.propagate_through_rotation_gates(start, rotations, 10**6, threshold, "h")
            return float(evolved.coeffs[~evolved.paulis.x.any(axis=1)].real.sum())

        return value

    return with_threshold


def ppvm_contestant(land):
    """Return (threshold -> (theta -> value)): the circuit gate by gate, truncated after each rotation."""
    from ppvm import PauliSum

    instructions = [
        (item.operation.name, [land.circuit.find_bit(q).index for q in item.qubits], item.operation.params)
        for item in reversed(land.circuit.data)
    ]
    names = {parameter: k for k, parameter in enumerate(land.circuit.parameters)}
    labels = [label[::-1] for label, _ in land.observable.to_list()]
    weights = [float(c.real) for c in land.observable.coeffs]

    def with_threshold(threshold):
        def value(theta):
            total = PauliSum(labels, land.n_qubits, weights, min_abs_coeff=threshold)
            for name, qubits, params in instructions:
                if name == "cx":
                    total.cnot(*qubits, truncate=False)
                else:
                    getattr(total, name)(qubits[0], theta=float(theta[names[params[0]]]))
            return total.overlap_with_zero()

        return value

    return with_threshold


def rms(value, thetas, exact):
    return float(np.sqrt(np.mean([(value(theta) - truth) ** 2 for theta, truth in zip(thetas, exact, strict=True)])))


def threshold_for(contestant, thetas, exact):
    """Return the largest threshold, of five a decade, at the tolerance, and its rms error."""
    for power in np.arange(-1.0, -8.0, -0.2):
        found = rms(contestant(10.0**power), thetas, exact)
        if found <= TOLERANCE:
            return 10.0**power, found
    raise SystemExit("no threshold reaches the tolerance")


def evaluation(rounds, n_points):
    land = nc.Landscape(nc.ansatz.mhea(16, 16), nc.observables.global_z(16))
    sigma = land.n_parameters**-0.5
    thetas = np.random.default_rng(7).normal(size=(1000, land.n_parameters)) * sigma
    judges = thetas[:64]
    exact = land.value(judges)
    for order in range(1, 12):
        kept = nc.surrogate(land, order, progress=False)
        error = float(np.sqrt(np.mean((kept.value(judges) - exact) ** 2)))
        if error <= TOLERANCE:
            break
    print(f"\n1,000 thetas, N = L = 16, Z^16, σ = D^-1/2: {kept}, rms error {error:.1e} (64 exact values)")
    peers = {
        "pauli-prop": pauli_prop_contestant(land),
        "bloqade-ppvm": ppvm_contestant(land),
    }
    ready = {}
    for name, contestant in peers.items():
        threshold, found = threshold_for(contestant, judges[:32], exact[:32])
        ready[name] = contestant(threshold)
        print(f"  {name}: threshold {threshold:.1e}, rms error {found:.1e} (32 exact values)")
    kept.value(thetas), kept.gradient(thetas[:16])
    times = {name: [] for name in ("nearclifford", "nearclifford, gradient", *ready)}
    for _ in range(rounds):
        times["nearclifford"].append(seconds(lambda: kept.value(thetas))[0])
        times["nearclifford, gradient"].append(seconds(lambda: kept.gradient(thetas))[0])
        for name, value in ready.items():
            taken, _ = seconds(lambda: [value(theta) for theta in thetas[:n_points]])  # noqa: B023
            times[name].append(taken * len(thetas) / n_points)
    median = {name: float(np.median(rounds_)) for name, rounds_ in times.items()}
    fastest = min(median[name] for name in ready)
    for name, taken in median.items():
        print(f"  {name:26} {taken:10.3f} s for 1,000 thetas")
    print(f"  the fastest peer / nearclifford: {fastest / median['nearclifford']:.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--points", type=int, default=10, help="thetas on which a peer is timed")
    parser.add_argument("--skip-peers", action="store_true")
    options = parser.parse_args()
    print(f"nearclifford {nc.__version__}, {numba.get_num_threads()} threads")
    builds(options.rounds)
    published(options.rounds)
    if not options.skip_peers:
        evaluation(options.rounds, options.points)


if __name__ == "__main__":
    main()
