"""The search for paths against a plain recursion over stim's Pauli strings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nearclifford as nc
from nearclifford.kernels.paths.tree import list_paths
from nearclifford.surrogates import paths, walks
from nearclifford.surrogates.paths import find_path_tree
from nearclifford.surrogates.prediction import predict_paths
from plain_paths import plain_paths
from random_circuits import random_circuit, random_observable


def tree_paths(tree):
    """Return a sorted list of (flips, weight, stays); terms are not told apart."""
    count = np.count_nonzero((tree.rotation == -1) & (tree.weight != 0))
    flips, n_stays, start, stays = list_paths(tree, np.ones(count, dtype=bool))
    weights = tree.weight[(tree.rotation == -1) & (tree.weight != 0)]
    found = []
    for path in range(count):
        stayed = frozenset(stays[start[path] : start[path + 1]].tolist())
        assert len(stayed) == n_stays[path] == start[path + 1] - start[path]
        found.append((tuple(flips[path][flips[path] >= 0].tolist()), round(float(weights[path]), 12), sorted(stayed)))
    return sorted(found)


@pytest.mark.parametrize("width", [1, 3, 6])
@given(seed=st.integers(0, 2**32), order=st.integers(1, 9))
def test_all_paths_are_found_once(width, seed, order):
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, int(rng.integers(1, 5)), 12)
    land = nc.Landscape(circuit, random_observable(rng, circuit.num_qubits, 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "_table_width", lambda n_paths: width)
        short = float(rng.choice([0.5, 1e5]))
        for module in (paths, walks):
            patch.setattr(module, "SHORT_WALK", short)
        tree = find_path_tree(land, order, 2**30, 600.0, progress=False)
    expected = plain_paths(land, order - 1)
    as_list = [(flips, round(float(weight), 12), sorted(stays)) for (_, flips), (weight, stays) in expected.items()]
    assert tree_paths(tree) == sorted(as_list)


@pytest.mark.parametrize(("n_qubits", "order"), [(63, 3), (64, 3), (65, 2), (65, 3), (129, 3), (140, 3), (140, 4)])
def test_word_boundaries(n_qubits, order):
    """Few rotations among many qubits, spread over the words by a long chain of CX; of 140 qubits half are active."""
    rng = np.random.default_rng(n_qubits)
    circuit = nc.ansatz.mhea(n_qubits, 1)
    fixed = dict.fromkeys(list(circuit.parameters)[n_qubits + 12 :], 0.0)
    circuit.assign_parameters(fixed, inplace=True)
    land = nc.Landscape(circuit, random_observable(rng, n_qubits, 4) + nc.observables.global_z(n_qubits))
    tree = find_path_tree(land, order, 2**30, 600.0, progress=False)
    expected = plain_paths(land, order - 1)
    as_list = [(flips, round(float(weight), 12), sorted(stays)) for (_, flips), (weight, stays) in expected.items()]
    assert tree_paths(tree) == sorted(as_list)
    assert len(as_list) >= 1
    assert (land.active_qubits > walks.MOST_COORDINATES) == (n_qubits > 129)


@given(seed=st.integers(0, 2**32), order=st.integers(2, 6))
def test_keys_of_either_kind_give_the_same_tree(seed, order):
    """Coordinates, which tell where a flip is needed at the latest, and random sums of bits, which do not."""
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, int(rng.integers(1, 6)), 25)
    land = nc.Landscape(circuit, random_observable(rng, circuit.num_qubits, 4))
    with pytest.MonkeyPatch.context() as patch:
        trees = []
        for most in (64, -1):
            patch.setattr(walks, "MOST_COORDINATES", most)
            trees.append(find_path_tree(land, order, 2**30, 600.0, progress=False))
    for one, other in zip(*trees, strict=True):
        assert np.array_equal(one, other)


def test_tables_grow_with_the_flips_and_are_guarded():
    """Up to two flips no table of pairs of rotations is made, and rows only of the rotations that flip in a path."""
    land = nc.Landscape(nc.ansatz.mhea(70, 4), nc.observables.global_z(70))
    [walk] = walks.walks_of(land, 2, progress=False)
    assert walk.tables.meets.rows.shape == (0, -(-walk.n_rotations // 64))
    part, paths = walks.Part(walk, 0, walk.n_rotations, 2), np.array([[9, 2], [9, -1], [5, 2]], np.int32)
    [filled] = walks.with_meetings([part], [paths], 2**20)
    assert np.flatnonzero(filled.walk.tables.meets.place >= 0).tolist() == [2, 5, 9]
    with pytest.raises(nc.ResourceError, match=rf"tables of {walk.n_rotations} rotations, which take .*; max_bytes is 10 B"):
        walks.with_meetings([part], [paths], 10)
    [deeper] = walks.walks_of(land, 3, progress=False)
    assert len(deeper.tables.meets.rows) == deeper.n_rotations
    assert walks.with_meetings([walks.Part(deeper, 0, 1, 3)], [paths], 0)[0].walk.tables is deeper.tables


@pytest.mark.parametrize("order", [2, 3, 5, 6])
def test_predictions_are_unbiased(order):
    """The mean of 20 predictions lies within 4.5 standard errors of the count: a false alarm in 1e5."""
    land = nc.Landscape(nc.ansatz.mhea(6, 6), nc.observables.global_z(6))
    count = np.count_nonzero(find_path_tree(land, order, 2**30, 600.0, progress=False).rotation == -1)
    rng = np.random.default_rng(order)
    found = [predict_paths(land, order, rng) for _ in range(20)]
    mean, error = np.mean([p.n_paths for p in found]), np.sqrt(np.sum([p.n_paths_error**2 for p in found])) / 20
    assert abs(mean - count) <= 4.5 * error + 1e-9
    assert found[0].nodes >= 1
