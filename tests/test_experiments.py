"""What a new experiment has to say, and what it gets for it: axes of its own, a table, identities, resuming."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
import pytest

from nearclifford import NearCliffordError
from nearclifford.studies import Axis, Experiment, Point, Study, StudySpec
from nearclifford.studies.cells import bundles_of, points_of
from nearclifford.studies.draws import means
from nearclifford.studies.spec import EXPERIMENTS


@dataclass(frozen=True)
class WeightPoint(Point):
    experiment: ClassVar[str] = "weight"
    strength: float
    power: int

    @property
    def predicted_seconds(self):
        return 1e-3


@dataclass(frozen=True)
class Weight(Experiment[WeightPoint]):
    """A toy: N to a power, times a strength, plus the draw."""

    name: ClassVar[str] = "weight"
    point_type: ClassVar[type[Point]] = WeightPoint
    columns: ClassVar[dict[str, str]] = {"weight": "mean weight", "weight_error": "its standard error"}
    strengths: tuple[float, ...] = (1.0, 10.0)
    power: int = 2
    title_of_report: str = "weights"

    @property
    def axes(self):
        return (Axis("strength", "strength of the weight", tuple(self.strengths)),)

    @staticmethod
    def measure_draw(points, draw):
        return [{"weight": point.strength * point.n_qubits**point.power + draw} for point in points]

    @staticmethod
    def summary(draws):
        return means(draws, ["weight"])

    def text(self, frame, tables):
        return f"{self.title_of_report}: {len(frame)} rows"


def spec(**changes):
    return StudySpec(["mhea"], [2, 3], sigma=["1", "D^-1"], encoder=["none"], draws=30, experiment=Weight(**changes))


def test_axes_become_columns_and_cells(tmp_path):
    study = Study(spec())
    study.run(tmp_path, workers=1, progress=False)
    frame = study.frame()
    assert list(frame.columns) == list(study.columns) and len(frame) == 2 * 2 * 2
    assert list(frame.columns)[8:] == ["observable", "strength", "draws", "weight", "weight_error"]
    for row in frame.itertuples():
        assert row.weight == pytest.approx(row.strength * row.n_qubits**2 + 14.5)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "table.csv", dtype={"sigma": str}), frame)
    assert study.text() == "weights: 8 rows" and study.figures(tmp_path) == []


def test_points_of_one_problem_are_measured_together():
    study = spec()
    bundles = bundles_of(study, points_of(study))
    assert [len(bundle) for bundle in bundles] == [4] * 4  # two strengths, two σ; two sizes, two blocks of draws
    assert all(len({(point.n_qubits, point.first_draw) for point in bundle}) == 1 for bundle in bundles)


def test_settings_that_determine_numbers_change_identities_and_others_do_not():
    identities = {point.identity for point in points_of(spec())}
    assert identities == {point.identity for point in points_of(spec(title_of_report="masses"))}
    assert not identities & {point.identity for point in points_of(spec(power=3))}
    more = {point.identity for point in points_of(spec(strengths=(1.0, 10.0, 100.0)))}
    assert identities < more


def test_experiments_share_a_directory(tmp_path):
    Study(spec()).run(tmp_path, workers=1, progress=False)
    gradients = StudySpec(["mhea"], [2, 3], sigma=["1", "D^-1"], encoder=["none"], draws=30)
    Study(gradients).run(tmp_path, workers=1, progress=False)
    with closing(sqlite3.connect(tmp_path / "study.sqlite")) as file:
        counts = file.execute("SELECT experiment, count(*) FROM points GROUP BY experiment").fetchall()
    assert counts == [("gradient", 8), ("weight", 16)]


def test_an_entry_of_the_table_makes_it_known_to_files(monkeypatch):
    given = {"ansatz": ["mhea"], "qubits": [2], "experiment": "weight", "power": 3}
    with pytest.raises(
        NearCliffordError, match="experiment is 'weight'; expected one of 'geometry', 'gradient', 'moments', 'noise'"
    ):
        StudySpec.from_mapping(given)
    monkeypatch.setitem(EXPERIMENTS, "weight", Weight)
    assert StudySpec.from_mapping(given).experiment == Weight(power=3)
    with pytest.raises(NearCliffordError, match="'weight' has no entry 'samples'"):
        StudySpec.from_mapping(given | {"samples": 3})
