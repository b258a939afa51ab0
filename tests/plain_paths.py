"""Pauli paths by trying every branch over stim's strings, and mean squares over a patch from them."""

from collections import defaultdict

import numpy as np


def plain_paths(land, flips):
    """Return {(term, flips): (weight, stays)} of the paths with at most so many flips, by trying every branch."""
    turns = [land.problem.generators.to_stim(j) for j in range(land.problem.n_rotations)]
    found = {}

    def walk(term, string, j, flipped, stayed):
        while j >= 0 and string.commutes(turns[j]):
            j -= 1
        if j < 0:
            if not string.to_numpy()[0].any():
                found[term, flipped] = (land.problem.coefficients[term] * string.sign.real, frozenset(stayed))
            return
        walk(term, string, j - 1, flipped, (*stayed, j))
        if len(flipped) < flips:
            walk(term, 1j * (turns[j] * string), j - 1, (*flipped, j), stayed)

    for term in range(len(land.problem.images)):
        walk(term, land.problem.images.to_stim(term), len(turns) - 1, (), ())
    return found


def plain_tail(land, patch, order):
    """Return E[(L - L_m)²]: paths of the same flips multiply, and each rotation gives the mean of its sines and cosines."""
    cosine, sine_square = float(patch.cosine_mean()), float(patch.sine_square_mean())
    members = defaultdict(list)
    for (_, flips), path in plain_paths(land, land.problem.n_rotations).items():
        if len(flips) >= order:
            members[flips].append(path)
    total = 0.0
    for flips, paths in members.items():
        for weight, stays in paths:
            for other, others in paths:
                moments = (
                    sine_square ** len(flips) * (1 - sine_square) ** len(stays & others) * cosine ** len(stays ^ others)
                )
                total += weight * other * moments
    return float(np.float64(total))
