"""Every result shows itself: in three lines, as a table, as HTML, as strict JSON, as a drawing, and as a file."""

from __future__ import annotations

import csv
import inspect
import io
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from qiskit import qpy

import nearclifford as nc
from nearclifford.cli import main
from nearclifford.shown import Kept, Shown, html_of

PATCH = nc.Gaussian(0.3)
# Public dataclasses that are no results: what is asked with, what is computed with, what is computed from.
NO_RESULTS = {
    "AMSGrad", "Adam", "Aer", "Auto", "BlockMetric", "CenterExpansion", "CenterMetric", "Exact", "GaussNewton", "Gaussian",
    "GradientDescent", "ImportedCircuit", "Momentum", "NaturalGradient", "Nesterov", "Newton", "Particles", "Paths",
    "PauliNoise", "PauliPathSurrogate", "PrincipalPlane", "RMSprop", "RandomWalk", "ScipyMethod", "SignSGD", "Stabilizer",
    "Statevector", "StudyResults", "StudySpec", "StudyStatus", "Surrogate", "Sweep", "SweepSpec", "Task",
    "TaylorSurrogate", "Uniform", "UntiedCircuit",
}  # fmt: skip


@cache
def land(observable: str = "heisenberg") -> nc.Landscape:
    return nc.Landscape(nc.ansatz.mhea(3, 1), getattr(nc.observables, observable)(3))


@cache
def shot_variance() -> Any:
    return nc.shot_variance(land(), PATCH, rng=1)


def gradient(backend: Any, samples: Any = 64) -> Any:
    return nc.gradient_statistics(land("global_z"), PATCH, backend, samples, rng=1)


def loss(backend: Any, samples: Any = 64) -> Any:
    return nc.loss_statistics(land("global_z"), PATCH, backend, samples, rng=1)


MAKERS: dict[str, Callable[[], Any]] = {
    "CenterSpectrum": lambda: nc.center_spectrum(land()),
    "Decay": lambda: nc.fit_decay(range(2, 16, 2), [2.0**-n for n in range(2, 16, 2)], [0.6, *[2e-5] * 6]),
    "Diagnosis": lambda: nc.diagnose(land().circuit, "ZZZ", max_seconds=2, rng=1),
    "Encoding": lambda: nc.encode(land().circuit, land().observable, 2),
    "EntanglingCapability": lambda: nc.entangling_capability(land().circuit, PATCH, samples=256, rng=1),
    "ErrorCurve": lambda: nc.surrogate_error_curve(land(), PATCH, orders=[1, 3, 30], samples=2000, rng=1),
    "GradientStatistics": lambda: gradient(nc.Stabilizer()),
    "HeightMap": lambda: nc.height_map(land(), (0, 1), np.linspace(-1, 1, 3)),
    "LossStatistics": lambda: loss(nc.Statevector()),
    "SampledNorm": lambda: nc.sampled_squared_norm(land("global_z"), PATCH, components=3, samples=64, rng=1),
    "ShotVariance": shot_variance,
    "ShotsForValue": lambda: nc.shots_for_value(shot_variance(), 0.01),
    "ShotsToResolve": lambda: nc.shots_to_resolve(nc.gradient_statistics(land(), PATCH, rng=1), variance=shot_variance()),
    "SimulationCost": lambda: nc.simulation_cost(land(), PATCH, 0.1, max_seconds=0.01, rng=1),
    "Slice": lambda: nc.slice_along(land(), 0, np.linspace(-1, 1, 3)),
    "TrainingRun": lambda: nc.train(land(), np.full((2, 12), 0.1), steps=3, progress=False),
    # not public themselves, but what public verbs return
    "DeviceGradientStatistics": lambda: gradient(nc.Aer(shots=32), 4),
    "DeviceLossStatistics": lambda: loss(nc.Aer(shots=32), 4),
    "SettledGradient": lambda: gradient(nc.Particles(population=100), 3200),
    "SettledLoss": lambda: loss(nc.Particles(population=100), 3200),
}


