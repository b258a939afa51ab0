"""Expected losses of a noisy quadratic, against plain simulation of many runs and closed forms."""

import numpy as np
import pytest

import nearclifford as nc
from nearclifford.training.noisy_quadratic import NoisyQuadratic

HESSIAN = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 0.0]])  # the last direction is flat
NOISE = np.array([0.04, 0.09, 0.01])
START = np.array([0.5, -0.8, 0.3])


def simulated(rule, steps, runs=20_000):
    """Losses of many runs of a rule written by hand, mean and standard error: shapes ``(steps + 1,)``."""
    rng, x = np.random.default_rng(4), np.tile(START, (runs, 1))
    memory, losses = {"m": np.zeros_like(x), "v": np.zeros_like(x)}, []
    for t in range(1, steps + 2):
        losses.append(((x @ HESSIAN) * x).sum(axis=1) / 2)
        gradient = x @ HESSIAN + rng.normal(size=x.shape) * np.sqrt(NOISE)
        x = x + rule(t, gradient, memory)
    return np.mean(losses, axis=1), np.std(losses, axis=1) / np.sqrt(runs)


def adam(t, g, memory):
    memory["m"] = 0.9 * memory["m"] + 0.1 * g
    memory["v"] = 0.999 * memory["v"] + 0.001 * g * g
    return -0.02 * memory["m"] / (1 - 0.9**t) / np.sqrt(memory["v"] / (1 - 0.999**t))


def test_descent_is_exact():
    """Within five standard errors at every step."""
    mean, error = simulated(lambda t, g, memory: -0.1 * g, 150)
    found = NoisyQuadratic(HESSIAN, NOISE).expected_losses(nc.GradientDescent(0.1), START, 150)
    assert (np.abs(found - mean) <= 5 * error + 1e-15).all()


@pytest.mark.parametrize(
    ("rule", "by_hand", "within"),
    [(nc.SignSGD(0.02), lambda t, g, memory: -0.02 * np.sign(g), 0.02), (nc.Adam(0.02), adam, 0.04)],
)
def test_signs_and_adam_follow_to_a_few_percent(rule, by_hand, within):
    """Of the loss where it has settled, and to 1 % of the first loss on the way: x is nearly normal, v̂ nearly its mean."""
    mean, _ = simulated(by_hand, 400)
    found = NoisyQuadratic(HESSIAN, NOISE).expected_losses(rule, START, 400)
    assert found == pytest.approx(mean, abs=0.01 * mean[0])
    assert found[300:] == pytest.approx(mean[300:], rel=within)


@pytest.mark.parametrize("rule", [nc.GradientDescent(0.001), nc.SignSGD(0.0005), nc.Adam(0.0005)])
def test_small_steps_end_at_the_closed_forms(rule):
    """Without flat directions, to 3 %."""
    patch = NoisyQuadratic(HESSIAN[:2, :2], NOISE[:2])
    ended = patch.expected_losses(rule, np.zeros(2), 12_000)[-1]
    assert ended == pytest.approx(patch.stationary_loss(rule), rel=0.03)


def test_other_rules_are_refused():
    for rule in (nc.RMSprop(), nc.AMSGrad(), nc.Momentum()):
        with pytest.raises(nc.NearCliffordError, match="expected a GradientDescent, a SignSGD or an Adam"):
            NoisyQuadratic(HESSIAN, NOISE).expected_losses(rule, START, 3)
        with pytest.raises(nc.NearCliffordError, match="expected a GradientDescent, a SignSGD or an Adam"):
            NoisyQuadratic(HESSIAN, NOISE).stationary_loss(rule)
