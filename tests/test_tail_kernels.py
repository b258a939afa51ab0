"""Chains whose coins show at least m heads: the law of the coins, plain twins of the kernels, and moments of two copies."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy import stats

import chain_twin
import nearclifford as nc
from nearclifford.chains.rows import row_list
from nearclifford.chains.sampler import ChainSampler
from nearclifford.chains.tails import ChainTail
from nearclifford.kernels.chain.heads import fill_passed, log_at_least, next_head
from nearclifford.kernels.chain.words import BITS
from nearclifford.kernels.reach import reach_of_terms
from nearclifford.normal_form.compiler import compile_circuit
from nearclifford.surrogates.tails import tail_moments
from random_circuits import random_circuit


def at_least(probability, counted, least):
    """Pr[at least so many of the coins that count are heads], by adding up rationals."""
    law = [Fraction(1)]
    for p, counts in zip(probability, counted, strict=True):
        if counts:
            head = Fraction(float(p))
            law = [a * (1 - head) + b * head for a, b in zip([*law, 0], [0, *law], strict=True)]
    return sum(law[least:], Fraction(0))


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-9, 1e-60])
def test_chances_of_heads_are_those_of_rationals(scale):
    rng = np.random.default_rng(3)
    probability = rng.random(12) * scale
    probability[4], probability[7] = 0.0, 1.0 if scale == 1.0 else scale
    counted = rng.random(12) < 0.8
    table = np.empty((5, 13))
    log_at_least(probability, counted, table)
    for r, i in product(range(5), range(13)):
        exact = at_least(probability[i:], counted[i:], r)
        if exact == 0:
            assert table[r, i] == -np.inf
        else:
            log = math.log(exact.numerator) - math.log(exact.denominator)
            assert table[r, i] == pytest.approx(log, rel=1e-13, abs=1e-13)


def drawn(probability, counted, least, rng):
    """Heads of one sample: the kernel's tables and search, and NumPy's gaps."""
    n = len(probability)
    passed = np.empty((least + 1, n + 1))
    fill_passed(probability, counted, passed)
    heads, missing, begin = [], least, 0
    while begin < n:
        coin = next_head(passed[missing], begin, n, rng.exponential())
        if coin < n:
            heads.append(coin)
            missing -= missing > 0 and bool(counted[coin])
        begin = coin + 1
    return tuple(heads)


@pytest.mark.parametrize("least", [0, 1, 2, 3])
@pytest.mark.parametrize("scale", [0.05, 0.5, 1.0])
def test_heads_follow_the_conditional_law(least, scale):
    """All sets of heads of six coins, one uncounted, at level 1e-4 for the twelve chi squares together."""
    probability = scale * np.array([0.9, 0.02, 0.5, 0.3, 1.0, 0.7])
    counted = np.array([True, True, False, True, True, True])
    rng = np.random.default_rng([least, int(100 * scale)])
    seen = {}
    n = 4000
    for _ in range(n):
        heads = drawn(probability, counted, least, rng)
        seen[heads] = seen.get(heads, 0) + 1
    expected = {}
    for bits in product([0, 1], repeat=6):
        weight = float(np.prod(np.where(bits, probability, 1 - probability)))
        if weight and np.dot(bits, counted) >= least:
            expected[tuple(np.flatnonzero(bits).tolist())] = weight
    assert set(seen) <= set(expected)
    total = sum(expected.values())
    frequent = {key for key, weight in expected.items() if n * weight / total > 5}
    table = [(seen.get(key, 0), n * expected[key] / total) for key in frequent]
    rest = n - sum(count for count, _ in table), n - sum(mean for _, mean in table)
    if rest[1] > 5:
        table.append(rest)
    square = sum((count - mean) ** 2 / mean for count, mean in table)
    assert stats.chi2.sf(square, len(table) - 1) > 1e-4 / 12


def twin(rows, start, probability, members, counted, chosen, least, key, gamma, samples):
    """(Z-type, flips in the order of the walk) of each sample, None where it does not count, one sample after the other."""
    met = [int(j) for kind, j in zip(rows.kind, rows.rotation, strict=True) if kind and j in members]
    coins = [j for j in met if probability[j]]
    p, counts = probability[coins], counted[coins]
    passed = np.empty((least + 1, len(coins) + 1))
    fill_passed(p, counts, passed)
    result = []
    for sample in range(samples):
        if passed[least, 0] == np.inf:
            result.append(None)
            continue
        heads, missing, begin, draws = set(), least, 0, 0
        while True:
            when = passed[missing, begin] + chain_twin.gap(key, gamma, BITS * draws + sample)
            draws += 1
            coin = int(np.searchsorted(passed[missing], when, side="right")) - 1
            if coin >= len(coins):
                break
            heads.add(coins[coin])
            missing -= missing > 0 and bool(counts[coin])
            begin = coin + 1
        result.append(walked(rows, start, heads, chosen))
    return result


def walked(rows, start, heads, chosen):
    bits, flips, met = [bool(bit) for bit in start], [], chosen < 0
    for kind, t, s, j in zip(rows.kind, rows.target, rows.source, rows.rotation, strict=True):
        if kind == 0:
            bits[t] ^= bits[s]
            continue
        anticommutes = bits[s] ^ (bits[t] if kind == 2 else False)
        met |= j == chosen and anticommutes
        if anticommutes and j in heads:
            flips.append(int(j))
            bits[t] ^= True
            bits[s] ^= kind == 2
    return flips if met and not any(bits[r] for r in rows.x_rows) else None


def members_of(program, rows, start):
    """The rotations that a start can meet, by following which rows may be set, as words."""
    possible, members = start.copy(), set()
    for kind, t, s, j in zip(rows.kind, rows.target, rows.source, rows.rotation, strict=True):
        if possible[s] or (kind == 2 and possible[t]):
            possible[t] = True
            possible[s] |= kind == 2
            if kind:
                members.add(int(j))
    bits = np.zeros(64 * -(-program.angle_map.n_rotations // 64), bool)
    bits[list(members)] = True
    return members, np.packbits(bits, bitorder="little").view(np.uint64)


@pytest.mark.parametrize("number", range(30))
def test_walks_equal_plain_ones_on_the_same_words(number):
    """Every primitive, rare, frequent and certain coins, several starts in a block, with and without a derivative."""
    rng = np.random.default_rng([number, 12])
    n_qubits, least = int(rng.integers(1, 6)), int(rng.integers(0, 4))
    program = compile_circuit(random_circuit(rng, n_qubits, 30))
    rows, n = row_list(program), program.angle_map.n_rotations
    probability = rng.choice([0.0, 1e-12, 1e-3, 0.03, 0.5, 0.9, 1.0], size=n)
    starts = rng.random((3, 2 * n_qubits)) < 0.7
    chosen = int(rng.integers(-1, n))
    met, words = zip(*(members_of(program, rows, start) for start in starts), strict=True)
    tail = ChainTail(rows, probability, starts, np.array(words), least, np.uint64(5), chosen)
    start = np.sort(rng.integers(3, size=32))
    found = tail.paths(start, 2 * BITS - 100, first_block=3, stream=8)
    exchanged, counted = probability.copy(), np.ones(n, bool)
    if chosen >= 0:
        exchanged[chosen], counted[chosen] = 1 - probability[chosen], False
    expected = {}
    for block in range(2):
        key, gamma = chain_twin.stream(5, 8, 3 + block)
        for which in range(3):
            twins = twin(rows, starts[which], exchanged, met[which], counted, chosen, least, key, gamma, BITS)
            for bit, flips in enumerate(twins):
                if flips is not None and start[16 * block + bit // 64] == which and BITS * block + bit < 2 * BITS - 100:
                    expected[BITS * block + bit] = flips
    assert found.sample.tolist() == sorted(expected)
    for place, sample in enumerate(found.sample.tolist()):
        assert found.flips[found.begin[place] : found.begin[place + 1]].tolist() == expected[sample]


def tail_of(land, patch, least, seed, chosen=-1):
    sampler, problem = ChainSampler(land, patch, np.random.default_rng(seed)), land.problem
    members = reach_of_terms(problem.generators.strings, problem.images.strings)
    return ChainTail(sampler.rows, sampler.sine_square, sampler.starts, members, least, sampler.seed, chosen)


@pytest.mark.parametrize(("sigma", "least"), [(0.02, 3), (0.1, 2), (0.3, 4), (1.0, 1), (1.0, 6)])
def test_few_hits_times_their_chance_are_the_moments(sigma, least):
    """Against merged chains, which draw nothing; z below 4.3 in all of some 45 counts at level 1e-3."""
    land, patch, samples = nc.Landscape(nc.ansatz.mhea(4, 3), nc.observables.global_z(4)), nc.Gaussian(sigma), 300_000
    tail = tail_of(land, patch, least, 11)
    counts = np.cumsum(tail.flip_counts(samples, 12)[::-1])[::-1]
    rate = tail_moments(land.problem, patch, 11) / np.exp(tail.log_probability[0, -1])
    wrong = np.abs(counts - samples * rate)[least:] > 4.3 * np.sqrt(samples * rate)[least:] + 4
    assert not wrong.any()


def test_paths_and_counts_of_flips_are_of_the_same_chains():
    tail = tail_of(nc.Landscape(nc.ansatz.mhea(4, 3), nc.observables.global_z(4)), nc.Gaussian(0.4), 2, 7)
    found = tail.paths(np.zeros(80, np.int64), 5000)
    flips = np.bincount(np.diff(found.begin), minlength=40)
    assert flips.tolist() == tail.flip_counts(5000, 40).tolist()
    assert flips.sum() > 100


def test_blocks_go_on_where_others_end_whatever_the_room():
    """Runs of several blocks, whose flips do not fit at first, and of one block after the other."""
    tail = tail_of(nc.Landscape(nc.ansatz.mhea(3, 20), nc.observables.global_z(3)), nc.Gaussian(1.5), 1, 7)
    whole = tail.paths(np.zeros(64, np.int64), 4 * BITS, first_block=2)
    assert len(whole.flips) > 4096
    parts = [tail.paths(np.zeros(16, np.int64), BITS, first_block=2 + i) for i in range(4)]
    assert whole.flips.tolist() == [j for part in parts for j in part.flips.tolist()]
    assert whole.sample.tolist() == [i * BITS + s for i, part in enumerate(parts) for s in part.sample.tolist()]


def test_more_heads_than_coins_are_impossible():
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    tail = tail_of(land, nc.Gaussian(0.5), 50, 1)
    assert tail.log_probability[0, -1] == -np.inf
    assert not tail.flip_counts(BITS, 3).any()
