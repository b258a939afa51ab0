"""Training against the same rules driven by Qiskit's statevector, PennyLane's numbers and closed forms."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.training.optimizers import RULES
from nearclifford.training.record import TrainingStep
from nearclifford.training.scipy_method import METHODS

CIRCUIT, OBSERVABLE = nc.ansatz.mhea(3, 1), SparsePauliOp(["ZZZ", "XXI", "IYZ"], [1.0, -0.5, 0.25])
THETA = np.random.default_rng(3).normal(scale=0.4, size=(2, 12))


@pytest.fixture(scope="module")
def land():
    return nc.Landscape(CIRCUIT, OBSERVABLE)


def qiskit_loss(theta):
    state = Statevector(CIRCUIT.assign_parameters(theta))
    return float(state.expectation_value(OBSERVABLE).real)


def qiskit_gradient(theta):
    """By the parameter-shift rule: every parameter turns one rotation."""
    shifts = np.pi / 2 * np.eye(len(theta))
    return np.array([(qiskit_loss(theta + shift) - qiskit_loss(theta - shift)) / 2 for shift in shifts])


def by_hand(rule, theta, steps):
    """Return losses and angles of a rule written from its formula: ``rule(t, gradient, memory)`` is the step."""
    memory, losses, theta = {}, [qiskit_loss(theta)], theta.copy()
    for t in range(1, steps + 1):
        theta = theta + rule(t, qiskit_gradient(theta).round(14), memory)  # one parameter does not matter
        losses.append(qiskit_loss(theta))
    return np.array(losses), theta


def momentum(t, g, memory):
    memory["v"] = 0.9 * memory.get("v", 0.0) + g
    return -0.1 * memory["v"]


def nesterov(t, g, memory):
    memory["v"] = 0.9 * memory.get("v", 0.0) + g
    return -0.1 * (g + 0.9 * memory["v"])


def rmsprop(t, g, memory):
    memory["v"] = 0.9 * memory.get("v", 0.0) + 0.1 * g * g
    return -0.1 * g / (np.sqrt(memory["v"]) + 1e-8)


def adam(t, g, memory):
    memory["m"] = 0.9 * memory.get("m", 0.0) + 0.1 * g
    memory["v"] = 0.999 * memory.get("v", 0.0) + 0.001 * g * g
    memory["top"] = np.maximum(memory.get("top", 0.0), memory["v"] / (1 - 0.999**t))
    return -0.1 * memory["m"] / (1 - 0.9**t) / (np.sqrt(memory["v"] / (1 - 0.999**t)) + 1e-8)


def amsgrad(t, g, memory):
    adam(t, g, memory)
    return -0.1 * memory["m"] / (1 - 0.9**t) / (np.sqrt(memory["top"]) + 1e-8)


BY_HAND = {
    "gd": lambda t, g, memory: -0.1 * g,
    "signsgd": lambda t, g, memory: -0.1 * np.sign(g),
    "momentum": momentum,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "adam": adam,
    "amsgrad": amsgrad,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_trajectories_are_those_of_the_rule_driven_by_qiskit(land, name):
    """Step by step to 1e-9; two runs side by side, each against its own."""
    run = nc.train(land, THETA, name, 0.1, steps=12)
    for number, theta in enumerate(THETA):
        losses, last = by_hand(BY_HAND[name], theta, 12)
        assert run.losses[:, number] == pytest.approx(losses, abs=1e-9)
        assert run.theta[number] == pytest.approx(last, abs=1e-9)


def test_newton_solves_with_a_hessian_of_differences(land):
    theta, step = THETA[0], 1e-4
    hessian = np.array([qiskit_gradient(theta + step * e) - qiskit_gradient(theta - step * e) for e in np.eye(12)]) / (
        2 * step
    )
    size, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    expected = theta - 0.5 * vectors @ ((vectors.T @ qiskit_gradient(theta)) / (np.abs(size) + 0.2))
    run = nc.train(land, theta, nc.Newton(0.5, regularization=0.2), steps=1)
    assert run.theta == pytest.approx(expected, abs=1e-6)


# Losses of PennyLane 0.45.1 before each of six steps, and the angles after the last, by
#
#     @qml.qnode(qml.device("default.qubit", wires=[0, 1, 2]))      # the third wire is for Hadamard tests of the metric
#     def loss(theta):
#         for layer in range(2):
#             for axis, first in ((qml.RY, 4 * layer), (qml.RZ, 4 * layer + 2)):
#                 for wire in range(2):
#                     axis(theta[first + wire], wires=wire)
#             if layer == 0:
#                 qml.CNOT(wires=[1, 0]); qml.CNOT(wires=[0, 1])
#         return qml.expval(qml.Hamiltonian([1.0, 0.5], [qml.PauliZ(0) @ qml.PauliZ(1), qml.PauliX(0)]))
#
#     for optimizer in (qml.AdamOptimizer(0.1, eps=1e-15), qml.QNGOptimizer(0.1, approx=..., lam=0.05)):
#         theta = qml.numpy.array(PENNYLANE_START, requires_grad=True)
#         for _ in range(6):
#             print(loss(theta)); theta = optimizer.step(loss, theta)
PENNYLANE_START = [0.1, -0.4, 0.7, 0.2, -0.3, 0.5, 0.9, -0.6]
PENNYLANE = {
    "adam": (
        [0.49327389543529976, 0.22510873095459777, -0.05779425005140648, -0.33010019232866095, -0.5705513336957635,
         -0.7663285183554843],
        [0.7018321329848312, -0.9957182405418306, 0.155492234117958, -0.3145615895991452, -0.899410571183724,
         1.090803381239175, 0.31320654336960185, -0.5992756509121],
    ),
    "whole": (
        [0.49327389543529976, 0.13198029311688203, -0.2679954212026238, -0.6077715655535242, -0.8436768446195408,
         -0.9834788200356375],
        [0.8286228463813418, -0.8319874428457267, 0.15656160842068778, 0.11195958169106655, -1.249958781624452,
         1.2133423242016617, 0.2467756368557028, -0.7237222339908959],
    ),
    "blocks": (
        [0.49327389543529976, -0.09458695364427627, -0.6716115778503471, -0.9663608185347333, -1.0716050288134455,
         -1.10195838697889],
        [0.3966452234663632, -1.3344335660613622, 0.23956587909573285, -0.1971244305129747, -1.341776711326159,
         0.4726863987721411, 0.41659380492130094, -0.6294037149246349],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PENNYLANE)
def test_adam_and_natural_gradient_are_those_of_pennylane(name):
    """Its Adam puts ε elsewhere, so both take a tiny one, and has another β₂."""
    adam = nc.Adam(0.1, beta2=0.99, epsilon=1e-15)
    rule = adam if name == "adam" else nc.NaturalGradient(0.1, regularization=0.05, metric=name)
    t, circuit = ParameterVector("t", 8), QuantumCircuit(2)
    for layer in range(2):
        for rotate, first in ((circuit.ry, 4 * layer), (circuit.rz, 4 * layer + 2)):
            _ = rotate(t[first], 0), rotate(t[first + 1], 1)
        if layer == 0:
            _ = circuit.cx(1, 0), circuit.cx(0, 1)
    land = nc.Landscape(circuit, SparsePauliOp(["ZZ", "IX"], [1.0, 0.5]))
    losses, theta = PENNYLANE[name]
    run = nc.train(land, PENNYLANE_START, rule, steps=6)
    assert run.losses[:6] == pytest.approx(np.array(losses), abs=1e-9)
    assert np.delete(run.theta, 7) == pytest.approx(np.delete(theta, 7), abs=1e-9)  # the last RZ does not matter


class Bowl:
    """A foreign evaluator: L = Σ h x² / 2, with its Hessian as metric, and a wall of NaN beyond ‖x‖ = 3."""

    def __init__(self, curvature=(1.0, 4.0), wall=np.inf):
        self.curvature, self.wall = np.array(curvature), wall
        self.asked = []

    @property
    def n_parameters(self):
        return len(self.curvature)

    def value(self, theta):
        return self.value_and_gradient(theta)[0]

    def gradient(self, theta):
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta):
        theta = np.asarray(theta)
        self.asked.append(len(theta))
        loss = (self.curvature * theta**2).sum(axis=-1) / 2
        return np.where(np.linalg.norm(theta, axis=-1) > self.wall, np.nan, loss), self.curvature * theta

    def metric(self, theta):
        return np.broadcast_to(np.diag(self.curvature), (*np.shape(theta), self.n_parameters)).copy()


def test_natural_gradient_of_a_bowl_whose_metric_is_its_hessian():
    """(h + λ)⁻¹ h x η is what a step takes off, in closed form."""
    run = nc.train(Bowl(), [1.0, -2.0], nc.NaturalGradient(0.25, regularization=1.0), steps=5)
    factor = 1 - 0.25 * np.array([1 / 2, 4 / 5])
    assert run.theta == pytest.approx(np.array([1.0, -2.0]) * factor**5, rel=1e-12)


def test_records_say_what_the_evaluator_said(land):
    seen = []
    run = nc.train(land, THETA, "adam", 0.1, steps=6, callback=seen.append, path_every=2)
    assert [step.step for step in seen] == list(range(7)) and all(isinstance(step, TrainingStep) for step in seen)
    for number, step in enumerate(seen):
        value, gradient = land.value_and_gradient(step.theta)
        assert (run.losses[number] == value).all() and (step.loss == value).all()
        assert run.gradient_norms[number] == pytest.approx(np.linalg.norm(gradient, axis=1), rel=1e-15)
        assert run.distance[number] == pytest.approx(np.linalg.norm(step.theta - THETA, axis=1), abs=1e-15)
        assert step.loss_variance is None and step.shots is None
    assert (run.path == np.array([step.theta for step in seen[::2]])).all()
    assert (run.theta0 == THETA).all() and (run.theta == seen[-1].theta).all()
    assert run.record(4).theta.tolist() == seen[4].theta.tolist() and run.record(3).theta is None
    assert (np.diff(run.seconds) >= 0).all()


def test_one_run_has_no_axis_of_runs(land):
    run = nc.train(land, THETA[0], steps=3)
    assert run.losses.shape == (4,) and run.theta.shape == (12,) and run.stopped == "steps"
    assert run.frame()["loss"].tolist() == run.losses.tolist()


def test_a_callback_cannot_reach_into_the_run(land):
    def meddle(step):
        step.theta[:] = 0.0
        step.loss[:] = 7.0

    assert (nc.train(land, THETA, steps=3, callback=meddle).losses == nc.train(land, THETA, steps=3).losses).all()


def test_batches_of_any_shape_and_several_evaluators(land):
    """A run is the same, to rounding, alone, in a batch, and beside one of another circuit."""
    other = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3))
    alone = [nc.train(one, THETA[1], "momentum", 0.05, steps=9).losses for one in (land, other)]
    theta0 = np.broadcast_to(THETA[1], (2, 3, 2, 12))
    beside = nc.train([land, other], theta0, "momentum", 0.05, steps=9)
    assert beside.losses.shape == (10, 2, 3, 2)
    for number, losses in enumerate(alone):
        assert beside.losses[:, number] == pytest.approx(np.broadcast_to(losses[:, None, None], (10, 3, 2)), abs=1e-12)


def test_every_rule_is_found_by_its_name_and_goes_down(land):
    assert "natural-gradient" in RULES
    for name in set(RULES) - {"natural-gradient", "random-walk"}:
        run = nc.train(land, THETA, name, 0.05, steps=25)
        assert (run.losses[-1] < run.losses[0] - 0.01).all(), name
        assert run.optimizer == RULES[name](learning_rate=0.05)


def test_a_random_walk_has_steps_of_its_length_and_follows_from_its_seed(land):
    run = nc.train(land, THETA, nc.RandomWalk(0.1), steps=50, rng=5, path_every=1)
    assert np.linalg.norm(np.diff(run.path, axis=0), axis=-1) == pytest.approx(0.1)
    assert (run.losses == nc.train(land, THETA, nc.RandomWalk(0.1), steps=50, rng=5).losses).all()
    assert (run.losses != nc.train(land, THETA, nc.RandomWalk(0.1), steps=50, rng=6).losses).any()
    # the distance of 50 steps in 12 dimensions: E = 0.1² · 50, and twice that has probability below 1e-6 here
    assert (run.distance[-1] ** 2 < 1.0).all() and (run.distance[-1] ** 2 > 0.1).all()


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("COBYQA", "dogleg")])
def test_methods_of_scipy_find_what_scipy_finds(land, method):
    """The losses along the iterations are those of SciPy called by hand."""
    from scipy.optimize import minimize

    theta, seen = THETA[0], []
    asks = METHODS[method]
    further = {"jac": land.gradient} if asks != "value" else {}
    if asks == "hessian":
        further["hess"] = land.hessian

    def note(x, *more):
        seen.append(float(land.value(x)))
        if len(seen) == 6:
            raise StopIteration

    with suppress(StopIteration):
        minimize(lambda x: float(land.value(x)), theta, method=method, callback=note, **further)
    run = nc.train(land, np.array([theta, theta]), method, steps=6)
    count = min(len(seen), run.steps)
    assert count >= 1 and run.losses[1 : count + 1, 1] == pytest.approx(np.array(seen[:count]), abs=1e-6)
    assert run.losses[0].tolist() == pytest.approx([qiskit_loss(theta)] * 2, abs=1e-12)
    assert np.isnan(run.gradient_norms).all() == (asks == "value")
    if asks != "value":
        assert run.gradient_norms[-1] == pytest.approx(np.linalg.norm(land.gradient(run.theta), axis=1), abs=1e-12)


def test_scipy_says_when_it_has_converged_and_when_it_gives_up():
    run = nc.train(Bowl(), [[1.0, -2.0], [0.1, 0.3]], "bfgs", steps=100)
    assert run.stopped.tolist() == ["converged"] * 2 and run.losses[-1] == pytest.approx(np.zeros(2), abs=1e-12)
    run = nc.train(Bowl(), [1.0, -2.0], nc.ScipyMethod("Nelder-Mead", {"maxiter": 5}), steps=100)
    assert run.stopped == "gave up" and 3 <= run.steps <= 5
    assert nc.train(Bowl(), [1.0, -2.0], "cobyqa", steps=100).losses[-1] == pytest.approx(0.0, abs=1e-6)


def test_runs_of_scipy_are_evaluated_together():
    bowl = Bowl()
    nc.train(bowl, np.random.default_rng(1).normal(size=(7, 2)), "l-bfgs-b", steps=3)
    assert bowl.asked[0] == 7 and bowl.asked[1] == 7


# why runs stop


def test_stops_by_gradient_norm_each_run_for_itself():
    """L = x² / 2: x shrinks by 1 - η a step, so a run stops at a known step; a start at the minimum never moves."""
    run = nc.train(Bowl([1.0]), [[1.0], [0.1], [0.0]], "gd", 0.5, steps=20, gradient_norm=0.01)
    assert run.stopped.tolist() == ["gradient norm"] * 3 and run.steps == 7  # 2^-7 < 0.01 < 2^-6
    assert run.losses[:, 1].tolist() == pytest.approx([0.005 * 0.25 ** min(k, 4) for k in range(8)])
    assert not run.losses[:, 2].any()


def test_a_run_that_stopped_is_not_evaluated_again():
    bowl = Bowl([1.0])
    nc.train(bowl, [[1.0], [0.1], [0.0]], "gd", 0.5, steps=20, gradient_norm=0.01)
    assert bowl.asked == [3, 2, 2, 2, 2, 1, 1, 1]


def test_stops_by_patience():
    """Steps of two lengths of the bowl's width swing between two points: nothing improves."""
    run = nc.train(Bowl([1.0]), [1.0], "gd", 2.0, steps=50, patience=4)
    assert run.stopped == "patience" and run.steps == 4


