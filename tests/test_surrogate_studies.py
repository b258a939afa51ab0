"""The experiments "phase" and "surrogate": numbers against direct calls, tables, reports and figures."""

import math

import numpy as np
import pandas as pd
import pytest

import nearclifford as nc
from nearclifford import NearCliffordError
from nearclifford.studies import Study, StudySpec
from nearclifford.studies.experiments.phase import LARGEST_ORDER, Phase
from nearclifford.studies.experiments.surrogate import SurrogateCost
from nearclifford.studies.figures.phase import phase_figure
from nearclifford.studies.figures.surrogate import surrogate_figure
from nearclifford.studies.growth import growth_frame
from nearclifford.studies.problem import prepare
from nearclifford.studies.published_curves import published_curves
from nearclifford.studies.results import StudyResults

PHASE = StudySpec(
    ["mhea"], [3, 4, 6], sigma=["D^-1/4", "D^-1/2", "D^-1"], encoder=["compact"], draws=4, seed=3,
    experiment=Phase(tolerances=(0.2, 0.05), samples=100_000),
)  # fmt: skip
SURROGATE = StudySpec(
    ["mhea"], [2, 3, 4, 6], layers=[1, "N"], sigma=["D^-1/2", "D^-1/3"], encoder=["compact", "none"], draws=3, seed=3,
    experiment=SurrogateCost(orders=(1, 3, 4), thetas=4, samples=20_000),
)  # fmt: skip


@pytest.fixture(scope="module")
def phase(tmp_path_factory):
    study = Study(PHASE)
    study.run(tmp_path_factory.mktemp("phase"), workers=1, progress=False)
    return study


@pytest.fixture(scope="module")
def costs(tmp_path_factory):
    return Study(SURROGATE).run(tmp_path_factory.mktemp("surrogate"), workers=1, progress=False)


def least_order(displacement, tolerance):
    """The smallest m from which on ‖t‖₁^m / m! stays below the tolerance, one m after another."""
    order = math.floor(displacement)
    while order < 1 or order * math.log(displacement) - math.lgamma(order + 1) > math.log(tolerance):
        order += 1
    return order


# phase -----------------------------------------------------------------------------------------------------------


def test_orders_reach_the_tolerance_of_the_encoded_derivative(phase):
    """For each draw: the derivative of the landscape against that of a surrogate of the order, by the parameter-shift rule.

    200 thetas know an rms error to about a fifth where it is Gaussian; rare thetas may add to it, hence a factor of two.
    """
    point = next(p for p in phase.points if (p.n_qubits, p.sigma, p.tolerance) == (4, "D^-1/2", 0.05))
    [draws] = Phase.measure([point])
    for draw, order in zip(draws.draw.tolist(), draws["order"].astype(int).tolist(), strict=True):
        prepared = prepare(point, draw)
        land, k = prepared.land, prepared.parameter
        theta = nc.Gaussian(land.n_parameters**-0.5).sample((200, land.n_parameters), rng=np.random.default_rng(draw))
        shift = np.eye(land.n_parameters)[k] * np.pi / 2
        shifted = nc.Landscape(land.circuit, land.observable, land.center + shift)
        backwards = nc.Landscape(land.circuit, land.observable, land.center - shift)
        halves = [nc.surrogate(one, order) for one in (shifted, backwards)]
        found = (halves[0].value(theta + shift) - halves[1].value(theta - shift)) / 2
        error = np.sqrt(np.mean((land.gradient(theta)[:, k] - found) ** 2))
        assert error < 2 * point.tolerance, (draw, order)


def test_the_phase_table(phase):
    frame = phase.frame()
    assert len(frame) == 3 * 3 * 2 and list(frame.columns) == list(phase.columns)
    assert frame["order"].between(1, LARGEST_ORDER).all()
    narrow = frame[frame["sigma"] == "D^-1"].set_index(["n_qubits", "tolerance"])
    wide = frame[frame["sigma"] == "D^-1/4"].set_index(["n_qubits", "tolerance"])
    assert (wide["order"] >= narrow["order"]).all() and (wide["worst_case_order"] > narrow["worst_case_order"]).all()
    assert (narrow["rms_norm"] > 0.9).all()
    for row in frame.itertuples():
        displacement = row.n_parameters * row.sigma_value * math.sqrt(2 / math.pi)
        assert row.worst_case_order == least_order(displacement, row.tolerance)
    assert "rms error of 0.05" in phase.text()


