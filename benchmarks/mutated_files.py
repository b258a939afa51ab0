"""Files that the package reads, mutated: how many are accepted, refused in one line, or end in a traceback, crash or hang.

    .venv/bin/python benchmarks/mutated_files.py --files 1000 --seed 7

Good files are made on the spot: OpenQASM 3, QPY of two versions, the TOML of a study and the SQLite file of a finished one.
Each mutation flips bytes, cuts, inserts, repeats, swaps tokens or gives the content the suffix of another format. A worker
process with 4 GiB of memory reads each; it is killed after ten seconds. For a store, reading means to run the finished study
again: its table has to be the same as before, unless the store is refused.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import os
import re
import resource
import shutil
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp

from nearclifford import NearCliffordError
from nearclifford.interchange.circuit_files import read_circuit, write_circuit
from nearclifford.studies import Study, StudySpec

SECONDS = 10.0
MEMORY = 4 * 2**30
OUTCOMES = ("accepted", "refused in one line", "other table", "traceback", "printed", "crash", "hang")
SPEC = StudySpec(["mhea"], [2, 3], sigma=["1", "D^-1"], draws=6, seed=5)
TOML = """
title = "a study"
experiment = "gradient"
ansatz = ["mhea", "random_pqc"]
qubits = [2, 4, 6]
layers = ["N", 1]
sigma = ["D^-1/2", 0.05, "sqrt(lnD/D)"]
encoder = ["compact", "none"]
observable = "heisenberg"
draws = 50
samples = 2
seed = 7
"""


@dataclass(frozen=True)
class Format:
    """A kind of file: good ones, how it is read, and the suffix that a mutation may give it instead of its own.

    ``read`` takes the path of a file; it raises or returns whether what it read is right, as far as it can tell.
    ``mutations`` are drawn from; most of a binary file's should leave its length.
    """

    name: str
    make: Callable[[Path], list[Path]]
    read: Callable[[Path], bool]
    other_suffix: str
    mutations: tuple[Callable[[bytes, np.random.Generator], bytes], ...]


def example_circuit() -> QuantumCircuit:
    """Return a circuit with two kinds of parameters, an evolution gate and expressions as angles."""
    theta, beta = ParameterVector("θ", 12), Parameter("beta")
    circuit = QuantumCircuit(3, 1)
    for k in range(12):
        circuit.ry(theta[k], k % 3)
        circuit.cx(k % 3, (k + 1) % 3)
    circuit.rz(2 * theta[1] - beta + 0.25, 2)
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XX", "ZZ"], [0.5, 1.5]), beta), [0, 1])
    return circuit


def make_qasm(folder: Path) -> list[Path]:
    """Write the example as OpenQASM 3."""
    write_circuit(example_circuit(), folder / "circuit.qasm")
    return [folder / "circuit.qasm"]


def make_qpy(folder: Path) -> list[Path]:
    """Write the example as QPY in the oldest version that Qiskit writes and in the newest."""
    paths = []
    for version in (qpy.common.QPY_COMPATIBILITY_VERSION, qpy.common.QPY_VERSION):
        paths.append(folder / f"circuit{version}.qpy")
        with paths[-1].open("wb") as stream:
            qpy.dump(example_circuit(), stream, version=version)
    return paths


def make_toml(folder: Path) -> list[Path]:
    """Write a study's file."""
    (folder / "study.toml").write_text(TOML)
    return [folder / "study.toml"]


def make_store(folder: Path) -> list[Path]:
    """Run a small study."""
    Study(SPEC).run(folder / "finished", workers=1, progress=False)
    return [folder / "finished" / "study.sqlite"]


def read_store(path: Path) -> bool:
    """Run the study again on a store; return whether its table is that of the good one, which lies in ``../finished``."""
    with tempfile.TemporaryDirectory() as out:
        shutil.copy(path, Path(out) / "study.sqlite")
        Study(SPEC).run(out, workers=1, progress=False)
        return (Path(out) / "table.csv").read_bytes() == (path.parent / "finished" / "table.csv").read_bytes()


def formats() -> list[Format]:
    """Return all formats; those of surrogates are in a script of their own."""
    found = [
        Format("OpenQASM 3", make_qasm, lambda path: read_circuit(path) is not None, ".qpy", TEXT),
        Format("QPY", make_qpy, lambda path: read_circuit(path) is not None, ".qasm", BINARY),
        Format("study TOML", make_toml, lambda path: Study.from_toml(path).spec is not None, ".json", TEXT),
        Format("study SQLite", make_store, read_store, ".sqlite", BINARY),
    ]
    try:
        import mutated_surrogates  # beside this file
    except ImportError:
        return found
    return found + [Format(*row) for row in getattr(mutated_surrogates, "FORMATS", ())]


# Mutations -------------------------------------------------------------------------------------------------------


def flip(data: bytes, rng: np.random.Generator) -> bytes:
    """Flip one to four bits."""
    changed = bytearray(data)
    for place in rng.integers(len(data), size=rng.integers(1, 5)):
        changed[place] ^= 1 << rng.integers(8)
    return bytes(changed)


def cut(data: bytes, rng: np.random.Generator) -> bytes:
    """Leave the beginning."""
    return data[: rng.integers(len(data))]


def overwrite(data: bytes, rng: np.random.Generator) -> bytes:
    """Overwrite a few bytes by zeros, by ones, or by chance."""
    place, length = int(rng.integers(len(data))), int(rng.integers(1, 40))
    filling = (bytes(length), b"\xff" * length, rng.bytes(length))[rng.integers(3)]
    return data[:place] + filling[: len(data) - place] + data[place + length :]


