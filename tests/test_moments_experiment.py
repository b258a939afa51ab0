"""The study of second moments, against closed forms, the density matrix of two copies and its own figure."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

import nearclifford as nc
from nearclifford.studies import Study, StudySpec
from nearclifford.studies.experiments.moments import SecondMoments, clear
from nearclifford.studies.figures.moments import fit_figure, moments_figure
from two_copies import exact_moments, gaussian


def study(experiment, **changes):
    given = {"qubits": [1, 2], "layers": [1], "sigma": ["0.5"], "encoder": ["none"], "draws": 3, "seed": 1}
    given |= {"observable": "global_z", "experiment": experiment}
    return Study(StudySpec(**{"ansatz": ["mhea"]} | given | changes))


def test_moments_of_one_circuit_are_those_of_two_copies(tmp_path):
    """Within four errors of sampling, all numbers of both sizes."""
    made = study(SecondMoments(["second_moment", "variance", "squared_norm"], chains=200_000))
    made.run(tmp_path, workers=1, progress=False)
    for row in made.frame().itertuples():
        circuit = nc.ansatz.mhea(row.n_qubits, 1)
        exact = exact_moments(circuit, nc.observables.global_z(row.n_qubits), gaussian(0.5))
        for name, truth in (
            ("second_moment", exact.second),
            ("variance", exact.variance),
            ("squared_norm", exact.norm_squared),
        ):
            error = getattr(row, f"{name}_sampling")
            assert 0 <= error < 0.01
            assert getattr(row, name) == pytest.approx(truth, abs=4 * error + 1e-12)
        assert "mHEA, L = 1, without encoder: E‖∇L‖²" in made.text()


def test_the_encoded_component_is_followed(tmp_path):
    """In a narrow patch E[(∂_k L)²] tends to 1 with the encoder."""
    changes = {"qubits": [3], "encoder": ["compact", "none"], "sigma": ["0.01"], "ansatz": ["mhea", "random_pqc"]}
    made = study(SecondMoments(["squared_component"], chains=2000), **changes)
    made.run(tmp_path, workers=1, progress=False)
    frame = made.frame()
    assert (frame[frame["encoder"] == "compact"]["squared_component"] > 0.99).all()
    assert (frame[frame["encoder"] == "none"]["squared_component"] < 0.5).any()


def test_figure_shows_every_point_and_the_plateau(tmp_path):
    made = study(SecondMoments(["second_moment"], chains=50_000), sigma=["1", "0.1"], qubits=[2, 4, 6])
    made.run(tmp_path, workers=1, progress=False)
    frame = made.frame()
    assert frame["squared_component"].isna().all()
    figure = moments_figure(frame, ["second_moment"], "test")
    panel, below = figure.axes
    assert [bars.get_label() for bars in panel.containers] == [r"$\sigma = 1$, plain", r"$\sigma = 0.1$, plain"]
    (floor,) = [line for line in panel.lines if line.get_label() == "$2^{-N}$"]
    assert floor.get_ydata() == pytest.approx(2.0 ** -np.asarray(floor.get_xdata()))
    for bars, sigma in zip(panel.containers, ("1", "0.1"), strict=True):
        curve = frame[frame["sigma"] == sigma]
        assert bars[0].get_ydata() == pytest.approx(curve["second_moment"].to_numpy())
    curve = frame[frame["sigma"] == "1"]
    assert below.lines[0].get_ydata() == pytest.approx((curve["second_moment_sampling"] / curve["second_moment"]).to_numpy())
    low, high = panel.get_ylim()
    assert low < frame["second_moment"].min() and high > frame["second_moment"].max()
    paths = made.figures(tmp_path, "test")
    assert sorted(path.name for path in paths) == ["moments_global_z_L1.png", "moments_global_z_L1.svg"]


def table(size, resolved):
    """Return a table of one curve without running anything: exp(-N/2), known to 1 % where it is resolved."""
    law, name = np.exp(-np.asarray(size) / 2), "squared_component"
    numbers = {name: law, f"{name}_error": 0.01 * law, f"{name}_sampling": 0.01 * law, f"{name}_resolved": resolved}
    same = {"ansatz": "mhea", "layers": "N", "encoder": "compact", "sigma": "1", "observable": "global_z", "draws": 4}
    return pd.DataFrame({"n_qubits": size} | same | numbers)


def test_laws_are_fitted_to_what_is_resolved():
    frame = table([8, 12, 16, 24, 32, 50], [1.0] * 5 + [0.75])
    experiment = SecondMoments(["squared_component"], fits=True)
    tables = experiment.tables(frame)
    fits = tables["fits_squared_component"]
    assert fits["points"].tolist() == [5, 5] and fits["gamma"][1] == pytest.approx(1.0, abs=1e-3)
    assert "E[(∂ₖL)²] against N" in experiment.text(frame, tables)
    top, bottom = fit_figure(frame, fits, "squared_component", "test").axes
    words = [text.get_text() for text in top.get_legend().get_texts()]
    assert any("exp(-0.5" in text for text in words) and any("AIC" in text for text in words)
    (points,) = top.containers
    assert points[0].get_xdata().tolist() == [8, 12, 16, 24, 32]
    (bar,) = [
        one
        for one in top.collections
        if isinstance(one, LineCollection)
        and len(one.get_segments()) == 1
        and one.get_segments()[0][0][0] == pytest.approx(50, abs=1)
    ]
    assert bar.get_segments()[0][1][1] == pytest.approx(1.02 * np.exp(-25))
    assert len(bottom.lines) == 3  # residuals of both laws, and zero
    assert SecondMoments(["squared_component"]).tables(frame) == {}


def test_circuits_that_differ_are_no_doubt():
    """Two draws known to 1 %, nine times apart, are a point with a long bar; what is not known to a half is none."""
    frame = table([8, 12], [1.0, 1.0]).assign(squared_component=1.0, squared_component_error=0.8)
    known = clear(frame.assign(squared_component_sampling=[0.01, 0.6]), "squared_component")
    assert known["n_qubits"].tolist() == [8] and known["squared_component_error"].tolist() == [0.8]


def test_nothing_seen_is_an_upper_bound_in_the_table():
    frame = table([8], [0.0]).assign(squared_component=0.0, squared_component_sampling=2e-6, squared_component_error=np.nan)
    assert SecondMoments(["squared_component"]).text(frame, {}).endswith("< 4e-06")


def test_particles_where_gates_join_neighbours():
    """A plateau of ten qubits, 1 / (2^N + 1), within a tenth; random circuits are sampled, and tell an upper bound alone."""
    experiment = SecondMoments(["second_moment"], backend="auto", particles=2400, chains=1000)
    made = study(experiment, ansatz=["mhea", "random_pqc"], qubits=[10], layers=["N"], sigma=["1"], draws=2)
    numbers = [SecondMoments.measure_draw([point], 0)[0] for point in made.points[::2]]
    assert numbers[0]["second_moment"] * (2**10 + 1) == pytest.approx(1.0, abs=0.1)
    assert [number["second_moment_resolved"] for number in numbers] == [1.0, 0.0]
    assert numbers[1]["second_moment"] + 3 * numbers[1]["second_moment_sampling"] > 2**-10


def test_chains_where_they_see_enough(tmp_path):
    """What particles leave in doubt at this width, chains tell; and they stop as soon as they have."""
    changes = {"qubits": [12], "layers": ["N"], "sigma": ["0.0625"], "encoder": ["compact"], "draws": 2, "seed": 7}
    chosen = study(SecondMoments(["squared_component"], backend="auto", chains=2**20, particles=240), **changes)
    sampled = study(SecondMoments(["squared_component"], chains=2**16), **changes)
    for made in (chosen, sampled):
        made.run(tmp_path, workers=1, progress=False)
    (mine,), (other,) = chosen.frame().itertuples(), sampled.frame().itertuples()
    assert mine.squared_component == other.squared_component and mine.squared_component_resolved == 1.0
    assert mine.squared_component_sampling < 0.05 * mine.squared_component


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"quantities": ["norm"]}, "an entry of quantities is 'norm'; expected one of"),
        ({"chains": 1}, "chains is 1; expected"),
        ({"backend": "statevector"}, "backend is 'statevector'; expected one of"),
    ],
)
def test_wrong_settings_are_named(changes, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        SecondMoments(**changes)
