"""300 random cases: the stabilizer's samples against the certified value, which visits every branch and samples nothing.

The mean is compared with a walk over stim's Pauli strings in which only a fixed choice at each rotation survives.
"""

from functools import cache
from math import erfc, sqrt
from typing import NamedTuple

import numpy as np
import pytest
import stim
from qiskit.quantum_info import SparsePauliOp
from scipy import stats

import nearclifford as nc
from nearclifford.statistics.certified import certified_loss_second_moment, certified_second_moment

N_CASES = 300
SAMPLES = 8192
# A right sampler strays beyond this, somewhere in about 560 comparisons, with a probability of 4 %; the seed is fixed.
MOST_ERRORS = 4.0
# Rates closer to 0 or 1 than this many hits or misses are no normal distribution yet: not in the z-scores, checked by
# the exact binomial distribution instead.
LEAST_HITS = 100


class Comparison(NamedTuple):
    case: int
    parameter: int | None
    lower: float
    upper: float
    mean: float
    found_mean: float
    second: float
    error: float
    variance: float
    samples: int
    one_term: float  # c² factor² where the observable is one string, else 0


def random_landscape(rng):
    n = int(rng.integers(1, 9))
    kind = int(rng.integers(3))
    if kind == 0:
        circuit = nc.ansatz.mhea(n, int(rng.integers(0, 2 if n > 5 else 4)))
    elif kind == 1:
        circuit = nc.ansatz.fhea(n, int(rng.integers(0, 2)) if n < 6 else 0)
    else:
        circuit = nc.ansatz.random_pqc(n, int(rng.integers(1, 6 if n < 6 else 4)), rng=rng)
    which = int(rng.integers(4))
    if which == 0:
        observable = nc.observables.random_hamiltonian(n, int(rng.integers(2, 7)) if n > 1 else 2, weighted=True, rng=rng)
    elif which == 1 and n > 1:
        observable = nc.observables.ising(n, j=0.8, h=-0.6)
    else:
        observable = 1.5 * SparsePauliOp(nc.observables.random_pauli(n, rng=rng))
    parameter = int(rng.integers(circuit.num_parameters))
    if rng.random() < 0.6:
        circuit = nc.encode(circuit, observable, parameter=parameter).circuit
    land = nc.Landscape(circuit, observable)
    widths = rng.uniform(0.05, 0.9, land.n_parameters) if rng.random() < 0.3 else rng.uniform(0.05, 0.9)
    patch = nc.Gaussian(widths) if rng.random() < 0.5 else nc.Uniform(1.7 * widths)
    return land, patch, parameter


def plain_mean(land, patch, parameter=None):
    """Only cosines survive the average of L; of ∂_k L, only the flip at k."""
    cosine = np.broadcast_to(patch.cosine_mean(), (land.n_parameters,))
    program, total = land.program, 0.0
    generators = [program.generators.to_stim(j) for j in range(program.angle_map.n_rotations)]
    angles = program.angle_map
    parameter_of = dict(zip(angles.entry_rotation.tolist(), angles.entry_parameter.tolist(), strict=True))
    for a, coefficient in enumerate(land.problem.coefficients):
        string, weight = land.problem.images.to_stim(a), float(coefficient)
        flipped = parameter is None
        for j in reversed(range(len(generators))):
            if generators[j].commutes(string):
                continue
            if parameter_of[j] == parameter:
                # d/dt (cos t P + sin t i G P) at its surviving term, cos t · i G P
                string, flipped = 1j * generators[j] * string, True
            weight *= cosine[parameter_of[j]]
        if flipped and all(string[q] in (0, 3) for q in range(len(string))):
            total += weight * stim.PauliString(string).sign.real
    return total


def certified(land, patch, parameter, **limit):
    if parameter is None:
        return certified_loss_second_moment(land, patch, **limit)
    return certified_second_moment(land, patch, parameter, **limit)


@cache
def comparisons():
    made = []
    for case in range(N_CASES):
        rng = np.random.default_rng([304, case])
        land, patch, parameter = random_landscape(rng)
        others = rng.integers(land.n_parameters, size=1).tolist()
        chosen = sorted({parameter, *others})
        gradient = nc.gradient_statistics(
            land, patch, backend=nc.Stabilizer(), samples=SAMPLES, parameters=chosen, rng=[case, 1]
        )
        loss = nc.loss_statistics(land, patch, backend=nc.Stabilizer(), samples=SAMPLES, rng=[case, 2])
        scale = float(land.problem.coefficients[0]) ** 2 if len(land.problem.coefficients) == 1 else 0.0
        rows = [(None, loss.mean, loss.second_moment, loss.second_moment_error, loss.variance)]
        columns = (gradient.mean, gradient.second_moment, gradient.second_moment_error, gradient.variance)
        rows += [(k, *(float(column[i]) for column in columns)) for i, k in enumerate(chosen)]
        for k, mean, second, error, variance in rows:
            bounds = certified(land, patch, k)
            made.append(
                Comparison(case, k, *bounds, plain_mean(land, patch, k), mean, second, error, variance, SAMPLES, scale)
            )
    return made


