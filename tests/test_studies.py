"""Studies: specification, points and their streams, numbers against Qiskit."""

import dataclasses

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

import nearclifford as nc
from nearclifford import Gaussian, NearCliffordError, Stabilizer, encode, gradient_statistics
from nearclifford.ansatz import ANSATZE
from nearclifford.observables import OBSERVABLES
from nearclifford.studies import EXPERIMENTS, Study, StudySpec, preset_names
from nearclifford.studies.cells import points_of
from nearclifford.studies.draws import Draws, joined
from nearclifford.studies.experiments.gradient import Gradient, GradientPoint
from nearclifford.studies.presets import preset_path
from nearclifford.studies.problem import ENCODERS, draw_problem, prepare
from nearclifford.studies.rules import sigma_rule, sigma_value

SMALL = StudySpec(ansatz=["mhea", "random_pqc"], qubits=[2, 3], sigma=["D^-1", "1"], draws=4, seed=3)
EXACT = {"backend": "statevector", "components": 0, "first_draw": 0}
POINT = GradientPoint("random_pqc", 4, 3, "D^-1/2", "compact", "random_pauli", samples=1, seed=7, n_draws=4, **EXACT)


def measure(point):
    [draws] = Gradient.measure([point])
    return draws


def with_(point, **changes):
    return dataclasses.replace(point, **changes)


# specification ---------------------------------------------------------------------------------------------------


def test_toml_gives_the_spec(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text('ansatz = ["fhea"]\nqubits = [4, 2]\nlayers = ["N", 1]\nsigma = ["D^-0.5", 0.1]\ndraws = 9\nseed = 2\n')
    expected = StudySpec(("fhea",), (4, 2), ("N", "1"), ("D^-1/2", "0.1"), draws=9, seed=2)
    assert Study.from_toml(path).spec == expected
    assert eval(repr(expected)) == expected


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_studies(name):
    assert Study.preset(name).spec.title == Study.presets()[name] and list(Study.presets()) == preset_names()
    assert len(Study.preset(name).points) == len(set(Study.preset(name).points))


def test_trainability_is_the_published_experiment():
    spec = Study.preset("trainability").spec
    assert spec.ansatz == ("mhea", "fhea", "random_pqc") and spec.layers == ("N", "1") and spec.draws == 50
    assert spec.qubits == tuple(range(2, 17, 2)) and spec.encoder == ("paper", "none")
    assert spec.sigma == ("D^-1", "D^-1/2", "D^-1/3", "D^-1/5", "1")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"qubit": [2]}, "has no entry 'qubit'; it knows ansatz, qubits, layers"),
        ({"ansatz": ["mhae"]}, "an entry of ansatz is 'mhae'; expected one of 'mhea', 'fhea', 'random_pqc'"),
        ({"ansatz": "mhea"}, "expected a list"),
        ({"qubits": []}, "at least one"),
        ({"qubits": [0]}, "integer of at least 1"),
        ({"qubits": [2.0]}, "integer of at least 1"),
        ({"layers": ["M"]}, "layers is 'M'"),
        ({"layers": [0]}, "layers is 0"),
        ({"sigma": ["D^1/2"]}, "sigma is 'D^1/2'"),
        ({"sigma": ["D^-1/0"]}, "sigma is"),
        ({"sigma": [-0.1]}, "sigma is -0.1"),
        ({"sigma": [0]}, "sigma is 0"),
        ({"encoder": ["short"]}, "expected one of 'compact', 'paper', 'none'"),
        ({"observable": "z"}, "observable is 'z'"),
        ({"observable": "ising", "qubits": [1]}, "ising needs at least 2"),
        ({"draws": 1}, "draws is 1; expected an integer of at least 2"),
        ({"samples": 0}, "samples is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": True}, "seed is True"),
        ({"experiment": "gradients"}, "experiment is 'gradients'; expected one of 'geometry', 'gradient', "),
        ({"backend": "aer"}, "backend is 'aer'; expected one of 'auto', 'statevector', 'stabilizer'"),
        ({"components": 1}, "components is 1"),
        ({"fits": 1}, "fits is 1; expected true or false"),
    ],
)
def test_wrong_entries_are_named(entry, words):
    with pytest.raises(NearCliffordError) as told:
        StudySpec.from_mapping({"ansatz": ["mhea"], "qubits": [2]} | entry)
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"qubits": [10**6]}, "qubits holds 1000000 and layers 'N': mhea has 3000002000000 gates then"),
        ({"qubits": [10**5000]}, "qubits is an integer of 16610 bits; expected an integer of at most"),
        ({"qubits": [float("nan")]}, "qubits is nan"),
        ({"qubits": {"from": 2}}, "qubits is {'from': 2}; expected a list"),
        ({"qubits": [[2]]}, "qubits is [2]"),
        ({"layers": [10**8]}, "layers '100000000': mhea has"),
        ({"layers": [10**5000]}, "layers is an integer of 16610 bits"),
        ({"layers": ["9" * 5000]}, "layers is '999"),
        ({"sigma": [float("nan")]}, "sigma is nan"),
        ({"sigma": [10**5000]}, "sigma is an integer of 16610 bits"),
        ({"sigma": ["D^-400"]}, "up to D^-20"),
        ({"sigma": ["D^-" + "9" * 5000]}, "sigma is 'D^-999"),
        ({"draws": 10**12}, "draws holds 1000000000000: with the lists of the study these are"),
        ({"draws": 10**5000}, "draws is an integer of 16610 bits"),
        ({"seed": 10**5000}, "seed is an integer of 16610 bits"),
        ({"samples": 10**20}, "samples is 100000000000000000000; expected an integer of at most"),
        ({"samples": "many"}, "samples is 'many'"),
        ({"title": 3}, "title is 3"),
        ({"a" * 5000: 1}, "has no entry 'aaa"),
    ],
)
def test_entries_of_any_size_and_kind_are_named(entry, words):
    with pytest.raises(NearCliffordError) as told:
        StudySpec.from_mapping({"ansatz": ["mhea"], "qubits": [2]} | entry)
    assert words in str(told.value) and str(told.value).isprintable() and len(str(told.value)) < 500


