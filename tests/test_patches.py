"""Patches: their moments against quadrature, series in high precision and samples; and what they refuse."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import numpy as np
import pytest
from scipy import integrate

from nearclifford.errors import NearCliffordError
from nearclifford.patches import Gaussian, Patch, Uniform

WIDTHS = [1e-6, 0.01, 0.049, 0.051, 0.3, 1.0, 2.0]


def quadrature(patch: Patch, width: float, function) -> float:
    """Integrate an even function of the displacement over the density of the patch."""
    if isinstance(patch, Uniform):
        return integrate.quad(lambda t: function(t) / width, 0, width, epsabs=1e-14)[0]
    density = 2 / np.sqrt(2 * np.pi)
    return integrate.quad(lambda u: function(width * u) * density * np.exp(-(u**2) / 2), 0, 12, epsabs=1e-14)[0]


@pytest.mark.parametrize("kind", [Gaussian, Uniform])
@pytest.mark.parametrize("width", WIDTHS)
def test_moments_are_integrals(kind, width: float) -> None:
    patch = kind(width)
    assert patch.cosine_mean() == pytest.approx(quadrature(patch, width, np.cos), abs=1e-12)
    assert patch.cosine_square_mean() == pytest.approx(quadrature(patch, width, lambda t: np.cos(t) ** 2), abs=1e-12)
    assert patch.sine_square_mean() == pytest.approx(quadrature(patch, width, lambda t: np.sin(t) ** 2), abs=1e-12)


@pytest.mark.parametrize("width", [1e-150, 1e-9, 1e-4, 0.03, 0.0499, 0.0501, 0.2])
def test_sine_square_keeps_its_relative_precision(width: float) -> None:
    # exact rational series: sin² t = -Σ (-1)^k (2t)^2k / (2 (2k)!), with E t^2k of each distribution
    w = Fraction(width)
    gaussian = sum((-1) ** (k + 1) * (2 * w * w) ** k / factorial(k) for k in range(1, 14)) / 2
    uniform = sum((-1) ** (k + 1) * (2 * w) ** (2 * k) / factorial(2 * k + 1) for k in range(1, 14)) / 2
    # 1 - sinc loses up to a factor 1/u² of the machine precision just above the series' range
    assert float(Gaussian(width).sine_square_mean()) == pytest.approx(float(gaussian), rel=1e-14, abs=0)
    assert float(Uniform(width).sine_square_mean()) == pytest.approx(float(uniform), rel=3e-13, abs=0)


@pytest.mark.parametrize("kind", [Gaussian, Uniform])
def test_samples_have_the_moments(kind) -> None:
    widths = [0.2, 1.1]
    patch, n = kind(widths), 40_000
    t = patch.sample((n, 2), rng=np.random.default_rng(3))
    for draws, expected in (
        (np.cos(t), patch.cosine_mean()),
        (np.sin(t) ** 2, patch.sine_square_mean()),
        (np.sin(t), np.zeros(2)),
        (np.sin(t) * np.cos(t), np.zeros(2)),
        (np.prod(np.sin(t), axis=1, keepdims=True), np.zeros(1)),
    ):
        assert np.all(np.abs(draws.mean(axis=0) - expected) < 5 * draws.std(axis=0) / np.sqrt(n))
    if kind is Uniform:
        assert np.all(np.abs(t).max(axis=0) <= widths)


@pytest.mark.parametrize("patch", [Gaussian(0.1), Uniform(1 / 3), Gaussian((0.1, 0.2)), Uniform(np.array([0.3, 4.0]))])
def test_repr_rebuilds_an_equal_patch(patch: Patch) -> None:
    rebuilt = eval(repr(patch), {"Gaussian": Gaussian, "Uniform": Uniform})
    assert rebuilt == patch
    assert hash(rebuilt) == hash(patch)


def test_patches_of_another_kind_or_width_differ() -> None:
    assert Gaussian(0.1) != Uniform(0.1)
    assert Gaussian(0.1) != Gaussian(0.2)
    assert Gaussian([0.1, 0.2]) == Gaussian(np.array([0.1, 0.2]))


def test_width_of_each_parameter() -> None:
    assert Uniform(0.5).for_parameters(3).tolist() == [0.5, 0.5, 0.5]
    assert Gaussian([0.1, 0.2]).for_parameters(2).tolist() == [0.1, 0.2]
    assert Gaussian([0.1, 0.2]).sample((4, 5, 2), rng=np.random.default_rng(0)).shape == (4, 5, 2)
    with pytest.raises(NearCliffordError, match="2 widths; expected 3"):
        Gaussian([0.1, 0.2]).for_parameters(3)
    with pytest.raises(NearCliffordError, match="2 widths; expected 3"):
        Gaussian([0.1, 0.2]).sample((4, 3), rng=np.random.default_rng(0))


BAD_WIDTHS = [0, -0.1, np.nan, np.inf, [0.1, 0.0], [], [[0.1]], "wide", None, 1j, [[1], [1, 2]], [None], 9e307, 1e200, {}]


@pytest.mark.parametrize("width", BAD_WIDTHS)
@pytest.mark.parametrize(("kind", "name"), [(Gaussian, "sigma"), (Uniform, "half_width")])
def test_bad_widths(kind, name: str, width) -> None:
    with pytest.raises(NearCliffordError, match=name):
        kind(width)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("width", [5e-324, 1e-300, 1e-160, 1e15])
@pytest.mark.parametrize("kind", [Gaussian, Uniform])
def test_the_widest_and_the_narrowest(kind, width: float) -> None:
    patch = kind(width)
    narrow = width < 1
    assert patch.cosine_mean() == pytest.approx(1.0 if narrow else 0.0, abs=1e-14)
    assert patch.sine_square_mean() == pytest.approx(0.0 if narrow else 0.5, abs=1e-14)
    assert np.isfinite(patch.sample((1000, 1), rng=np.random.default_rng(1))).all()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda patch: patch.sample("x", rng=1), "shape is 'x'; expected a sequence"),
        (lambda patch: patch.sample((), rng=1), "shape is empty"),
        (lambda patch: patch.sample((2, -3), rng=1), "an entry of shape is -3"),
        (lambda patch: patch.sample((2, 3), rng="seed"), "rng is 'seed'"),
        (lambda patch: patch.for_parameters(None), "n_parameters is None"),
        (lambda patch: patch.for_parameters(10**30), "n_parameters is 1000"),
    ],
)
def test_bad_requests(call, text: str) -> None:
    with pytest.raises(NearCliffordError, match=text):
        call(Gaussian(0.1))


@pytest.mark.parametrize("width", [1e-3, 0.4, 2.9, 3.1, 60.0, 150.3, 1e9])
def test_means_of_periodic_functions_in_narrow_and_wide_patches(width):
    """Means of cos 4t are exp(-8σ²) and sin(4r) / 4r; |cos 2t| has kinks where the quadrature is cut."""

    def function(t):
        return 1 + np.cos(4 * t) + 0.3 * np.cos(8 * t)

    gaussian = 1 + np.exp(-8 * width**2) + 0.3 * np.exp(-32 * width**2)
    uniform = 1 + np.sin(4 * width) / (4 * width) + 0.3 * np.sin(8 * width) / (8 * width)
    assert Gaussian(width).periodic_mean(function) == pytest.approx(gaussian, rel=1e-12)
    assert Uniform(width).periodic_mean(function) == pytest.approx(uniform, rel=1e-9 if width > 1e6 else 1e-12)
    if width <= 60:
        kinks = np.append(np.arange(np.pi / 4, width, np.pi / 4), width)
        sizes = np.diff(np.concatenate([[0.0], kinks]))
        pieces = [integrate.quad(lambda t: abs(np.cos(2 * t)), b - size, b)[0] for b, size in zip(kinks, sizes, strict=True)]
        exact = np.sum(pieces)
        assert Uniform(width).periodic_mean(lambda t: np.abs(np.cos(2 * t))) == pytest.approx(exact / width, rel=1e-10)


def test_means_of_periodic_functions_take_the_shape_of_the_width():
    one, two = Gaussian(0.3), Gaussian([0.3, 0.7, 0.3])
    found = two.periodic_mean(lambda t: np.cos(4 * t))
    assert found.shape == (3,) and found[0] == found[2] == one.periodic_mean(lambda t: np.cos(4 * t)) != found[1]
