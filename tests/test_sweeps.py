"""Sweeps over circuits that the package does not make: Qiskit's library, OpenQASM 3, functions; against statevectors."""

import math
import textwrap

import numpy as np
import pandas as pd
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, n_local, qaoa_ansatz
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford import NearCliffordError
from nearclifford.cli import main
from nearclifford.studies import Study
from nearclifford.studies.sweeps.measures import measure_of
from nearclifford.studies.sweeps.units import units_of


def ladder(n_qubits):
    return n_local(n_qubits, ["ry", "rz"], "cz", entanglement="linear", reps=1)


def tasks(sizes=(2, 3), sigmas=(0.3, 1.0)):
    return [
        nc.Task(ladder(n), observable, nc.Gaussian(sigma), metadata={"cost": cost})
        for n in sizes
        for cost, observable in (("local", "Z0"), ("global", SparsePauliOp("Z" * n)))
        for sigma in sigmas
    ]


def sampled(circuit, observable, sigma, samples=3000, seed=5):
    """Return Var L and its standard error by Qiskit's states at drawn angles."""
    rng = np.random.default_rng(seed)
    losses = np.array([
        Statevector(circuit.assign_parameters(theta)).expectation_value(observable).real
        for theta in rng.normal(0.0, sigma, (samples, circuit.num_parameters))
    ])  # fmt: skip
    squares = (losses - losses.mean()) ** 2
    return squares.mean(), squares.std() / math.sqrt(samples)


def test_a_sweep_of_qiskits_circuits_agrees_with_sampled_states(tmp_path):
    """Two circuits, two observables each: within 4 standard errors of 3,000 states (chance of one miss 3e-4)."""
    found = nc.sweep(tasks(sizes=(3,), sigmas=(1.0,)), tmp_path, ["variance"], workers=1, progress=False)
    assert list(found.frame["cost"]) == ["local", "global"]
    for row, observable in zip(found.frame.itertuples(), ("IIZ", "ZZZ"), strict=True):
        mean, error = sampled(ladder(3), SparsePauliOp(observable), 1.0)
        assert abs(row.variance - mean) < 4 * math.hypot(error, row.variance_error)
        assert row.variance_low <= row.variance <= row.variance_high and row.n_parameters == 12 and row.sigma_value == 1.0


def test_qaoa_has_shared_angles_and_its_own_row(tmp_path):
    cost = SparsePauliOp.from_sparse_list([("ZZ", [a, (a + 1) % 4], 1.0) for a in range(4)], 4)
    circuit = qaoa_ansatz(cost, reps=1)
    found = nc.sweep([nc.Task(circuit, cost, nc.Gaussian(0.2))], tmp_path, "variance", workers=1, progress=False)
    mean, error = sampled(circuit, cost, 0.2)
    [row] = found.frame.to_dict("records")
    assert abs(row["variance"] - mean) < 4 * error and row["n_parameters"] == 2


def test_the_same_circuit_built_twice_is_one_point(tmp_path):
    """Parameters of another name, and a landscape in place of a circuit: one point, and a row for each task."""
    named = QuantumCircuit(2)
    for qubit, letter in enumerate("ab"):
        named.ry(Parameter(letter), qubit)
    named.cx(0, 1)
    other = QuantumCircuit(2)
    for qubit, letter in enumerate("uv"):
        other.ry(Parameter(letter), qubit)
    other.cx(0, 1)
    patch = nc.Gaussian(0.4)
    given = [
        nc.Task(named, "ZZ", patch, {"who": "a"}),
        nc.Task(other, SparsePauliOp("ZZ"), patch, {"who": "b"}),
        nc.Task(nc.Landscape(named, "ZZ"), None, patch, {"who": "c"}),
        nc.Task(named, "ZZ", patch, {"who": "d"}, center=[math.pi / 2, 0.0]),
        nc.Task(named, "ZZ", nc.Uniform(0.4), {"who": "e"}),
        nc.Task(named, "IZ", patch, {"who": "f"}),
    ]
    identities = [unit.identity for unit in units_of(given, measure_of("variance"), 0)]
    assert len(set(identities)) == 4 and len(set(identities[:3])) == 1
    assert not set(identities) & {unit.identity for unit in units_of(given, measure_of("variance"), 1)}
    assert not set(identities) & {unit.identity for unit in units_of(given, measure_of("second_moment"), 0)}
    results = nc.sweep(given, tmp_path, "variance", workers=1, progress=False)
    assert list(results.frame["who"]) == list("abcdef") and results.frame["variance"].nunique() == 2
    exact = (1 + math.exp(-2 * 0.4**2)) / 2 - math.exp(-(0.4**2))  # Var cos t: ZZ after CX is Z on one qubit
    assert np.allclose(results.frame["variance"][:3], exact, rtol=1e-12)


