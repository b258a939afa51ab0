"""The sweep against a plain twin: dense vectors, one rotation after another, written from the formula."""

import subprocess
import sys

import numba
import numpy as np
import pytest

from nearclifford.kernels.sweep import gradient as kernels
from nearclifford.kernels.sweep.observable import Terms
from nearclifford.kernels.sweep.schedule import make_schedule


def apply_pauli(pauli, state):
    """(G ψ)[a] = sign * i^power (-1)^{z·b} ψ[b] with b = a ^ x."""
    x, z, sign, power = pauli
    source = np.arange(len(state)) ^ x
    signs = 1 - 2 * np.array([(z & int(b)).bit_count() % 2 for b in source])
    return sign * 1j**power * signs * state[source]


def plain_value_and_gradient(n_bits, paulis, observable, angles):
    state = np.zeros(2**n_bits, dtype=complex)
    state[0] = 1
    for pauli, angle in zip(paulis, angles, strict=True):
        state = np.cos(angle / 2) * state - 1j * np.sin(angle / 2) * apply_pauli(pauli, state)
    adjoint = sum(weight * apply_pauli(pauli, state) for weight, pauli in observable)
    value = np.vdot(state, adjoint).real
    gradient = np.zeros(len(paulis))
    for j in reversed(range(len(paulis))):
        gradient[j] = np.vdot(adjoint, apply_pauli(paulis[j], state)).imag
        back = lambda v, p=paulis[j], a=angles[j]: np.cos(a / 2) * v + 1j * np.sin(a / 2) * apply_pauli(p, v)  # noqa: E731
        state, adjoint = back(state), back(adjoint)
    return value, gradient


def random_pauli(rng, n_bits, diagonal=False):
    x, z = (0 if diagonal else int(rng.integers(2**n_bits))), int(rng.integers(2**n_bits))
    return x, z, int(rng.choice([-1, 1])), (x & z).bit_count() % 4


def columns(paulis):
    x, z, sign, power = zip(*paulis, strict=True) if paulis else ((), (), (), ())
    return np.array(x, np.uint64), np.array(z, np.uint64), np.array(sign, float), np.array(power, np.int64)


