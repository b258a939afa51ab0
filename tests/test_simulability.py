"""The phase diagrams of Hamiltonians: cells against Qiskit's statevectors and closed forms, ladders, presets and figures."""

from __future__ import annotations

from dataclasses import replace
from math import cos, inf, sin

import numpy as np
import pandas as pd
import pytest
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.costs.contest import Contest
from nearclifford.costs.peers import matrix_product_values
from nearclifford.studies import Study
from nearclifford.studies.simulability import cell as cells
from nearclifford.studies.simulability.circuits import cut, graph, mhea_for, qaoa
from nearclifford.studies.simulability.figure import LOOKS, diagram, look_of, words_of
from nearclifford.studies.simulability.ladders import bond_ladder, left_out, path_ladder

OBSERVABLE = SparsePauliOp(["IZZ", "ZII", "ZZI"], [1.0, 0.5, -1.0])  # read in one basis
SIGMA = 0.3


def qiskit_values(circuit, observable, thetas) -> np.ndarray:
    return np.array([Statevector(circuit.assign_parameters(t)).expectation_value(observable).real for t in thetas])


@pytest.fixture(scope="module")
def small():
    circuit = nc.ansatz.mhea(3, 1)
    return circuit, cells.cell(nc.Landscape(circuit, OBSERVABLE), nc.Gaussian(SIGMA), np.random.default_rng(1))


def test_gradient_and_shot_noise_are_those_of_statevectors(small):
    """E‖∇L‖² and the variance of one shot over 30 thetas of Qiskit; both within 5 standard errors."""
    circuit, found = small
    thetas = SIGMA * np.random.default_rng(2).standard_normal((30, circuit.num_parameters))
    shifts = np.pi / 2 * np.eye(circuit.num_parameters)
    slopes = [
        (qiskit_values(circuit, OBSERVABLE, t + shifts) - qiskit_values(circuit, OBSERVABLE, t - shifts)) / 2 for t in thetas
    ]
    norms = np.square(slopes).sum(axis=1)
    assert abs(found["norm_squared"] - norms.mean()) < 5 * norms.std(ddof=1) / np.sqrt(30) + 0.02 * norms.mean()
    assert found["norm_squared_low"] <= found["norm_squared"] <= found["norm_squared_high"]
    square = (OBSERVABLE @ OBSERVABLE).simplify()
    one_shot = qiskit_values(circuit, square, thetas) - qiskit_values(circuit, OBSERVABLE, thetas) ** 2
    noise = 10**6 * found["tolerance"] ** 2
    assert abs(noise - one_shot.mean()) < 5 * one_shot.std(ddof=1) / np.sqrt(30) + 0.1 * one_shot.mean()
    assert found["trains"] == 1.0 and found["fewest_shots"] <= found["shots"] <= found["most_shots"] < 10**6


def test_a_small_cell_is_simulated_by_its_statevector(small):
    _, found = small
    assert found["simulated"] == cells.YES and cells.METHODS[int(found["method"])] == "statevector"
    assert 0 < found["seconds"] < cells.CLASSICAL_SECONDS


def test_where_statevectors_do_not_fit_the_paths_are_asked_then_the_mean_then_bonds(monkeypatch):
    """No memory: nothing is in the budget, and each method is asked. A budget of seconds alone brings the paths back."""
    land, patch = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.heisenberg(4)), nc.Gaussian(0.1)
    monkeypatch.setattr(cells, "MOST_BYTES", 200)
    monkeypatch.setattr(cells, "CLASSICAL_SECONDS", 1e-9)
    none = cells.cell(land, patch, np.random.default_rng(1))
    assert none["simulated"] in (cells.NO, cells.UNKNOWN) and cells.METHODS[int(none["method"])] == "none"
    assert none["bonds"] >= 4
    monkeypatch.setattr(cells, "CLASSICAL_SECONDS", 3600.0)
    monkeypatch.setattr(cells, "_ladder", lambda land: path_ladder(land, 1.0, 2**28))
    by_paths = cells.cell(land, patch, np.random.default_rng(1))
    assert by_paths["simulated"] == cells.YES and cells.METHODS[int(by_paths["method"])] == "Pauli paths"


