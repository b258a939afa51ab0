"""The study of depolarizing noise, against one qubit, where every gate shrinks the Bloch vector by the same factor."""

import numpy as np
import pytest

import nearclifford as nc
from nearclifford.studies import Study, StudySpec
from nearclifford.studies.experiments.noise import Noise
from nearclifford.studies.figures.noise import noise_figure


def study(**changes):
    noise = Noise(probabilities=(0.05, 0.2), samples=3)
    given = {
        "qubits": [1],
        "layers": [1, 3],
        "sigma": ["0.3"],
        "encoder": ["none"],
        "draws": 5,
        "seed": 1,
        "experiment": noise,
    }
    return Study(StudySpec(["mhea"], **given | changes))


def test_one_qubit_shrinks_gate_by_gate(tmp_path):
    """RY and RZ, L + 1 times, and p / 10 after each: (1 - p / 10)^(2 L + 2), whatever the angles."""
    made = study()
    made.run(tmp_path, workers=1, progress=False)
    frame = made.frame()
    assert len(frame) == 4
    for row in frame.itertuples():
        assert row.survival == pytest.approx((1 - row.probability / 10) ** (2 * row.n_layers + 2), rel=1e-10)
        assert row.survival_error < 1e-10
    text = made.text()
    assert "mHEA, N = 1, σ = 0.3, without encoder: rms derivative / noiseless" in text
    assert f"{(1 - 0.02) ** 4:.3g}" in text


def test_cx_gates_shrink_more_and_figures_are_drawn(tmp_path):
    made = study(qubits=[2], encoder=["compact", "none"])
    made.run(tmp_path, workers=1, progress=False)
    frame = made.frame()
    encoded = frame[frame["encoder"] == "compact"].set_index(["n_layers", "probability"])["survival"]
    assert 0 < encoded[3, 0.2] < encoded[1, 0.2] < encoded[1, 0.05] < 1
    paths = made.figures(tmp_path, "test")
    assert sorted(path.name for path in paths) == ["noise_mhea_N2.png", "noise_mhea_N2.svg"]
    for panel, encoder in zip(noise_figure(frame, "test").axes, ("compact", "none"), strict=True):
        part = frame[frame["encoder"] == encoder]
        assert [bars.get_label() for bars in panel.containers] == ["noiseless", "0.05", "0.2"]
        for bars, probability in zip(panel.containers[1:], (0.05, 0.2), strict=True):
            curve = part[part["probability"] == probability].sort_values("n_layers")
            assert bars[0].get_xdata().tolist() == [1, 3]
            assert bars[0].get_ydata() == pytest.approx(np.sqrt(curve["square"].to_numpy()))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"probabilities": [0.0]}, "an entry of probabilities is 0.0; expected a number between 0 and 1"),
        ({"probabilities": []}, "expected a list of at least one entry"),
        ({"samples": 1}, "samples is 1; expected an integer of at least 2"),
    ],
)
def test_bad_entries(changes, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        Noise(**changes)


def test_the_preset_is_known():
    assert Study.preset("noise-depth").spec.experiment == Noise((0.001, 0.003, 0.01), 4)
    assert Study.preset("noise").spec.experiment == Noise((0.0001, 0.001, 0.01), 20)


CELL = {
    "ansatz": "mhea", "n_qubits": 4, "n_layers": 2, "sigma": "0.4", "encoder": "compact", "observable": "random_pauli",
    "probability": 0.05, "seed": 3, "first_draw": 0, "n_draws": 24,
}  # fmt: skip


def test_the_stabilizer_agrees_with_density_matrices():
    """The same draws by both backends: means over 24 draws agree within 4 standard errors of paired differences."""
    found = {}
    for backend in ("density_matrix", "stabilizer"):
        points = [Noise(probabilities=(0.05,), samples=400, backend=backend, chains=20_000).point(**CELL)]
        assert points[0].backend == backend
        found[backend] = [Noise.measure_draw(points, draw)[0] for draw in range(24)]
    for name in ("square", "exact_square"):
        difference = np.array([a[name] - b[name] for a, b in zip(*found.values(), strict=True)])
        assert abs(difference.mean()) < 4 * difference.std(ddof=1) / np.sqrt(24)


def test_large_circuits_are_sampled_and_drawn_against_their_size(tmp_path):
    noise = Noise(probabilities=(0.001, 0.01), chains=2048)
    made = study(qubits=[8, 12], layers=[2], sigma=["D^-1/2"], encoder=["compact"], draws=4, experiment=noise)
    made.run(tmp_path, workers=1, progress=False)
    survival = made.frame().set_index(["n_qubits", "probability"])["survival"]
    assert 0 < survival[12, 0.01] < survival[12, 0.001] < 1
    assert "mHEA, L = 2, σ = D^-1/2, with encoder (compact): rms derivative / noiseless" in made.text()
    assert sorted(path.name for path in made.figures(tmp_path, "test")) == ["noise_mhea_L2.png", "noise_mhea_L2.svg"]