def exact(row):
    return (row.lower + row.upper) / 2


def z_score(row):
    """Deviation in standard errors: the exact one for one term, else the one that the backend reports."""
    if row.one_term:
        rate = min(exact(row) / row.one_term, 1.0)
        return (row.second - exact(row)) / (row.one_term * sqrt(rate * (1 - rate) / row.samples))
    return (row.second - exact(row)) / row.error


def is_normal(row):
    """Whether the estimate has a spread, and one that is close to normal."""
    if row.one_term:
        rate = exact(row) / row.one_term
        return row.samples * min(rate, 1 - rate) >= LEAST_HITS
    return row.error > 0 and row.error < 0.1 * row.second


def test_there_is_something_of_every_kind():
    rows = comparisons()
    assert len({row.case for row in rows}) == N_CASES
    assert sum(row.parameter is None for row in rows) == N_CASES
    assert sum(is_normal(row) for row in rows) >= N_CASES
    assert sum(is_normal(row) and not row.one_term for row in rows) >= 60
    assert sum(exact(row) == 0 for row in rows) >= 10
    assert sum(row.mean != 0 for row in rows) >= 200


def test_nothing_was_dropped_from_the_certified_values():
    for row in comparisons():
        assert row.upper - row.lower <= 1e-9 * max(row.upper, 1.0), row


def test_means_are_exact():
    for row in comparisons():
        assert row.found_mean == pytest.approx(row.mean, rel=1e-11, abs=1e-13), row


def test_second_moments_agree_within_four_standard_errors():
    rows = [row for row in comparisons() if is_normal(row)]
    worst = max(rows, key=lambda row: abs(z_score(row)))
    assert len(rows) * erfc(MOST_ERRORS / sqrt(2)) < 0.1
    assert abs(z_score(worst)) < MOST_ERRORS, worst


def test_rare_hits_agree_with_the_binomial_distribution():
    rows = [row for row in comparisons() if row.one_term and not is_normal(row)]
    assert len(rows) > 20
    for row in rows:
        hits = round(row.second / row.one_term * row.samples)
        rate = min(exact(row) / row.one_term, 1.0)
        if row.upper == 0.0:
            assert hits == 0, row
        else:
            tails = stats.binom.cdf(hits, row.samples, rate), stats.binom.sf(hits - 1, row.samples, rate)
            assert min(tails) > erfc(MOST_ERRORS / sqrt(2)) / 2, row


def test_variances_are_second_moments_less_squared_means():
    for row in comparisons():
        assert row.variance == pytest.approx(row.second - row.mean**2, rel=1e-9, abs=1e-12 * (1 + row.second)), row


def test_all_deviations_together_look_standard_normal():
    scores = [z_score(row) for row in comparisons() if is_normal(row) and row.one_term]
    # Many binomial counts are the same to within a step of their spread, so the p-value is not finer than that.
    assert stats.kstest(scores, "norm").pvalue > 0.01
    assert abs(np.mean(scores)) < 4 / sqrt(len(scores))
    assert abs(np.var(scores) - 1) < 4 * sqrt(2 / len(scores))


def test_errors_of_several_terms_are_cautious_and_not_far_too_wide():
    """Where few chains hit what was not summed, an error also covers one hit more: scores spread by less than 1."""
    scores = [z_score(row) for row in comparisons() if is_normal(row) and not row.one_term]
    assert len(scores) > 200 and abs(np.mean(scores)) < 4 / sqrt(len(scores))
    assert 0.6 < np.std(scores) < 1 + 4 / sqrt(2 * len(scores))


@pytest.mark.parametrize("max_terms", [3, 30])
def test_certified_intervals_contain_the_exact_value(max_terms):
    whole = {(row.case, row.parameter): row for row in comparisons()}
    narrower = 0
    for (case, parameter), row in whole.items():
        land, patch, _ = random_landscape(np.random.default_rng([304, case]))
        lower, upper = certified(land, patch, parameter, max_terms=max_terms)
        assert lower <= row.upper and row.lower <= upper, row
        narrower += upper > row.upper * 1.001
    assert narrower > 10
