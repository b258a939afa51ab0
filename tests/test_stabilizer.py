"""The stabilizer backend against exact sums over Pauli strings, closed forms and sampled angles."""

import numba
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import Pauli, SparsePauliOp
from scipy import stats as distributions

import nearclifford as nc
from chain_twin import exact_moments
from nearclifford.chains import sampler as sampling
from nearclifford.chains import term_pairs as pairs
from nearclifford.exact.center import center_gradient
from nearclifford.intervals import binomial_interval
from nearclifford.normal_form.angles import angle_moments
from random_circuits import brickwork

BACKEND = nc.Stabilizer()


def scaled(n_qubits, rng):
    """A random circuit whose parameters carry factors."""
    circuit = QuantumCircuit(n_qubits)
    for j, parameter in enumerate(ParameterVector("t", 8)):
        qubits = rng.permutation(n_qubits)[:2].tolist()
        angle = float(rng.choice([1.0, -2.0, 3.0])) * parameter + float(rng.choice([0.0, np.pi / 2]))
        [circuit.rx, circuit.ry, circuit.rz][j % 3](angle, qubits[0])
        if j % 4 == 3 and n_qubits > 1:
            circuit.rzz(Parameter(f"z{j}"), *qubits)
        if n_qubits > 1:
            [circuit.cx, circuit.cy, circuit.cz, circuit.swap, circuit.iswap, circuit.ecr][rng.integers(6)](*qubits)
        [circuit.h, circuit.s, circuit.sdg, circuit.sx][rng.integers(4)](qubits[0])
    return circuit


def cases():
    for number in range(12):
        rng = np.random.default_rng([number, 21])
        n_qubits = int(rng.integers(1, 4))
        if number % 3 == 0:
            observable = nc.observables.random_pauli(n_qubits, rng=number)
        else:
            observable = nc.observables.random_hamiltonian(n_qubits, min(4**n_qubits - 1, 6), weighted=True, rng=number)
        circuit = nc.ansatz.mhea(n_qubits, 1) if number % 4 == 1 else scaled(n_qubits, rng)
        widths = rng.uniform(0.05, 1.4, circuit.num_parameters)
        patch = nc.Gaussian(widths) if number % 2 else nc.Uniform(2 * widths)
        center = rng.integers(4, size=circuit.num_parameters) * (np.pi / 2)
        yield nc.Landscape(circuit, observable, center), patch


@pytest.mark.parametrize("number", range(12))
def test_equals_sums_over_strings(number):
    """Means exact, second moments within 4.5 of their standard errors: false alarm below 2e-3 over about 130 of them."""
    land, patch = list(cases())[number]
    cosine, sine_square = angle_moments(land.problem.angle_map, patch)
    stats = nc.gradient_statistics(land, patch, BACKEND, samples=20_000, rng=number)
    loss = nc.loss_statistics(land, patch, BACKEND, samples=20_000, rng=number)
    factor = land.problem.angle_map.factor[np.argsort(land.problem.angle_map.entry_parameter)]
    rotation = land.problem.angle_map.entry_rotation[np.argsort(land.problem.angle_map.entry_parameter)]
    exact = np.array([exact_moments(land, cosine, sine_square, j) for j in rotation])
    mean, second = exact[:, 0] * factor, exact[:, 1] * factor**2
    loss_mean, loss_second = exact_moments(land, cosine, sine_square)
    assert np.allclose(stats.mean, mean, atol=1e-13) and np.isclose(loss.mean, loss_mean, atol=1e-13)
    assert (np.abs(stats.second_moment - second) <= 4.5 * stats.second_moment_error + 1e-13).all()
    assert abs(loss.second_moment - loss_second) <= 4.5 * loss.second_moment_error + 1e-13
    assert abs(stats.norm_squared - second.sum()) <= 4.5 * stats.norm_squared_error + 1e-13
    assert np.allclose(stats.variance, stats.second_moment - mean**2, atol=1e-13)


