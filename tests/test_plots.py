"""Figures: files, panels, curves and what stands for no gradient at all."""

from pkgutil import iter_modules
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nearclifford.plots import views
from nearclifford.plots.style import STYLES
from nearclifford.studies import EXPERIMENTS, Study, StudyResults, StudySpec, figures
from nearclifford.studies.figures.gradient import gradient_norm_figure

SIGMAS = ("D^-1", "D^-1/2", "1")


def table(encoders=("compact", "none"), layers=("N",), norm=lambda n, encoder: 1.0 if encoder != "none" else 2.0**-n):
    rows = [
        {
            "ansatz": "mhea",
            "layers": rule,
            "n_qubits": n,
            "sigma": sigma,
            "encoder": encoder,
            "observable": "random_pauli",
            "draws": 50,
            "norm": norm(n, encoder),
            "norm_error": 0.1 * norm(n, encoder),
            "norm_upper": np.nan if norm(n, encoder) else 0.05,
        }
        for rule in layers
        for encoder in encoders
        for sigma in SIGMAS
        for n in (2, 4, 6)
    ]
    return pd.DataFrame(rows)


def saved(frame, directory, made_by="test"):
    return StudyResults(Study(StudySpec(["mhea"], [2, 4, 6])).plan, frame, directory).save_figures(directory, made_by)


def test_every_experiment_has_figures():
    modules = {kind.__module__.rpartition(".")[2] for kind in EXPERIMENTS.values()}
    assert modules == {module.name for module in iter_modules(figures.__path__)}


def test_files_of_every_ansatz_and_rule(tmp_path):
    paths = saved(table(layers=("N", "1")), tmp_path, "made by a test")
    names = [f"gradient_norm_mhea_L{rule}.{suffix}" for rule in "N1" for suffix in ("png", "svg")]
    assert [path.name for path in paths] == names
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    texts = [element.text for element in ElementTree.parse(paths[1]).iter() if element.text]
    assert any("made by a test" in text for text in texts)


def test_the_same_table_gives_the_same_bytes(tmp_path):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    first, second = (saved(table(), tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_panels_with_and_without_encoder():
    left, right = gradient_norm_figure(table(encoders=("none", "compact")), "test").axes
    assert left.get_title() == "with encoder (compact)" and right.get_title() == "without encoder"
    assert left.get_yscale() == "log" and left.get_ylim() == right.get_ylim()


def test_one_look_for_each_sigma_and_its_error_bars():
    left, right = gradient_norm_figure(table(), "test").axes
    looks = {(bars[0].get_color(), bars[0].get_marker(), bars[0].get_linestyle()) for bars in left.containers}
    assert len(looks) == len(left.containers) == len(right.containers) == len(SIGMAS)
    for number, bars in enumerate(right.containers):
        assert bars[0].get_color() == left.containers[number][0].get_color()
        assert bars[0].get_ydata() == pytest.approx([2.0**-2, 2.0**-4, 2.0**-6])
        ends = bars[2][0].get_segments()
        assert [segment[1][1] - segment[0][1] for segment in ends] == pytest.approx([0.2 * 2.0**-n for n in (2, 4, 6)])


def test_no_gradient_is_a_band_and_not_a_dot():
    frame = table(norm=lambda n, encoder: 0.0 if encoder == "none" and n == 6 else 1.0)
    _, right = gradient_norm_figure(frame, "test").axes
    assert np.isnan(right.containers[0][0].get_ydata()[-1])
    segments = [segment for lines in right.collections for segment in lines.get_segments() if len(segment)]
    bands = [segment for segment in segments if segment[0][1] < 1e-9]
    assert len(bands) == len(SIGMAS)
    assert [end for _, (_, end) in bands] == [0.05] * len(SIGMAS)
    assert [round(x) for _, (x, _) in bands] == [6] * len(SIGMAS)


def test_a_table_without_any_gradient_can_be_drawn(tmp_path):
    for path in saved(table(norm=lambda n, encoder: 0.0), tmp_path):
        assert path.stat().st_size > 1000


# views without a study -------------------------------------------------------------------------------------------


def test_a_curve_leaves_out_what_a_logarithmic_axis_cannot_show():
    axis = Figure().subplots()
    views.curve(axis, [1, 2, 3], [1.0, 0.0, np.nan], [2.0, 0.0, 1.0], STYLES[2], label="seen once")
    [bars] = axis.containers
    assert bars.get_label() == "seen once" and bars[0].get_marker() == STYLES[2].marker
    assert np.array_equal(bars[0].get_ydata(), [1.0, np.nan, np.nan], equal_nan=True)
    assert bars[2][0].get_segments()[0][:, 1] == pytest.approx([0.05, 3.0])  # an error above the mean ends above zero


def test_limits_hold_every_point_over_eight_decades():
    low, high = views.log_limits([1.0, 1e-3, 0.0, np.nan], [0.5, 1e-3, 0.0, np.nan])
    assert low < 0.3e-3 and high == 3.0
    assert views.log_limits([1.0, 1e-30], [0.0, 0.0])[0] == pytest.approx(2e-8)
    assert views.log_limits([0.0], [0.0]) == (1e-3, 10.0)


def test_a_heat_map_has_its_first_row_at_the_bottom():
    axis = Figure().subplots()
    image = views.heat_map(axis, np.array([[1.0, 0.0], [0.1, 10.0]]), 1e-2, ["narrow", "wide"], ["2", "4"])
    assert image.origin == "lower" and [text.get_text() for text in axis.get_yticklabels()] == ["narrow", "wide"]
    assert image.get_array().tolist() == [[1.0, 5e-3], [0.1, 10.0]] and (image.norm.vmin, image.norm.vmax) == (1e-2, 10.0)


def test_borders_lie_between_marked_and_unmarked_cells():
    marked = np.array([[True, False], [True, True]])
    assert sorted(views.borders(marked)) == [[(0.5, -0.5), (0.5, 0.5)], [(0.5, 0.5), (1.5, 0.5)]]


@pytest.mark.parametrize("encoders", [("none",), ("compact", "paper", "none")])
def test_a_panel_for_each_encoder(encoders):
    assert len(gradient_norm_figure(table(encoders=encoders), "test").axes) == len(encoders)