def test_stops_by_time_and_by_its_callback():
    run = nc.train(Bowl(), [1.0, 1.0], steps=10**6, max_seconds=0.05, progress=False)
    assert run.stopped == "seconds" and 0 < run.steps < 10**6
    assert nc.train(Bowl(), [1.0, 1.0], callback=lambda step: step.step == 3).steps == 3

    def enough(step):
        if step.loss < 2.0:
            raise StopIteration

    run = nc.train(Bowl(), [1.0, 1.0], callback=enough)
    assert run.stopped == "callback" and run.losses[-1] < 2.0 <= run.losses[-2]


def test_a_loss_that_is_no_number_stops_a_run_before_that_step():
    run = nc.train(Bowl([-1.0, -1.0], wall=3.0), [[1.0, 0.0], [0.01, 0.0]], "gd", 1.0, steps=5)
    assert run.stopped.tolist() == ["not finite", "steps"]
    assert run.theta.tolist() == [[2.0, 0.0], [0.32, 0.0]]  # 4 would lie behind the wall
    assert np.isfinite(run.losses).all() and run.losses[1:, 0].tolist() == [-2.0] * 5


def test_angles_that_leave_the_floats_stop_a_run():
    run = nc.train(Bowl([-1.0]), [1e150], "gd", 1e300, steps=5)
    assert run.stopped == "not finite" and run.steps == 0 and run.theta.tolist() == [1e150]