def test_metadata_are_columns_and_axes(tmp_path):
    study = Study(nc.Sweep(tasks(), title="Local and global"))
    assert study.plan.axes == ("cost", "n_qubits", "sigma_value") and next(iter(study.columns)) == "cost"
    results = study.run(tmp_path, workers=1, progress=False)
    assert results.text.splitlines()[0] == "Local and global" and len(results.frame) == 8
    assert {path.name for path in results.save_figures(tmp_path)} >= {"sweep_variance.svg", "sweep_squared_norm.png"}
    assert list(results.frame.columns) == list(study.columns)
    again = nc.results_of(tmp_path)
    pd.testing.assert_frame_equal(again.frame, results.frame, check_exact=True)
    assert again.text == results.text and again.title == "Local and global"
    assert (tmp_path / "table.csv").read_bytes() == results.frame.to_csv(index=False).encode()


def test_workers_give_the_same_numbers(tmp_path):
    one = nc.sweep(tasks(), tmp_path / "one", samples=256, workers=1, progress=False)
    two = nc.sweep(tasks()[::-1], tmp_path / "two", samples=256, workers=2, progress=False)
    pd.testing.assert_frame_equal(one.frame, two.frame[::-1].reset_index(drop=True), check_exact=True)


def norm_at_center(land, patch, rng):
    return {"norm": float(np.linalg.norm(land.gradient(land.center))), "drawn": rng.random(), "width": patch.width}


def words(land, patch, rng):
    return {"norm": "large"}


def test_a_measure_of_ones_own(tmp_path):
    results = nc.sweep(tasks(sizes=(2,)), tmp_path, norm_at_center, workers=1, progress=False)
    assert list(results.frame["width"]) == [0.3, 1.0] * 2 and results.frame["drawn"].nunique() == 4
    assert (results.frame["norm"] == 0.0).all() and results.save_figures(tmp_path) == []
    with pytest.warns(UserWarning, match="4 of 4 points ended in an error.*expected real numbers"):
        nc.sweep(tasks(sizes=(2,)), tmp_path / "words", words, workers=1, progress=False)


def test_a_circuit_that_cannot_be_measured_fails_alone(tmp_path):
    """30 qubits whose fixed angles leave no method: the others have their rows, and the error says why."""
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    good = nc.Task(circuit, "IZ", nc.Gaussian(0.1))
    huge = nc.Task(efficient_su2(34, reps=3), "Z" * 34, nc.Gaussian(0.7))
    study = Study(nc.Sweep([huge, good], "variance", nc.Statevector(), samples=10))
    with pytest.warns(UserWarning, match="1 of 2 points ended in an error"):
        results = study.run(tmp_path, workers=1, progress=False)
    assert list(results.frame["n_qubits"]) == [2] and "ResourceError" in results.failures["error"][0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], "tasks is empty"),
        (["ZZ"], r"tasks\[0\] is 'ZZ'; expected a Task"),
        (nc.Task(ladder(2), "ZZ", nc.Gaussian(0.1)), "tasks is a Task; expected a sequence"),
        ([nc.Task(ladder(2), "ZZZ", nc.Gaussian(0.1), {"a": 1})], r"Task 0 \(a=1\): .*3 qubits"),
        ([nc.Task(ladder(2), "ZZ", nc.Gaussian([0.1, 0.2]))], "Task 0: The patch holds 2 widths; expected 8"),
        ([nc.Task(ladder(2), "ZZ", nc.Gaussian(0.1), {"n_qubits": 3})], "metadata\\['n_qubits'\\] is 3, and the task has 2"),
    ],
)
def test_tasks_that_are_wrong(given, expected):
    with pytest.raises(NearCliffordError, match=expected):
        nc.Sweep(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"circuit": "ZZ"}, "circuit is a str"),
        ({"observable": None}, "has no observable"),
        ({"patch": 0.1}, "patch"),
        ({"metadata": [1]}, "metadata is"),
        ({"metadata": {"a": math.nan}}, r"metadata\['a'\] is nan"),
        ({"metadata": {3: "a"}}, "metadata has the name 3"),
        ({"circuit": nc.Landscape(ladder(2), "ZZ")}, "has a landscape, which has its observable"),
    ],
)
def test_parts_that_are_wrong(given, expected):
    parts = {"circuit": ladder(2), "observable": "ZZ", "patch": nc.Gaussian(0.1)}
    with pytest.raises(NearCliffordError, match=expected):
        nc.Task(**parts | given)