def contest_of(circuit, observable, sigma, tolerance, n_thetas=12) -> Contest:
    land, patch = nc.Landscape(circuit, observable), nc.Gaussian(sigma)
    theta = patch.sample((n_thetas, land.n_parameters), rng=np.random.default_rng(3))
    return Contest(land, patch, tolerance, theta, 10.0, 2**28)


def test_the_order_that_a_ladder_names_has_the_error_that_it_says():
    """At the ladder's thetas, against Qiskit: the order is within the tolerance, and the order before it is not."""
    circuit, observable = nc.ansatz.mhea(5, 3), nc.observables.heisenberg(5)
    contest = contest_of(circuit, observable, 0.1, 0.01)
    ladder = path_ladder(contest.land, 0.1, 2**28)
    found = ladder.reach(contest, 3600.0)
    exact = qiskit_values(circuit, observable, contest.theta)
    errors = {m: float(np.sqrt(np.mean((kept.value(contest.theta) - exact) ** 2))) for m, kept in ladder.built.items()}
    assert found.within and errors[found.resource] <= 1.05 * contest.tolerance < 1.1 * errors[found.resource - 1]
    assert found.error == pytest.approx(errors[found.resource], rel=0.2)


def test_a_ladder_tells_too_long_from_not_yet_known():
    circuit, observable = nc.ansatz.mhea(5, 3), nc.observables.heisenberg(5)
    contest = contest_of(circuit, observable, 0.3, 1e-9)
    ladder = path_ladder(contest.land, 1e-3, 2**28)
    assert ladder.next_seconds > 1e-3 and max(ladder.built) >= 5
    near = replace(contest, tolerance=ladder.reach(contest, 3600.0).error / 2)  # an order more halves the error at least
    assert replace(ladder, next_seconds=1.0).reach(near, 3600.0).within is None
    assert replace(ladder, next_seconds=1e6).reach(near, 3600.0).within is False
    assert replace(ladder, next_seconds=1e3).reach(contest, 3600.0).within is False
    empty = replace(ladder, built={}).reach(contest, 3600.0)
    assert (empty.within, empty.resource, empty.error) == (None, 0, inf)


def test_bonds_that_converged_give_the_exact_loss():
    circuit, observable = nc.ansatz.mhea(6, 2), nc.observables.heisenberg(6)
    contest = contest_of(circuit, observable, 0.4, 1e-3, n_thetas=2)
    found = bond_ladder(contest, 3600.0)
    exact = qiskit_values(circuit, observable, contest.theta)
    assert found.within and abs(matrix_product_values(contest)(found.resource) - exact).max() < 2 * contest.tolerance
    few = abs(matrix_product_values(contest)(2) - exact).max()
    assert few > 10 * contest.tolerance  # two bonds are not enough: the ladder had something to find
    assert bond_ladder(contest, 0.0).within is False


def test_what_is_left_out_of_a_geometric_series():
    values = {m: np.array([1 - 0.5**m, 2 - 2 * 0.5**m]) for m in range(1, 9)}
    left, ratio = left_out(values, 8)
    assert ratio == pytest.approx(0.25) and left == pytest.approx(0.5**8 * np.sqrt(2.5))
    assert left_out({m: np.array([2.0**m]) for m in range(1, 9)}, 8)[0] == inf
    assert left_out(values, 4) == (inf, inf)


def test_one_layer_of_qaoa_by_its_closed_form():
    """Wang, Hadfield, Jiang and Rieffel (Phys. Rev. A 97, 022304, 2018): any graph of degree three, triangles included."""
    edges, (gamma, beta) = graph(10), (0.7, 0.4)
    neighbours = {node: {a + b - node for a, b in edges if node in (a, b)} for node in range(10)}
    assert all(len(found) == 3 for found in neighbours.values())
    expected = 0.0
    for first, second in edges:
        triangles = len(neighbours[first] & neighbours[second])
        single = 0.5 * sin(2 * beta) * sin(gamma) * cos(gamma) ** 2
        double = 0.25 * sin(beta) ** 2 * cos(gamma) ** (4 - 2 * triangles) * (1 - cos(2 * gamma) ** triangles)
        expected -= 0.5 + single - double
    land = nc.Landscape(qaoa(10, 1, "none"), cut(10))
    # RZZ(γ) is exp(-iγ ZZ/2): the formula is for exp(-iγ C), C the cut, which turns the other way
    assert land.value(np.array([-gamma, beta])) == pytest.approx(expected, abs=1e-12)