def test_an_interruption_keeps_what_there_is(land):
    def interrupt(step):
        if step.step == 4:
            raise KeyboardInterrupt

    run = nc.train(land, THETA, steps=9, callback=interrupt)
    assert run.stopped.tolist() == ["interrupted"] * 2 and run.steps == 4
    whole = nc.train(land, THETA, steps=9)
    assert (run.losses == whole.losses[:5]).all()
    assert (nc.train(land, resume=run, steps=9).losses == whole.losses).all()


def test_what_a_callback_raises_passes_through_with_a_note(land, tmp_path):
    def fail(step):
        if step.step == 4:
            raise RuntimeError("no disk")

    with pytest.raises(RuntimeError, match="no disk") as caught:
        nc.train(land, THETA, steps=9, callback=fail, checkpoint=tmp_path / "run.npz")
    assert "The 4 steps that training had taken are kept" in caught.value.__notes__[0]
    kept = nc.TrainingRun.load(tmp_path / "run.npz")
    assert (kept.losses == nc.train(land, THETA, steps=4).losses).all()
    with pytest.raises(RuntimeError) as caught:
        nc.train(land, THETA, steps=9, callback=fail)
    assert "with checkpoint=path they would have been kept" in caught.value.__notes__[0]


# evaluators of every kind


