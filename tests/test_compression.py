"""Compression drops only what cannot matter, and finds the light cone."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.exact.cpu import _run_backwards
from nearclifford.exact.sweep import make_sweep
from nearclifford.kernels.gf2 import span
from nearclifford.normal_form.compression import TermGroup, compress
from nearclifford.normal_form.program import PauliTable
from random_circuits import brickwork, random_circuit, random_observable


def uncompressed(land, theta):
    """Value and gradient by one sweep of every rotation on every qubit: no rotation, term or qubit is left out."""
    program = land.program
    turns = program.generators
    n_qubits = max(land.n_qubits, 1)
    unit = np.zeros((n_qubits, turns.x.shape[1]), np.uint64)
    unit[np.arange(n_qubits), np.arange(n_qubits) // 64] = np.uint64(1) << (np.arange(n_qubits, dtype=np.uint64) % 64)
    everything = TermGroup(np.arange(len(land.problem.coefficients)), np.arange(len(turns)), unit, np.arange(n_qubits))
    sweep = make_sweep(everything, land.problem)
    assert len(sweep.rotations) == program.angle_map.n_rotations
    assert everything.active_qubits == land.n_qubits
    angle = program.angle_map.angles(theta[None])
    value, by_angle = np.empty(1), np.empty((1, len(turns)))
    _run_backwards(sweep, angle, value, by_angle)
    return value[0], program.angle_map.to_parameters(by_angle)[0]


@pytest.mark.parametrize("block", range(6))
def test_equals_the_uncompressed_result(block):
    for seed in range(50 * block, 50 * (block + 1)):
        rng = np.random.default_rng([17, seed])
        n_qubits = int(rng.integers(1, 10))
        circuit = random_circuit(rng, n_qubits, int(rng.integers(1, 20)))
        land = nc.Landscape(circuit, random_observable(rng, n_qubits, int(rng.integers(1, 8))))
        theta = rng.normal(size=land.n_parameters)
        value, gradient = land.value_and_gradient(theta)
        plain_value, plain_gradient = uncompressed(land, theta)
        assert abs(value - plain_value) < 1e-12, f"seed {seed}"
        assert np.abs(gradient - plain_gradient).max() < 1e-12, f"seed {seed}"


def test_compression_does_drop():
    """The 300 cases above would prove nothing if nothing were dropped."""
    rng = np.random.default_rng(0)
    kept = total = narrower = 0
    for _ in range(50):
        land = nc.Landscape(random_circuit(rng, 8, 15), random_observable(rng, 8, 1))
        kept += sum(len(group.rotations) for group in land.problem.groups)
        total += land.problem.n_rotations
        narrower += land.active_qubits < 8
    assert kept < 0.8 * total
    assert narrower > 25


def light_cone_value(bound, pair):
    """<XX + YY + ZZ> of two neighbouring qubits by Qiskit, on the qubits within reach of the pair alone."""
    reach = range(max(0, pair - 8), min(bound.num_qubits, pair + 10))
    small = QuantumCircuit(len(reach))
    for instruction in bound.data:
        qubits = [bound.find_bit(qubit).index for qubit in instruction.qubits]
        if all(qubit in reach for qubit in qubits):
            small.append(instruction.operation, [qubit - reach.start for qubit in qubits])
    qubits = [pair - reach.start, pair + 1 - reach.start]
    observable = SparsePauliOp.from_sparse_list([(letters, qubits, 1) for letters in ("XX", "YY", "ZZ")], len(reach))
    return Statevector(small).expectation_value(observable).real


def test_thousand_qubit_heisenberg_gradient_against_light_cones():
    circuit = brickwork(1000, 2)
    land = nc.Landscape(circuit, nc.observables.heisenberg(1000))
    assert land.n_parameters == 6000
    assert land.active_qubits <= 12
    theta = np.random.default_rng(11).normal(size=6000)
    gradient = land.gradient(theta)
    assert gradient.shape == (6000,)
    # theta[2 q] is the RY of qubit q in the first layer, theta[4000 + 2 q + 1] its RZ in the last.
    for parameter, qubit in ((2 * 500, 500), (4000 + 2 * 123 + 1, 123)):
        expected = 0.0
        for shift, sign in ((np.pi / 2, 0.5), (-np.pi / 2, -0.5)):
            point = theta.copy()
            point[parameter] += shift
            # Bonds further than five sites from the qubit cannot see the parameter: CX reach two sites a layer.
            bound = circuit.assign_parameters(point)
            for pair in range(max(0, qubit - 6), min(998, qubit + 5) + 1):
                expected += sign * light_cone_value(bound, pair)
        assert abs(gradient[parameter] - expected) < 1e-10


def test_groups_share_sweeps_where_that_is_cheaper():
    wide = nc.Landscape(nc.ansatz.mhea(6, 6), nc.observables.heisenberg(6))
    assert len(wide.problem.groups) == 1
    local = nc.Landscape(brickwork(60, 1), nc.observables.heisenberg(60))
    assert 20 < len(local.problem.groups) <= 3 * 59
    assert local.active_qubits < 10


def test_constant_terms_need_no_rotation():
    turns = PauliTable(2, *np.zeros((2, 0, 1), np.uint64), np.zeros(0, np.int8))
    images = PauliTable(2, np.zeros((1, 1), np.uint64), np.array([[3]], np.uint64), np.array([-1], np.int8))
    [group] = compress(turns, images)
    assert group.active_qubits == 0
    assert len(group.rotations) == 0
    assert span(turns.x, np.zeros(0, np.uint64))[0].shape == (0, 1)
