"""Pauli noise of several terms: sampled moments, error curves, particles and files, against two copies and Aer."""

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc
import two_copies
from nearclifford.chains.channel_rows import channel_rows
from nearclifford.kernels.chain.kept import add_flip, kept
from nearclifford.noise.landscapes import with_noise
from nearclifford.surrogates import exact_order
from test_pauli_noise import aer_value, kraus_of, mixed, observable, random_model


def integer_of(words):
    """The bits of a string's words as one Python integer."""
    return sum(int(word) << 64 * place for place, word in enumerate(words))


def anticommute(one, other):
    return ((one[0] & other[1]).bit_count() + (one[1] & other[0]).bit_count()) % 2


def kept_by_a_path(problem, term, flips):
    """The product of the dampings that a string meets from the end of the circuit on, letter by letter."""
    channels = problem.channels
    x, z = (integer_of(getattr(problem.images, part)[term]) for part in "xz")
    product, left = 1.0, sorted(flips)
    for c in reversed(range(len(channels))):
        while left and left[-1] >= channels.after[c]:
            f = left.pop()
            x, z = x ^ integer_of(problem.generators.x[f]), z ^ integer_of(problem.generators.z[f])
        probes = [(integer_of(channels.probe_x[c, p]), integer_of(channels.probe_z[c, p])) for p in range(4)]
        letters = sum(anticommute((x, z), probe) << p for p, probe in enumerate(probes))
        product *= channels.damping[channels.kind[c], letters]
    return product


@pytest.mark.parametrize(("n_qubits", "n_layers"), [(3, 1), (70, 2)])
def test_what_paths_keep_is_that_of_their_letters(n_qubits, n_layers):
    """Also of more than 64 channels and qubits, and of negative and zero dampings; no flip, one, and many."""
    noise = nc.PauliNoise(two_qubit={"XZ": 0.1, "YI": 0.05}, one_qubit={"X": 0.55, "Z": 0.1}, readout=0.01)
    land = nc.Landscape(nc.ansatz.mhea(n_qubits, n_layers), nc.observables.heisenberg(n_qubits))
    problem = with_noise(land, noise).problem
    rows = channel_rows(problem.channels, problem.images, problem.n_rotations)
    strings = np.concatenate([problem.generators.x, problem.generators.z], axis=1)
    rng, n_terms = np.random.default_rng(1), len(problem.images)
    for n_flips in (0, 1, 2, 7):
        flips = rng.choice(problem.n_rotations, n_flips, replace=False)
        change = np.zeros_like(rows.met[0])
        for f in flips:
            add_flip(rows, strings[f], f, change)
        for term in (0, n_terms - 1, int(rng.integers(n_terms))):
            expected = kept_by_a_path(problem, term, flips.tolist())
            assert kept(rows, term, change) == pytest.approx(expected, rel=1e-10, abs=1e-300)


def test_a_damping_of_zero_leaves_nothing():
    """Depolarizing noise of probability one behind each CX: every string that meets one is gone."""
    land, noise = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3)), nc.PauliNoise(two_qubit=1.0)
    found = nc.loss_statistics(land, nc.Gaussian(0.5), nc.Stabilizer(), samples=20_000, noise=noise, rng=1)
    exact = nc.loss_statistics(land, nc.Gaussian(0.5), nc.Exact(), noise=noise)
    assert found.mean == exact.mean and abs(found.variance - exact.variance) <= 4.5 * found.variance_error + 1e-12


def problem_of(seed, n_terms=4):
    rng = np.random.default_rng(seed)
    circuit = mixed(seed)
    return circuit, random_model(rng, circuit), observable(rng, 3, n_terms)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.2])