def test_surrogates_and_sweeps_are_trained_like_the_landscape(land):
    exact = nc.train(land, THETA, steps=10).losses
    whole = nc.surrogate(land, order=13)
    assert nc.train(whole, THETA, steps=10).losses == pytest.approx(exact, abs=1e-10)
    assert (nc.train(land.exact, THETA, steps=10).losses == exact).all()
    assert nc.train(nc.Aer(device="CPU").prepare(land), THETA, steps=10).losses == pytest.approx(exact, abs=1e-10)


def test_training_begins_at_the_centre_of_a_large_circuit():
    """At the centre of 300 qubits: one step of the encoded gradient, which is ±1 there."""
    circuit, observable = nc.ansatz.mhea(300, 1), nc.observables.global_z(300)
    land = nc.Landscape(nc.encode(circuit, observable, parameter=7).circuit, observable)
    run = nc.train(land, land.center, steps=0)
    assert run.losses.shape == (1,) and run.gradient_norms[0] >= 1.0


def test_shots_are_told_and_deterministic_for_a_seed(land):
    """512 shots: the mean of the losses lies within five of its errors, as the variances tell them, of the exact one."""

    def trained(seed):
        return nc.train(nc.Aer(device="CPU", shots=512).prepare(land, rng=seed), THETA, steps=4)

    run = trained(3)
    assert (run.losses == trained(3).losses).all() and (run.losses != trained(4).losses).any()
    assert run.shots.tolist() == [512 * 2 * 25 * 3] * 5  # two runs, 25 circuits, three groups of terms
    assert run.frame().columns.tolist() == [
        "step", "run", "loss", "gradient_norm", "distance", "loss_variance", "gradient_variance", "shots", "seconds",
    ]  # fmt: skip
    exact = land.value(THETA)
    assert (np.abs(run.losses[0] - exact) < 5 * np.sqrt(run.loss_variances[0])).all() and (run.loss_variances > 0).all()
    size = np.linalg.norm(land.gradient(THETA), axis=1) ** 2 + run.gradient_variances[0]
    assert run.gradient_norms[0] ** 2 == pytest.approx(size, rel=0.3)