def test_the_phase_norm_is_that_of_exact_gradients(phase):
    """Nine two-sided z-tests at 5 standard errors of both: a false alarm in about 1 of 200,000 seeds."""
    exact = Study(StudySpec(PHASE.ansatz, PHASE.qubits, sigma=PHASE.sigma, encoder=["compact"], draws=4, seed=3))
    frame = phase.frame().drop_duplicates(["n_qubits", "sigma"])
    for point in exact.points:
        squares = []
        for draw in point.draws:
            land = prepare(point, draw).land
            sigma = frame[(frame["n_qubits"] == point.n_qubits) & (frame["sigma"] == point.sigma)]["sigma_value"].iloc[0]
            stats = nc.gradient_statistics(land, nc.Gaussian(sigma), nc.Statevector(), samples=400, rng=draw)
            squares.append((stats.norm_squared, stats.norm_squared_error))
        mean = np.mean([square for square, _ in squares])
        error = np.sqrt(np.sum([spread**2 for _, spread in squares])) / len(squares)
        row = frame[(frame["n_qubits"] == point.n_qubits) & (frame["sigma"] == point.sigma)].iloc[0]
        chains = np.sqrt(row["squared_norm"] / PHASE.experiment.chains / len(squares))  # at most, since p (1 - p) < p
        assert abs(row["squared_norm"] - mean) < 5 * np.hypot(error, chains)


def test_points_of_one_width_share_their_chains(phase):
    frame = phase.frame()
    loose, strict = (frame[frame["tolerance"] == tolerance].reset_index(drop=True) for tolerance in (0.2, 0.05))
    assert (loose["squared_norm"] == strict["squared_norm"]).all() and (loose["order"] <= strict["order"]).all()


def test_phase_figures(phase, tmp_path):
    paths = phase.figures(tmp_path, "test")
    assert [path.name for path in paths] == ["phase_mhea_LN_compact.png", "phase_mhea_LN_compact.svg"]
    shown = phase.frame().query("tolerance == 0.05")
    panel, bar = phase_figure(shown, "test").axes
    assert "‖∇L‖" in bar.get_ylabel() and panel.images[0].get_array().shape == (3, 3)
    written = {(text.get_position()[0], round(text.get_position()[1])): text.get_text() for text in panel.texts[::2]}
    for row in shown.itertuples():
        place = [3, 4, 6].index(row.n_qubits), list(PHASE.sigma).index(row.sigma)
        assert float(written[place]) == pytest.approx(row.order, abs=0.051)
        assert panel.images[0].get_array()[place[::-1]] == pytest.approx(row.rms_norm)
    one = phase.frame().query("n_qubits == 3")
    assert StudyResults(Study(PHASE).plan, one, tmp_path).save_figures(tmp_path, "test") == []


def test_a_statevector_ends_where_its_prediction_crosses_a_day(phase):
    """The column of the table decides, between N = 4 and 6 here: no power of N is put in its place."""
    shown = phase.frame().query("tolerance == 0.05")
    shown = shown.assign(statevector_log10_seconds=shown["n_qubits"].map({3: 3.0, 4: 4.5, 6: 6.0}))
    panel = phase_figure(shown, "test").axes[0]
    [line] = [line for line in panel.lines if "statevector" in str(line.get_label())]
    assert line.get_xdata() == pytest.approx([1 + (math.log10(86400) - 4.5) / 1.5] * 2)
    unlimited = phase_figure(phase.frame().query("tolerance == 0.05"), "test").axes[0]
    assert not any("statevector" in str(line.get_label()) for line in unlimited.lines)


# surrogate -------------------------------------------------------------------------------------------------------


def test_sizes_are_those_of_surrogates_that_are_built(costs):
    frame, study = costs.frame, Study(SURROGATE)
    assert list(frame.columns) == list(study.columns) and len(frame) == 4 * 2 * 2 * 2 * 3
    point = next(p for p in study.points if (p.n_qubits, p.n_layers, p.encoder, p.order) == (4, 4, "compact", 4))
    lands = [prepare(point, draw).land for draw in point.draws]
    row = frame.query("n_qubits == 4 and layers == 'N' and encoder == 'compact' and order == 4 and sigma == 'D^-1/2'").iloc[
        0
    ]
    built = [nc.surrogate(land, 4, kind="taylor") for land in lands]
    assert row["n_paths"] == pytest.approx(np.mean([one.n_paths for one in built]))
    assert row["support"] == pytest.approx(np.mean([one.support for one in built]))
    norms = [np.linalg.norm([value for _, value in one.coefficients()]) for one in built]
    assert row["coefficient_norm"] == pytest.approx(np.mean(norms))
    patch = nc.Gaussian(row["sigma_value"])
    exact = np.mean([nc.surrogate(land, 4).rms_error(patch) for land in lands])
    assert row["rms_error"] == pytest.approx(exact, abs=0.01)  # 20,000 chains know 0.05 to 0.001 or so


