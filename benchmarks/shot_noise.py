"""Training under shot noise near an encoded minimum: measured and predicted losses of gradient descent, SignSGD and Adam.

    python benchmarks/shot_noise.py --figure docs/figures/shot_noise.png

The Ising ring of four qubits, mHEA, L = 2, with the encoder of `search_encoder`, trained to a minimum by BFGS. From there
40 runs of each rule go on with gradients that are measured with 8, 64 and 512 shots for each term and circuit. Their true
losses are averaged over the runs, and over the last half of the steps, and stand beside what the quadratic patch at that
minimum predicts (docs/theory.md, "Training under shot noise"), and beside the closed form for small steps. The error is
the standard error over runs. About five minutes on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import nearclifford as nc
from nearclifford.plots.style import STYLES, add_caption, save
from nearclifford.training.noisy_quadratic import NoisyQuadratic

SHOTS = (8, 64, 512)
MANY = 2**40
RULES = {
    "gradient descent": nc.GradientDescent(0.02),
    "SignSGD": nc.SignSGD(0.002),
    "Adam": nc.Adam(0.002),
}


def minimum():
    """Return the encoded landscape, and the angles of its minimum."""
    circuit, observable = nc.ansatz.mhea(4, 2), nc.observables.ising(4)
    land = nc.Landscape(nc.search_encoder(circuit, observable, "loss", progress=False).circuit, observable)
    run = nc.train(land, 0.3 * np.random.default_rng(7).normal(size=24), "bfgs", steps=2000, progress=False)
    return land, run.theta


def measured(land, theta, rule, shots, runs, steps):
    """Return the true losses, shape ``(steps + 1, runs)``, and the mean of their last half with its error."""
    losses = np.empty((steps + 1, runs))

    def note(step):
        losses[step.step] = land.value(step.theta)

    sampler = nc.ShotSampler(land, shots, rng=shots)
    nc.train(sampler, np.tile(theta, (runs, 1)), rule, steps=steps, callback=note, progress=False)
    late = losses[steps // 2 :].mean(axis=0)
    return losses, late.mean(), late.std(ddof=1) / np.sqrt(runs)


def figure(curves, path):
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(11, 3.8), layout="constrained")
    for panel, name in zip(drawn.subplots(1, len(RULES), sharey=True), RULES, strict=True):
        for (shots, (losses, predicted)), style in zip(curves[name].items(), STYLES, strict=False):
            mean, error = losses.mean(axis=1), losses.std(axis=1, ddof=1) / losses.shape[1] ** 0.5
            steps = np.arange(1, len(mean))
            panel.fill_between(steps, (mean - error)[1:], (mean + error)[1:], color=style.color, alpha=0.25, linewidth=0)
            panel.plot(mean[1:], color=style.color, linewidth=1.2, label=f"{shots} shots")
            panel.plot(predicted[1:], color=style.color, linewidth=1.2, linestyle=":")
        panel.set(title=f"{name}, η = {RULES[name].learning_rate}", xlabel="step", yscale="log")
        panel.grid(True, alpha=0.3, linewidth=0.6)
    drawn.axes[0].set_ylabel("loss above the minimum")
    drawn.axes[-1].legend(frameon=False, fontsize=8)
    caption = (
        "Full lines: mean true loss of the runs, bands its standard error; dotted: the quadratic patch. "
        "Ising ring, N = 4, mHEA, L = 2, encoded"
    )
    add_caption(drawn, caption, "benchmarks/shot_noise.py")
    save(drawn, path.with_suffix(""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    land, theta = minimum()
    least, hessian = land.value(theta), land.hessian(theta)
    variance = MANY * nc.ShotSampler(land, MANY, rng=1).measure(theta).gradient_variance
    print(f"minimum {least:.6f}, ‖∇L‖ {np.linalg.norm(land.gradient(theta)):.1e}, curvatures "
          f"{np.linalg.eigvalsh(hessian).round(3).tolist()}")  # fmt: skip
    print(f"{'rule':>17} {'shots':>6} {'measured':>20} {'patch':>10} {'closed form':>12}")
    curves = {name: {} for name in RULES}
    for name, rule in RULES.items():
        for shots in SHOTS:
            patch = NoisyQuadratic(hessian, variance / shots)
            predicted = patch.expected_losses(rule, np.zeros(len(theta)), options.steps)
            losses, late, error = measured(land, theta, rule, shots, options.runs, options.steps)
            ended = predicted[options.steps // 2 :].mean()
            told = f"{name:>17} {shots:6d} {f'{late - least:.6f} ± {error:.6f}':>20} {ended:10.6f}"
            print(f"{told} {patch.stationary_loss(rule):12.6f}", flush=True)
            curves[name][shots] = losses - least, predicted
    if options.figure is not None:
        figure(curves, options.figure)


if __name__ == "__main__":
    main()