# files -----------------------------------------------------------------------------------------------------------

MODULE = """
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

def brickwork(n_qubits, depth=1):
    circuit = QuantumCircuit(n_qubits)
    angles = iter(ParameterVector("t", n_qubits * depth))
    for layer in range(depth):
        for qubit in range(n_qubits):
            circuit.ry(next(angles), qubit)
        for qubit in range(layer % 2, n_qubits - 1, 2):
            circuit.cz(qubit, qubit + 1)
    return circuit

def random(n_qubits, rng):
    circuit = brickwork(n_qubits)
    circuit.cx(*rng.permutation(n_qubits)[:2].tolist())
    return circuit

def edge(n_qubits):
    return SparsePauliOp.from_sparse_list([("Z", [n_qubits - 1], 1.0)], n_qubits)

def broken(n_qubits):
    raise KeyError("two\\nlines")

def no_circuit(n_qubits):
    return 3
"""

TOML = """
title = "Bricks"
circuit = ["bricks_of_a_test:brickwork", "one.qasm"]
observable = ["Z0", "global_z", "bricks_of_a_test:edge"]
sigma = ["D^-1/2", 0.3]
measure = "variance"

[arguments]
n_qubits = [2, 3]
depth = [1, 2]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bricks_of_a_test.py").write_text(MODULE)
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.rx(Parameter("b"), 1)
    circuit.cx(0, 1)
    (tmp_path / "one.qasm").write_text(qasm3.dumps(circuit))
    (tmp_path / "bricks.toml").write_text(TOML)
    return tmp_path


def test_circuits_of_functions_and_files_are_swept_over_their_arguments(folder, capsys):
    command = ["study", str(folder / "bricks.toml"), "--workers", "1", "--out", str(folder / "out")]
    assert main(command) == 0
    frame = pd.read_csv(folder / "out" / "table.csv")
    assert len(frame) == 4 * 3 * 2 + 3 * 2 and set(frame["circuit"]) == {"brickwork", "one"}
    assert frame["depth"].notna().sum() == 24 and (frame[frame["circuit"] == "one"]["n_qubits"] == 2).all()
    alone = frame[(frame["circuit"] == "brickwork") & (frame["depth"] == 1) & (frame["observable"] == "Z0")]
    for row in alone.itertuples():  # one layer of RY and CZ: L = cos t
        square = row.sigma_value**2
        assert row.variance == pytest.approx((1 + math.exp(-2 * square)) / 2 - math.exp(-square), rel=1e-9)
    wide = frame[frame["sigma"] == "D^-1/2"]
    assert np.allclose(wide["sigma_value"], wide["n_parameters"] ** -0.5)
    capsys.readouterr()
    assert main(["study", str(folder / "bricks.toml"), "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("30 points in ")
    assert nc.results_of(folder / "out").title == "Bricks"


def test_random_circuits_have_draws(folder):
    spec = nc.SweepSpec(
        "bricks_of_a_test:random", "global_z", "0.3", arguments={"n_qubits": [4]}, draws=6, measure="variance", folder=folder
    )
    again = nc.SweepSpec(**{name: getattr(spec, name) for name in ("circuit", "observable", "sigma", "arguments", "folder")},
                         draws=6, measure="variance")  # fmt: skip
    identities = [row.identity for row in spec.plan().rows]
    assert identities == [row.identity for row in again.plan().rows] and 1 < len(set(identities)) <= 6
    assert [row.row["draw"] for row in spec.plan().rows] == list(range(6))


def test_an_encoder_of_the_search_is_an_axis(folder):
    spec = nc.SweepSpec("one.qasm", "ZZ", "0.1", encoder=["none", "norm"], folder=folder, measure="squared_norm")
    results = Study(spec).run(folder / "out", workers=1, progress=False)
    plain, encoded = results.frame["squared_norm"]
    assert plain < 0.1 < encoded


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ('circuit = "nowhere.qasm"', r"nowhere\.qasm"),
        ('circuit = "bricks_of_a_test:nothing"', "cannot be imported: AttributeError"),
        ('circuit = "no_such_module_at_all:f"', "cannot be imported: ModuleNotFoundError"),
        ('circuit = "bricks_of_a_test:MODULE_NAME.x"', "cannot be imported"),
        ('circuit = "bricks_of_a_test:broken"', r"broken\(n_qubits=2\) ended in KeyError: 'two"),
        ('circuit = "bricks_of_a_test:no_circuit"', "returned a int; expected a QuantumCircuit"),
        ('circuit = "circuit.txt"', 'circuit is \'circuit.txt\'; expected a file, "circuit.qasm"'),
        ("circuit = 3", "an entry of circuit is 3"),
        ('observable = ["ZQ"]', "an entry of observable is 'ZQ'; expected one of global_z"),
        ('sigma = ["wide"]', "an entry of sigma is 'wide'"),
        ('measure = ["norm"]', "an entry of measure is 'norm'; expected one of 'second_moment'"),
        ("samples = 1", "samples is 1"),
        ("depths = [2]", "has no entry 'depths'; it knows circuit, observable"),
        ("draws = 0", "draws is 0"),
        ('backend = "gpu"', "backend is 'gpu'; expected one of"),
        ('title = 3', "title is 3"),
        ('rel_error = -1', "rel_error is -1"),
    ],
)  # fmt: skip
def test_entries_that_are_wrong(change, expected, folder):
    key = change.split(" ")[0]
    lines = [line for line in textwrap.dedent(TOML).strip().splitlines() if not line.startswith(f"{key} ")]
    if "broken" in change or "no_circuit" in change:
        lines = [line for line in lines if not line.startswith("depth")]
    if "bricks" not in change and key == "circuit":
        lines = lines[: lines.index("[arguments]")]
    (folder / "wrong.toml").write_text("\n".join([change, *lines]))
    with pytest.raises(NearCliffordError, match=expected) as told:
        Study.from_toml(folder / "wrong.toml").plan  # noqa: B018
    assert str(told.value).isprintable()


def test_arguments_that_nobody_takes(folder):
    with pytest.raises(NearCliffordError, match="arguments has the entry 'depth', and no function"):
        nc.SweepSpec("one.qasm", "ZZ", "0.1", arguments={"depth": [1]}, folder=folder)
    with pytest.raises(NearCliffordError, match="'bricks_of_a_test:brickwork' needs 'n_qubits'"):
        nc.SweepSpec("bricks_of_a_test:brickwork", "ZZ", "0.1", arguments={"depth": [1]}, folder=folder)
    with pytest.raises(NearCliffordError, match="the entry 'sigma'; expected the name of a function's parameter"):
        nc.SweepSpec("bricks_of_a_test:brickwork", "ZZ", "0.1", arguments={"sigma": [1]}, folder=folder)


def test_a_dumped_study_is_the_study(folder, capsys):
    for source in (["--preset", "heisenberg"], [str(folder / "bricks.toml")]):
        assert main(["study", *source, "--dump"]) == 0
        text = capsys.readouterr().out
        uncommented = "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines())
        for name, content in (("dumped", text), ("all", uncommented)):
            (folder / f"{name}.toml").write_text(content if name == "dumped" or "[arguments]" not in content else text)
            given = Study.preset("heisenberg") if source[0] == "--preset" else Study.from_toml(folder / "bricks.toml")
            assert Study.from_toml(folder / f"{name}.toml").spec == given.spec
