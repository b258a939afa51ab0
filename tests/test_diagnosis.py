"""Diagnoses of circuits whose answer is known: from closed forms, Qiskit's Statevector, and the literature."""

import json
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.cli import main
from nearclifford.diagnosis.gradient import SquaredNorm, squared_norm
from nearclifford.diagnosis.region import state_of
from nearclifford.diagnosis.results import Region
from nearclifford.diagnosis.verb import local_counterpart
from nearclifford.diagnosis.verdict import verdict


def product(n):
    """RY on each qubit and Z on all: L = Π cos t_j, E‖∇L‖² = n E[sin²] E[cos²]^(n - 1)."""
    circuit, angles = QuantumCircuit(n), ParameterVector("t", n)
    for qubit in range(n):
        circuit.ry(angles[qubit], qubit)
    return circuit


def test_a_global_cost_dies_with_the_width_and_its_local_counterpart_lives():
    """120 qubits: cos²ⁿ is alive in narrow regions and 2^-120 at 1 rad; the mean of the letters is alive (Cerezo 2021)."""
    found = nc.diagnose(product(120), "Z" * 120, widths=[0.01, 0.1, 1.0], max_seconds=240, rng=1)
    assert [region.state for region in found.regions] == ["alive", "alive", "dead"]
    for region in found.regions:
        sine = float(nc.Gaussian(region.sigma).sine_square_mean())
        exact = 120 * sine * (1 - sine) ** 119
        assert region.low <= exact * 1.0001 and exact <= region.high * 1.0001
        assert abs(region.norm_squared / exact - 1) < 0.3 and region.simulable
    assert found.local is not None and found.local.state == "alive"
    assert "dead from" in found.verdict and found.largest_weight == 120


@pytest.mark.parametrize("sigma", [0.1, 0.7])
def test_shots_of_a_region_against_qiskit(sigma):
    """E‖∇L‖² and the shot variance at 200 thetas by Statevector; EfficientSU2 of Qiskit, two groups; both to 15 %."""
    circuit = efficient_su2(2, reps=1)
    observable = SparsePauliOp(["ZZ", "XI", "IX"], [1.0, 0.5, 0.5])
    found = nc.diagnose(circuit, observable, widths=[sigma], rng=1)
    (region,) = found.regions
    thetas = np.random.default_rng(2).normal(0, sigma, (200, 8))
    groups = [SparsePauliOp(["ZZ"]), SparsePauliOp(["XI", "IX"], [0.5, 0.5])]
    gradient, noise = np.zeros(200), np.zeros(200)
    for number, theta in enumerate(thetas):
        for k in range(8):
            ends = [Statevector(circuit.assign_parameters(theta + s * np.pi / 2 * np.eye(8)[k])) for s in (1, -1)]
            values = [state.expectation_value(observable).real for state in ends]
            gradient[number] += ((values[0] - values[1]) / 2) ** 2
            for state in ends:
                for group in groups:
                    square, mean = (state.expectation_value(part).real for part in ((group @ group).simplify(), group))
                    noise[number] += (square - mean**2) / 4
    assert region.one_shot_method == "statevector"
    assert abs(region.norm_squared / gradient.mean() - 1) < 0.15
    assert abs(region.one_shot / noise.mean() - 1) < 0.15
    assert region.shots == np.ceil(9 * region.one_shot / region.norm_squared)


def test_a_barren_circuit_with_few_shots_and_the_encoder():
    """N = L = 8, global Z: at 1 rad E[(∂L)²] is about 2^-9, and 100 shots show nothing; encoded they do at D^-1/2."""
    found = nc.diagnose(nc.ansatz.mhea(8, 8), nc.observables.global_z(8), shots=100, rng=3, max_seconds=60)
    wide = found.regions[-1]
    assert wide.state == "dead" and abs(wide.norm_squared / (144 / 2 / 2**8) - 1) < 0.3
    assert found.encoded is not None and found.encoded.state == "alive"
    middle = next(region for region in found.regions if abs(region.sigma - 144**-0.5) < 1e-12)
    assert found.encoded.shots < middle.shots / 2 and "encoder" in found.verdict


def test_shared_angles_of_a_qaoa():
    """Two layers on a ring of 6: statevectors fit; a centre at π/4 turns every RX(2 b) by a multiple of π/2."""
    circuit, (g1, g2, b1, b2) = QuantumCircuit(6), ParameterVector("x", 4)
    circuit.h(range(6))
    for gamma, beta in ((g1, b1), (g2, b2)):
        for qubit in range(6):
            circuit.rzz(gamma, qubit, (qubit + 1) % 6)
        circuit.rx(2 * beta, range(6))
    terms = [("ZZ", [qubit, (qubit + 1) % 6], 0.5) for qubit in range(6)]
    found = nc.diagnose(circuit, SparsePauliOp.from_sparse_list(terms, 6), rng=1)
    assert not found.independent and all(region.simulable for region in found.regions)
    assert found.regions[-1].state == "alive" and "fixed angles" in found.about


def test_nothing_trains_where_the_observable_is_not_met():
    circuit = QuantumCircuit(2)
    circuit.rz(ParameterVector("t", 1)[0], 0)
    found = nc.diagnose(circuit, "ZI", rng=1)
    assert [region.state for region in found.regions] == ["dead"] * len(found.regions)
    assert found.verdict.startswith("The gradient is dead at every width")


