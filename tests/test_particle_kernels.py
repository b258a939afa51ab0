"""Layers, guides and kernels of particles against dense sums over all strings, written from the formulas."""

import itertools
from functools import reduce

import numpy as np
import pytest
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

import nearclifford as nc
from nearclifford.kernels.particles.matrices import basis, eigenvectors, leading_rows, product
from nearclifford.kernels.particles.step import Ahead, Gates, Particles, step
from nearclifford.normal_form.gates import INVERSE_TABLEAU, PRIMITIVES, TABLEAU
from nearclifford.particles.course import Strings
from nearclifford.particles.estimate import ENDS, Courses
from nearclifford.particles.layers import Weights, layers_of
from nearclifford.particles.letters import ONE_QUBIT, TWO_QUBITS
from nearclifford.particles.population import systematic, walk


def all_strings(n_qubits):
    return np.array(list(itertools.product(range(4), repeat=n_qubits)), dtype=np.int8)


def number_of(strings):
    return strings.astype(int) @ 4 ** np.arange(strings.shape[1])[::-1]


def guided(step_of_guide, strings):
    """Twin of a guide: matrices multiplied, string by string."""
    values = [reduce(np.matmul, [step_of_guide.tensors[q, p] for q, p in enumerate(string)])[0, 0] for string in strings]
    return (np.array(values) + step_of_guide.floor) * np.exp(step_of_guide.log_scale)


def courses_of(circuit, sine_square, observable=None):
    n_qubits = circuit.num_qubits
    land = nc.Landscape(circuit, nc.observables.global_z(n_qubits))
    layers = layers_of(land.program.tape, n_qubits, range(n_qubits))
    weights = Weights.of_loss(np.full(land.problem.n_rotations, sine_square))
    strings = observable or Strings.of_one([3] * n_qubits)
    return land, Courses(layers, weights, strings)


def ladder():
    """Two-qubit rotations, gates between all, letters of every kind."""
    circuit, t = QuantumCircuit(3), ParameterVector("t", 8)
    circuit.ry(t[0], 0)
    circuit.rzz(t[1], 0, 2)
    circuit.h(1)
    circuit.rx(t[2], 1)
    circuit.iswap(2, 0)
    circuit.rz(t[3], 2)
    circuit.cz(0, 1)
    circuit.s(1)
    circuit.ry(t[4], 1)
    circuit.rxx(t[5], 1, 2)
    circuit.cy(2, 0)
    circuit.rz(t[6], 0)
    circuit.ry(t[7], 2)
    return circuit


CIRCUITS = [nc.ansatz.mhea(4, 2), nc.ansatz.fhea(3, 1), nc.ansatz.random_pqc(4, 3, rng=1), ladder()]


