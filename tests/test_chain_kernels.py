"""The bit-sliced chain against a plain one on the same random words, and its coins against their probabilities."""

import numpy as np
import pytest
import stim

import chain_twin
from nearclifford.chains.rows import row_list
from nearclifford.kernels.chain.coins import RARE, Coins, hazards
from nearclifford.kernels.chain.flips import count_flips, reachable
from nearclifford.kernels.chain.hits import Targets, count_hits
from nearclifford.kernels.chain.prune import prune
from nearclifford.kernels.chain.rows import XOR
from nearclifford.kernels.chain.walk import Job, Slots, find_stop
from nearclifford.kernels.chain.words import BITS, WIDTH, stream
from nearclifford.normal_form.compiler import compile_circuit
from random_circuits import random_circuit


def run(rows, start, probability, chosen, samples, seed=5, first_block=0, masks=None, frozen=None, n_tasks=1):
    chosen = np.atleast_1d(np.asarray(chosen, dtype=np.int64))
    n_blocks = -(-samples // BITS)
    per_task = -(-n_blocks // n_tasks)
    hits = np.empty((len(chosen), -(-n_blocks // per_task), WIDTH), np.int64)
    silent = np.empty(hits.shape[:2], np.bool_)
    masks = np.full((1, WIDTH), -1, np.int64) if masks is None else masks
    frozen = np.zeros((1, 1), np.uint64) if frozen is None else frozen
    slots = Slots(start, np.zeros((1, WIDTH), np.int64), masks, frozen)
    targets, job = Targets(chosen, chosen.astype(np.uint64)), Job(first_block, samples, per_task, np.uint64(seed))
    count_hits(rows, Coins(probability, hazards(probability)), slots, targets, job, hits, silent)
    return hits, silent


@pytest.mark.parametrize("number", range(30))
def test_equals_the_plain_chain_on_the_same_words(number):
    """Every primitive, rare and frequent coins mixed, with and without a differentiated rotation."""
    rng = np.random.default_rng([number, 11])
    n_qubits = int(rng.integers(1, 6))
    program = compile_circuit(random_circuit(rng, n_qubits, 30))
    rows = row_list(program)
    probability = rng.choice([0.0, 1e-6, 1e-3, 0.003, 0.03, 0.5, 0.9, 1 - 1e-6], size=program.angle_map.n_rotations)
    start = rng.random((1, 2 * n_qubits)) < 0.7
    chosen = int(rng.integers(-1, program.angle_map.n_rotations))
    hits, silent = run(rows, start, probability, chosen, BITS)
    key, gamma = stream(np.uint64(5), np.uint64(chosen & 2**64 - 1), np.uint64(0))
    assert (int(key), int(gamma)) == chain_twin.stream(5, chosen & 2**64 - 1, 0)
    # The kernel drops what cannot matter: the twin is given the same operations, and the whole list in the test below.
    operations = kept_operations(rows, start[0], chosen)
    if operations is None:
        assert silent.all() and not hits.any()
        return
    alive, _ = chain_twin.chain(
        operations, start[0], rows.x_rows, probability, RARE, chosen, int(key), int(gamma), WIDTH
    )  # fmt: skip
    assert hits[0, 0].tolist() == [word.bit_count() for word in alive]


def kept_operations(rows, start, chosen):
    kept = np.empty(len(rows.kind), np.int64)
    count = prune(rows, start, chosen, kept)
    return None if count < 0 else listed(rows, kept[:count])


def listed(rows, kept):
    """Return the kept operations as the twin takes them."""
    return list(zip(*(column[kept].tolist() for column in rows[:4]), strict=True))


@pytest.mark.parametrize("number", range(20))
def test_flips_are_those_of_the_plain_chain(number):
    """Rare and frequent coins mixed: how many samples end Z-type after 0, 1, ... flips, the last column for more."""
    rng = np.random.default_rng([number, 14])
    n_qubits = int(rng.integers(1, 5))
    program = compile_circuit(random_circuit(rng, n_qubits, 30))
    rows = row_list(program)
    probability = rng.choice([0.0, 1e-3, 0.003, 0.03, 0.5, 0.9], size=program.angle_map.n_rotations)
    start = rng.random((1, 2 * n_qubits)) < 0.7
    histogram, no_mask = np.empty((1, WIDTH, 6), np.int64), np.full((1, WIDTH), -1, np.int64)
    slots = Slots(start, np.zeros((1, WIDTH), np.int64), no_mask, np.zeros((1, 1), np.uint64))
    count_flips(rows, Coins(probability, hazards(probability)), slots, Job(3, BITS, 1, np.uint64(5)), histogram)
    kept = np.empty(len(rows.kind), np.int64)
    operations = listed(rows, kept[: reachable(rows, start[0], kept)])
    key, gamma = chain_twin.stream(5, 0, 3)
    alive, flips = chain_twin.chain(operations, start[0], rows.x_rows, probability, RARE, -1, key, gamma, WIDTH)
    for word in range(WIDTH):
        ended = [min(flips[64 * word + bit], 5) for bit in range(64) if alive[word] >> bit & 1]
        assert histogram[0, word].tolist() == np.bincount(np.array(ended, np.int64), minlength=6).tolist()


@pytest.mark.parametrize("number", range(10))
def test_dropped_operations_do_not_matter(number):
    """With coins that always or never show, the chain is one path, whatever is dropped."""
    rng = np.random.default_rng([number, 12])
    n_qubits = int(rng.integers(1, 5))
    program = compile_circuit(random_circuit(rng, n_qubits, 20))
    rows = row_list(program)
    probability = rng.choice([0.0, 1.0], size=program.angle_map.n_rotations)
    start = rng.random((1, 2 * n_qubits)) < 0.5
    operations = listed(rows, np.arange(len(rows.kind)))
    for chosen in range(-1, program.angle_map.n_rotations):
        hits, _ = run(rows, start, probability, chosen, BITS)
        alive, _ = chain_twin.chain(operations, start[0], rows.x_rows, probability, RARE, chosen, 3, 5, WIDTH)
        assert hits.sum() == sum(word.bit_count() for word in alive)


@pytest.mark.parametrize("number", range(20))
def test_rows_without_coins_pull_back_as_stim_does(number):
    """Every primitive: the XORs alone, walked on one string, end at the bits of C† P C."""
    rng = np.random.default_rng([number, 13])
    n_qubits = int(rng.choice([1, 2, 5, 70]))
    program = compile_circuit(random_circuit(rng, n_qubits, 40))
    rows = row_list(program)
    string = stim.PauliString.random(n_qubits)
    bits = np.ravel(np.column_stack(string.to_numpy()))
    for kind, target, source in zip(rows.kind, rows.target, rows.source, strict=True):
        if kind == XOR:
            bits[target] ^= bits[source]
    assert sorted(rows.rotation[rows.kind != XOR].tolist(), reverse=True) == rows.rotation[rows.kind != XOR].tolist()
    assert bits[rows.x_rows].tolist() == program.pull_back(string).to_numpy()[0].tolist()


@pytest.mark.parametrize("power", [0, 3, 12, 300])
def test_the_next_coin_is_found_whatever_the_hazards(power):
    """Hazards of one size, and of sizes apart by so many powers of ten, against NumPy's search."""
    rng = np.random.default_rng(power)
    hazard = 10.0 ** -rng.uniform(2, 2 + power, size=50)
    hazard[rng.random(50) < 0.1] = 0.0
    clock = np.column_stack([np.concatenate([[0.0], np.cumsum(hazard)]), np.append(hazard, 0.0)])
    for when in np.concatenate([rng.uniform(0, 1.05 * clock[-1, 0], 200), clock[:, 0], clock[:, 0] * (1 + 1e-15)]):
        for begin in range(int(np.searchsorted(clock[:, 0], when, side="right"))):
            found = find_stop(clock, begin, when)
            if when >= clock[-1, 0]:
                assert found == 50
            else:
                assert clock[found, 0] <= when < clock[found + 1, 0] and found >= begin


def flips_only(n_qubits):
    """RX on each qubit of Z...Z: a sample counts if no coin shows."""
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector

    circuit = QuantumCircuit(n_qubits)
    for qubit, parameter in enumerate(ParameterVector("t", n_qubits)):
        circuit.rx(parameter, qubit)
    start = np.zeros((1, 2 * n_qubits), np.bool_)
    start[0, 1::2] = True
    return row_list(compile_circuit(circuit)), start


@pytest.mark.parametrize("probability", [0.0, 1e-6, 1e-3, RARE * 0.999, RARE, 0.1, 1 / 3, 0.5, 0.9, 1 - 1e-6, 1.0])
@pytest.mark.parametrize("n_qubits", [1, 20])
def test_coins_have_their_probability(probability, n_qubits):
    """|z| < 4.5 for 22 binomial counts: false alarm below 2e-4; certain events are exact."""
    rows, start = flips_only(n_qubits)
    samples = 2**20
    hits, _ = run(rows, start, np.full(n_qubits, probability), -1, samples)
    none = (1 - probability) ** n_qubits
    assert abs(hits.sum() - samples * none) <= 4.5 * np.sqrt(samples * none * (1 - none)) + (0 < none < 1)


def test_coins_of_neighbours_are_independent():
    """Pairs of coin rows agree as often as independent ones: the counts of all four patterns."""
    rows, start = flips_only(2)
    for p in (0.002, 0.5):
        both = run(rows, start, np.array([p, p]), -1, 2**20)[0].sum() / 2**20
        assert abs(both - (1 - p) ** 2) < 4.5 * np.sqrt(both * (1 - both) / 2**20)


def test_words_of_a_stream_are_fair():
    rows, start = flips_only(1)
    hits, _ = run(rows, start, np.array([0.5]), -1, 2**20, n_tasks=64)
    by_word = hits.sum(axis=1)[0] / (2**20 / WIDTH)
    assert np.abs(by_word - 0.5).max() < 4.5 * np.sqrt(0.25 * WIDTH / 2**20)


def test_samples_beyond_the_last_block_do_not_count():
    rows, start = flips_only(3)
    for samples in (1, 63, 64, 65, BITS - 1, BITS, BITS + 1, 3 * BITS + 7):
        assert run(rows, start, np.zeros(3), -1, samples)[0].sum() == samples


def test_blocks_keep_their_numbers_when_a_run_is_split():
    rows, start = flips_only(4)
    probability = np.array([0.001, 0.3, 0.002, 0.1])
    whole = run(rows, start, probability, [-1, 2], 8 * BITS, n_tasks=8)[0]
    parts = [run(rows, start, probability, [-1, 2], 4 * BITS, first_block=first, n_tasks=2)[0] for first in (0, 4)]
    assert whole.sum(axis=1).tolist() == (parts[0].sum(axis=1) + parts[1].sum(axis=1)).tolist()


@pytest.mark.parametrize("probability", [0.002, 0.4])
def test_frozen_rotations_flip_nothing(probability):
    """Words of even number freeze the first two of three rotations."""
    rows, start = flips_only(3)
    masks = np.tile([[0, -1]], WIDTH // 2)
    hits, _ = run(rows, start, np.full(3, probability), -1, 2**18, masks=masks, frozen=np.array([[3]], np.uint64))
    samples = 2**18 / WIDTH
    for word, count in enumerate(hits[0, 0]):
        none = (1 - probability) ** (1 if word % 2 == 0 else 3)
        assert abs(count - samples * none) < 4.5 * np.sqrt(samples * none * (1 - none))


def test_a_rotation_outside_the_light_cone_is_silent():
    rows, start = flips_only(3)
    start[0, 2:] = False
    hits, silent = run(rows, start, np.full(3, 0.2), [0, 1, 2], 100)
    assert silent[:, 0].tolist() == [False, True, True] and not hits[1:].any()
