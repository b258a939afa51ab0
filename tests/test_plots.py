"""Figures: files, panels, curves and what stands for no gradient at all."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from nearclifford.studies import EXPERIMENTS
from nearclifford.studies.experiments.gradient import Gradient
from nearclifford.studies.figures import FIGURES, save_figures
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


def test_every_experiment_has_figures():
    assert list(FIGURES) == list(EXPERIMENTS)


def test_files_of_every_ansatz_and_rule(tmp_path):
    paths = save_figures(Gradient(), table(layers=("N", "1")), tmp_path, "made by a test")
    names = [f"gradient_norm_mhea_L{rule}.{suffix}" for rule in "N1" for suffix in ("png", "svg")]
    assert [path.name for path in paths] == names
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    texts = [element.text for element in ElementTree.parse(paths[1]).iter() if element.text]
    assert any("made by a test" in text for text in texts)


def test_the_same_table_gives_the_same_bytes(tmp_path):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    first, second = (save_figures(Gradient(), table(), tmp_path / name, "test") for name in "ab")
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
    for path in save_figures(Gradient(), table(norm=lambda n, encoder: 0.0), tmp_path, "test"):
        assert path.stat().st_size > 1000


@pytest.mark.parametrize("encoders", [("none",), ("compact", "paper", "none")])
def test_a_panel_for_each_encoder(encoders):
    assert len(gradient_norm_figure(table(encoders=encoders), "test").axes) == len(encoders)
