"""Variances of observables of several terms, against averaged density matrices of two copies of the state."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, library
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc
import two_copies
from nearclifford.chains.looked_up import LookedUpTail
from nearclifford.chains.sampler import ChainSampler, WeightedTargets
from nearclifford.chains.split import SplitMoments

FIXED = [library.CXGate(), library.CZGate(), library.SwapGate(), library.SGate(), library.HGate(), library.CYGate()]
TURNS = [library.RXGate, library.RYGate, library.RZGate, library.RXXGate, library.RZZGate, library.RZXGate]


def independent_circuit(rng, n_qubits, n_gates, n_parameters):
    """Fixed Clifford gates and rotations of one parameter each, some by a factor."""
    circuit = QuantumCircuit(n_qubits)
    turns = set(rng.choice(n_gates, size=n_parameters, replace=False).tolist())
    for g in range(n_gates):
        factor = [1.0, 1.0, -1.0, 2.0][rng.integers(4)]
        gate = TURNS[rng.integers(len(TURNS))](factor * Parameter(f"p{g:03d}")) if g in turns else FIXED[rng.integers(6)]
        if gate.num_qubits > n_qubits:
            gate = library.RXGate(Parameter(f"p{g:03d}")) if g in turns else library.HGate()
        circuit.append(gate, rng.choice(n_qubits, size=gate.num_qubits, replace=False).tolist())
    return circuit


def random_terms(rng, n_qubits, n_terms):
    labels = {"".join(rng.choice(list("IXYZ"), size=n_qubits)) for _ in range(n_terms)}
    return SparsePauliOp(sorted(labels), rng.normal(size=len(labels)))


def random_case(seed):
    """Return (landscape, patch, exact moments) of a random problem of up to three qubits."""
    rng = np.random.default_rng(seed)
    n_qubits = int(rng.integers(1, 4))
    circuit = independent_circuit(rng, n_qubits, 16, int(rng.integers(3, 9)))
    observable = random_terms(rng, n_qubits, int(rng.integers(2, 30)))
    center = rng.integers(-2, 3, size=circuit.num_parameters) * np.pi / 2
    widths = rng.choice([0.2, 0.5, 1.0, 2.0]) * rng.uniform(0.5, 1.5, size=circuit.num_parameters)
    kind, fourier = [(nc.Gaussian, two_copies.gaussian), (nc.Uniform, two_copies.uniform)][seed % 2]
    exact = two_copies.exact_moments(circuit, observable, fourier(widths), center)
    return nc.Landscape(circuit, observable, center), kind(widths), exact


def distances(value, exact, error):
    """Return errors in standard errors, of those that are not known exactly; the others must be right to rounding."""
    value, exact, error = (np.atleast_1d(part) for part in (value, exact, error))
    off = np.abs(value - exact)
    assert (off <= 6 * error + 1e-10).all()
    told = error > 1e-9
    return ((value - exact)[told] / error[told]).tolist()


@pytest.mark.parametrize("order", [1, 2, 4])
def test_random_hamiltonians_have_their_exact_moments(order):
    """Loss, derivatives and their sum; z-scores over 30 cases. False alarm below 1e-3."""
    scores = []
    for seed in range(30):
        land, patch, exact = random_case(seed)
        loss = nc.loss_statistics(land, patch, nc.Stabilizer(order), samples=20_000, rng=seed)
        stats = nc.gradient_statistics(land, patch, nc.Stabilizer(order), samples=20_000, rng=seed)
        assert np.isclose(loss.mean, exact.mean, atol=1e-12)
        assert np.allclose(stats.mean, exact.mean_gradient, atol=1e-12)
        scores += distances(loss.variance, exact.variance, loss.variance_error)
        scores += distances(stats.unbiased.second_moment, exact.second_gradient, stats.second_moment_error)
        scores += distances(stats.unbiased.norm_squared, exact.norm_squared, stats.norm_squared_error)
    assert abs(np.mean(scores)) < 0.5 and 0.4 < np.std(scores) < 1.2


def split_of(land, patch, order, seed):
    """The two parts of the variance of the loss."""
    targets = WeightedTargets(np.array([-1]), np.array([land.n_parameters]), np.ones(1))
    return SplitMoments(ChainSampler(land, patch, np.random.default_rng(seed)), targets, order)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_last_flips_that_are_looked_up_have_the_exact_moments(order):
    """Whatever chains are hit: 40 cases of up to three qubits, scores with few hits in some. False alarm below 1e-3."""
    scores = []
    for seed in range(40):
        land, patch, exact = random_case(seed)
        split = split_of(land, patch, order, seed)
        found = LookedUpTail(split.question, split.chains.size, order, split.chain.seed).run(20_000, 0)
        loss = land.problem.n_rotations
        value, error = split.exact.value[loss] + found.value[loss], float(found.spread[loss]) ** 0.5
        scores += distances(value, exact.variance, error)
    assert len(scores) > 20 and abs(np.mean(scores)) < 3.3 / np.sqrt(len(scores)) and 0.5 < np.std(scores) < 1.6


def test_few_encoded_paths_are_found_where_chains_never_end():
    """An encoded Heisenberg chain: what is looked up from three flips on agrees with all sets of up to three, listed."""
    circuit, observable = nc.ansatz.mhea(40, 4), nc.observables.heisenberg(40)
    land = nc.Landscape(nc.encode(circuit, observable, parameter=0, term=0).circuit, observable)
    patch = nc.Gaussian(land.n_parameters**-0.5)
    found = nc.loss_statistics(land, patch, nc.Stabilizer(3), samples=2**17, rng=1)
    listed = nc.loss_statistics(land, patch, nc.Stabilizer(4), samples=2**14, rng=1)
    assert found.composition.sampling == "last flips looked up"
    assert listed.variance_error < found.variance_error < 0.01 * found.variance
    assert abs(found.variance - listed.variance) < 4 * found.variance_error


def test_errors_are_neither_too_wide_nor_too_narrow_where_hits_are_many():
    """Systematic words of several terms: 400 scores spread by 1; a fifth more or less of the error is an alarm."""
    scores = []
    for case in range(30):
        land, patch, exact = random_case(case)
        for seed in range(40):
            loss = nc.loss_statistics(land, patch, nc.Stabilizer(1), samples=16_384, rng=[case, seed])
            if loss.composition is None or loss.composition.unseen > 0 or loss.variance_error < 1e-9:
                break
            scores.append((loss.variance - exact.variance) / loss.variance_error)
    assert len(scores) > 300
    assert 0.88 < np.std(scores) < 1.12