@cache
def result(name: str) -> Any:
    found = MAKERS[name]()
    assert type(found).__name__ == name
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal to the last bit, of one type and one dtype, all the way down."""
    if type(one) is not type(other):
        return False
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (isinstance(one, float) and np.float64(one).tobytes() == np.float64(other).tobytes())


KEPT = [name for name in MAKERS if name not in ("Encoding", "TrainingRun")]


def test_every_public_dataclass_is_a_result_that_is_tried_here_or_none():
    public = {name for name in nc.__all__ if inspect.isclass(getattr(nc, name)) and is_dataclass(getattr(nc, name))}
    assert public - NO_RESULTS == set(MAKERS) & set(nc.__all__)
    assert NO_RESULTS <= public | {"StudySpec"}


@pytest.mark.parametrize("name", MAKERS)
def test_a_result_shows_itself(name):
    found = result(name)
    assert isinstance(found, Shown)
    assert name == "ErrorCurve" or 1 <= len(repr(found).splitlines()) <= 3
    assert name == "ErrorCurve" or repr(found).startswith(name)
    assert isinstance(found.frame(), pd.DataFrame) and len(found.frame()) >= 1
    told = json.dumps(found.to_dict(), allow_nan=False)
    assert isinstance(json.loads(told), dict) and len(told) > 20


@pytest.mark.parametrize("name", MAKERS)
def test_a_result_draws_itself_on_one_axis_with_labels(name):
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    axis = result(name).plot()
    axis.figure.savefig(io.BytesIO(), format="png")
    assert axis.get_xlabel() and axis.get_ylabel()
    assert pyplot.get_fignums() == []
    given = Figure().subplots()
    assert result(name).plot(given) is given or result(name).plot(ax=given) is given


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", MAKERS)
def test_html_is_well_formed_and_has_the_table(name):
    tags = Tags()
    tags.feed(result(name)._repr_html_())
    assert tags.open == []
    assert {"p", "table", "tr"} <= tags.seen <= {"p", "b", "br", "small", "div", "table", "thead", "tbody", "tr", "th", "td"}


def test_html_takes_no_text_for_a_tag():
    hostile = "<script>alert(1)</script>"
    for text in (
        html_of(f"{hostile}\n{hostile}", pd.DataFrame({hostile: [hostile]})),
        replace(result("GradientStatistics"), method=hostile)._repr_html_(),
        replace(result("SimulationCost"), version=hostile)._repr_html_(),
    ):
        assert "<script>" not in text
    assert "&lt;script&gt;" in replace(result("GradientStatistics"), method=hostile)._repr_html_()


@pytest.mark.parametrize("name", KEPT)
def test_a_file_gives_every_number_back_to_the_last_bit(name, tmp_path):
    found, path = result(name), tmp_path / "found.json"
    found.save(path)
    assert same(type(found).load(path), found)
    json.loads(path.read_text("utf-8"), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


@pytest.mark.parametrize("base", ["GradientStatistics", "LossStatistics"])
def test_the_public_class_reads_what_its_backends_made(base, tmp_path):
    for name in MAKERS:
        if isinstance(result(name), getattr(nc, base)):
            result(name).save(tmp_path / f"{name}.json")
            assert same(getattr(nc, base).load(tmp_path / f"{name}.json"), result(name))


@dataclass(frozen=True, eq=False)
class Odd(Kept):
    """Numbers that JSON has no words for."""

    numbers: Any
    number: float
    whole: Any

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"number": [self.number]})

    def plot(self, ax: Any = None) -> Any:
        return ax


def test_numbers_that_json_does_not_know_come_back(tmp_path):
    tiny = np.array([[np.nan, np.inf, -np.inf], [-0.0, 5e-324, 0.1 + 0.2]])
    odd = Odd(tiny, float("-inf"), (np.array([2**63], np.uint64), np.zeros((0, 3), np.float32), np.array(True), None))
    odd.save(tmp_path / "odd.json")
    assert same(Odd.load(tmp_path / "odd.json"), odd)
    assert odd.to_dict()["number"] is None and odd.to_dict()["numbers"][0] == [None, None, None]


def refused(kind: type[Kept], path: Path) -> str:
    with pytest.raises(nc.NearCliffordError) as caught:
        kind.load(path)
    text = str(caught.value)
    assert str(path) in text and "\n" not in text and text.endswith(".")
    return text


def test_files_that_are_none_are_refused_by_name(tmp_path):
    path = tmp_path / "found.json"
    assert "No such file" in refused(nc.LossStatistics, path)
    for content in (
        b"",
        b"\x00\xff",
        b"[]",
        b"{}",
        b'"text"',
        b"[" * 100_000,
        b'{"format": 1}',
        b'{"format": 1, "kind": []}',
    ):
        path.write_bytes(content)
        assert "is no file that LossStatistics.save wrote: " in refused(nc.LossStatistics, path)
    result("Slice").save(path)
    assert "it holds 'Slice'; expected LossStatistics" in refused(nc.LossStatistics, path)
    path.write_text(path.read_text("utf-8").replace('"format": 1', '"format": 2'), "utf-8")
    assert "it is of format 2; this version of nearclifford reads 1" in refused(nc.Slice, path)


def parts_of(given: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where all values of a JSON document stand."""
    inner = given.items() if isinstance(given, dict) else enumerate(given) if isinstance(given, list) else ()
    return [place, *itertools.chain.from_iterable(parts_of(part, (*place, key)) for key, part in inner)]


