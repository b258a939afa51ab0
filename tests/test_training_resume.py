"""Runs that stop, are killed and go on: the record is bit by bit that of a run that never stopped."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import nearclifford as nc
from nearclifford.training.optimizers import RULES
from nearclifford.training.scipy_method import METHODS

CIRCUIT, OBSERVABLE = nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3)
THETA = np.random.default_rng(3).normal(scale=0.4, size=(2, 12))
# What differs between two equal runs.
CLOCK = ("seconds",)


def trained(*arguments, **named):
    """Return a run whose own generator is seeded, unless it goes on with another's."""
    return nc.train(*arguments, **({} if "resume" in named else {"rng": 1}) | named)


def landscape():
    return nc.Landscape(CIRCUIT, OBSERVABLE)


def shots(seed=7):
    return nc.Aer(device="CPU", shots=20).prepare(landscape(), rng=seed)


def same(one, other):
    """Assert that two runs are equal in every bit but the clock, what it takes to go on included."""
    first, second = one.to_dict(), other.to_dict()
    for name in set(first) - set(CLOCK):
        assert json.dumps(first[name]) == json.dumps(second[name]), name
    assert one.checkpoint.streams == other.checkpoint.streams and one.checkpoint.identity == other.checkpoint.identity
    assert np.array_equal(one.checkpoint.gradient, other.checkpoint.gradient, equal_nan=True)
    for first_part, second_part in zip(one.checkpoint.state, other.checkpoint.state, strict=True):
        assert np.array_equal(first_part, second_part)


@pytest.mark.parametrize("name", sorted({*RULES, *METHODS} - {"natural-gradient", "COBYQA", "dogleg"}))
def test_a_run_that_goes_on_is_one_that_never_stopped(tmp_path, name):
    land = landscape()
    whole = trained(land, THETA, name, steps=9, path_every=2)
    for middle in (0, 1, 4):
        trained(land, THETA, name, steps=middle, path_every=2).save(tmp_path / "run.npz")
        same(trained(landscape(), resume=tmp_path / "run.npz", steps=9), whole)
    same(nc.TrainingRun.load(tmp_path / "run.npz"), trained(land, THETA, name, steps=4, path_every=2))
    same(trained(land, resume=whole, steps=9), whole)


def test_cobyqa_goes_on_one_run_at_a_time():
    whole = trained(landscape(), THETA[0], "cobyqa", steps=3)
    same(trained(landscape(), resume=trained(landscape(), THETA[0], "cobyqa", steps=1), steps=3), whole)


@pytest.mark.parametrize("name", ["gd", "adam", "cobyla", "l-bfgs-b"])
def test_shots_go_on_where_they_were(tmp_path, name):
    """A device that is prepared anew, with any seed, draws on from where the first one stopped."""
    whole = trained(shots(), THETA[0], name, steps=5)
    trained(shots(), THETA[0], name, steps=2).save(tmp_path / "run.npz")
    same(trained(shots(99), resume=tmp_path / "run.npz", steps=5), whole)


def test_runs_that_stopped_at_other_steps_go_on(tmp_path):
    land = landscape()
    whole = trained(land, THETA, "adam", 0.2, steps=60, gradient_norm=0.5)
    assert len(set(whole.stopped.tolist())) > 1 or whole.steps < 60
    middle = trained(land, THETA, "adam", 0.2, steps=whole.steps // 2, gradient_norm=0.5)
    same(trained(land, resume=middle, steps=60, gradient_norm=0.5), whole)
    further = trained(land, resume=whole, steps=80)
    assert set(further.stopped.tolist()) == {"steps"} and further.steps == 80


def test_several_evaluators_go_on(tmp_path):
    pair = [landscape(), nc.Landscape(CIRCUIT, nc.observables.global_z(3))]
    whole = trained(pair, THETA, "momentum", steps=8)
    same(trained(pair, resume=trained(pair, THETA, "momentum", steps=3), steps=8), whole)
    with pytest.raises(nc.NearCliffordError, match="run of another problem"):
        trained(pair[::-1], resume=whole, steps=9)


SCRIPT = """
import signal
import sys
import numpy as np
import nearclifford as nc
from test_training_resume import THETA, landscape, shots, trained

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
evaluator = shots() if sys.argv[1] == "shots" else landscape()
def tell(step):
    print(step.step, flush=True)
trained(evaluator, THETA, sys.argv[2], steps=100_000, checkpoint=sys.argv[3], checkpoint_seconds=1e-9, callback=tell)
"""


@pytest.mark.parametrize(("kind", "name"), [("exact", "adam"), ("shots", "gd"), ("exact", "nelder-mead")])
def test_a_killed_run_goes_on_from_its_checkpoint(tmp_path, kind, name):
    """The process is killed at once, whatever it is doing; its file is whole, and the record goes on bit by bit."""
    path = tmp_path / "run.npz"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), kind, name, str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if int(line) >= 12:
                break
        time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    kept = nc.TrainingRun.load(path)
    assert kept.steps >= 11
    evaluator = shots(99) if kind == "shots" else landscape()
    ended = trained(evaluator, resume=path, steps=kept.steps + 5, checkpoint=path)
    same(ended, trained(shots() if kind == "shots" else landscape(), THETA, name, steps=kept.steps + 5))
    same(nc.TrainingRun.load(path), ended)


