"""Files of surrogates that are damaged, tampered with, or cannot be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nearclifford as nc

MUTATIONS = Path(__file__).parents[1] / "benchmarks" / "mutated_surrogates.py"
KEPT = nc.surrogate(nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.heisenberg(3)), 4)


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.npz"
    KEPT.save(path)
    return path


def tampered(path, changes):
    """Write a file beside the good one with some arrays changed by functions, or left out for None."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    for name, change in changes.items():
        if change is None:
            del arrays[name]
        else:
            arrays[name] = np.array(change(arrays[name].copy()))
    bad = path.with_name("bad.npz")
    np.savez(bad, **arrays)
    return bad


def entry(place, value):
    def change(array):
        array.reshape(-1)[place] = value
        return array

    return change


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("tree_rotation", entry(3, 10**7), "step 3 of its paths"),
        ("tree_rotation", entry(1, -5), "step 1 of its paths"),
        ("tree_level", entry(2, 30_000), "step 2 of its paths"),
        ("tree_level", entry(0, 1), "step 0 of its paths"),
        ("tree_stays", entry(0, 2**30), "step . of its paths"),
        ("tree_stays", entry(0, -1), "step . of its paths"),
        ("tree_stays", lambda a: a[:-1], "tree_stay_start does not ascend from 0"),
        ("tree_stay_start", entry(1, 10**9), "tree_stay_start does not ascend from 0"),
        ("tree_stay_start", lambda a: a[:-1], "tree_stay_start has . entries|tree_stay_start has .* entries; expected"),
        ("tree_weight", entry(0, np.nan), "tree_weight holds nan"),
        ("tree_weight", lambda a: a.astype("f4"), "tree_weight has dtype float32; expected f8"),
        ("tree_weight", lambda a: a.astype(">f8"), "tree_weight has dtype >f8"),
        ("tree_n_levels", lambda a: a + 1, "tree_n_levels is 5; expected 1 to 4"),
        ("tree_n_levels", lambda a: 1, "step . of its paths"),
        ("tree_width", lambda a: 40, "tree_width is 40; expected 1 to 8"),
        ("order", lambda a: -3, "order is -3; expected 1 to"),
        ("order", lambda a: 0, "order is 0; expected 1 to"),
        ("order", None, "order is missing"),
        ("format", lambda a: [1, 2], "no number of a format"),
        ("format", lambda a: 3, "of format 3; this version of nearclifford reads 1 and 2"),
        ("format", lambda a: 2, "channels_after is missing"),
        ("kind", lambda a: "fourier", "is 'fourier'; expected one of 'pauli-path', 'taylor'"),
        ("n_qubits", lambda a: 2, "letters beyond 2 qubits"),
        ("n_qubits", lambda a: 2**40, r"generators_x has shape \(18, 1\)"),
        ("images_sign", entry(0, 3), "images_sign holds no"),
        ("generators_sign", lambda a: a[:-1], "generators_sign holds no"),
        ("term_coefficients", lambda a: a[:0], "term_coefficients is empty"),
        ("angles_entry_rotation", entry(0, 99), "angles_entry_rotation holds an index out of range"),
        ("angles_entry_parameter", entry(0, -1), "angles_entry_parameter holds an index out of range"),
        ("angles_center", lambda a: a[1:], "angles_center has 17 entries; expected 18"),
        ("angles_offset", lambda a: a + 1.0, "angles_offset holds an angle beyond"),
        ("angles_factor", lambda a: a[:, None], "angles_factor has 2 dimensions; expected 1"),
        ("angles_factor", lambda a: a.astype(object), "no surrogate that Surrogate.save wrote"),
    ],
)
def test_arrays_that_do_not_fit_are_named(good, name, change, words):
    with pytest.raises(nc.NearCliffordError, match=words) as caught:
        nc.Surrogate.load(tampered(good, {name: change}))
    assert "\n" not in str(caught.value)


def test_a_taylor_surrogate_has_no_fixed_angles(good):
    bad = tampered(good, {"kind": lambda a: "taylor", "angles_offset": entry(0, 0.1)})
    with pytest.raises(nc.NearCliffordError, match="a Taylor surrogate has fixed angles"):
        nc.Surrogate.load(bad)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"PK" + os.urandom(100),
        lambda data: b"",
        lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
        lambda data: b"order,kind\n1,taylor\n",
    ],
)
def test_damaged_files(good, damage):
    good.write_bytes(damage(good.read_bytes()))
    with pytest.raises(nc.NearCliffordError, match=r"good\.npz is no surrogate that Surrogate\.save wrote") as caught:
        nc.Surrogate.load(good)
    assert "\n" not in str(caught.value)


def test_a_single_array_is_no_surrogate(tmp_path):
    np.save(tmp_path / "one.npy", np.ones(3))
    with pytest.raises(nc.NearCliffordError, match=r"one\.npy is no surrogate"):
        nc.Surrogate.load(tmp_path / "one.npy")


def test_paths_are_named():
    for call in (KEPT.save, nc.Surrogate.load):
        with pytest.raises(nc.NearCliffordError, match="path is 3; expected the path"):
            call(3)


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(
        nc.NearCliffordError, match="No such file or directory; expected a place for the file of a surrogate"
    ):
        KEPT.save(tmp_path / "missing" / "kept.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(nc.NearCliffordError, match="Is a directory"):
        KEPT.save(tmp_path / "folder.npz")
    with pytest.raises(nc.NearCliffordError, match="Is a directory"):
        nc.Surrogate.load(tmp_path / "folder.npz")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk(tmp_path):
    (tmp_path / "full.npz").symlink_to("/dev/full")
    with pytest.raises(nc.NearCliffordError, match="No space left on device"):
        KEPT.save(tmp_path / "full.npz")


def test_a_write_that_fails_leaves_the_file(good, monkeypatch):
    before = good.read_bytes()

    def fails(*arguments, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", fails)
    with pytest.raises(nc.NearCliffordError, match="No space left on device"):
        KEPT.save(good)
    assert good.read_bytes() == before and os.listdir(good.parent) == ["good.npz"]


def test_hundreds_of_mutations_are_refused_or_give_numbers(tmp_path):
    script = shutil.copy(MUTATIONS, tmp_path)
    run = subprocess.run([sys.executable, script, "--mutations", "300", "--seed", "7"], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "300 damaged surrogates" in run.stdout