def test_moments_of_hamiltonians_are_those_of_two_copies(sigma):
    """Random channels on every gate: 108 z-scores a patch, all below 5 (a chance of 1e-4), none of them biased."""
    scores = []
    for seed in range(4):
        circuit, model, operator = problem_of(seed)
        exact = two_copies.exact_moments(circuit, operator, two_copies.gaussian(sigma), noise=kraus_of(model))
        land, patch = nc.Landscape(circuit, operator), nc.Gaussian(sigma)
        for backend in (nc.Stabilizer(), nc.Stabilizer(order=2), nc.Stabilizer(order=4)):
            loss = nc.loss_statistics(land, patch, backend, samples=2**15, noise=model, rng=seed)
            gradient = nc.gradient_statistics(land, patch, backend, samples=2**15, noise=model, rng=seed)
            assert loss.variance >= 0.0 and gradient.mean == pytest.approx(exact.mean_gradient, abs=1e-8)
            assert loss.mean == pytest.approx(exact.mean, abs=1e-8)
            rounding = 1e-8 * np.maximum(exact.second_gradient, 1e-9)
            distance = gradient.second_moment - exact.second_gradient
            scores += (distance / np.hypot(gradient.second_moment_error, rounding)).tolist()
            scores += [(loss.variance - exact.variance) / np.hypot(loss.variance_error, 1e-9)]
    assert len(scores) == 108 and np.abs(scores).max() < 5.0
    assert abs(np.mean(scores)) < 5.0 / len(scores) ** 0.5


def test_one_term_with_an_order():
    """Few flips summed, the others sampled: as the chains of all flips, and nearer."""
    land, noise = nc.Landscape(nc.ansatz.mhea(6, 3), nc.observables.global_z(6)), nc.PauliNoise(0.01, 0.002, 0.02)
    exact = nc.loss_statistics(land, nc.Gaussian(0.2), nc.Exact(), noise=noise)
    chains, summed = (
        nc.loss_statistics(land, nc.Gaussian(0.2), backend, samples=2**15, noise=noise, rng=1)
        for backend in (nc.Stabilizer(), nc.Stabilizer(order=4))
    )
    for found in (chains, summed):
        assert abs(found.second_moment - exact.second_moment) < 4.5 * found.second_moment_error + 1e-12
    assert summed.second_moment_error < 0.5 * chains.second_moment_error


def test_dampings_of_either_sign():
    """X with probability 0.8 turns signs: the Stabilizer follows them, particles of several terms say that they cannot."""
    circuit, operator = mixed(7), observable(np.random.default_rng(7), 3)
    noise = nc.PauliNoise(one_qubit={"X": 0.8}, two_qubit={"XZ": 0.7})
    land, patch = nc.Landscape(circuit, operator), nc.Gaussian(0.5)
    exact = nc.gradient_statistics(land, patch, nc.Exact(), noise=noise)
    found = nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=2**16, noise=noise, rng=1)
    far = np.abs(found.second_moment - exact.second_moment)
    assert (far < 4.5 * found.second_moment_error + 1e-12).all()
    with pytest.raises(nc.NearCliffordError, match="particles of several terms have no sign"):
        nc.loss_statistics(land, patch, nc.Particles(), noise=noise)
    one = nc.Landscape(circuit, SparsePauliOp("ZXZ"))
    exact = nc.loss_statistics(one, nc.Gaussian(1.0), nc.Exact(), noise=noise)
    found = nc.loss_statistics(one, nc.Gaussian(1.0), nc.Particles(), samples=6000, noise=noise, rng=1)
    assert abs(found.second_moment - exact.second_moment) < 5.0 * found.second_moment_error


@pytest.mark.parametrize("summed", [0, 1, 2])
def test_error_curves_of_hamiltonians(summed, monkeypatch):
    """Sampled from so many flips on: the exact errors within 4.5 standard errors, and inside intervals of level 1 - 1e-5."""
    monkeypatch.setattr(exact_order, "best_order", lambda *known: summed)
    for seed in range(3):
        circuit, model, operator = problem_of(seed)
        if seed == 2:
            operator = SparsePauliOp("ZXZ", 0.7)
        land, patch = nc.Landscape(circuit, operator), nc.Gaussian(0.6)
        curve = nc.surrogate_error_curve(land, patch, range(1, 6), samples=2**15, noise=model, rng=seed)
        assert curve.exact_order == (summed if seed == 2 else max(summed, 1))
        rows = zip(curve.orders, curve.mean_square, curve.mean_square_error, curve.interval(1 - 1e-5), strict=True)
        for order, square, error, (low, high) in rows:
            exact = nc.surrogate(land, int(order), noise=model, progress=False).rms_error(patch)
            assert abs(square - exact**2) < 4.5 * error + 1e-14 and low - 1e-7 <= exact <= high + 1e-7


