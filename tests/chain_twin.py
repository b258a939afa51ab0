"""Plain twins of the stabilizer kernels, and second moments by summing over Pauli strings, all with Python integers."""

import math
from functools import reduce
from operator import or_

import numpy as np
import stim

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(word):
    word = ((word ^ word >> 30) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ word >> 27) * 0x94D049BB133111EB) & MASK
    return word ^ word >> 31


def stream(seed, major, minor):
    by_major = mix(mix((seed + GOLDEN) & MASK) ^ ((major + GOLDEN) & MASK))
    key = mix((by_major + (minor + 1) * GOLDEN) & MASK)
    gamma = mix((key + GOLDEN) & MASK) | 1
    return key, gamma if (gamma ^ gamma >> 1).bit_count() >= 24 else gamma ^ 0xAAAAAAAAAAAAAAAA


def random_row(key, gamma, row, width):
    return [mix((key + (width * row + lane) * gamma) & MASK) for lane in range(width)]


def frequent_bits(probability, key, gamma, counter, width):
    """Compare p with uniform numbers digit by digit, bit by bit; return (words, counter)."""
    if probability >= 1:
        return [MASK] * width, counter
    digits = int(math.ldexp(probability, 64))
    heads, undecided = [0] * width, [MASK] * width
    while digits and any(undecided):
        rows = random_row(key, gamma, counter, width)
        counter += 1
        for w in range(width):
            if digits >> 63:
                heads[w] |= undecided[w] & ~rows[w]
                undecided[w] &= rows[w]
            else:
                undecided[w] &= ~rows[w] & MASK
        digits = digits << 1 & MASK
    return heads, counter


def gap(key, gamma, counter):
    return -math.log(((mix((key + (2**62 + counter) * gamma) & MASK) >> 11) + 0.5) * 2.0**-53)


def chain(operations, start, x_rows, probability, rare, chosen, key, gamma, width):
    """Return (words of samples that count, flips of each sample): every operation in turn, one coin row a rotation."""
    rows = [[MASK if bit else 0] * width for bit in start]
    alive, counter, gaps, bits = [MASK] * width, 0, 1, 64 * width
    left, flips = gap(key, gamma, 0), np.zeros(64 * width, np.int64)
    for kind, t, s, j in operations:
        coins = [MASK] * width
        if kind:
            coins = [0] * width
            if j == chosen:
                anticommuting = [a ^ b for a, b in zip(rows[s], rows[t], strict=True)] if kind == 2 else rows[s]
                alive = [a & b for a, b in zip(alive, anticommuting, strict=True)]
                coins, counter = frequent_bits(1 - probability[j], key, gamma, counter, width)
            elif probability[j] >= rare:
                coins, counter = frequent_bits(probability[j], key, gamma, counter, width)
            else:
                hazard, position = -math.log1p(-probability[j]), 0
                while left < (bits - position) * hazard:
                    position += int(left / hazard)
                    coins[position // 64] |= 1 << position % 64
                    position += 1
                    left = gap(key, gamma, gaps)
                    gaps += 1
                left -= (bits - position) * hazard
        for w in range(width):
            flip = (rows[s][w] ^ (rows[t][w] if kind == 2 else 0)) & coins[w]
            rows[t][w] ^= flip
            if kind == 2:
                rows[s][w] ^= flip
            if kind:
                flips[64 * w : 64 * (w + 1)] += [flip >> bit & 1 for bit in range(64)]
    ended = [a & ~reduce(or_, (rows[r][w] for r in x_rows)) & MASK for w, a in enumerate(alive)]
    return ended, flips


def exact_moments(land, cosine, sine_square, chosen=None):
    """Return (mean, second moment) of L, or of its derivative by the angle of rotation ``chosen``, exactly.

    Strings and pairs of strings are pulled back through every rotation, each with the average of its cosines and sines.
    """
    generators = [land.problem.generators.to_stim(j) for j in range(land.problem.n_rotations)]
    strings = [(land.problem.images.to_stim(a), c) for a, c in enumerate(land.problem.coefficients)]
    singles, pairs = {}, {}
    for p, c in strings:
        _add(singles, (p,), c)
        for q, d in strings:
            _add(pairs, (p, q), c * d)
    for j in reversed(range(len(generators))):
        singles = _pull_back(singles, generators[j], cosine[j], sine_square[j], j == chosen)
        pairs = _pull_back(pairs, generators[j], cosine[j], sine_square[j], j == chosen)
    return tuple(
        sum(weight for key, weight in found.items() if all(set(string) <= set("_Z") for string in key))
        for found in (singles, pairs)
    )


def _add(found, strings, weight):
    sign = np.prod([string.sign.real for string in strings])
    key = tuple(str(string)[1:] for string in strings)
    found[key] = found.get(key, 0.0) + sign * weight


def _pull_back(found, generator, cosine, sine_square, differentiated):
    result = {}
    for key, weight in found.items():
        strings = tuple(stim.PauliString(string) for string in key)
        met = [not string.commutes(generator) for string in strings]
        flipped = tuple(1j * generator * p if m else p for p, m in zip(strings, met, strict=True))
        if differentiated:
            if all(met):
                # d cos = -sin, d sin = cos: the mean keeps the cosine, the square exchanges the two.
                if len(key) == 2:
                    _add(result, strings, weight * sine_square)
                _add(result, flipped, weight * (cosine if len(key) == 1 else 1 - sine_square))
        elif not any(met):
            _add(result, strings, weight)
        elif all(met) and len(key) == 2:
            _add(result, strings, weight * (1 - sine_square))
            _add(result, flipped, weight * sine_square)
        else:
            _add(result, strings, weight * cosine)
    return result