def insert(data: bytes, rng: np.random.Generator) -> bytes:
    """Put a few bytes in between."""
    place, letters = int(rng.integers(len(data) + 1)), b"abgimqrtuz019.-+*/()[]{}=,;:@'\"# \n\\"
    chosen = bytes(letters[k] for k in rng.integers(len(letters), size=rng.integers(1, 9)))
    return data[:place] + (chosen if rng.integers(4) else rng.bytes(3)) + data[place:]


def repeat(data: bytes, rng: np.random.Generator) -> bytes:
    """Repeat a part."""
    first, last = sorted(rng.integers(len(data) + 1, size=2).tolist())
    return data[:last] + data[first:last] + data[last:]


def swap_tokens(data: bytes, rng: np.random.Generator) -> bytes:
    """Swap two words, numbers or signs of a text, or put one of them, or a nasty one, in the place of another."""
    tokens = re.findall(rb"\w+|\s+|[^\w\s]", data)
    one, other = rng.integers(len(tokens), size=2)
    nasty = (
        b"nan",
        b"-1",
        b"1e400",
        b"9" * 30,
        b"9" * 5000,
        b"{}",
        b"[]",
        b"\xff",
        b"",
        b"\n",
        b"true",
        b"1979-05-27",
        b"((((",
    )
    if rng.integers(2):
        tokens[one], tokens[other] = tokens[other], tokens[one]
    else:
        tokens[one] = nasty[rng.integers(len(nasty))]
    return b"".join(tokens)


TEXT = (flip, cut, insert, repeat, swap_tokens, swap_tokens, swap_tokens)
BINARY = (flip, flip, flip, flip, overwrite, overwrite, overwrite, cut, insert, repeat)


def mutate(one: Format, data: bytes, rng: np.random.Generator) -> bytes:
    """Return the file with one mutation, and now and then a second."""
    for _ in range(1 + int(rng.random() < 0.3)):
        data = one.mutations[rng.integers(len(one.mutations))](data, rng) or b"\0"
    return data


# Reading ---------------------------------------------------------------------------------------------------------


def outcome(read: Callable[[Path], bool], path: Path) -> tuple[str, str]:
    """Return what reading a file comes to, one of `OUTCOMES`, and what was said."""
    printed = io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
            warnings.simplefilter("ignore")
            right = read(path)
    except NearCliffordError as error:
        text = str(error)
        clean = text.isprintable() and len(text) < 1000 and not printed.getvalue()
        return ("refused in one line", text) if clean else ("printed", repr(text + printed.getvalue()))
    except BaseException:
        return "traceback", traceback.format_exc()
    if printed.getvalue():
        return "printed", printed.getvalue()
    return ("accepted", "") if right else ("other table", "")


def work(channel: Connection, memory: int) -> None:
    """Read the files that come through a channel until it closes."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    readers = {one.name: one.read for one in formats()}
    while True:
        try:
            name, path = channel.recv()
        except EOFError:
            return
        channel.send(outcome(readers[name], path))


class Reader:
    """A worker process that is replaced when it dies or hangs."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._channel, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, MEMORY), daemon=True)
        self._process.start()
        theirs.close()

    def read(self, name: str, path: Path) -> tuple[str, str]:
        """Return what reading a file comes to."""
        self._channel.send((name, path))
        try:
            if self._channel.poll(SECONDS if self._warm(name) else 120.0):
                return self._channel.recv()
            found = ("hang", f"over {SECONDS:g} s")
            self._process.kill()
        except EOFError:
            self._process.join()
            found = ("crash", f"exit code {self._process.exitcode}")
        self._process.join()
        self._start()
        self._seen.clear()
        return found

    @property
    def _seen(self) -> set[str]:
        return self.__dict__.setdefault("_known", set())

    def _warm(self, name: str) -> bool:
        """Return whether this worker has read the format before: the first imports, and may compile kernels."""
        known = name in self._seen
        self._seen.add(name)
        return known

    def close(self) -> None:
        """End the worker."""
        self._channel.close()
        self._process.join()


def main() -> None:
    """Mutate, read, print the table and keep the offenders."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=1000, help="number of mutated files in all (default: 1000)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="directory for the files that were neither accepted nor refused")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    known = formats()
    reader = Reader()
    counts: dict[str, Counter[str]] = {one.name: Counter() for one in known}
    offenders = []
    with tempfile.TemporaryDirectory() as folder:
        good = {one.name: one.make(Path(folder)) for one in known}
        for number in range(options.files):
            one = known[number % len(known)]
            original = good[one.name][rng.integers(len(good[one.name]))]
            data = original.read_bytes() if rng.random() < 0.03 else mutate(one, original.read_bytes(), rng)
            suffix = one.other_suffix if rng.random() < 0.05 else original.suffix
            path = Path(folder) / f"mutated{number}{suffix}"
            path.write_bytes(data)
            found, said = reader.read(one.name, path)
            counts[one.name][found] += 1
            if found not in OUTCOMES[:2]:
                offenders.append((number, one.name, found, said))
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, options.keep)
            path.unlink()
    reader.close()
    print(f"{options.files} files, seed {options.seed}, {os.uname().machine}, Python {sys.version.split()[0]}\n")
    print("| format | files |", " | ".join(OUTCOMES), "|")
    print("|---|" + "---:|" * (len(OUTCOMES) + 1))
    for name, count in counts.items():
        print(f"| {name} | {count.total()} |", " | ".join(str(count[found]) for found in OUTCOMES), "|")
    for number, name, found, said in offenders:
        print(f"\nfile {number}, {name}: {found}\n{said}")


if __name__ == "__main__":
    main()