def test_numbers_of_numpy_are_numbers():
    spec = StudySpec(["mhea"], [np.int64(2)], sigma=[np.float64(0.1)], draws=np.int64(5))
    assert spec == StudySpec(["mhea"], [2], sigma=[0.1], draws=5) and type(spec.draws) is type(spec.qubits[0]) is int


def test_files_that_are_no_toml_are_told_in_one_line(tmp_path):
    (tmp_path / "endless.toml").symlink_to("/dev/zero")
    for name, data, words in (
        ("latin.toml", 'title = "N\u00e4he"'.encode("latin-1"), "is no text in UTF-8"),
        ("deep.toml", b"a = " + b"[" * 10**5, "nested too deeply"),
        ("digits.toml", b"seed = " + b"9" * 5000, "digits"),
        ("table.toml", b"[ansatz]\nmhea = 3\n[qubits]\nN = 2", "ansatz is {'mhea': 3}; expected a list"),
        ("endless.toml", None, "larger than 1048576 bytes"),
    ):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(NearCliffordError, match=words) as told:
            Study.from_toml(tmp_path / name)
        assert name in str(told.value) and str(told.value).isprintable()
    for wrong in ("a\0b", 3, tmp_path):
        with pytest.raises(NearCliffordError):
            Study.from_toml(wrong)
    with pytest.raises(NearCliffordError, match="the study is a list; expected a Mapping"):
        StudySpec.from_mapping([1])


def test_too_little_memory_is_told(tmp_path, monkeypatch):
    def fail(points):
        raise MemoryError

    monkeypatch.setattr(Gradient, "measure", fail)
    with pytest.warns(UserWarning, match="16 of 16 points ended in an error"):
        results = Study(SMALL).run(tmp_path, workers=1, progress=False)
    assert len(results.failed) == 16 and all("needs more memory than there is" in error for _, error in results.failed)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_settings_belong_to_their_experiment(name):
    """Every entry of another experiment is refused, and a file that names its own comes back the same."""
    given = {"ansatz": ["mhea"], "qubits": [2], "experiment": name}
    spec = StudySpec.from_mapping(given)
    assert type(spec.experiment) is EXPERIMENTS[name] and StudySpec.from_mapping(spec.to_mapping()) == spec
    own = {field.name for field in dataclasses.fields(EXPERIMENTS[name])}
    foreign = {field.name for other in EXPERIMENTS.values() for field in dataclasses.fields(other)} - own
    for setting in foreign:
        with pytest.raises(NearCliffordError, match=f"experiment '{name}' has no entry '{setting}'"):
            StudySpec.from_mapping(given | {setting: 3})


