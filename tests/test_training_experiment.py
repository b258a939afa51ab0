"""The study of training, against training by hand, closed forms and its own figure."""

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.studies import Study, StudySpec
from nearclifford.studies.experiments.training import Training, ground_energy
from nearclifford.studies.figures.training import training_figure
from nearclifford.studies.presets import preset_names
from nearclifford.studies.problem import draw_problem, prepare


def study(experiment, **changes):
    given = {"qubits": [3], "layers": [1], "sigma": ["0.5", "0.1"], "encoder": ["compact", "none"], "draws": 3, "seed": 1}
    given |= {"observable": "global_xyz", "experiment": experiment}
    return Study(StudySpec(**{"ansatz": ["mhea"]} | given | changes))


def test_the_table_has_what_training_by_hand_finds(tmp_path):
    """Means and standard deviations of gradient descent driven by Qiskit's statevector."""
    made = study(Training(["gd 0.1"], steps=4, every=3), encoder=["none"], sigma=["0.5"])
    made.run(tmp_path, workers=1, progress=False)
    frame = made.frame()
    assert frame["step"].tolist() == [0, 3, 4] and set(frame["optimizer"]) == {"gd 0.1"}
    circuit, observable = nc.ansatz.mhea(3, 1), nc.observables.global_xyz(3)

    def loss(theta):
        return float(Statevector(circuit.assign_parameters(theta)).expectation_value(observable).real)

    def gradient(theta):
        return np.array([(loss(theta + shift) - loss(theta - shift)) / 2 for shift in np.pi / 2 * np.eye(12)])

    [first, *_] = made.points
    found = []
    for draw in range(3):
        theta = start = nc.Gaussian(0.5).sample((12,), rng=first.theta_stream(draw))
        for _ in range(4):
            theta = theta - 0.1 * gradient(theta)
        found.append([loss(theta), np.linalg.norm(gradient(theta)), np.linalg.norm(theta - start)])
    last = frame.iloc[-1]
    for name, numbers in zip(("loss", "gradient_norm", "distance"), np.transpose(found), strict=True):
        assert last[name] == pytest.approx(numbers.mean(), abs=1e-10)
        assert last[f"{name}_spread"] == pytest.approx(numbers.std(ddof=1), abs=1e-10)
    assert last["ground"] == pytest.approx(np.linalg.eigvalsh(observable.to_matrix())[0])


def test_points_do_not_depend_on_what_is_measured_beside_them():
    """Also where an optimizer or a shot draws: a study that goes on has the numbers of one that never stopped."""
    made = study(Training(["gd 0.1", "random-walk 0.1"], steps=4, every=2, shots=[0, 20]), draws=2)
    bundle = [point for point in made.points if point.encoder == "compact"]
    together = Training.measure_draw(bundle, 1)
    assert len(bundle) == 2 * 2 * 2 * 3
    for point, numbers in list(zip(bundle, together, strict=True))[::5]:
        [alone] = Training.measure_draw([point], 1)
        assert alone == pytest.approx(numbers, abs=1e-12)


def test_shots_move_the_optimizer_and_not_the_table():
    made = study(Training(["gd 0.1"], steps=2, every=2, shots=[0, 8]), sigma=["0.5"], encoder=["none"], draws=2)
    rows = dict(
        zip([(point.shots, point.step) for point in made.points], Training.measure_draw(made.points, 0), strict=True)
    )
    assert rows[8, 0]["loss"] == pytest.approx(rows[0, 0]["loss"], abs=1e-12)
    assert abs(rows[8, 2]["distance"] - rows[0, 2]["distance"]) > 1e-4
    land = prepare(made.points[0], 0).land
    assert land.n_parameters == 12


def test_runs_that_end_early_stay_where_they_are(tmp_path):
    made = study(Training(["l-bfgs-b"], steps=200, every=100), sigma=["0.1"], observable="global_z")
    frame = made.run(tmp_path, workers=1, progress=False).frame
    encoded = frame[frame["encoder"] == "compact"]
    assert encoded["loss"].tolist()[1:] == pytest.approx([-1.0, -1.0], abs=1e-8)
    assert "L after 200 steps, mean over 3 draws" in made.text() and "ground energy -1" in made.text()