def test_agrees_with_sampled_angles():
    for land in (
        nc.Landscape(nc.ansatz.mhea(5, 3), nc.observables.global_z(5)),
        nc.Landscape(nc.ansatz.random_pqc(5, 4, rng=1), nc.observables.heisenberg(5)),
    ):
        patch = nc.Gaussian(0.35)
        chain = nc.gradient_statistics(land, patch, BACKEND, samples=2**15, rng=2)
        angles = nc.gradient_statistics(land, patch, nc.Statevector(), samples=4000, rng=3)
        for name in ("mean", "second_moment", "variance"):
            error = np.hypot(getattr(chain, f"{name}_error"), getattr(angles, f"{name}_error"))
            assert (np.abs(getattr(chain, name) - getattr(angles, name)) <= 4.5 * error + 1e-13).all()
        error = np.hypot(chain.norm_squared_error, angles.norm_squared_error)
        assert abs(chain.norm_squared - angles.norm_squared) < 4.5 * error


def product_landscape(n_qubits):
    circuit = QuantumCircuit(n_qubits)
    for qubit, parameter in enumerate(ParameterVector("t", n_qubits)):
        circuit.rx(parameter, qubit)
    return nc.Landscape(circuit, Pauli("Z" * n_qubits))


def test_a_product_at_a_thousand_qubits():
    """L = Π cos t_j: E[L] = c1^N and E[L²] = c2^N."""
    land, patch = product_landscape(1000), nc.Gaussian(0.02)
    loss = nc.loss_statistics(land, patch, BACKEND, samples=2**17, rng=1)
    c2 = float(patch.cosine_square_mean())
    assert np.isclose(loss.mean, np.exp(-0.2), rtol=1e-12)
    assert abs(loss.second_moment - c2**1000) < 4.5 * loss.second_moment_error
    stats = nc.gradient_statistics(land, patch, BACKEND, samples=2000, rng=1)
    assert abs(stats.norm_squared - 1000 * (1 - c2) * c2**999) < 4.5 * stats.norm_squared_error


@pytest.mark.parametrize("observable", [nc.observables.global_z(6), nc.observables.heisenberg(6)])
def test_threads_and_choice_of_parameters_do_not_matter(observable):
    land = nc.Landscape(nc.ansatz.mhea(6, 2), observable)
    kwargs = {"patch": nc.Gaussian(0.4), "backend": BACKEND, "samples": 9000, "rng": 4}
    before = numba.get_num_threads()
    try:
        found = []
        for threads in {1, before}:
            numba.set_num_threads(threads)
            found.append(nc.gradient_statistics(land, **kwargs))
    finally:
        numba.set_num_threads(before)
    part = nc.gradient_statistics(land, parameters=[7, 2], **kwargs)
    for other in found:
        assert other.second_moment.tolist() == found[0].second_moment.tolist()
    if len(observable) > 1:  # all chosen components share their samples
        assert (
            np.abs(part.second_moment - found[0].second_moment[[7, 2]]) < 4.5 * found[0].second_moment_error[[7, 2]]
        ).all()
    else:
        assert part.second_moment.tolist() == found[0].second_moment[[7, 2]].tolist()
    assert part.norm_squared is None and found[0].norm_squared is not None and found[0].norm is None


def test_pairs_that_vanish_get_no_word():
    """XX and YY of a bond commute, ZZ and the others have other x-parts; X and Y of one qubit anticommute."""
    circuit = QuantumCircuit(2)
    circuit.rz(Parameter("a"), 0)
    for labels, weights in ((["XX", "YY", "ZZ"], {(0, 0), (1, 1), (2, 2), (0, 1)}), (["XI", "YI"], {(0, 0), (1, 1)})):
        land = nc.Landscape(circuit, SparsePauliOp(labels))
        plan = pairs.plan_pairs(land.problem, np.array([0.9]), 1, np.random.default_rng(1))
        assert len(plan.term) == len(weights)