def test_a_damaged_file_is_read_or_refused_by_name_and_nothing_else(tmp_path):
    path = tmp_path / "found.json"
    result("GradientStatistics").save(path)
    whole, count = path.read_text("utf-8"), 0
    for place in parts_of(json.loads(whole))[1:]:
        for value in ({"kind": "object"}, "text", [], None, {"dtype": "O", "shape": [1], "entries": [1]}, -1):
            document = json.loads(whole)
            target = document
            for key in place[:-1]:
                target = target[key]
            target[place[-1]] = value
            path.write_text(json.dumps(document), "utf-8")
            try:
                nc.GradientStatistics.load(path)
            except nc.NearCliffordError as error:
                count += str(path) in str(error)
    assert count > 200
    for end in range(0, len(whole) - 1, 97):
        path.write_text(whole[:end], "utf-8")
        refused(nc.GradientStatistics, path)


def test_fields_of_another_version_are_named(tmp_path):
    path = tmp_path / "found.json"
    result("Slice").save(path)
    document = json.loads(path.read_text("utf-8"))
    document["fields"]["newer"] = document["fields"].pop("error")
    path.write_text(json.dumps(document), "utf-8")
    assert "the fields of its Slice are not those of this version: error, newer" in refused(nc.Slice, path)


def test_a_result_is_saved_as_json_or_not_at_all(tmp_path):
    with pytest.raises(nc.NearCliffordError, match=r"expected a name that ends in \.json"):
        result("Slice").save(tmp_path / "slice.npz")
    with pytest.raises(nc.NearCliffordError, match="No such file or directory"):
        result("Slice").save(tmp_path / "none" / "slice.json")
    assert list(tmp_path.iterdir()) == []


def test_the_table_of_an_encoding_compares_with_the_plain_circuit():
    found, plain = result("Encoding").frame(), land().gradient(land().center)
    assert found["plain"].to_numpy() == pytest.approx(plain, abs=1e-14)
    assert found["encoded"].tolist() == result("Encoding").gradient.tolist()


def test_a_result_without_a_table_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        Kept()


# surrogates