def test_ground_energies():
    assert ground_energy(SparsePauliOp("XYZ", -0.5)) == -0.5
    chain = nc.observables.heisenberg(6)
    assert ground_energy(chain) == pytest.approx(np.linalg.eigvalsh(chain.to_matrix())[0], abs=1e-10)
    assert np.isnan(ground_energy(nc.observables.ising(15)))


def test_figure_shows_every_curve(tmp_path):
    made = study(Training(["gd 0.1", "adam 0.05"], steps=6, every=2))
    frame = made.run(tmp_path, workers=1, progress=False).frame
    part = frame[frame["optimizer"] == "gd 0.1"]
    figure = training_figure(part, "test")
    assert len(figure.axes) == 6
    for panel, sigma in zip(figure.axes[:2], ("0.5", "0.1"), strict=True):
        for line, encoder in zip(panel.lines[:2], ("compact", "none"), strict=True):
            curve = part[(part["sigma"] == sigma) & (part["encoder"] == encoder)]
            assert line.get_ydata() == pytest.approx(curve["loss"].to_numpy())
        assert panel.lines[2].get_ydata()[0] == pytest.approx(part["ground"].mean())
    names = sorted(path.name for path in made.figures(tmp_path, "test"))
    rules = ("adam-0_05", "gd-0_1")
    assert names == [f"training_global_xyz_N3_L1_{rule}.{kind}" for rule in rules for kind in ("png", "svg")]


def test_presets_of_training_are_there():
    for name in ("vqe", "vqe-heisenberg", "vqe-biased", "vqe-shots", "random-walk"):
        assert name in preset_names() and isinstance(Study.preset(name).spec.experiment, Training)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"optimizers": ["sgd 0.1"]}, "an entry of optimizers is 'sgd 0.1'; expected a rule with its learning rate"),
        ({"optimizers": ["gd fast"]}, "an entry of optimizers is 'gd fast'"),
        ({"optimizers": ["gd -1"]}, "learning_rate is -1.0"),
        ({"optimizers": ["gd 0.1 0.2"]}, "there are 2 numbers behind 'gd'"),
        ({"optimizers": ["cobyla 0.1"]}, "has settings of its own"),
        ({"optimizers": [""]}, "an entry of optimizers is ''"),
        ({"optimizers": [3]}, "an entry of optimizers is 3"),
        ({"steps": 0}, "steps is 0; expected"),
        ({"every": 0}, "every is 0; expected"),
        ({"shots": [1]}, "shots holds 1; expected 0 for exact values, or at least 2"),
        ({"encoded_terms": "all"}, "encoded_terms is .all.; expected"),
    ],
)
def test_wrong_settings_are_named(changes, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        Training(**changes)


def test_encoders_of_the_biased_chain_are_drawn_for_its_three_global_terms():
    """As the article does, and unlike the default, which meets the terms of bonds as well."""
    made = study(Training(["gd 0.1"], encoded_terms="global"), observable="biased_heisenberg", qubits=[4])
    [point, *_] = made.points
    labels = nc.observables.biased_heisenberg(4).paulis.to_labels()
    drawn = {labels[draw_problem(point, draw, point.encoded_terms).term] for draw in range(30)}
    assert drawn == {"XXXX", "YYYY", "ZZZZ"}
    anything = {labels[draw_problem(point, draw).term] for draw in range(30)}
    assert {label.count("I") for label in anything} == {0, 2}
    assert Study.preset("vqe-biased").points[0].encoded_terms == "global"


def test_global_terms_that_are_not_there_are_refused():
    made = study(Training(["gd 0.1"], encoded_terms="global"), observable="heisenberg")
    with pytest.raises(nc.NearCliffordError, match="encoded_terms is 'global', and no term of the observable acts on all 3"):
        Training.measure_draw(made.points[:1], 0)