def test_derivatives_of_a_local_observable_use_the_terms_that_see_them():
    """57 terms, few of which see any one rotation: 640 samples find them. False alarm below 1e-3."""
    land = nc.Landscape(brickwork(20, 1), nc.observables.heisenberg(20))
    patch = nc.Gaussian(0.7)
    exact = np.array([np.mean(nc.certified_second_moment(land, patch, k)) for k in range(0, 80, 3)])
    stats = nc.gradient_statistics(land, patch, BACKEND, samples=640, parameters=range(0, 80, 3), rng=1)
    assert (np.abs(stats.second_moment - exact) < 4.5 * stats.second_moment_error).all()
    assert np.count_nonzero(exact > 0.1) > 10 and (stats.second_moment_error < 0.7 * exact)[exact > 0.1].all()
    low, high = stats.interval(0.9999).T
    assert (low <= exact).all() and (exact <= high).all()
    assert (stats.bound < np.abs(land.problem.coefficients).sum() / 2).all()


def test_a_variance_in_the_narrowest_patch_is_exact_and_not_called_zero():
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.random_hamiltonian(3, 24, weighted=True, rng=3))
    _, at_center = center_gradient(land.problem)
    still = np.flatnonzero(at_center == 0)[:2]
    stats = nc.gradient_statistics(land, nc.Gaussian(1e-9), BACKEND, samples=128, parameters=still, rng=1)
    assert (stats.variance < 1e-15).all() and (stats.variance_error < 1e-20).all()
    assert (stats.interval()[:, 1] > 0).all()


def test_intervals_cover_and_are_one_sided_where_nothing_was_hit():
    """Clopper-Pearson covers at least its level: counted over all outcomes, exactly."""
    n = 40
    hits = np.arange(n + 1)
    low, high = binomial_interval(hits, np.full(n + 1, n), 0.9).T
    for p in np.linspace(0.0, 1.0, 101):
        assert distributions.binom.pmf(hits, n, p)[(low <= p) & (p <= high)].sum() >= 0.9 - 1e-12
    land = nc.Landscape(nc.ansatz.mhea(4, 1), nc.observables.global_z(4) * 2.0)
    stats = nc.gradient_statistics(land, nc.Gaussian(1e-5), BACKEND, samples=1000, rng=1)
    low, high = stats.interval(0.95).T
    assert (low == 0).all() and not stats.hits.any() and (stats.trials == 1000).all()
    met = stats.bound > 0
    assert np.allclose(high[met], 4 * (1 - 0.025 ** (1 / 1000))) and (high[~met] == 0).all()
    assert (stats.second_moment_error[met] > 0).all()


def test_auto_stops_at_the_error_or_at_the_time():
    land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    for backend in (BACKEND, nc.Statevector()):
        stats = nc.gradient_statistics(land, nc.Gaussian(0.4), backend, samples="auto", rel_error=0.02, rng=1)
        assert stats.norm_squared_error <= 0.02 * stats.norm_squared and stats.samples >= 1024
        loss = nc.loss_statistics(land, nc.Gaussian(0.4), backend, samples="auto", rel_error=0.01, rng=1)
        assert loss.second_moment_error <= 0.01 * loss.second_moment
    hopeless = nc.gradient_statistics(
        land, nc.Gaussian(1e-6), BACKEND, samples="auto", rel_error=0.001, max_seconds=0.2, rng=1
    )
    assert hopeless.samples >= 1024 and hopeless.norm_squared == 0