def test_an_experiment_is_an_experiment():
    with pytest.raises(NearCliffordError, match="experiment is 'gradient'; expected an experiment, such as Gradient"):
        StudySpec(["mhea"], [2], experiment="gradient")


@pytest.mark.parametrize("missing", ["ansatz", "qubits"])
def test_missing_entries_are_named(missing):
    given = {"ansatz": ["mhea"], "qubits": [2]}
    del given[missing]
    with pytest.raises(NearCliffordError, match=f"names no {missing}"):
        StudySpec.from_mapping(given)


def test_errors_name_the_file(tmp_path):
    (tmp_path / "broken.toml").write_text("ansatz = [")
    for name, words in (("broken.toml", "broken.toml"), ("absent.toml", "absent.toml: No such file")):
        with pytest.raises(NearCliffordError, match=words):
            Study.from_toml(tmp_path / name)
    with pytest.raises(NearCliffordError, match=r"no preset 'slow'; expected one of .*quick"):
        preset_path("slow")


def test_sigma_has_one_spelling():
    assert {sigma_rule(text) for text in ("D^-1/2", "D^-0.5", "D^-2/4", " D^-1/2 ")} == {"D^-1/2"}
    assert {sigma_rule(given) for given in ("D^0", "D^-0", 1, 1.0, "1.0")} == {"1"}
    assert sigma_rule(sigma_rule(0.123456789012)) == "0.123456789012"
    assert sigma_value("D^-1/3", 8) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ANSATZE)
def test_sizes_that_follow_from_the_name(name):
    for n_qubits, layers in ((2, 1), (3, 3), (6, 4)):
        circuits = [ANSATZE[name].build(n_qubits, layers, np.random.default_rng(seed)) for seed in range(40)]
        assert {circuit.num_parameters for circuit in circuits} == {ANSATZE[name].n_parameters(n_qubits, layers)}
        expected = ANSATZE[name].n_gates(n_qubits, layers)
        # a ring of two qubits has one gate, not two; random circuits vary by a few
        assert np.mean([circuit.size() for circuit in circuits]) == pytest.approx(expected, abs=max(1, 0.05 * expected))


# points and streams ----------------------------------------------------------------------------------------------


def test_identity_holds_every_field():
    other = {
        "ansatz": "mhea", "n_qubits": 5, "n_layers": 4, "sigma": "1", "encoder": "none", "observable": "global_z",
        "backend": "stabilizer", "components": 9, "samples": 2, "seed": 8, "first_draw": 4, "n_draws": 5,
    }  # fmt: skip
    assert set(other) == {field.name for field in dataclasses.fields(GradientPoint)}
    identities = {with_(POINT, **{name: value}).identity for name, value in other.items()} | {POINT.identity}
    assert len(identities) == len(other) + 1


def test_a_revision_of_an_experiment_changes_its_identities_alone(monkeypatch):
    before = POINT.identity
    monkeypatch.setattr(GradientPoint, "revision", 1)
    assert POINT.identity != before
    monkeypatch.setattr(GradientPoint, "revision", 0)
    assert POINT.identity == before


def test_title_and_order_of_lists_change_no_point():
    shuffled = dataclasses.replace(SMALL, ansatz=("random_pqc", "mhea"), sigma=("1", "D^-1"), title="other")
    assert set(points_of(shuffled)) == set(points_of(SMALL))


def test_rules_that_coincide_share_points():
    spec = StudySpec(["mhea"], [2, 3], layers=["N", 3], sigma=["1"], encoder=["none"], draws=4)
    assert sorted((point.n_qubits, point.n_layers) for point in points_of(spec)) == [(2, 2), (2, 3), (3, 3)]


def gates_of(circuit):
    return tuple((gate.name, *(circuit.find_bit(qubit).index for qubit in gate.qubits)) for gate in circuit.data)


def test_every_draw_is_a_new_circuit_observable_and_parameter():
    problems = [draw_problem(POINT, draw) for draw in range(60)]
    assert len({gates_of(problem.circuit) for problem in problems}) == 60
    assert len({problem.observable.paulis[0].to_label() for problem in problems}) > 20
    assert {problem.parameter for problem in problems} == set(range(12))


def test_terms_are_drawn_from_the_whole_observable():
    point = with_(POINT, observable="heisenberg")
    assert {draw_problem(point, draw).term for draw in range(200)} == set(range(9))