@pytest.mark.parametrize("circuit", CIRCUITS)
@pytest.mark.parametrize("end", ENDS)
def test_guides_of_a_large_bond_are_exact(circuit, end):
    """Evolved over all strings, densely; I...I aside, which nothing meets."""
    land, courses = courses_of(circuit, 0.3)
    strings = all_strings(circuit.num_qubits)
    for rotation in (-1, 0, land.problem.n_rotations // 2, land.problem.n_rotations - 1):
        course, guide = courses.of(end, rotation, 64)
        worth = course.worth(strings)
        for number in reversed(range(len(course.maps))):
            scale = max(np.abs(worth).max(), np.exp(guide.steps[number].log_scale))
            if worth.any():
                assert np.abs(guided(guide.steps[number], strings) - worth)[1:].max() < 1e-12 * scale
            worth = reduce(np.kron, course.maps[number]) @ worth
            worth = worth[number_of(course.moves[number].of(strings))]
        found = float(course.starts.share @ worth[number_of(course.starts.letters)]) * np.exp(course.log_scale)
        patch = nc.Gaussian(np.sqrt(-np.log(1 - 2 * 0.3) / 2))
        low, high = (
            nc.certified_loss_second_moment(land, patch)
            if rotation < 0
            else nc.certified_second_moment(land, patch, rotation)
        )
        assert low - 1e-12 <= found <= high + 1e-12


def toy(rng, n_qubits, negative):
    """Maps that are no permutations, and a guide of random tensors."""
    maps = rng.random((n_qubits, 4, 4)) * (rng.random((n_qubits, 4, 4)) < 0.7)
    maps[:, np.arange(4), np.arange(4)] += 0.1
    tensors = rng.random((n_qubits, 4, 4, 4)) - (0.5 if negative else 0.0)
    return maps, Ahead(tensors, 1.0, -0.3)


NO_GATES = Gates(np.zeros((1, 16), np.int8), np.zeros((0, 3), np.int64), np.zeros((0, 16)))


def one_step(maps, guide, string, count, plain):
    crowd = Particles(np.tile(np.array(string, np.int8), (count, 1)), np.zeros(count), np.zeros(count))
    step(crowd, NO_GATES, maps, guide, np.uint64(7), np.uint64(0), plain)
    return crowd


def test_weights_are_map_over_density():
    """With a positive guide g the density q is (1 - plain) K g / Σ K g + plain K / Σ K; the new worth is q Σ K g / K."""
    maps, guide = toy(np.random.default_rng(1), 3, negative=False)
    string, plain = [1, 3, 2], 0.2
    crowd = one_step(maps, guide, string, 300, plain)
    strings = all_strings(3)
    moved = reduce(np.kron, [maps[q, p] for q, p in enumerate(string)])
    values = (
        np.array([reduce(np.matmul, [guide.tensors[q, p] for q, p in enumerate(s)])[0, 0] for s in strings]) + guide.floor
    )
    density = (1 - plain) * moved * values / (moved @ values) + plain * moved / moved.sum()
    place = number_of(crowd.letters)
    assert len(set(place.tolist())) > 10
    assert np.allclose(np.exp(crowd.log_weight), moved[place] / density[place], rtol=1e-10)
    worth = density[place] / moved[place] * (moved @ values) * np.exp(guide.log_scale)
    assert np.allclose(np.exp(crowd.log_guide), worth, rtol=1e-10)


def test_a_guide_with_negative_values_is_unbiased():
    """E[weight at a string] is its map, for each of 64 strings: within 4.5 standard errors, false alarm 5e-4 in all."""
    maps, guide = toy(np.random.default_rng(2), 3, negative=True)
    string, count = [0, 2, 1], 200_000
    crowd = one_step(maps, guide, string, count, 0.05)
    moved = reduce(np.kron, [maps[q, p] for q, p in enumerate(string)])
    place, weight = number_of(crowd.letters), np.exp(crowd.log_weight)
    mean = np.bincount(place, weights=weight, minlength=64) / count
    square = np.bincount(place, weights=weight**2, minlength=64) / count
    error = np.sqrt(np.maximum(square - mean**2, 0.0) / count)
    assert (np.abs(mean - moved) <= 4.5 * error + 1e-12).all()


def test_particles_that_a_map_kills_stay_dead():
    maps = np.tile(np.eye(4), (2, 1, 1))
    maps[0, 2] = 0.0
    guide = Ahead(np.ones((2, 4, 1, 1)), 1.0, 0.0)
    crowd = one_step(maps, guide, [2, 1], 3, 0.1)
    assert (crowd.log_weight == -np.inf).all()
    step(crowd, NO_GATES, np.tile(np.eye(4), (2, 1, 1)), guide, np.uint64(7), np.uint64(1), 0.1)
    assert (crowd.log_weight == -np.inf).all()


def test_no_number_overflows():
    """Tensors of 1e30 and 1e-30 on 400 qubits: 1e±12000."""
    for size in (1e30, 1e-30):
        guide = Ahead(np.full((400, 4, 1, 1), size), 0.0, 0.0)
        crowd = one_step(np.tile(np.full((4, 4), 0.25), (400, 1, 1)), guide, [0] * 400, 2, 0.01)
        assert np.allclose(crowd.log_weight, 0.0, atol=1e-9)
        assert np.allclose(crowd.log_guide, 400 * np.log(size), rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_populations_with_a_random_guide_are_unbiased(seed):
    """Guides drowned in noise, some values negative: 400 populations against the exact sum, within 4 standard errors."""
    land, courses = courses_of(nc.ansatz.mhea(3, 2), 0.3)
    course, guide = courses.of(ENDS[seed % 2], -1, 8)
    rng = np.random.default_rng(seed)
    for known in guide.steps[:-1]:
        known.tensors[:] += 0.3 * rng.normal(size=known.tensors.shape)
    found = np.exp(walk(course, guide, (30,) * 400, rng))
    low, _ = nc.certified_loss_second_moment(land, nc.Gaussian(np.sqrt(-np.log(1 - 2 * 0.3) / 2)))
    assert found.std() > 0.01 * low
    assert abs(found.mean() - low) < 4 * found.std() / 20


def test_letters_of_gates_are_those_of_stim():
    for code, name in enumerate(PRIMITIVES):
        if name not in TABLEAU:
            continue
        n = len(INVERSE_TABLEAU[name])
        table = (ONE_QUBIT if n == 1 else TWO_QUBITS)[code]
        for letters in itertools.product(range(4), repeat=n):
            after = stim.PauliString(list(letters)).before(stim.Circuit(f"{name} " + " ".join("01"[:n])))
            assert table[number_of(np.array([letters]))[0]] == number_of(np.array([list(after)]))[0]


def test_a_ring_between_two_rotations_is_one_segment():
    for n_qubits, layers in ((5, 3), (6, 2)):
        circuit = nc.ansatz.mhea(n_qubits, layers)
        tape = nc.Landscape(circuit, nc.observables.global_z(n_qubits)).program.tape
        made = layers_of(tape, n_qubits, range(n_qubits))
        assert len(made.steps) == layers + 1 and [len(s.gates) for s in made.segments] == [n_qubits] * layers + [0]


def test_the_light_cone_of_one_qubit():
    circuit = nc.ansatz.mhea(12, 1)
    tape = nc.Landscape(circuit, nc.observables.global_z(12)).program.tape
    made = layers_of(tape, 12, [5])
    assert made.qubits.tolist() == [0, 1, 2, 3, 4, 5, 6, 11]  # qubit 6 by a CX that 5 controls
    assert len(made.place_of) < circuit.num_parameters


def test_small_matrices():
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(5, 7)), rng.normal(size=(7, 3))
    assert np.allclose(product(one, other), one @ other, atol=1e-14)
    low_rank = rng.normal(size=(9, 4)) @ rng.normal(size=(4, 6))
    for matrix in (one, low_rank, np.zeros((3, 2))):
        q, r = basis(matrix)
        assert np.allclose(r @ q, matrix, atol=1e-13) and np.allclose(q @ q.T, np.eye(len(q)), atol=1e-13)
    assert len(basis(low_rank)[0]) == 4
    values, vectors = eigenvectors(one @ one.T)
    assert np.allclose(vectors * values @ vectors.T, one @ one.T, atol=1e-12)


@pytest.mark.parametrize(("size", "count"), [(10, 4), (40, 6), (40, 100)])
def test_the_leading_subspace(size, count):
    """As good as the singular vectors, to a part in a thousand, where singular values fall by a fifth each."""
    rng = np.random.default_rng(4)
    matrix = rng.normal(size=(size, size)) * 0.8 ** np.arange(size)
    rows = leading_rows(matrix @ matrix.T, count)
    assert np.allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-12)
    left_out = np.linalg.norm(matrix - rows.T @ (rows @ matrix))
    best = np.linalg.norm(np.linalg.svd(matrix)[1][count:])
    assert left_out <= 1.001 * best + 1e-6 * np.linalg.norm(matrix)


def test_systematic_draws():
    """Every particle is drawn as often as its share says, rounded up or down."""
    share = np.random.default_rng(5).dirichlet(np.ones(50))
    for seed in range(20):
        times = np.bincount(systematic(share, np.random.default_rng(seed)), minlength=50)
        assert (np.abs(times - 50 * share) < 1).all() and times.sum() == 50