def terms_of(observable):
    ordered = sorted(observable, key=lambda term: term[1][0])
    x, z, sign, power = columns([pauli for _, pauli in ordered])
    parts, start = np.unique(x, return_index=True)
    weight = np.array([weight for weight, _ in ordered]) * sign * (1.0 - 2.0 * (power // 2))
    return Terms(parts, np.append(start, len(x)), z, weight, power % 2 == 1)


def run(kind, n_bits, paulis, observable, angles):
    schedule, terms = make_schedule(n_bits, *columns(paulis)), terms_of(observable)
    value, gradient = np.full(len(angles), np.nan), np.full(angles.shape, np.nan)
    state = np.full((numba.get_num_threads(), 4, 2**n_bits // 8, 8), np.nan)
    if kind == "batch":
        kernels.batch_gradients(schedule, terms, angles, state, value, gradient)
    elif kind == "wide":
        kernels.wide_gradients(schedule, terms, angles, state[0], value, gradient)
    else:
        kernels.serial_gradients(schedule, terms, angles, state[0], value, gradient)
    return value, gradient


CASES = [(n_bits, n_rotations) for n_bits in (5, 6, 8, 9, 10, 11) for n_rotations in (0, 1, 3, 40, 150)]


@pytest.mark.parametrize("kind", ["batch", "wide"])
@pytest.mark.parametrize(("n_bits", "n_rotations"), CASES)
def test_equals_plain_twin(kind, n_bits, n_rotations):
    rng = np.random.default_rng([n_bits, n_rotations])
    paulis = [random_pauli(rng, n_bits, diagonal=rng.random() < 0.4) for _ in range(n_rotations)]
    observable = [(rng.normal(), random_pauli(rng, n_bits, diagonal=rng.random() < 0.3)) for _ in range(6)]
    angles = rng.normal(size=(3, n_rotations))
    value, gradient = run(kind, n_bits, paulis, observable, angles)
    for row in range(3):
        expected_value, expected_gradient = plain_value_and_gradient(n_bits, paulis, observable, angles[row])
        assert abs(value[row] - expected_value) < 1e-12
        assert np.abs(gradient[row] - expected_gradient).max(initial=0.0) < 1e-12


@pytest.mark.parametrize("angle", [np.pi, -np.pi, np.pi * (1 - 1e-9), 2 * np.pi, 3 * np.pi, 0.0, 1e6])
@pytest.mark.parametrize("n_rotations", [9, 80])
def test_extreme_angles_lose_nothing(angle, n_rotations):
    """Half turns make the cosine that a pass leaves out vanish to rounding: tan(π/2) is 1.6e16 in float64."""
    n_bits = 7
    rng = np.random.default_rng(n_rotations)
    paulis = [random_pauli(rng, n_bits) for _ in range(n_rotations)]
    observable = [(1.0, random_pauli(rng, n_bits)) for _ in range(4)]
    angles = np.full((1, n_rotations), angle)
    angles[0, ::5] = rng.normal(size=len(angles[0, ::5]))
    value, gradient = run("batch", n_bits, paulis, observable, angles)
    expected_value, expected_gradient = plain_value_and_gradient(n_bits, paulis, observable, angles[0])
    assert abs(value[0] - expected_value) < 1e-11
    assert np.abs(gradient[0] - expected_gradient).max() < 1e-11


@pytest.mark.parametrize("x_part", [0, 1, 2, 3, 7])
def test_rotations_on_the_lowest_bits_only(x_part):
    """Lanes are the lowest bits unless a rotation lives there: then they are gathered one by one."""
    n_bits = 9
    rng = np.random.default_rng(x_part)
    zs = rng.integers(2**n_bits, size=30)
    paulis = [(x_part, int(z), 1, (x_part & int(z)).bit_count() % 4) for z in zs]
    observable = [(0.7, random_pauli(rng, n_bits, diagonal=True)), (-0.2, (x_part, 3, 1, (x_part & 3).bit_count()))]
    angles = rng.normal(size=(2, 30))
    value, gradient = run("wide", n_bits, paulis, observable, angles)
    for row in range(2):
        expected_value, expected_gradient = plain_value_and_gradient(n_bits, paulis, observable, angles[row])
        assert abs(value[row] - expected_value) < 1e-13
        assert np.abs(gradient[row] - expected_gradient).max() < 1e-13


def test_same_bits_for_any_number_of_threads_and_either_kernel():
    n_bits = 13
    rng = np.random.default_rng(5)
    paulis = [random_pauli(rng, n_bits) for _ in range(60)]
    observable = [(rng.normal(), random_pauli(rng, n_bits)) for _ in range(5)]
    angles = rng.normal(size=(3, 60))
    threads = numba.get_num_threads()
    results = []
    for count in {1, threads}:
        numba.set_num_threads(count)
        results += [run(kind, n_bits, paulis, observable, angles) for kind in ("serial", "batch", "wide")]
    numba.set_num_threads(threads)
    for value, gradient in results[1:]:
        assert np.array_equal(value, results[0][0])
        assert np.array_equal(gradient, results[0][1])


def test_values_equal_those_beside_the_gradient():
    n_bits = 10
    rng = np.random.default_rng(6)
    paulis = [random_pauli(rng, n_bits) for _ in range(50)]
    observable = [(rng.normal(), random_pauli(rng, n_bits)) for _ in range(5)]
    angles = rng.normal(size=(3, 50))
    schedule, terms = make_schedule(n_bits, *columns(paulis)), terms_of(observable)
    state = np.empty((numba.get_num_threads(), 4, 2**n_bits // 8, 8))
    batch, wide = np.empty(3), np.empty(3)
    kernels.batch_values(schedule, terms, angles, state, batch)
    kernels.wide_values(schedule, terms, angles, state[0], wide)
    expected, _ = run("batch", n_bits, paulis, observable, angles)
    assert np.array_equal(batch, expected)
    assert np.array_equal(wide, expected)


def test_schedule_moves_only_commuting_rotations():
    """The schedule must be a permutation that keeps the order of every pair that does not commute."""
    n_bits = 12
    rng = np.random.default_rng(7)
    paulis = [random_pauli(rng, n_bits, diagonal=rng.random() < 0.5) for _ in range(200)]
    schedule = make_schedule(n_bits, *columns(paulis))
    assert sorted(schedule.order) == list(range(200))
    assert not np.array_equal(schedule.order, np.arange(200))
    place = np.argsort(schedule.order)
    for i in range(200):
        for j in range(i + 1, 200):
            (x1, z1, _, _), (x2, z2, _, _) = paulis[i], paulis[j]
            if ((x1 & z2).bit_count() + (z1 & x2).bit_count()) % 2:
                assert place[i] < place[j]


def test_nothing_is_compiled_at_import():
    check = (
        "import nearclifford as nc, sys; [getattr(nc, name) for name in nc.__all__]; "
        "from numba.core.registry import CPUDispatcher as D; "
        "compiled = [f for name, m in sys.modules.items() if name.startswith('nearclifford') "
        "for f in vars(m).values() if isinstance(f, D)]; "
        "assert len(compiled) > 20; assert not any(f.signatures for f in compiled)"
    )
    subprocess.run([sys.executable, "-c", check], check=True)