def test_encoders_and_patches_share_the_problems():
    for encoder in ENCODERS:
        for sigma in ("1", "D^-1"):
            point = with_(POINT, encoder=encoder, sigma=sigma, samples=3)
            problem, same = draw_problem(point, 2), draw_problem(POINT, 2)
            assert gates_of(problem.circuit) == gates_of(same.circuit) and problem.observable == same.observable
            assert problem.parameter == same.parameter
    thetas = [with_(POINT, encoder=encoder).theta_stream(1).standard_normal(5) for encoder in ENCODERS]
    assert np.array_equal(thetas[0], thetas[1]) and np.array_equal(thetas[0], thetas[2])
    assert not np.array_equal(thetas[0], with_(POINT, sigma="1").theta_stream(1).standard_normal(5))
    assert not np.array_equal(thetas[0], POINT.theta_stream(2).standard_normal(5))


def test_numbers_of_a_draw_depend_on_nothing_else():
    whole, late = measure(POINT), measure(with_(POINT, first_draw=2, n_draws=2))
    assert whole.draw.tolist() == [0, 1, 2, 3] and late.draw.tolist() == [2, 3]
    for name in ("norm", "squared_norm", "component", "bound"):
        assert np.array_equal(whole[name][2:], late[name])


def test_more_draws_keep_the_blocks():
    few, many = (
        dataclasses.replace(SMALL, draws=draws) for draws in (Gradient.draws_per_point, 3 * Gradient.draws_per_point)
    )
    assert set(points_of(few)) < set(points_of(many))


# numbers ---------------------------------------------------------------------------------------------------------


def shift_rule_gradient(circuit, observable, theta):
    """The gradient by Qiskit's statevector and the parameter-shift rule."""

    def loss(point):
        return Statevector(circuit.assign_parameters(point)).expectation_value(observable).real

    shifts = np.pi / 2 * np.eye(len(theta))
    return np.array([(loss(theta + shift) - loss(theta - shift)) / 2 for shift in shifts])


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize(("ansatz", "observable"), [("mhea", "random_pauli"), ("random_pqc", "heisenberg")])
def test_numbers_agree_with_qiskit(encoder, ansatz, observable):
    point = GradientPoint(ansatz, 3, 2, "D^-1/3", encoder, observable, samples=2, seed=1, n_draws=3, **EXACT)
    found = measure(point)
    for draw in range(3):
        problem = draw_problem(point, draw)
        circuit, size = problem.circuit, problem.circuit.num_parameters
        theta = size ** (-1 / 3) * point.theta_stream(draw).standard_normal((2, size))
        if encoder != "none":
            circuit = encode(circuit, problem.observable, problem.parameter, problem.term, style=encoder).circuit
        gradient = np.array([shift_rule_gradient(circuit, problem.observable, one) for one in theta])
        norms = np.linalg.norm(gradient, axis=1)
        assert found["norm"][draw] == pytest.approx(norms.mean(), abs=1e-12)
        assert found["squared_norm"][draw] == pytest.approx((norms**2).mean(), abs=1e-12)
        assert found["component"][draw] == pytest.approx(np.abs(gradient[:, problem.parameter]).mean(), abs=1e-12)
        assert norms.max() <= found["bound"][draw]


@pytest.mark.parametrize("sigma", ["D^-1", "D^-1/2", "1"])
def test_numbers_are_those_of_gradient_statistics(sigma):
    """The same stream draws the same thetas; both add up in another order."""
    point = with_(POINT, sigma=sigma, samples=7, ansatz="mhea", observable="heisenberg")
    found = measure(point)
    for draw in range(4):
        land = prepare(point, draw).land
        patch = Gaussian(sigma_value(sigma, land.n_parameters))
        stats = gradient_statistics(land, patch, nc.Statevector(), samples=7, rng=point.theta_stream(draw))
        assert found["norm"][draw] == pytest.approx(stats.norm, rel=1e-13)
        assert found["squared_norm"][draw] == pytest.approx(stats.norm_squared, rel=1e-13)