def test_what_the_time_did_not_suffice_for_is_named():
    found = nc.diagnose(nc.ansatz.mhea(3, 1), "ZZZ", max_seconds=1e-3, rng=1)
    assert len(found.regions) == 1 and found.encoded is None
    assert sum("was not looked at" in text for text in found.unsettled) == 6


def test_it_shows_itself(tmp_path):
    found = nc.diagnose(nc.ansatz.mhea(3, 1), "ZZZ + 0.5*XII", rng=1)
    assert str(found).startswith(found.verdict) and found.verdict in found._repr_html_()
    assert len(repr(found).splitlines()) == 2
    read = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert read["verdict"] == found.verdict and len(read["regions"]) == len(found.frame())
    axis = Figure().subplots()
    assert found.plot(axis) is axis and axis.get_yscale() == "log" and axis.get_legend() is not None


def test_on_the_command_line(tmp_path, capsys):
    """A file of OpenQASM 3 that Qiskit's own exporter wrote."""
    from qiskit import qasm3

    path = tmp_path / "circuit.qasm"
    path.write_text(qasm3.dumps(nc.ansatz.mhea(3, 1)))
    assert main(["diagnose", str(path), "--observable", "ZZZ", "--seed", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = nc.diagnose(nc.ansatz.mhea(3, 1), "ZZZ", rng=1)
    assert told["n_qubits"] == 3 and told["verdict"].split(". ")[0] == found.verdict.split(". ")[0]
    assert main(["diagnose", str(path), "--observable", "ZZZ", "--seed", "1"]) == 0
    assert capsys.readouterr().out.startswith("The gradient is")


def test_local_counterpart_keeps_the_identity():
    found = local_counterpart(SparsePauliOp(["II", "XY"], [0.5, 1.0]))
    assert found.equiv(SparsePauliOp(["II", "XI", "IY"], [0.5, 0.5, 0.5]))


def test_some_components_stand_for_all():
    """Of 200 equal components 8 are drawn: the closed form lies in the interval."""
    land, patch = nc.Landscape(product(200), "Z" * 200), nc.Gaussian(0.2)
    sine = float(patch.sine_square_mean())
    found = squared_norm(land, patch, 10.0, rng=np.random.default_rng(1))
    assert found.low < 200 * sine * (1 - sine) ** 199 < found.high
    assert SquaredNorm(1.0, 0.6, 1.5, "").settled and not SquaredNorm(1.0, 0.4, 1.5, "").settled


def region(sigma, state, shots=100.0, simulable=True):
    """A region for the text alone."""
    return Region(
        sigma, 1.0, 0.9, 1.1, "exact", 1.0, "statevector", shots, shots, shots, state, 1e-3, "statevector", None, 0.0, 1e-3,
        simulable, "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("regions", "encoded", "expected"),
    [
        ([region(0.1, "alive"), region(1.0, "dead")], None, "alive at a width of 0.1 rad .* dead from 1 rad on"),
        ([region(0.1, "alive", 50), region(1.0, "alive")], None, "alive from 0.1 to 1 rad .*50 shots"),
        ([region(0.1, "open"), region(1.0, "open")], None, "No region was found"),
        ([region(0.1, "alive", simulable=False)], None, "At 0.1 rad neither exact sweeps nor Pauli paths"),
        ([region(0.1, "alive", simulable=None)], None, "At 0.1 rad that is not settled"),
        ([region(0.1, "dead"), region(0.2, "alive")], None, "dead up to 0.1 rad, where the centre is too flat"),
        (
            [region(0.1, "alive"), region(0.2, "alive", simulable=None), region(1.0, "open")],
            None,
            "up to 0.1 rad .*at 0.2 rad",
        ),
        ([region(0.1, "dead", 1e9)], region(0.1, "alive", 70), "an encoder would make the gradient alive at 0.1 rad"),
        ([region(0.1, "alive", 900)], region(0.1, "alive", 70), "lower the shots at 0.1 rad from about 900 to 70"),
        ([region(0.1, "alive", 70)], region(0.1, "alive", 900), "an encoder would hurt at 0.1 rad"),
        ([region(0.1, "alive", 70)], region(0.1, "alive", 80), "an encoder would change little"),
    ],
)
def test_sentences(regions, encoded, expected):
    assert re.search(expected, verdict(regions, encoded, regions[0], 10**6))


def test_bad_arguments():
    circuit = nc.ansatz.mhea(2, 1)
    for wrong, text in (
        ({"widths": []}, "widths is empty"),
        ({"widths": [-1.0]}, "a width is -1.0"),
        ({"shots": 0}, "shots is 0"),
        ({"max_seconds": 0}, "max_seconds is 0"),
        ({"classical_seconds": -2}, "classical_seconds is -2"),
    ):
        with pytest.raises(nc.NearCliffordError, match=text):
            nc.diagnose(circuit, "ZZ", **wrong)
    with pytest.raises(nc.ObservableError):
        nc.diagnose(circuit, "ZZZ")
    moved = nc.diagnose(circuit, "ZZ", center=np.full(8, 1.5), widths=[0.1], rng=1)
    assert np.allclose(moved.center, np.pi / 2)


@pytest.mark.parametrize(
    ("fewest", "most", "method", "state"),
    [
        (10.0, 1000.0, "statevector", "alive"),
        (10.0, 1001.0, "statevector", "open"),
        (1001.0, np.inf, "means", "dead"),
        (1001.0, np.inf, "bound", "open"),
    ],
)
def test_a_gradient_is_alive_or_dead_only_where_its_whole_interval_is(fewest, most, method, state):
    assert state_of(fewest, most, 1000, method) == state