def test_error_curves_at_two_hundred_qubits():
    """Narrow patches are summed whatever the size: a few percent at 1e-5 of L, each path damped on its own."""
    land, noise = nc.Landscape(nc.ansatz.mhea(200, 2), nc.observables.heisenberg(200)), nc.PauliNoise(two_qubit=1e-3)
    curve = nc.surrogate_error_curve(land, nc.Gaussian(1e-3), [1, 2], samples=4096, noise=noise, rng=1)
    assert (curve.mean_square > 0.0).all() and (curve.mean_square_error < 0.05 * curve.mean_square).all()


@pytest.mark.parametrize("guide", ["state", "observable"])
@pytest.mark.parametrize("bond", [1, 16])
def test_particles_are_unbiased_with_noise(guide, bond):
    """One term and several, loss and two derivatives: 18 z-scores, all below 5; one and two qubits, readout apart."""
    backend = nc.Particles(guide=guide, bond=bond)
    for seed in range(6):
        circuit, model, operator = problem_of(seed, n_terms=2)
        if seed % 2:
            operator = SparsePauliOp("ZZZ", 0.7)
        exact = two_copies.exact_moments(circuit, operator, two_copies.gaussian(1.3), noise=kraus_of(model))
        land, patch = nc.Landscape(circuit, operator), nc.Gaussian(1.3)
        loss = nc.loss_statistics(land, patch, backend, samples=4800, noise=model, rng=seed)
        gradient = nc.gradient_statistics(land, patch, backend, parameters=[1, 4], samples=4800, noise=model, rng=seed)
        assert abs(loss.second_moment - exact.second) < 5.0 * loss.second_moment_error + 1e-8 * exact.second + 1e-15
        far = np.abs(gradient.second_moment - exact.second_gradient[[1, 4]])
        assert (far < 5.0 * gradient.second_moment_error + 1e-8 * exact.second_gradient[[1, 4]] + 1e-16).all()


def test_a_noisy_plateau():
    """Below 1e-5, where chains hardly hit: particles and merged strings agree."""
    land, noise = nc.Landscape(nc.ansatz.mhea(8, 8), nc.observables.global_z(8)), nc.PauliNoise(0.05, {"Z": 0.03}, 0.02)
    exact = nc.loss_statistics(land, nc.Gaussian(1.0), nc.Exact(), noise=noise)
    found = nc.loss_statistics(land, nc.Gaussian(1.0), nc.Particles(), samples=6000, noise=noise, rng=1)
    assert exact.second_moment < 1e-5 and found.resolved
    assert abs(found.second_moment - exact.second_moment) < 5.0 * found.second_moment_error
    assert found.second_moment_error < 0.05 * found.second_moment


def test_auto_chooses_with_noise():
    """Narrow: few flips are summed. On a plateau of 24 qubits: particles."""
    noise = nc.PauliNoise(two_qubit=0.01)
    narrow = nc.Landscape(nc.ansatz.mhea(20, 4), nc.observables.heisenberg(20))
    found = nc.loss_statistics(narrow, nc.Gaussian(0.02), noise=noise, rng=1)
    assert found.composition.order >= 2 and found.variance_error < 0.01 * found.variance
    flat = nc.Landscape(nc.ansatz.mhea(24, 12), nc.observables.global_z(24))
    found = nc.loss_statistics(flat, nc.Gaussian(1.0), samples=3000, noise=noise, rng=1)
    assert found.method == "particles" and found.choice.startswith("Particles")


def test_sampled_circuits_of_aer():
    """400 density matrices of Aer: variance of the loss and mean square of a derivative within 4.5 standard errors."""
    circuit, model, operator = problem_of(11)
    land, rng, readout = nc.Landscape(circuit, operator), np.random.default_rng(1), 0.03
    weights = np.array([sum(letter != "I" for letter in label) for label in operator.paulis.to_labels()])
    measured = SparsePauliOp(operator.paulis, operator.coeffs * (1 - 2 * readout) ** weights)
    thetas = rng.normal(size=(400, 8)) * 0.7
    values = np.array([aer_value(circuit, measured, theta, model) for theta in thetas])
    slopes = [
        (aer_value(circuit, measured, theta + s, model) - aer_value(circuit, measured, theta - s, model)) / 2
        for theta, s in ((theta, np.eye(8)[3] * np.pi / 2) for theta in thetas)
    ]
    from qiskit_aer.noise import ReadoutError

    model.add_all_qubit_readout_error(ReadoutError([[1 - readout, readout], [readout, 1 - readout]]))
    loss = nc.loss_statistics(land, nc.Gaussian(0.7), nc.Stabilizer(), samples=2**17, noise=model, rng=1)
    gradient = nc.gradient_statistics(
        land, nc.Gaussian(0.7), nc.Stabilizer(), parameters=[3], samples=2**17, noise=model, rng=1
    )
    squares = (values - loss.mean) ** 2
    assert abs(squares.mean() - loss.variance) < 4.5 * np.hypot(squares.std() / 20, loss.variance_error)
    squares = np.array(slopes) ** 2
    error = np.hypot(squares.std() / 20, gradient.second_moment_error[0])
    assert abs(squares.mean() - gradient.second_moment[0]) < 4.5 * error


