"""Thousands of wrong arguments, one at a time, to every public function, class and method.

    .venv/bin/python benchmarks/wrong_arguments.py --only Landscape

Each call has one argument replaced by a hostile value and runs in a worker process, which is given ten seconds. It must be
accepted, since the value means something after all, or refused by a `NearCliffordError` that names the argument, or by the
TypeError of Python's own signature. Anything else is an offence: an error that does not say which argument, another
exception, a crash, a call without end. Offences are listed, and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import Pauli

import nearclifford as nc
from nearclifford.studies.spec import StudySpec

SECONDS = 10.0
MEMORY = 16 * 2**30
OUTCOMES = ("accepted", "refused", "signature", "unnamed", "traceback", "crash", "hang")
FINE = OUTCOMES[:3]
# What an error may call an argument besides its own name.
ALSO_CALLED = {
    "center": ("centre",),
    "parameters": ("parameter",),
    "orders": ("order",),
    "coupling_map": ("edge",),
    "out": ("director", "file", "path"),
    "path": ("director", "file", ".npz"),
    "key": ("method", "criterion"),
    "name": ("preset",),
    "given": ("study",),
    "source": ("the text", "file", "director"),
}


QASM = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; rx(0.3) q[0];'


@dataclass(frozen=True)
class Call:
    """A public callable and arguments that it takes; cheap ones take milliseconds."""

    name: str
    function: Callable[..., Any]
    valid: dict[str, Any]
    cheap: bool = True


@dataclass(frozen=True)
class Case:
    """One call with one argument replaced; ``value`` is a key of `hostile_values`."""

    call: Call
    argument: str
    value: str

    def __str__(self) -> str:
        return f"{self.call.name}({self.argument}={self.value})"


def hostile_values() -> dict[str, Callable[[], Any]]:
    """Return makers of values, for some are used up: what no argument, or few, can take."""
    circuit, observable = nc.ansatz.mhea(2, 1), nc.observables.global_z(2)
    plain: dict[str, Any] = {
        "None": None, "True": True, "1j": 1j, "'x'": "x", "''": "", "b'x'": b"x", "[]": [], "[[1], [1, 2]]": [[1], [1, 2]],
        "nan": np.nan, "inf": np.inf, "-1": -1, "0": 0, "1.5": 1.5, "-0.5": -0.5, "10**30": 10**30, "-10**30": -(10**30),
        "1e300": 1e300, "['x']": ["x"], "[None]": [None], "[nan]": [np.nan], "(1, 2, 3)": (1, 2, 3), "{}": {},
        "{1, 2}": {1, 2}, "{'a': 1}": {"a": 1}, "range(3)": range(3), "array(3)": np.array(3), "zeros(0)": np.zeros(0),
        "zeros((2, 2))": np.zeros((2, 2)), "zeros((1, 1, 1))": np.zeros((1, 1, 1)), "array(['x'])": np.array(["x"]),
        "array([None])": np.array([None]), "array([1j])": np.array([1j]), "ones(12, bool)": np.ones(12, bool),
        "full(12, nan)": np.full(12, np.nan), "datetime64": np.datetime64("2026-01-01"), "int": int, "len": len,
        "circuit": circuit, "empty circuit": QuantumCircuit(), "observable": observable, "Pauli('X')": Pauli("X"),
        "land": nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_xyz(3)), "Landscape": nc.Landscape,
        "patch": nc.Gaussian([0.1, 0.2]),
        "Parameter('p')": Parameter("p"), "ParameterVector": ParameterVector("v", 2), "Stabilizer()": nc.Stabilizer(),
        "Path('/proc/none/x')": Path("/proc/none/x"), "'\\0'": "\0", "'a' * 300": "a" * 300,
    }  # fmt: skip
    makers = {name: lambda value=value: value for name, value in plain.items()}
    return makers | {"object()": object, "generator": lambda: (i for i in (1, 2)), "iter([[]])": lambda: iter([[]])}


def calls(folder: Path) -> list[Call]:
    """Return every public callable with arguments that it takes; files go to ``folder``."""
    ring, flat = nc.ansatz.mhea(3, 1), np.zeros(12)
    land, patch = nc.Landscape(ring, nc.observables.global_z(3)), nc.Gaussian(0.1)
    chain = nc.Landscape(ring, nc.observables.heisenberg(3))
    stats = nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=64, rng=1)
    sampled = nc.gradient_statistics(chain, patch, nc.Statevector(), samples=16, rng=1)
    curve = nc.surrogate_error_curve(land, patch, orders=[1, 2], samples=64, rng=1)
    cost = nc.simulation_cost(nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2)), patch, 0.5, samples=64)
    study = nc.Study(StudySpec(ansatz=["mhea"], qubits=[2], sigma=["1"], encoder=["none"], draws=2))
    nc.surrogate(land, 2, progress=False).save(folder / "paths.npz")
    (folder / "study.toml").write_text('ansatz = ["mhea"]\nqubits = [2]\n')
    study.run(folder / "study", progress=False)
    encoded = {"circuit": ring, "observable": nc.observables.heisenberg(3), "center": flat, "style": "compact"}
    searched = {"objective": "loss", "terms": [0], "parameters": [1], "max_seconds": 5.0, "progress": False}
    sizes, drawn = {"n_qubits": 3}, {"rng": 1}
    patched = {"land": land, "patch": patch}
    budget = {"samples": 16, "rel_error": 0.5, "max_seconds": 1.0} | drawn
    spec = {
        "ansatz": ["mhea"],
        "qubits": [2],
        "layers": ["N"],
        "sigma": ["1"],
        "encoder": ["none"],
        "observable": "global_z",
    }
    entries = {"draws": 2, "seed": 0, "title": "", "experiment": study.spec.experiment}
    found = [
        Call("ansatz.mhea", nc.ansatz.mhea, sizes | {"layers": 1}),
        Call("ansatz.fhea", nc.ansatz.fhea, sizes | {"layers": 1}),
        Call("ansatz.random_pqc", nc.ansatz.random_pqc, sizes | {"layers": 1} | drawn),
        Call("observables.ising", nc.observables.ising, sizes | {"j": 1.0, "h": 1.0}),
        Call("observables.random_pauli", nc.observables.random_pauli, sizes | drawn),
        Call("observables.random_hamiltonian", nc.observables.random_hamiltonian,
             sizes | {"n_terms": 2, "weighted": True} | drawn),
        Call("encode", nc.encode, encoded | {"parameter": 1, "term": 0, "coupling_map": [(0, 1), (1, 2)]}),
        Call("search_encoder", nc.search_encoder, encoded | searched),
        Call("Landscape", nc.Landscape, {"circuit": ring, "observable": nc.observables.global_z(3), "center": flat}),
        Call("Landscape.with_observable", land.with_observable, {"observable": "ZZI + 0.5 X0"}),
        Call("Landscape.fun_and_jac", land.fun_and_jac, {"theta": flat}),
        Call("from_qasm", nc.from_qasm, {"source": QASM, "observable": "Z", "free": "all"}),
        Call("Landscape.slice", land.slice, {"theta": flat, "parameter": 1, "points": [0.1]}),
        Call("Landscape.height_map", land.height_map, {"theta": flat, "parameters": (0, 1), "points": [0.1]}),
        Call("Gaussian", nc.Gaussian, {"sigma": 0.1}),
        Call("Uniform", nc.Uniform, {"half_width": 0.1}),
        Call("Gaussian.for_parameters", patch.for_parameters, {"n_parameters": 3}),
        Call("Gaussian.sample", patch.sample, {"shape": (2, 3), "rng": np.random.default_rng(1)}),
        Call("Statevector", nc.Statevector, {"device": "CPU", "precision": "double"}),
        Call("Stabilizer", nc.Stabilizer, {}),
        Call("gradient_statistics", nc.gradient_statistics,
             patched | budget | {"backend": nc.Statevector(), "parameters": [0]}),
        Call("gradient_statistics of chains", nc.gradient_statistics,
             patched | budget | {"backend": nc.Stabilizer(), "parameters": [0]}),
        Call("loss_statistics", nc.loss_statistics, patched | budget | {"backend": nc.Statevector()}),
        Call("loss_statistics of chains", nc.loss_statistics,
             budget | {"land": chain, "patch": patch, "backend": nc.Stabilizer()}),
        Call("GradientStatistics.interval", stats.interval, {"level": 0.95}),
        Call("GradientStatistics.interval of thetas", sampled.interval, {"level": 0.95}),
        Call("shots_to_resolve", nc.shots_to_resolve, {"stats": stats, "snr": 3.0}),
        Call("certified_second_moment", nc.certified_second_moment, patched | {"parameter": 1, "max_terms": 100}),
        Call("certified_loss_second_moment", nc.certified_loss_second_moment, patched | {"max_terms": 100}),
        Call("surrogate", nc.surrogate, {"land": land, "order": 2, "kind": "taylor", "max_bytes": 2**30, "progress": False}),
        Call("Surrogate.load", nc.Surrogate.load, {"path": folder / "paths.npz"}),
        Call("surrogate_error_curve", nc.surrogate_error_curve, patched | {"orders": [1, 2], "samples": 64} | drawn),
        Call("ErrorCurve.interval", curve.interval, {"level": 0.95}),
        Call("ErrorCurve.order_for", curve.order_for, {"tolerance": 0.1, "level": 0.95}),
        Call("SimulationCost[]", cost.__getitem__, {"key": ("exact statevector", "none")}),
        Call("Aer", nc.Aer, {"device": "CPU", "shots": 16, "noise_model": None, "method": "automatic", "estimator": None}),
        Call("Aer, used", lambda **options: nc.Aer(device="CPU", **options).value(land, flat),
             {"shots": 16, "precision": "double", "max_parallel_threads": 1}, cheap=False),
        Call("Study", lambda spec: nc.Study(spec).points, {"spec": study.spec}),
        Call("Study.from_toml", nc.Study.from_toml, {"path": folder / "study.toml"}),
        Call("Study.preset", nc.Study.preset, {"name": "quick"}),
        Call("Study.frame", study.frame, {"out": folder / "study"}),
        Call("Study.remaining", study.remaining, {"out": folder / "study"}),
        Call("Study.run", study.run, {"out": folder / "again", "workers": None, "progress": False}, cheap=False),
        Call("StudySpec", StudySpec, spec | entries),
        Call("Study.points", lambda **entries: nc.Study(StudySpec(**entries)).points, spec | entries, cheap=False),
        Call("StudySpec.from_toml", StudySpec.from_toml, {"path": folder / "study.toml"}),
        Call("StudySpec.from_mapping", StudySpec.from_mapping, {"given": spec}),
        Call("simulation_cost", nc.simulation_cost, patched | drawn | {
            "tolerance": 0.5, "samples": 64, "n_thetas": 2, "max_seconds": 0.5, "max_bytes": 2**24}, cheap=False),
    ]  # fmt: skip
    for name in ("global_z", "global_xyz", "heisenberg", "biased_heisenberg"):
        found.append(Call(f"observables.{name}", getattr(nc.observables, name), sizes))
    for name in ("value", "gradient", "value_and_gradient"):
        found.append(Call(f"Landscape.{name}", getattr(land, name), {"theta": flat}))
        device = {"land": land, "theta": flat, "rng": 1}
        found.append(Call(f"Aer.{name}", getattr(nc.Aer(device="CPU"), name), device, cheap=False))
    found.append(Call("Aer.circuit", nc.Aer(device="CPU").circuit, {"land": land}))
    for kind in ("pauli-path", "taylor"):
        polynomial = nc.surrogate(land, 2, kind=kind, progress=False)
        for name in ("value", "gradient", "value_and_gradient", "hessian"):
            found.append(Call(f"Surrogate.{name}, {kind}", getattr(polynomial, name), {"theta": flat}))
        found.append(Call(f"Surrogate.rms_error, {kind}", polynomial.rms_error, {"patch": patch}))
        found.append(Call(f"Surrogate.fun_and_jac, {kind}", polynomial.fun_and_jac, {"theta": flat}))
        found.append(Call(f"Surrogate.estimator, {kind}", polynomial.estimator, {"patch": patch}))
        found.append(Call(f"Surrogate.save, {kind}", polynomial.save, {"path": folder / "out.npz"}))
    return found


def cases(found: list[Call]) -> Iterator[Case]:
    """Yield every call with every argument replaced by every hostile value, and with one that it does not know."""
    values = hostile_values()
    for call in found:
        for argument in [*call.valid, "no_such_argument"]:
            yield from (Case(call, argument, value) for value in values if argument in call.valid or value == "None")


def judge(case: Case) -> tuple[str, str]:
    """Return the outcome of a case, and the text of what was raised."""
    arguments = case.call.valid | {case.argument: hostile_values()[case.value]()}
    names = [case.argument, *ALSO_CALLED.get(case.argument, ())]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if case.call.name.endswith("[]") and case.argument in case.call.valid:
                case.call.function(arguments[case.argument])
            else:
                case.call.function(**arguments)
    except nc.NearCliffordError as error:
        named = any(name.replace("_", " ") in str(error).lower().replace("_", " ") for name in names)
        return "refused" if named else "unnamed", f"{type(error).__name__}: {error}"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        own = isinstance(error, TypeError) and "argument" in str(error) and where.filename == __file__
        text = f"{type(error).__name__}: {str(error)[:100]!r} in {Path(where.filename).name}:{where.lineno}"
        return "signature" if own else "traceback", text
    return "accepted", ""


def work(connection: Any, folder: Path) -> None:
    """Judge the cases whose numbers come through the connection, in a process and a folder of its own."""
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.stderr = sys.stdout = Path(os.devnull).open("w")
    known = list(cases(calls(folder)))
    for case in known[:1]:
        judge(case)
    connection.send(len(known))
    while (number := connection.recv()) is not None:
        connection.send(judge(known[number]))


class Worker:
    """A process that judges cases, replaced by a new one whenever one is lost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._start()

    def end(self) -> None:
        """Let the process end."""
        self.connection.send(None)
        self.process.join()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, self.folder))
        self.process.start()
        theirs.close()
        self.connection.recv()

    def judge(self, number: int) -> tuple[str, str]:
        """Return what `judge` says of a case, or that its process died or did not answer."""
        self.connection.send(number)
        outcome = "hang", f"over {SECONDS:g} s"
        try:
            if self.connection.poll(SECONDS):
                return self.connection.recv()
        except EOFError:
            self.process.join()
            outcome = "crash", f"exit code {self.process.exitcode}"
        self.process.kill()
        self.process.join()
        self._start()
        return outcome


