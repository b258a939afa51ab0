"""Seconds and memory of nearclifford alone, against one size at a time; exponents are least squares of logarithms.

The circuit is mHEA with Z on every qubit, two threads unless the table says otherwise; medians of some repeats. Memory is
the peak of a process of its own, imports included (first row: the imports alone).
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import problems
from contest import Bout, Contender, Entry, NotTimedError, Pool

OURS = Entry("nearclifford", "scaling:measured")


@dataclass(frozen=True)
class Curve:
    """One table: cases that differ in one size, and the law that is fitted: ``"power"``, ``"exponential"`` or none."""

    title: str
    variable: str
    unit: str
    scale: float
    law: str | None
    cases: Sequence[dict[str, Any]]
    values: Sequence[float]


def bouts(quick: bool) -> list[Bout]:
    """Return no table: nobody else takes part."""
    return []


def curves(quick: bool) -> list[Curve]:
    """Return what is measured."""
    last = 2 if quick else None

    def curve(title, variable, unit, scale, law, verb, name, values, **fixed):
        cut = values[: (3 if quick and law else last)]
        return Curve(title, variable, unit, scale, law, [{"verb": verb, **fixed, name: value} for value in cut], cut)

    ms, ns, us = ("ms", 1e3), ("ns", 1e9), ("µs", 1e6)
    moment, width = "A sample of E[L²]", "σ = D^-1/2"
    orders, square = [2, 3, 4, 5, 6], {"n": 16, "layers": 16}
    return [
        curve("An exact gradient, L = 4", "N", *ms, "exponential", "gradient", "n", [10, 12, 14, 16, 18, 20], layers=4),
        curve("An exact gradient, N = 12", "L", *ms, "power", "gradient", "layers", [4, 8, 16, 32, 64], n=12),
        curve(f"{moment}, L = 10, {width}", "N", *ns, "power", "sample", "n", [64, 128, 256, 512, 1000], layers=10),
        curve(f"{moment}, N = 100, {width}", "L", *ns, "power", "sample", "layers", [10, 20, 40, 80, 160], n=100),
        curve(f"{moment}, N = L = 32", "σ", *ns, "power", "sample", "sigma", [0.01, 0.03, 0.1, 0.3, 1.0], n=32, layers=32),
        curve(
            f"Second moments of all D = 22 N components, 4,096 samples of each, L = 10, {width}", "N", "s", 1.0, "power",
            "components", "n", [25, 50, 100, 200], layers=10,
        ),
        curve("Compiling a landscape, L = 10", "N", "s", 1.0, "power", "compile", "n", [125, 250, 500, 1000], layers=10),
        curve("Building a surrogate, N = L = 16", "order", *ms, "exponential", "build", "order", orders, **square),
        curve("A value of 1,000, N = L = 16", "order", *us, "exponential", "value", "order", orders, **square),
        curve("Threads: a gradient of 16, N = L = 16", "threads", *ms, None, "gradient", "threads", [1, 2], **square),
        curve(f"Threads: {moment}, N = 1000, L = 10", "threads", *ns, None, "sample", "threads", [1, 2], n=1000, layers=10),
        curve("Threads: a value, order 5, N = L = 16", "threads", *us, None, "value", "threads", [1, 2], order=5, **square),
    ]  # fmt: skip


def growth(quick: bool, pool: Pool) -> list[dict[str, Any]]:
    """Return the tables: one for each curve, and one of memory."""
    repeats = 3 if quick else 5
    return [measure_curve(curve, pool, repeats) for curve in curves(quick)] + [memory(quick, pool)]


def measure_curve(curve: Curve, pool: Pool, repeats: int) -> dict[str, Any]:
    """Return the table of a curve."""
    rows, failed = [], ""
    try:
        contender = Contender(OURS, {"repeats": repeats}, 1, pool)
        for value, case in zip(curve.values, curve.cases, strict=True):
            _, [(middle, low, high, _)] = contender.ask([case], patience=240.0)
            rows.append([value, middle * curve.scale, low * curve.scale, high * curve.scale])
    except NotTimedError as failure:
        failed = f". At the next size it {failure}"
    print(f"    {curve.title}: {', '.join(f'{row[1]:.3g}' for row in rows)} {curve.unit}{failed}", flush=True)
    columns = [curve.unit, "fastest", "slowest"]
    return {
        "title": curve.title, "variable": curve.variable, "columns": columns, "rows": rows, "load": os.getloadavg()[0],
        "law": fitted(curve.law, curve.variable, rows) + failed,
    }  # fmt: skip


def fitted(law: str | None, variable: str, rows: list[list[float]]) -> str:
    """Return the law in words, with the standard error of its exponent, from the last half of the sizes and one more.

    >>> fitted("power", "N", [[1, 2.0], [2, 8.0], [4, 32.0], [8, 128.0]])
    'Grows as N^2.00(0), from N = 2 on'
    """
    if law is None:
        return f"With two threads it takes {rows[1][1] / rows[0][1]:.2f} of the time" if len(rows) == 2 else "Not measured"
    kept = np.array([row[:2] for row in rows[max(0, len(rows) // 2 - 1) :]], dtype=float)
    if len(kept) < 2:
        return "Too few sizes for a law"
    x = kept[:, 0] if law == "exponential" else np.log(kept[:, 0])
    if len(kept) > 2:
        (slope, _), covariance = np.polyfit(x, np.log(kept[:, 1]), 1, cov="unscaled")
        scatter = np.std(np.log(kept[:, 1]) - np.polyval(np.polyfit(x, np.log(kept[:, 1]), 1), x), ddof=2)
        error = scatter * covariance[0, 0] ** 0.5
    else:
        slope, error = np.polyfit(x, np.log(kept[:, 1]), 1)[0], float("nan")
    beginning = f"from {variable} = {kept[0, 0]:g} on"
    if law == "exponential":
        factor = np.exp(slope)
        return f"Grows by a factor of {factor:.2f}({factor * error:.2f}) with each step of {variable}, {beginning}"
    digits = 0 if error < 0.005 else error
    return f"Grows as {variable}^{slope:.2f}({digits:.2g}), {beginning}"


def memory(quick: bool, pool: Pool) -> dict[str, Any]:
    """Return the table of peaks, each of a fresh process."""
    cases = {
        "imports": {"verb": "nothing"},
        "compile mHEA(1000, 10)": {"verb": "compile", "n": 1000, "layers": 10},
        "2^20 samples of E[L²], N = 1000, L = 10": {"verb": "sample", "n": 1000, "layers": 10},
        "gradient, N = 16, L = 16, 16 thetas": {"verb": "gradient", "n": 16, "layers": 16},
        "gradient, N = 20, L = 5, 16 thetas": {"verb": "gradient", "n": 20, "layers": 5},
        "surrogate of order 6, N = L = 16": {"verb": "build", "n": 16, "layers": 16, "order": 6},
    }
    rows: list[list[Any]] = []
    for title, case in list(cases.items())[: 2 if quick else None]:
        pool.close()
        try:
            _, [(*_, peak)] = Contender(OURS, {"repeats": 1}, 1, pool).ask([case], patience=240.0)
            rows.append([title, float(peak)])
        except NotTimedError as failure:
            rows.append([title, str(failure)])
        print(f"    memory, {title}: {rows[-1][1]}", flush=True)
    return {
        "title": "Peak memory", "variable": "what", "columns": ["MB"], "rows": rows, "load": os.getloadavg()[0],
        "law": "Resident at most, of the whole process",
    }  # fmt: skip


def measured(problem):
    """Return what measures cases: rows of (median, fastest, slowest seconds of one item, peak memory in MB)."""
    return lambda cases: [case_of(case, problem["repeats"]) for case in cases]


def case_of(case: dict[str, Any], repeats: int) -> tuple[float, float, float, float]:
    """Measure one case: repeats of a call that is long enough for the clock."""
    import numba

    numba.set_num_threads(min(case.get("threads", 2), numba.config.NUMBA_NUM_THREADS))
    call, items = CASES[case["verb"]](case)
    call()
    start = time.perf_counter()
    call()
    often = max(1, int(0.05 / (time.perf_counter() - start)))
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(often):
            call()
        times.append((time.perf_counter() - start) / (often * items))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return float(np.median(times)), min(times), max(times), peak


def _land(case):
    import nearclifford as nc

    problem = problems.mhea(case["n"], case["layers"])
    return nc.Landscape(problems.qiskit_circuit(problem), problems.qiskit_observable(problem))


def _patch(case, land):
    import nearclifford as nc

    return nc.Gaussian(case.get("sigma", land.n_parameters**-0.5))


def _nothing(case) -> tuple[Callable[[], object], int]:
    import nearclifford  # noqa: F401

    return (lambda: time.sleep(0.001)), 1


def _gradient(case) -> tuple[Callable[[], object], int]:
    land = _land(case)
    thetas = np.random.default_rng(1).normal(size=(16, land.n_parameters))
    return (lambda: land.gradient(thetas)), 16


def _sample(case) -> tuple[Callable[[], object], int]:
    import nearclifford as nc

    land, samples = _land(case), 2**17
    patch = _patch(case, land)
    return (lambda: nc.loss_statistics(land, patch, nc.Stabilizer(), samples=samples, rng=1)), samples


def _components(case) -> tuple[Callable[[], object], int]:
    import nearclifford as nc

    land = _land(case)
    patch = _patch(case, land)
    return (lambda: nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=4096, rng=1)), 1


def _compile(case) -> tuple[Callable[[], object], int]:
    import nearclifford as nc

    problem = problems.mhea(case["n"], case["layers"])
    circuit, observable = problems.qiskit_circuit(problem), problems.qiskit_observable(problem)
    return (lambda: nc.Landscape(circuit, observable)), 1


def _build(case) -> tuple[Callable[[], object], int]:
    import nearclifford as nc

    land = _land(case)
    return (lambda: nc.surrogate(land, case["order"], progress=False)), 1


def _value(case) -> tuple[Callable[[], object], int]:
    import nearclifford as nc

    land = _land(case)
    kept = nc.surrogate(land, case["order"], progress=False)
    thetas = np.random.default_rng(1).normal(size=(1000, land.n_parameters)) * land.n_parameters**-0.5
    return (lambda: kept.value(thetas)), 1000


CASES = {
    "nothing": _nothing, "gradient": _gradient, "sample": _sample, "components": _components, "compile": _compile,
    "build": _build, "value": _value,
}  # fmt: skip