@pytest.mark.parametrize("observable", ["global_z", "heisenberg"])
def test_the_table_of_paths_adds_up_to_the_value_at_quarter_turns(observable):
    """Where every angle is 0 or π/2, only paths that flip at all turned rotations, and where they must, are left."""
    kept = nc.surrogate(land(observable), order=13)
    table = kept.frame(most=10**6)
    assert len(table) == kept.n_paths
    assert np.abs(table["weight"]).is_monotonic_decreasing
    theta = np.zeros(12)
    assert table["weight"][table["n_flips"] == 0].sum() == pytest.approx(kept.value(theta), abs=1e-12)
    for k in range(12):
        # the derivative at the centre sees the paths of one flip alone
        single = table["weight"][[flips == (k,) for flips in table["flips"]]].sum()
        assert single == pytest.approx(kept.gradient(theta)[k], abs=1e-12)
    for k, m in itertools.combinations(range(12), 2):
        pair = table["weight"][[flips == (k, m) for flips in table["flips"]]].sum()
        assert pair == pytest.approx(kept.hessian(theta)[k, m], abs=1e-12)


def test_a_surrogate_draws_its_first_levels():
    kept = nc.surrogate(land(), order=6)
    for levels in (1, 2, 4):
        axis = kept.plot(levels=levels)
        axis.figure.savefig(io.BytesIO(), format="png")
        assert axis.get_ylim()[0] >= -levels - 1
    full = [line for line in kept.plot().lines if line.get_linestyle() == "-"]
    assert len({line.get_linewidth() for line in full}) > 1
    assert len(kept.frame(most=2)) == 2 and "<table" in kept._repr_html_()
    for wrong in (0, -1, 1.5, "all"):
        with pytest.raises(nc.NearCliffordError, match="most is"):
            kept.frame(most=wrong)
        with pytest.raises(nc.NearCliffordError, match="levels is"):
            kept.plot(levels=wrong)


# the command line


@pytest.fixture
def circuit_file(tmp_path):
    with (tmp_path / "circuit.qpy").open("wb") as stream:
        qpy.dump(land().circuit, stream)
    return tmp_path / "circuit.qpy"


COMMANDS = {
    "variance": ["--sigma", "0.3", "--backend", "stabilizer", "--samples", "64"],
    "cost": ["--sigma", "0.3", "--tolerance", "0.1", "--max-seconds", "0.01"],
    "encode": ["--parameter", "2"],
    "diagnose": ["--max-seconds", "1"],
}


def printed(command: str, form: str, circuit_file: Path, capsys: pytest.CaptureFixture[str]) -> str:
    output = ["-o", str(circuit_file.with_name("encoded.qpy"))] if command == "encode" else []
    given = [command, str(circuit_file), "--observable", "ZZZ", *COMMANDS[command], *output, form]
    assert main(given) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_print_strict_json(command, circuit_file, capsys):
    text = printed(command, "--json", circuit_file, capsys)
    told = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert isinstance(told, dict)
    if command == "variance":
        stats = gradient(nc.Stabilizer())
        assert len(told["names"]) == 12 and told["sigma"] == 0.3
        assert told["method"] == stats.method and len(told["variance"]) == 12
    if command == "encode":
        assert told["parameter"] == 2 and abs(told["gradient"][2]) == 1.0


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_print_csv(command, circuit_file, capsys):
    rows = list(csv.DictReader(io.StringIO(printed(command, "--csv", circuit_file, capsys))))
    assert rows and all(None not in row and None not in row.values() for row in rows)
    named = {"variance": "second_moment", "cost": "method", "encode": "encoded", "diagnose": "state"}
    assert named[command] in rows[0]
    assert len(rows) == {"variance": 12, "encode": 12}.get(command, len(rows))


def test_json_and_csv_exclude_each_other(circuit_file, capsys):
    with pytest.raises(SystemExit):
        main(["variance", str(circuit_file), "--observable", "ZZZ", "--sigma", "0.1", "--json", "--csv"])
    assert "not allowed with argument" in capsys.readouterr().err