def table(outcomes: list[tuple[Case, str, str]]) -> str:
    """Return counts by callable and outcome, and a last row of sums."""
    rows, total = [["callable", *OUTCOMES]], Counter()
    for name in dict.fromkeys(case.call.name for case, _, _ in outcomes):
        count = Counter(outcome for case, outcome, _ in outcomes if case.call.name == name)
        total += count
        rows.append([name, *(str(count[outcome] or "") for outcome in OUTCOMES)])
    rows.append([f"{len(outcomes)} calls", *(str(total[outcome]) for outcome in OUTCOMES)])
    return "\n".join(f"{row[0]:<40}" + "".join(f"{cell:>11}" for cell in row[1:]) for row in rows)


def listed(outcomes: list[tuple[Case, str, str]]) -> str:
    """Return one line for each callable, argument and outcome: how many values, the first of them, and what it gave."""
    groups: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for case, outcome, text in outcomes:
        groups.setdefault((outcome, case.call.name, case.argument), []).append((case.value, text))
    lines = []
    for (outcome, name, argument), found in groups.items():
        values = ", ".join(value for value, _ in found[:3]) + (", ..." if len(found) > 3 else "")
        lines.append(f"{outcome:<10} {name}({argument}=), {len(found)} values: {values}  {found[0][1]}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="callables whose name begins so")
    parser.add_argument("--every", type=int, default=1, help="take only each n-th call")
    parser.add_argument("--accepted", action="store_true", help="list what was accepted, too")
    options = parser.parse_args()
    start, outcomes = time.perf_counter(), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen = [(i, case) for i, case in enumerate(cases(calls(folder))) if case.call.name.startswith(options.only)]
        worker = Worker(folder)
        for number, case in chosen[:: options.every]:
            outcomes.append((case, *worker.judge(number)))
        worker.end()
    print(table(outcomes))
    print(f"\n{time.perf_counter() - start:.0f} s; nearclifford {nc.__version__}")
    if options.accepted:
        print(listed([found for found in outcomes if found[1] == "accepted"]))
    offences = [found for found in outcomes if found[1] not in FINE]
    print(listed(offences))
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