@pytest.mark.parametrize("backend", [BACKEND, nc.Statevector()])
def test_auto_ends_at_once_where_nothing_is_uncertain(backend):
    """A loss that is constant, a gradient that is zero, and one that every sample agrees on."""
    fixed, turned = QuantumCircuit(2), QuantumCircuit(1)
    fixed.rz(Parameter("a"), 0)
    turned.rx(Parameter("a"), 0)
    auto = {"backend": backend, "samples": "auto", "rng": 1}
    flat = nc.Landscape(fixed, Pauli("ZZ"))
    assert nc.loss_statistics(flat, nc.Gaussian(0.1), **auto).samples == 1024
    stats = nc.gradient_statistics(flat, nc.Gaussian(0.1), **auto)
    assert (stats.samples, stats.norm_squared, stats.norm_squared_error) == (1024, 0.0, 0.0)
    steep = nc.gradient_statistics(nc.Landscape(turned, Pauli("Y")), nc.Gaussian(1e-9), **auto)
    assert steep.samples == 1024 and steep.norm_squared == pytest.approx(1.0)
    assert nc.gradient_statistics(flat, nc.Gaussian(0.1), parameters=[], **auto).samples == 1024


def test_components_that_were_never_hit_leave_an_error():
    """At σ = 1e-9 every sample hits one derivative and none the others: the sum is 1, known to about one hit in n."""
    encoding = nc.encode(nc.ansatz.mhea(4, 2), nc.observables.global_z(4), parameter=3)
    land = nc.Landscape(encoding.circuit, nc.observables.global_z(4))
    assert np.count_nonzero(encoding.gradient) == 1
    stats = nc.gradient_statistics(land, nc.Gaussian(1e-9), BACKEND, samples=1000, rng=1)
    assert stats.norm_squared == 1.0 and 0.3 < 1000 * stats.norm_squared_error < 3


def shared():
    a, b = Parameter("a"), Parameter("b")
    twice, sum_, fixed = QuantumCircuit(2), QuantumCircuit(2), QuantumCircuit(2)
    twice.rx(a, 0)
    twice.rx(a, 1)
    sum_.rx(a + b, 0)
    fixed.rx(a, 0)
    fixed.t(1)
    return [(twice, "'a'"), (sum_, "'a', 'b'"), (fixed, "RZ on qubit 1")]


@pytest.mark.parametrize(("circuit", "named"), shared())
def test_dependent_angles_are_refused_by_name(circuit, named):
    land = nc.Landscape(circuit, Pauli("ZZ"))
    for verb in (nc.gradient_statistics, nc.loss_statistics):
        with pytest.raises(nc.NearCliffordError, match=r"Statevector\(\)") as caught:
            verb(land, nc.Gaussian(0.1), BACKEND, samples=10)
        assert named in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"samples": 0}, "samples is 0"),
        ({"samples": -5}, "samples is -5"),
        ({"samples": "many"}, "samples is 'many'"),
        ({"rel_error": 0.0}, "rel_error is 0"),
        ({"max_seconds": -1.0}, "max_seconds is -1"),
        ({"parameters": [12]}, "parameter 12 is out of range"),
        ({"patch": nc.Gaussian([0.1, 0.2])}, "2 widths; expected 12"),
    ],
)
def test_bad_arguments(arguments, text):
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.gradient_statistics(land, **{"patch": nc.Gaussian(0.1), "backend": BACKEND, **arguments})


def test_calls_cut_short_change_no_number(monkeypatch):
    """A long run is many calls, so that a Ctrl-C is heard; their samples are those of one."""
    land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    whole = nc.gradient_statistics(land, nc.Gaussian(0.4), BACKEND, samples=10_000, rng=3)
    monkeypatch.setattr(sampling, "MOST_CHAINS", 2048 * land.n_parameters)
    parts = nc.gradient_statistics(land, nc.Gaussian(0.4), BACKEND, samples=10_000, rng=3)
    assert parts.hits.tolist() == whole.hits.tolist() and parts.samples == whole.samples == 10_000
    assert parts.second_moment_error.tolist() == whole.second_moment_error.tolist()


def test_an_observable_whose_pairs_all_vanish():
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a"), 0)
    land = nc.Landscape(circuit, SparsePauliOp(["X"], [0.5]))
    stats = nc.gradient_statistics(land, nc.Gaussian(0.3), BACKEND, samples=100, rng=1)
    assert stats.second_moment.tolist() == [0.0] and stats.interval().tolist() == [[0.0, 0.0]]