def test_all_components_by_the_stabilizer_are_those_of_gradient_statistics():
    """With as many components as there are, nothing is scaled up: the same components, in the same order of chains."""
    point = with_(POINT, backend="stabilizer", samples=300, components=12)
    found = measure(point)
    for draw in range(4):
        prepared = prepare(point, draw)
        land, rng = prepared.land, point.theta_stream(draw)
        certain = np.union1d(np.flatnonzero(land.gradient(land.center)), [prepared.parameter])
        others = np.setdiff1d(np.arange(land.n_parameters), certain)
        chosen = np.concatenate([certain, rng.choice(others, len(others), replace=False)]).tolist()
        patch = Gaussian(sigma_value(point.sigma, land.n_parameters))
        stats = gradient_statistics(land, patch, Stabilizer(), samples=300, parameters=chosen, rng=rng)
        assert found["squared_norm"][draw] == pytest.approx(np.sum(stats.unbiased.second_moment), rel=1e-13)


@pytest.mark.parametrize("encoder", ["compact", "paper"])
@pytest.mark.parametrize("ansatz", ANSATZE)
def test_encoded_component_is_one_at_the_centre(encoder, ansatz):
    point = GradientPoint(ansatz, 5, 2, "1e-07", encoder, "random_pauli", samples=1, seed=5, n_draws=10, **EXACT)
    assert measure(point)["component"] == pytest.approx(1.0, abs=1e-10)


def test_rounding_counts_as_zero():
    """One layer of a random circuit on many qubits leaves most plain gradients exactly zero."""
    point = GradientPoint("random_pqc", 10, 1, "1", "none", "random_pauli", samples=1, seed=5, n_draws=20, **EXACT)
    norms = measure(point)["norm"]
    assert (norms == 0).sum() > 10 and np.all((norms == 0) | (norms > 1e-12))


# Mean and standard error of the 50 published gradient norms at N = L = 6 (mHEA; data of arXiv:2507.06344).
PUBLISHED = {
    ("paper", "D^-1"): (1.8823, 0.1383),
    ("paper", "D^-1/2"): (1.5722, 0.1125),
    ("paper", "D^-1/3"): (0.9987, 0.0388),
    ("paper", "D^-1/5"): (0.8108, 0.0142),
    ("paper", "1"): (0.7786, 0.0093),
    ("none", "D^-1"): (0.4550, 0.0689),
    ("none", "D^-1/2"): (0.5642, 0.0488),
    ("none", "D^-1/3"): (0.6832, 0.0314),
    ("none", "D^-1/5"): (0.7593, 0.0128),
    ("none", "1"): (0.7824, 0.0117),
}


def test_means_agree_with_the_published_ones(tmp_path):
    """Ten two-sided z-tests at 4 standard errors: a false alarm in about 1 of 1,600 seeds."""
    study = Study(StudySpec(["mhea"], [6], encoder=["paper", "none"], draws=50, seed=11))
    study.run(tmp_path, workers=1, progress=False)
    rows = study.frame().set_index(["encoder", "sigma"])
    assert set(rows.index) == set(PUBLISHED)
    for key, (mean, error) in PUBLISHED.items():
        assert abs(rows.loc[key, "norm"] - mean) < 4 * np.hypot(rows.loc[key, "norm_error"], error), key


def test_summary_is_mean_and_standard_error():
    rng = np.random.default_rng(2)
    values = rng.random((3, 30))
    names = ("norm", "squared_norm", "component")
    numbers = dict(zip(names, values, strict=True)) | {"bound": np.full(30, 4.0)}
    blocks = [Draws(np.arange(i, i + 10), {name: row[i : i + 10] for name, row in numbers.items()}) for i in (0, 10, 20)]
    draws = joined(blocks)
    assert draws.draw.tolist() == list(range(30))
    found = Gradient.summary(draws)
    for name, row in zip(names, values, strict=True):
        assert found[name] == pytest.approx(row.mean())
        assert found[f"{name}_error"] == pytest.approx(row.std(ddof=1) / np.sqrt(30))
    assert set(found) == set(Gradient.columns) and np.isnan(found["norm_upper"])


def test_no_gradient_gives_an_upper_bound():
    zero = np.zeros(30)
    numbers = dict.fromkeys(("norm", "squared_norm", "component"), zero) | {"bound": np.full(30, 4.0)}
    found = Gradient.summary(Draws(np.arange(30), numbers))
    assert found["norm"] == 0 and found["norm_upper"] / 4.0 == pytest.approx(0.0950, abs=1e-4)  # 1 - 0.05^(1/30)


def test_every_observable_can_be_studied():
    for name in OBSERVABLES:
        found = measure(with_(POINT, observable=name, n_draws=1, sigma="1e-07"))
        assert np.isfinite(found["norm"]).all() and found["bound"][0] > 0
