"""Evaluators as functions of JAX and PyTorch, inside the transformations and optimizers of these libraries."""

from __future__ import annotations

import numpy as np
import pytest

import nearclifford as nc

LAND = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3))
EVALUATORS = {"landscape": LAND, "surrogate": nc.surrogate(LAND, 4), "taylor": nc.surrogate(LAND, 4, "taylor")}
POINTS = np.random.default_rng(3).normal(0, 0.4, (5, 12))


def trained_by_hand(steps=20, rate=0.05):
    theta = POINTS[0].copy()
    for _ in range(steps):
        theta -= rate * LAND.gradient(theta)
    return theta


@pytest.fixture
def jax():
    module = pytest.importorskip("jax")
    before = module.config.jax_enable_x64
    module.config.update("jax_enable_x64", True)
    yield module
    module.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("name", EVALUATORS)
def test_jax_transformations(jax, name):
    evaluator = EVALUATORS[name]
    loss = nc.to_jax(evaluator)
    value, gradient = evaluator.value_and_gradient(POINTS)
    np.testing.assert_allclose(loss(POINTS), value, rtol=0, atol=1e-14)
    np.testing.assert_allclose(jax.jit(loss)(POINTS[0]), value[0], rtol=0, atol=1e-14)
    np.testing.assert_allclose(jax.jit(jax.grad(loss))(POINTS[0]), gradient[0], rtol=0, atol=1e-14)
    np.testing.assert_allclose(jax.vmap(loss)(POINTS), value, rtol=0, atol=1e-14)
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(loss)))(POINTS), gradient, rtol=0, atol=1e-14)
    np.testing.assert_allclose(jax.vmap(loss, in_axes=1)(POINTS.T), value, rtol=0, atol=1e-14)
    both = jax.vmap(jax.value_and_grad(lambda theta: loss(theta) ** 2))(POINTS)
    np.testing.assert_allclose(both[1], 2 * value[:, None] * gradient, rtol=0, atol=1e-13)
    assert loss(np.zeros(12, dtype=int)) == pytest.approx(evaluator.value(np.zeros(12)))


def test_jax_in_single_precision(jax):
    loss = nc.to_jax(LAND)
    theta = jax.numpy.asarray(POINTS[0], dtype="float32")
    assert loss(theta).dtype == jax.grad(loss)(theta).dtype == np.float32
    np.testing.assert_allclose(jax.grad(loss)(theta), LAND.gradient(POINTS[0]), atol=1e-5)


def test_jax_trains(jax):
    gradient = jax.jit(jax.grad(nc.to_jax(LAND)))
    theta = jax.numpy.asarray(POINTS[0])
    for _ in range(20):
        theta = theta - 0.05 * gradient(theta)
    np.testing.assert_allclose(theta, trained_by_hand(), atol=1e-12)
    from jax.scipy.optimize import minimize

    found = minimize(nc.to_jax(LAND), jax.numpy.asarray(POINTS[0]), method="BFGS")
    assert found.fun < LAND.value(POINTS[0]) - 1
    assert found.fun == LAND.value(np.asarray(found.x))


@pytest.mark.parametrize("name", EVALUATORS)
def test_torch_transformations(name):
    torch = pytest.importorskip("torch")
    evaluator = EVALUATORS[name]
    loss, points = nc.to_torch(evaluator), torch.tensor(POINTS)
    value, gradient = evaluator.value_and_gradient(POINTS)
    np.testing.assert_allclose(loss(points), value, rtol=0, atol=1e-14)
    np.testing.assert_allclose(torch.func.grad(loss)(points[0]), gradient[0], rtol=0, atol=1e-14)
    np.testing.assert_allclose(torch.func.vmap(torch.func.grad(loss))(points), gradient, rtol=0, atol=1e-14)
    np.testing.assert_allclose(torch.func.vmap(loss, in_dims=1)(points.T), value, rtol=0, atol=1e-14)
    for part in (points[0], points, points[:4].reshape(2, 2, 12)):
        assert torch.autograd.gradcheck(loss, (part.clone().requires_grad_(),))
    single = points[0].to(torch.float32).requires_grad_()
    loss(single).backward()
    assert single.grad.dtype == torch.float32 and np.abs(single.grad.numpy() - gradient[0]).max() < 1e-5


def test_torch_trains():
    torch = pytest.importorskip("torch")
    theta = torch.nn.Parameter(torch.tensor(POINTS[0]))
    optimizer, loss = torch.optim.SGD([theta], lr=0.05), nc.to_torch(LAND)
    for _ in range(20):
        optimizer.zero_grad()
        loss(theta).backward()
        optimizer.step()
    np.testing.assert_allclose(theta.detach(), trained_by_hand(), atol=1e-12)
    theta = torch.nn.Parameter(torch.tensor(POINTS[0]))
    optimizer = torch.optim.Adam([theta], lr=0.1)
    for _ in range(50):
        optimizer.zero_grad()
        loss(theta).backward()
        optimizer.step()
    ours = nc.train(LAND, POINTS[0], optimizer=nc.Adam(0.1), steps=50)
    np.testing.assert_allclose(theta.detach(), ours.theta, atol=1e-6)


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_only_evaluators_are_wrapped(library):
    pytest.importorskip(library)
    with pytest.raises(nc.NearCliffordError, match="evaluator is a str; expected a Landscape"):
        getattr(nc, f"to_{library}")("landscape")
