"""Damage files of surrogates in thousands of ways: each is refused by a `NearCliffordError` or gives numbers, none crashes.

    python benchmarks/mutated_surrogates.py [--mutations N] [--seed K]

Arrays of good files get other values, shapes and dtypes, or are dropped or replaced; bytes of the archive are flipped, cut
and doubled. What loads is evaluated: value, gradient and Hessian. All of it runs in a process of its own, so that a crash is
counted, with the mutation that led to it.
"""

import argparse
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import nearclifford as nc

ODD = (0, 1, -1, 2, 7, -2, 63, 64, 2**15 - 1, 2**31 - 1, -(2**31), 2**53, 2**63 - 1, -(2**63))


def good_files():
    """Return the bytes of a few surrogates: both kinds, one and several terms, words beyond 64 qubits, shared parameters."""
    shared = nc.ansatz.mhea(2, 2)
    shared.assign_parameters({shared.parameters[k]: 2 * shared.parameters[0] for k in (3, 5)}, inplace=True)
    cases = (
        (nc.ansatz.mhea(3, 2), nc.observables.global_z(3), 4, "pauli-path"),
        (nc.ansatz.mhea(3, 2), nc.observables.heisenberg(3), 5, "taylor"),
        (nc.ansatz.mhea(70, 1), nc.observables.global_z(70), 2, "taylor"),
        (shared, nc.observables.global_xyz(2), 30, "pauli-path"),
    )
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for circuit, observable, order, kind in cases:
            path = Path(folder) / "good.npz"
            nc.surrogate(nc.Landscape(circuit, observable), order, kind=kind).save(path)
            found.append(path.read_bytes())
    return found


def with_bytes_changed(content, rng):
    """Return an archive with bytes flipped, cut off, doubled or overwritten."""
    data = bytearray(content)
    how, where = rng.integers(5), int(rng.integers(len(data)))
    if how == 0:
        for place in rng.integers(len(data), size=int(rng.integers(1, 9))):
            data[place] ^= 1 << int(rng.integers(8))
    elif how == 1:
        del data[where:]
    elif how == 2:
        data[where:where] = data[where : where + 64]
    elif how == 3:
        data[where : where + 16] = rng.bytes(16)
    else:
        data = bytearray(b"PK" + rng.bytes(40))
    return bytes(data)


def with_entry_changed(array, rng):
    """Return an array of which one entry, or a few, are something else."""
    if array.dtype.kind == "U":
        return np.array(["path", "", "taylor"][rng.integers(3)]) if array.ndim == 0 else array[::-1].copy()
    changed = array.copy()
    flat = changed.reshape(-1)
    for place in rng.integers(max(flat.size, 1), size=int(rng.integers(1, 4))) if flat.size else ():
        if array.dtype.kind == "f":
            flat[place] = rng.choice([np.nan, np.inf, 0.0, -1e308, 1e-320, flat[place] + 1.0])
        else:
            value = int(rng.choice(ODD)) if rng.random() < 0.5 else int(flat[place]) + int(rng.integers(-2, 3))
            flat[place] = np.array(value % 2**64, dtype=np.uint64).astype(array.dtype)
    return changed


def with_array_changed(content, rng):
    """Return an archive with one array changed, dropped, reshaped, of another dtype, or swapped with another."""
    with np.load(io.BytesIO(content)) as file:
        arrays = {name: file[name] for name in file.files}
    name = str(rng.choice(list(arrays)))
    array, how = arrays[name], rng.integers(8)
    if how <= 3:
        arrays[name] = with_entry_changed(array, rng)
    elif how == 4:
        del arrays[name]
    elif how == 5:
        arrays[name] = [array[..., None], array.reshape(-1)[: int(rng.integers(array.size + 1))], array[None]][
            rng.integers(3)
        ]
    elif how == 6:
        kind = ["f4", "i8", "u1", ">f8", "c16", "O", "U8", "?"][rng.integers(8)]
        arrays[name] = array.astype(kind) if array.dtype.kind != "U" or kind in ("O", "U8") else np.zeros(3, kind)
    else:
        arrays[name] = arrays[str(rng.choice(list(arrays)))]
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def try_file(path):
    """Return "refused" or "loaded"; anything else is raised, or ends the process."""
    try:
        kept = nc.Surrogate.load(path)
    except nc.NearCliffordError as error:
        if "\n" in str(error):
            raise AssertionError(f"more than one line: {error}") from error
        return "refused"
    theta = np.random.default_rng(1).normal(size=(3, kept.n_parameters))
    try:
        kept.value(theta), kept.gradient(theta), kept.hessian(theta[0]), kept.n_paths, repr(kept)
    except nc.NearCliffordError:
        return "refused"
    return "loaded"


def try_all(mutations, seed, log):
    """Try mutations one after another, noting each before it is tried."""
    good, rng, counts = good_files(), np.random.default_rng(seed), {"refused": 0, "loaded": 0}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bad.npz"
        for number in range(mutations):
            change = with_bytes_changed if rng.random() < 0.3 else with_array_changed
            path.write_bytes(change(good[number % len(good)], rng))
            log.write(f"{number}\n")
            log.flush()
            counts[try_file(path)] += 1
    return counts


def main(arguments=None):
    """Return 0 where nothing crashed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--here", metavar="LOG", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.here:
        with open(options.here, "w") as log:
            counts = try_all(options.mutations, options.seed, log)
        print(
            f"{options.mutations} damaged surrogates: {counts['refused']} refused, {counts['loaded']} loaded and evaluated"
        )
        return 0
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        again = [sys.executable, __file__, "--mutations", str(options.mutations), "--seed", str(options.seed), "--here", log]
        code = subprocess.run(again, check=False).returncode
        if code:
            print(f"mutation {log.read_text().split()[-1] if log.exists() else '?'} ended the process with {code}")
    return int(code != 0)


if __name__ == "__main__":
    sys.exit(main())