def test_an_interrupted_process_keeps_what_there_is(tmp_path):
    """Control-C in the middle of it: the file is there, and nothing is lost."""
    path = tmp_path / "run.npz"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    script = textwrap.dedent(SCRIPT).replace("checkpoint_seconds=1e-9", "checkpoint_seconds=1e9")
    command = [sys.executable, "-c", script, "exact", "gd", str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if int(line) >= 12:
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 0
    kept = nc.TrainingRun.load(path)
    assert kept.steps >= 12 and kept.stopped.tolist() == ["interrupted"] * 2
    assert (trained(landscape(), THETA, steps=kept.steps).losses == kept.losses).all()


# what does not go on


def test_a_run_of_something_else_is_refused(tmp_path):
    run = trained(landscape(), THETA, "adam", steps=2)
    for circuit, observable, center in [
        (CIRCUIT, nc.observables.global_z(3), None),
        (nc.encode(CIRCUIT, OBSERVABLE, 1).circuit, OBSERVABLE, None),
        (CIRCUIT, OBSERVABLE, np.full(12, np.pi / 2)),
    ]:
        with pytest.raises(nc.NearCliffordError, match="resume is a run of another problem"):
            trained(nc.Landscape(circuit, observable, center), resume=run)
    with pytest.raises(nc.NearCliffordError, match="resume is a run of 12 parameters; expected 6"):
        trained(nc.Landscape(nc.ansatz.mhea(3, 0), OBSERVABLE), resume=run)
    with pytest.raises(nc.NearCliffordError, match="resume is a run of another problem"):
        trained(nc.surrogate(landscape(), order=3), resume=run)
    with pytest.raises(nc.NearCliffordError, match="had 0 evaluators with shots; expected as many now, and these are 1"):
        trained(shots(), resume=run)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"theta0": THETA}, "theta0 is given, and so is resume"),
        ({"rng": 1}, "rng is given, and so is resume"),
        ({"path_every": 1}, "path_every is given, and so is resume"),
        ({"optimizer": "gd"}, r"optimizer is GradientDescent.*; the run to resume has Adam"),
        ({"learning_rate": 0.2}, r"optimizer is GradientDescent"),
        ({"resume": 3}, "resume is 3; expected the path"),
        ({"resume": "/no/such.npz"}, "/no/such.npz: No such file or directory; expected an .npz file that TrainingRun.save"),
    ],
)
def test_wrong_arguments_to_go_on_with_are_named(arguments, text):
    run = trained(landscape(), THETA, "adam", steps=2)
    with pytest.raises(nc.NearCliffordError, match=text):
        trained(landscape(), **{"resume": run} | arguments)


def rewritten(file, **changes):
    """Write a file again with other arrays, or without those that are None; ``settings`` is a dict of changes."""
    with np.load(file) as held:
        arrays = dict(held)
    if settings := changes.pop("settings", None):
        arrays["settings"] = np.array(json.dumps(json.loads(str(arrays["settings"])) | settings))
    arrays |= changes
    np.savez(file, **{name: part for name, part in arrays.items() if part is not None})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"losses": None}, "losses is missing"),
        ({"settings": {"format": 9}}, "it is of format 9"),
        ({"settings": {"kind": "surrogate"}}, "it is of format 1"),
        ({"settings": {"optimizer": {"rule": "Oracle"}}}, "there is no rule 'Oracle'"),
        ({"settings": {"optimizer": {"rule": "Adam", "learning_rate": -1}}}, "learning_rate is -1"),
        ({"settings": {"optimizer": {"rule": "Adam", "speed": 1}}}, "unexpected keyword argument 'speed'"),
        ({"settings": {"streams": ["{}"]}}, "bit_generator is missing"),
        ({"settings": {"streams": ['{"bit_generator": "default_rng"}']}}, "no states of random generators"),
        ({"losses": np.zeros((3, 3))}, "has shape"),
        ({"theta": np.full((2, 12), np.nan)}, "not finite"),
        ({"theta": np.zeros((2, 12), np.float32)}, "theta has dtype float32"),
        ({"state_0": np.zeros((5, 1))}, "state is not one of its optimizer"),
        ({"state_2": None}, "state is not one of its optimizer"),
        ({"path": np.zeros((1, 2, 12))}, "its path has not the shape"),
        ({"settings": {"path_every": 0}}, "by zero"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path, changes, text):
    path = tmp_path / "run.npz"
    trained(landscape(), THETA, "adam", steps=2, path_every=1).save(path)
    rewritten(path, **changes)
    with pytest.raises(nc.NearCliffordError, match=r"is no training run that TrainingRun\.save wrote") as caught:
        trained(landscape(), resume=path)
    assert text in str(caught.value) and "\n" not in str(caught.value)


def test_foreign_and_mutilated_files_are_refused(tmp_path):
    path = tmp_path / "run.npz"
    trained(landscape(), THETA, steps=2).save(path)
    whole = path.read_bytes()
    nc.surrogate(landscape(), order=2).save(tmp_path / "surrogate.npz")
    array = io.BytesIO()
    np.save(array, np.zeros(3))
    foreign = [b"", b"text", whole[: len(whole) // 2], (tmp_path / "surrogate.npz").read_bytes(), array.getvalue()]
    for content in foreign:
        path.write_bytes(content)
        with pytest.raises(nc.NearCliffordError, match=r"is no training run that TrainingRun\.save wrote"):
            nc.TrainingRun.load(path)