def test_what_is_beyond_the_budget_stays_empty(tmp_path):
    spec = StudySpec(
        ["mhea"], [10], sigma=["D^-1"], encoder=["none"], draws=2, experiment=SurrogateCost(orders=(2, 40), samples=100)
    )
    study = Study(spec)
    study.run(tmp_path, workers=1, progress=False)
    small, large = (study.frame().query(f"order == {order}").iloc[0] for order in (2, 40))
    assert small["build_seconds"] > 0 and np.isnan(large["build_seconds"]) and np.isnan(large["n_paths"])
    assert "m = 40" in study.text()


def test_growth_and_published_tables(costs):
    tables = costs.tables
    assert set(tables) == {"published", "growth"}
    assert set(tables["growth"]["quantity"]) == {"n_paths", "support", "build_seconds"}
    made = pd.DataFrame(
        {"ansatz": "mhea", "layers": "1", "encoder": "none", "sigma": "1", "order": 3,
         "n_qubits": [4, 8, 16, 32], "n_paths": [16, 64, 256, 1024],
         "support": [4.0, 16.0, 256.0, 65536.0], "build_seconds": [1.0, 2.0, 4.0, 8.0]}
    )  # fmt: skip
    found = growth_frame(made).set_index("quantity")
    assert found.loc["n_paths", "power"] == pytest.approx(2.0) and found.loc["n_paths", "is_power"]
    assert found.loc["support", "rate"] == pytest.approx(0.5) and not found.loc["support", "is_power"]


def test_published_curves_are_those_of_the_formulas():
    table = published_curves("mhea", "1", ["D^-1", "D^-1/2"], [2, 3])
    assert table["n_qubits"].max() == 10_000 and (table["n_parameters"] == 4 * table["n_qubits"]).all()
    row = table[(table["sigma"] == "D^-1/2") & (table["n_qubits"] == 2)].iloc[0]
    assert 10 ** row["log10_calls_3"] == pytest.approx(153)  # published, N = 2
    for row in table.itertuples():
        displacement = (
            row.n_parameters * row.n_parameters ** {"D^-1": -1, "D^-1/2": -0.5}[row.sigma] * math.sqrt(2 / math.pi)
        )
        assert row.displacement == pytest.approx(displacement)
        assert row.worst_case_order == least_order(displacement, 1e-6) and row.worst_case_order - row.threshold in (0, 1)
        assert 10**row.log10_calls_2 == pytest.approx(2 * row.n_parameters + 1)


def test_surrogate_figures(costs, tmp_path):
    paths = costs.save_figures(tmp_path, "test")
    assert [path.stem for path in paths[::2]] == ["surrogate_mhea_L1", "surrogate_mhea_LN"]
    published = costs.tables["published"].query("layers == 'N'")
    growth = costs.tables["growth"].query("layers == 'N'").to_dict("records")
    figure = surrogate_figure(costs.frame.query("layers == 'N'"), published, growth, "test")
    assert len(figure.axes) == 6 and all(axis.get_title(loc="left") for axis in figure.axes)


def test_surrogate_panels_show_the_table_and_what_was_published(costs):
    frame, published = costs.frame.query("layers == '1'"), costs.tables["published"].query("layers == '1'")
    seconds, sizes, _, thresholds, *_ = surrogate_figure(frame, published, [], "test").axes
    crosses = {tuple(line.get_xdata()): line.get_ydata() for line in seconds.lines if line.get_marker() == "x"}
    assert list(crosses[2, 4, 5, 6, 7]) == [2.1, 23.0, 64.0, 110.0, 180.0]  # m = 4
    shown = frame.query("encoder == 'compact' and sigma == 'D^-1/2'")
    for bars, (order, part) in zip(sizes.containers, shown.groupby("order"), strict=True):
        seen = part["support"][part["support"] > 0].to_numpy()
        assert bars.get_label() == f"m = {order}" and bars[0].get_ydata() == pytest.approx(seen)
    wide = published.query("sigma == 'D^-1/3'")
    assert thresholds.lines[1].get_ydata() == pytest.approx(wide["worst_case_order"].to_numpy())


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"experiment": "phase", "tolerances": [1.5]}, "an entry of tolerances is 1.5; expected a number between 0 and 1"),
        ({"experiment": "phase", "tolerances": []}, "expected a list of at least one"),
        ({"experiment": "phase", "samples": 1}, "samples is 1"),
        ({"experiment": "phase", "backend": "auto"}, "'phase' has no entry 'backend'"),
        ({"experiment": "surrogate", "orders": [0]}, "orders is 0"),
        ({"experiment": "surrogate", "thetas": 0}, "thetas is 0"),
        ({"experiment": "surrogate", "max_seconds": 0}, "max_seconds is 0"),
        ({"experiment": "surrogate", "fits": True}, "'surrogate' has no entry 'fits'"),
    ],
)
def test_wrong_entries(entry, words):
    with pytest.raises(NearCliffordError, match=words):
        StudySpec.from_mapping({"ansatz": ["mhea"], "qubits": [2]} | entry)