def test_threads_change_nothing_of_several_terms():
    import numba

    land, noise = nc.Landscape(nc.ansatz.mhea(6, 2), nc.observables.heisenberg(6)), nc.PauliNoise(0.01, 0.002)
    found, before = [], numba.get_num_threads()
    for threads in (1, before):
        numba.set_num_threads(threads)
        found.append(nc.gradient_statistics(land, nc.Gaussian(0.3), nc.Stabilizer(), samples=20_000, noise=noise, rng=1))
    numba.set_num_threads(before)
    assert found[0].second_moment.tolist() == found[1].second_moment.tolist()


# files


NOISY = nc.surrogate(
    nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.heisenberg(3)), 4, noise=nc.PauliNoise(0.02, {"X": 0.01}, 0.03)
)


@pytest.fixture
def good(tmp_path):
    NOISY.save(tmp_path / "noisy.npz")
    return tmp_path / "noisy.npz"


def test_a_noisy_surrogate_comes_back(good, tmp_path):
    again, theta = nc.Surrogate.load(good), np.random.default_rng(1).normal(size=18)
    assert again.value(theta) == NOISY.value(theta) and again.gradient(theta).tolist() == NOISY.gradient(theta).tolist()
    assert again.rms_error(nc.Gaussian(0.3)) == NOISY.rms_error(nc.Gaussian(0.3))
    with np.load(good) as file:
        assert int(file["format"]) == 2
    nc.surrogate(nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.heisenberg(3)), 4).save(tmp_path / "plain.npz")
    with np.load(tmp_path / "plain.npz") as file:
        assert int(file["format"]) == 1 and not [name for name in file.files if name.startswith("channels")]


def changed(place, value):
    def change(array):
        array.reshape(-1)[place] = value
        return array

    return change


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("after", changed(0, 10**6), "channels_after does not ascend"),
        ("place", changed(-1, -1), "channels_place does not ascend"),
        ("qubits", changed(0, 7), "channels_qubits holds no one or two of 3 qubits"),
        ("qubits", lambda a: a[:, :1], r"channels_qubits has shape \(.*, 1\)"),
        ("kind", changed(2, 99), "channels_kind holds an index out of range"),
        ("kind", lambda a: a[:-1], "channels_kind has shape"),
        ("damping", changed(1, 1.5), "channels_damping holds no dampings"),
        ("damping", changed(1, np.inf), "channels_damping holds inf"),
        ("damping", changed(0, 0.5), "channels_damping holds no dampings"),
        ("probe_x", changed(0, 2**40), "letters beyond 3 qubits"),
        ("probe_z", lambda a: 0 * a, "probes of a channel are no letters"),
        ("probe_z", lambda a: a[:, :2], "channels_probe_z has shape"),
        ("probe_z", lambda a: a.astype(np.int64), "channels_probe_z has dtype int64"),
        ("damping", None, "channels_damping is missing"),
    ],
)
def test_channels_that_do_not_fit_are_named(good, name, change, words):
    with np.load(good) as file:
        arrays = {key: file[key] for key in file.files}
    if change is None:
        del arrays[f"channels_{name}"]
    else:
        arrays[f"channels_{name}"] = change(arrays[f"channels_{name}"].copy())
    bad = good.with_name("bad.npz")
    np.savez(bad, **arrays)
    with pytest.raises(nc.NearCliffordError, match=words) as caught:
        nc.Surrogate.load(bad)
    assert "\n" not in str(caught.value)