def test_the_encoder_wraps_both_circuits():
    for made, observable in (
        (lambda kind: mhea_for("ising", 6, 2, kind), nc.observables.ising(6)),
        (lambda kind: qaoa(6, 2, kind), cut(6)),
    ):
        plain, wrapped = (nc.Landscape(made(kind), observable) for kind in ("none", "compact"))
        assert plain.n_parameters == wrapped.n_parameters and np.abs(wrapped.gradient(wrapped.center)).max() > 0.4


SPEC = """
title = "Small"
circuit = ["nearclifford.studies.simulability.circuits:mhea_for"]
observable = ["ising"]
sigma = ["D^-1/2", "0.5"]
measure = "nearclifford.studies.simulability.cell:cell"
[arguments]
hamiltonian = ["ising"]
n_qubits = [2, 3]
layers = [1]
wrapped = ["none", "compact"]
"""


def test_a_study_of_cells_goes_on_and_draws_its_diagram(tmp_path):
    (tmp_path / "small.toml").write_text(SPEC)
    study = Study.from_toml(tmp_path / "small.toml")
    results = study.run(tmp_path / "run", workers=1, progress=False)
    assert len(results.frame) == 8 and set(results.frame["simulated"]) == {1.0}
    again = Study.from_toml(tmp_path / "small.toml").run(tmp_path / "run", workers=1, progress=False)
    pd.testing.assert_frame_equal(again.frame, results.frame)
    paths = results.save_figures(tmp_path, "test")
    assert [path.name for path in paths] == ["phase_ising_L1.png", "phase_ising_L1.svg"]


def test_a_diagram_says_of_each_cell_what_the_table_says():
    row = {"observable": "ising", "circuit": "mhea_for", "layers": 8, "wrapped": "none", "n_qubits": 8, "sigma": "1"}
    row |= {"trains": 1.0, "simulated": 1.0, "method": 2.0, "order": 5.0, "bonds": 32.0, "shots": 3456.0}
    others = [{"simulated": -1.0, "method": 0.0}, {"simulated": 0.0, "method": 0.0}, {"trains": 0.0}, {"trains": -1.0}]
    rows = [row, *(row | {"n_qubits": 16 * k} | other for k, other in enumerate(others, start=1))]
    figure = diagram(pd.DataFrame(rows), "test")
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written == ["P5", "3e3", "none", "3e3", "?", "3e3", "P5", "", "dead", ""]
    assert [box.get_hatch() or "" for box in figure.axes[0].patches] == [look.hatch for look in LOOKS]
    assert [look_of(one["trains"], one["simulated"]) for one in rows] == list(LOOKS)
    assert words_of(row | {"method": 4.0}) == "M32" and words_of(row | {"method": 3.0}) == "mean"
    hatched = [look.hatch for look in LOOKS if look.hatch]
    assert len(set(hatched)) == 3 and len({look.color for look in LOOKS}) == 5


@pytest.mark.parametrize("name", ["heisenberg", "ising", "qaoa"])
def test_the_presets_run_from_eight_to_64_qubits(name):
    spec = Study.preset(f"phase-{name}").spec
    assert spec.arguments["n_qubits"] == (8, 16, 32, 64) and spec.arguments["wrapped"] == ("none", "compact")


@pytest.mark.parametrize(("each", "answer"), [(3.5, cells.YES), (3.7, cells.UNKNOWN)])
def test_an_hour_is_an_hour_for_a_thousand_values(monkeypatch, each, answer):
    """A statevector that takes so many seconds for a value; no path may be built, and nothing else is asked."""
    land, found = nc.Landscape(nc.ansatz.mhea(3, 1), OBSERVABLE), cells.methods.statevector
    monkeypatch.setattr(cells.methods, "statevector", lambda contest: replace(found(contest), seconds=each))
    monkeypatch.setattr(cells, "_ladder", lambda land: path_ladder(land, 1e-12, 1))
    cell = cells._simulated(land, nc.Gaussian(SIGMA), 1e-9, False, np.random.default_rng(1))
    assert cell["statevector_seconds"] == 1000 * each and cell["simulated"] == answer