# what a run can be turned into


def test_to_dict_goes_through_json_and_frames_have_every_row(land):
    run = nc.train(land, THETA, "adam", 0.1, steps=4)
    told = json.loads(json.dumps(run.to_dict()))
    assert told["losses"] == run.losses.tolist() and told["optimizer"]["rule"] == "Adam"
    frame = run.frame()
    assert len(frame) == 10 and frame.query("run == 1")["loss"].tolist() == run.losses[:, 1].tolist()


def test_plot_draws_mean_and_band(land):
    run = nc.train(land, THETA, steps=4)
    axis = run.plot(label="plain")
    assert axis.lines[0].get_ydata() == pytest.approx(run.losses.mean(axis=1))
    assert len(axis.collections) == 1 and len(nc.train(land, THETA[0], steps=4).plot().collections) == 0


# wrong arguments


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"optimizer": "sgd"}, "optimizer is 'sgd'; expected one of 'gd', 'momentum'"),
        ({"optimizer": 3}, "optimizer is 3; expected one of"),
        ({"learning_rate": -0.1}, "learning_rate is -0.1; expected a positive, finite number"),
        ({"optimizer": nc.Adam(), "learning_rate": 0.1}, "learning_rate is 0.1, and Adam.* has settings of its own"),
        ({"optimizer": "cobyla", "learning_rate": 0.1}, "learning_rate is 0.1, and ScipyMethod"),
        ({"optimizer": "cobyqa"}, "SciPy runs one COBYQA at a time"),
        ({"steps": -1}, "steps is -1; expected an integer of at least 0"),
        ({"steps": 2.5}, "steps is 2.5; expected an integer"),
        ({"theta0": np.zeros(11)}, r"theta has shape \(11,\); expected \(..., 12\)"),
        ({"theta0": [[np.nan] * 12]}, r"theta\[0, 0\] is nan; expected finite angles"),
        ({"theta0": np.zeros((0, 12))}, r"theta0 has shape \(0, 12\); expected at least one initial point"),
        ({"theta0": None}, "theta0 is None; expected initial angles"),
        ({"gradient_norm": 0}, "gradient_norm is 0; expected a positive"),
        ({"patience": 0}, "patience is 0; expected an integer of at least 1"),
        ({"max_seconds": "long"}, "max_seconds is 'long'; expected a positive"),
        ({"callback": 3}, "callback is 3; expected a function"),
        ({"path_every": 0}, "path_every is 0; expected an integer of at least 1"),
        ({"rng": "seven"}, "rng is 'seven'; expected an integer"),
        ({"progress": 1}, "progress is 1; expected true or false"),
        ({"checkpoint": 3}, "checkpoint is 3; expected the path"),
        ({"checkpoint_seconds": -1}, "checkpoint_seconds is -1; expected a positive"),
    ],
)
def test_wrong_arguments_are_named(land, arguments, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.train(**{"evaluator": land, "theta0": THETA} | arguments)


@pytest.mark.parametrize(
    ("evaluator", "theta0", "text"),
    [
        (CIRCUIT, THETA, "evaluator is .*; expected an Evaluator"),
        ([], THETA, r"evaluator is \[\]; expected an Evaluator"),
        ([Bowl(), Bowl([1.0])], THETA, r"evaluator holds \[2, 1\] parameters"),
        ([Bowl(), Bowl()], np.zeros((3, 2)), r"theta0 has shape \(3, 2\); expected \(2, ..., 2\)"),
        ([Bowl()], np.zeros(2), r"theta0 has shape \(2,\); expected \(1, ..., 2\)"),
    ],
)
def test_wrong_evaluators_are_named(evaluator, theta0, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.train(evaluator, theta0)


def test_rules_name_what_they_need_and_what_is_wrong(land):
    with pytest.raises(nc.NearCliffordError, match="Newton needs hessian at every point, and a Bowl has no method"):
        nc.train(Bowl(), [1.0, 1.0], "newton")
    with pytest.raises(nc.NearCliffordError, match="SciPy's trust-exact needs hessian"):
        nc.train(Bowl(), [1.0, 1.0], "trust-exact")
    for make, text in [
        (lambda: nc.Adam(0.1, beta1=1.0), "beta1 is 1.0; expected a number of at least 0 and below 1"),
        (lambda: nc.RMSprop(decay=-0.1), "decay is -0.1"),
        (lambda: nc.Momentum(momentum=True), "momentum is True"),
        (lambda: nc.AMSGrad(epsilon=0.0), "epsilon is 0.0; expected a positive"),
        (lambda: nc.NaturalGradient(regularization=0), "regularization is 0"),
        (lambda: nc.GradientDescent(float("nan")), "learning_rate is nan"),
        (lambda: nc.ScipyMethod("Adam"), "method is 'Adam'; expected one of 'Nelder-Mead'"),
        (lambda: nc.ScipyMethod("BFGS", {"hess_inv0": np.eye(2)}), r"options\['hess_inv0'\] is array"),
        (lambda: nc.ScipyMethod("BFGS", [1]), r"options is \[1\]; expected a dict"),
    ]:
        with pytest.raises(nc.NearCliffordError, match=text):
            make()
    with pytest.raises(nc.NearCliffordError, match="step is 4; expected 0 to 3"):
        nc.train(land, THETA, steps=3).record(4)


def test_every_optimizer_is_rebuilt_from_its_repr():
    names = {kind: getattr(nc, kind) for kind in dir(nc)}
    for one in [*(rule() for rule in RULES.values()), nc.ScipyMethod("COBYLA", {"rhobeg": 0.1})]:
        assert eval(repr(one), names) == one
