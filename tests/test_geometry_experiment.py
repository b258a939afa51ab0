"""The study of the shape of landscapes, against Qiskit's losses, dense spectra and its own figures."""

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

import nearclifford as nc
from nearclifford.studies import Study, StudySpec
from nearclifford.studies.experiments.geometry import Geometry
from nearclifford.studies.figures.geometry import conditions, picture
from nearclifford.studies.problem import draw_problem, prepare


def study(points=3, **changes):
    given = {"qubits": [3, 4], "layers": [1], "sigma": ["0.3"], "encoder": ["compact", "none"], "draws": 3, "seed": 2}
    given |= {"observable": "global_xyz", "experiment": Geometry(points)}
    return Study(StudySpec(**{"ansatz": ["mhea"]} | given | changes))


def condition(matrix):
    """Of a symmetric matrix on its range; NaN for one of zeros."""
    sizes = np.abs(np.linalg.eigvalsh(matrix))
    sizes = sizes[sizes > 1e-9 * max(1.0, sizes.max())]
    return sizes.max() / sizes.min() if len(sizes) else np.nan


def test_the_table_has_the_losses_of_qiskit_and_dense_spectra(tmp_path):
    made = study(qubits=[3], encoder=["compact"])
    frame = made.run(tmp_path, workers=1, progress=False).frame
    assert sorted({*frame["first"]}) == pytest.approx([-np.pi, 0, np.pi]) and len(frame) == 9
    losses, found = [], []
    for draw in range(3):
        point = made.points[0]
        problem = draw_problem(point, draw)
        circuit = nc.encode(problem.circuit, problem.observable, problem.parameter, problem.term).circuit
        stream = point.theta_stream(draw)
        moved = nc.Gaussian(0.3).sample((12,), rng=stream)
        across = nc.random_directions(11, 1, rng=stream)[0]
        place, k = np.zeros(12), problem.parameter
        others = np.delete(np.arange(12), k)
        place[others] = moved[others] + np.pi * across

        def loss(theta, circuit=circuit, problem=problem):
            return float(Statevector(circuit.assign_parameters(theta)).expectation_value(problem.observable).real)

        losses.append(loss(place))
        shift = np.pi / 2 * np.eye(12)
        gradient = np.array([(loss(s) - loss(-s)) / 2 for s in shift])
        hessian = np.array([[(loss(a + b) - loss(a - b) - loss(b - a) + loss(-a - b)) / 4 for a in shift] for b in shift])
        land = prepare(point, draw).land
        found.append((condition(hessian), condition(land.metric(np.full(12, 1e-9))), np.linalg.norm(gradient)))
    row = frame[(frame["first"] == 0) & (frame["second"] > 3)].iloc[0]
    assert row["loss"] == pytest.approx(np.mean(losses), abs=1e-10)
    assert row["loss_spread"] == pytest.approx(np.std(losses, ddof=1), abs=1e-10)
    hessians, metrics, norms = np.array(found).T
    for name, numbers in (("hessian_condition", hessians), ("metric_condition", metrics)):
        logs = np.log(numbers[np.isfinite(numbers)])
        assert row[name] == pytest.approx(np.exp(logs.mean()), rel=1e-6)
        assert row[f"{name}_factor"] == pytest.approx(np.exp(logs.std(ddof=1)), rel=1e-6)
    assert row["gradient_norm"] == pytest.approx(norms.mean(), abs=1e-10)


def test_the_first_axis_points_where_the_encoded_loss_falls(tmp_path):
    """By one: for Z on every qubit L = -sin along it, with the others at the centre."""
    made = study(5, qubits=[4], encoder=["compact"], sigma=["1e-9"], observable="global_z")
    frame = made.run(tmp_path, workers=1, progress=False).frame
    line = frame[frame["second"] == 0].sort_values("first")
    assert line["loss"].to_numpy() == pytest.approx(-np.sin(line["first"].to_numpy()), abs=1e-7)
    assert line["loss_spread"].max() < 1e-7


def test_points_do_not_depend_on_what_is_measured_beside_them():
    bundle = [point for point in study(sigma=["0.3", "D^-1"]).points if point.encoder == "compact" and point.n_qubits == 3]
    together = Geometry.measure_draw(bundle, 1)
    for point, numbers in list(zip(bundle, together, strict=True))[::4]:
        [alone] = Geometry.measure_draw([point], 1)
        assert alone == pytest.approx(numbers, abs=1e-12, nan_ok=True)


def test_one_position_is_the_spectra_alone_at_any_size(tmp_path):
    made = study(1, qubits=[20, 100], observable="heisenberg", draws=2)
    results = made.run(tmp_path, workers=1, progress=False)
    frame = results.frame
    assert len(frame) == 4 and frame["loss"].isna().all()
    plain = frame[frame["encoder"] == "none"]
    assert (plain["hessian_condition"] > 50).all() and (plain["gradient_norm"] == 0).all()
    assert "heisenberg, at the centre: the Hessian's condition number" in results.text
    assert [path.name for path in made.figures(tmp_path, "test")] == [
        f"conditions_mhea_heisenberg_L1.{kind}" for kind in ("png", "svg")
    ]


def test_figures_show_every_number(tmp_path):
    made = study()
    frame = made.run(tmp_path, workers=1, progress=False).frame
    part = frame[frame["n_qubits"] == 4]
    figure = picture(part, "test")
    maps = [axis for axis in figure.axes if axis.images]
    for axis, encoder in zip(maps, ("none", "compact"), strict=True):
        table = part[part["encoder"] == encoder].pivot(index="first", columns="second", values="loss").to_numpy()
        shown = np.asarray(axis.images[0].get_array())
        assert shown == pytest.approx(table) or shown == pytest.approx(table.T)
        assert axis.images[0].get_clim() == pytest.approx((part["loss"].min(), part["loss"].max()))
    slices = [axis for axis in figure.axes if axis.get_title().startswith("mean")]
    encoded = part[(part["encoder"] == "compact") & (part["second"] == 0)].sort_values("first")
    assert slices[0].lines[0].get_ydata() == pytest.approx(encoded["loss"].to_numpy())
    center = frame[(frame["first"] == 0) & (frame["second"] == 0)]
    bars = conditions(center, "test").axes[0].containers
    for curve, encoder in zip(bars, ("compact", "none"), strict=True):
        expected = center[center["encoder"] == encoder]["metric_condition"].to_numpy()
        assert curve[0].get_ydata() == pytest.approx(expected)
    names = sorted(path.name for path in made.figures(tmp_path, "test") if path.suffix == ".png")
    assert names == ["conditions_mhea_global_xyz_L1.png", *(f"geometry_mhea_global_xyz_N{n}_L1_1.png" for n in (3, 4))]


@pytest.mark.parametrize(
    ("points", "text"), [(2, "points is 2; expected an odd number"), (0, "points is 0"), ("9", "points")]
)
def test_wrong_numbers_of_positions_are_named(points, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        Geometry(points)


def test_presets_of_geometry_are_there():
    for name in ("geometry", "geometry-qubits"):
        assert isinstance(Study.preset(name).spec.experiment, Geometry)
