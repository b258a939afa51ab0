"""Circuits of Qiskit, qiskit-nature, MQT Bench, PennyLane and Cirq: which verbs work, and whether the numbers agree.

    python benchmarks/foreign_circuits.py --rows rows.jsonl --out docs/foreign_circuits.md
    python benchmarks/foreign_circuits.py --rows rows.jsonl --only PennyLane      # those whose name holds a word

Needs the libraries of `benchmarks/requirements-foreign.txt`. Rows that are in the file are not measured again. A verb that
takes longer than `--verb-seconds` (8) is stopped; a circuit that takes longer than `--seconds` (60) is left, and named. A
refusal is a `NearCliffordError`, a `ValueError` or a `TypeError`; anything else is a crash.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from foreign_suite import SUITE, Case, derivative, fill

import nearclifford as nc

PATCH = nc.Gaussian(0.1)
VALUE_TOLERANCE, DERIVATIVE_TOLERANCE = 1e-10, 1e-7
LIBRARIES = ("qiskit", "qiskit-nature", "mqt.bench", "pennylane", "cirq-core", "numpy", "numba")
BUDGETS = {"simulation_cost": 1.0, "search_encoder": 2.0, "shot_variance": 2.0, "diagnose": 5.0}
Verb = Callable[[Case, nc.Landscape], Any]


class TooSlowError(Exception):
    """The verb, or the circuit, has had its time."""


def ring_the_bell(_number: int, _frame: FrameType | None) -> None:
    raise TooSlowError


def give(seconds: float) -> None:
    """Raise `TooSlowError` after so many seconds, again and again: an error inside a compiler's callback is lost."""
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01), 30.0)


def near(case: Case) -> np.ndarray:
    """A point close to the centre."""
    return case.center + np.random.default_rng(6).normal(0, 0.1, len(case.center))


def trained(case: Case, land: nc.Landscape) -> Any:
    # Beyond what a statevector holds, the surrogate is what a user would train.
    evaluator = land if land.n_qubits <= 12 else nc.surrogate(land, order=2)
    return nc.train(evaluator, near(case), learning_rate=0.01, steps=3, progress=False)


def encoded(case: Case) -> nc.Encoding:
    """Encode the parameter in the middle by the first term that is not the identity."""
    term = next(k for k, pauli in enumerate(case.observable.paulis) if pauli.x.any() or pauli.z.any())
    return nc.encode(case.circuit, case.observable, case.circuit.num_parameters // 2, term, case.center)


VERBS: dict[str, Verb] = {
    "gradient_statistics": lambda case, land: nc.gradient_statistics(land, PATCH, samples=1024, rng=1),
    "loss_statistics": lambda case, land: nc.loss_statistics(land, PATCH, samples=1024, rng=1),
    "surrogate": lambda case, land: nc.surrogate(land, order=3).value(near(case)),
    "rms_error": lambda case, land: nc.surrogate(land, order=3).rms_error(PATCH),
    "surrogate_error_curve": lambda case, land: nc.surrogate_error_curve(land, PATCH, range(1, 4), samples=10_000, rng=1),
    "encode": lambda case, land: encoded(case),
    "search_encoder": lambda case, land: nc.search_encoder(
        case.circuit, case.observable, center=case.center, max_seconds=2.0, progress=False
    ),
    "simulation_cost": lambda case, land: nc.simulation_cost(land, PATCH, 1e-2, 2_000, n_thetas=8, max_seconds=1.0, rng=1),
    "shot_variance": lambda case, land: nc.shot_variance(land, PATCH, rng=1, max_seconds=2.0),
    "train": trained,
    "diagnose": lambda case, land: nc.diagnose(case.circuit, case.observable, case.center, rng=1, max_seconds=5.0),
    "untie": lambda case, land: nc.untie(case.circuit),
}


def first_sentence(error: Exception) -> str:
    """What an error says, up to its first full stop."""
    return re.split(r"(?<=[.;]) (?=[A-Z])", str(error).replace("\n", " ").replace("|", "/"))[0][:220]


def attempted(verb: Verb, case: Case, land: nc.Landscape, seconds: float) -> dict[str, Any]:
    """Run a verb: "ok", or "stopped", "refused" or "crash" with what was said, and the seconds it took."""
    begun = time.perf_counter()
    try:
        give(seconds)
        verb(case, land)
        state, words = "ok", ""
    except TooSlowError:
        state, words = "stopped", f"no answer within {seconds:g} s"
    except (nc.NearCliffordError, ValueError, TypeError) as error:
        own = isinstance(error, nc.NearCliffordError)
        state, words = "refused", ("" if own else f"{type(error).__name__}: ") + first_sentence(error)
    except Exception as error:
        state, words = "crash", f"{type(error).__name__}: {first_sentence(error)}"
    return {"state": state, "words": words, "seconds": time.perf_counter() - begun}


def compared(case: Case, land: nc.Landscape) -> dict[str, Any]:
    """Value and gradient against the other library; past twelve qubits at the centre, with shifts of π/2."""
    begun = time.perf_counter()
    value, gradient = (np.asarray(part) for part in land.value_and_gradient(case.theta))
    seconds = time.perf_counter() - begun
    rng, d = np.random.default_rng(7), len(case.theta)
    if case.gradient is not None:
        wrong = np.abs(gradient - case.gradient(case.theta)).max()
    elif land.n_qubits > 12:
        wrong = _by_shifts(case, gradient)
    else:
        directions = rng.normal(size=(4, d)) / np.sqrt(d)
        wrong = max(abs(derivative(case, case.theta, way) - gradient @ way) for way in directions)
    off = abs(float(value) - case.value(case.theta))
    return {"value": off, "derivative": None if wrong is None else float(wrong), "exact_seconds": seconds}


def _by_shifts(case: Case, gradient: np.ndarray) -> float | None:
    counts = [
        sum(bool(set(i.operation.params) & {p}) for i in case.circuit.decompose().data) for p in case.circuit.parameters
    ]
    if max(counts) > 1:
        return None
    errors = []
    for k in np.random.default_rng(7).choice(len(gradient), 6, replace=False):
        step = np.pi / 2 * np.eye(1, len(gradient), k)[0]
        errors.append(abs((case.value(case.theta + step) - case.value(case.theta - step)) / 2 - gradient[k]))
    return max(errors)


def measured(source: str, name: str, seconds: float, verb_seconds: float) -> dict[str, Any]:
    """One row: sizes, agreement, and the outcome of each verb."""
    row: dict[str, Any] = {"source": source, "name": name, "verbs": {}}
    signal.signal(signal.SIGALRM, ring_the_bell)
    give(seconds)
    begun = time.perf_counter()
    try:
        case = SUITE[source, name]()
        land = nc.Landscape(case.circuit, case.observable, case.center)
        terms = len(case.observable.paulis)
        row |= {"n": land.n_qubits, "d": land.n_parameters, "terms": terms, "reference": case.reference}
        row |= compared(case, land)
        for verb, run in VERBS.items():
            row["verbs"][verb] = attempted(run, case, land, min(verb_seconds, begun + seconds - time.perf_counter()))
            give(seconds - (time.perf_counter() - begun))
    except TooSlowError:
        row["skipped"] = f"longer than {seconds:g} s, after {', '.join(row['verbs']) or 'no verb'}"
    except Exception as error:
        kind = "" if isinstance(error, nc.NearCliffordError) else f"{type(error).__name__}: "
        row["refused"] = kind + first_sentence(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return row | {"seconds": time.perf_counter() - begun}


def reasons(rows: list[dict[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """The circuits of each verb and reason, numbers taken out of the reason; refusals of many circuits first."""
    found: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for row in rows:
        for verb, outcome in row["verbs"].items():
            if outcome["state"] != "ok":
                bare = re.sub(r"'[^']*'|\d[\d.,e+-]*", "…", outcome["words"])
                found.setdefault((verb, f"{outcome['state']}: {bare}"), (outcome["words"], []))[1].append(row["name"])
    ordered = sorted(found.items(), key=lambda item: (not item[0][1].startswith("crash"), -len(item[1][1])))
    return {(verb, f"{kind.split(':')[0]}: {words}"): names for (verb, kind), (words, names) in ordered}


def late(rows: list[dict[str, Any]]) -> list[str]:
    """One line for each verb that took more than twice its budget: how often, and the worst."""
    lines = []
    for verb, budget in BUDGETS.items():
        spent = [(row["verbs"][verb]["seconds"], row["name"]) for row in rows if verb in row["verbs"]]
        over = [entry for entry in spent if entry[0] > 2 * budget]
        if over:
            worst, name = max(over)
            lines.append(
                f"- `{verb}` took more than twice its {budget:g} s on {len(over)} circuits; {worst:.0f} s on {name}."
            )
    return lines


def agrees(row: dict[str, Any]) -> bool:
    """Whether value and derivative lie within the tolerances."""
    return row["value"] < VALUE_TOLERANCE and (row["derivative"] is None or row["derivative"] < DERIVATIVE_TOLERANCE)


def head(rows: list[dict[str, Any]], full: list[dict[str, Any]]) -> list[str]:
    """What the page is, how it was made, and the counts."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    wrong = [row["name"] for row in full if not agrees(row)]
    worst = max(row["value"] for row in full)
    working = sum(all(outcome["state"] == "ok" for outcome in row["verbs"].values()) for row in full)
    crashes = sum(outcome["state"] == "crash" for row in rows for outcome in row["verbs"].values())
    return [
        "# Circuits of other people",
        "",
        f"{len(rows)} circuits that the authors of this package did not write: Qiskit's library (also transpiled),",
        "qiskit-nature, MQT Bench, PennyLane (templates, and circuits after its demonstrations) and Cirq. Made by",
        "",
        "```sh",
        "pip install -r benchmarks/requirements-foreign.txt",
        "python benchmarks/foreign_circuits.py --rows rows.jsonl --out docs/foreign_circuits.md",
        "```",
        "",
        f"with {versions}, on one thread of a shared machine: the seconds are upper ends.",
        "",
        f"- Compared with the other library: {len(full)} of {len(rows)}. Disagree: {', '.join(wrong) or 'none'}; the",
        f"  largest difference of a value is {worst:.0e}.",
        f"- Every verb works: {working} of {len(full)}. Tracebacks that are no refusal: {crashes}.",
        "",
    ]


def page(rows: list[dict[str, Any]]) -> str:
    """The page in Markdown: what fails first, then agreement, then seconds."""
    full = [row for row in rows if "value" in row]
    lines = [*head(rows, full), "## What does not work", ""]
    lines += [f"- {row['source']}, {row['name']}: not taken. {row['refused']}" for row in rows if "refused" in row]
    lines += [f"- {row['source']}, {row['name']}: {row['skipped']}." for row in rows if "skipped" in row]
    lines += late(rows)
    lines += ["", "| verb | what it says (an example) | circuits |", "|---|---|---|"]
    for (verb, words), names in reasons(rows).items():
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        lines.append(f"| `{verb}` | {words} | {len(names)}: {shown} |")
    lines += ["", *agreement(full), *seconds_of(full)]
    return "\n".join(lines) + "\n"


def agreement(full: list[dict[str, Any]]) -> list[str]:
    """The differences of value and derivative, row by row."""
    lines = [
        "## Agreement",
        "",
        "At a random point (σ = 0.7 about 0; bound circuits at their own; past twelve qubits at a random Clifford point).",
        "PennyLane: the largest difference of the gradient from `qml.grad`. Qiskit and Cirq up to twelve qubits: of",
        "derivatives along four random directions from a difference quotient of fourth order, whose own",
        "error is about 1e-10, and up to 1e-8 where many gates share an angle. `StabilizerState`: of six components, by",
        "shifts of π/2; left out (·) where angles are shared.",
        "",
        "| source | circuit | N | D | terms | against | value | derivative | works | refused |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in full:
        bad = [verb for verb, outcome in row["verbs"].items() if outcome["state"] != "ok"]
        gradient = "·" if row["derivative"] is None else f"{row['derivative']:.0e}"
        works = f"{len(row['verbs']) - len(bad)} of {len(VERBS)}"
        cells = [
            row["source"],
            row["name"],
            row["n"],
            row["d"],
            row["terms"],
            row["reference"],
            f"{row['value']:.0e}",
            gradient,
        ]
        lines.append(f"| {' | '.join(map(str, cells))} | {works} | {', '.join(f'`{verb}`' for verb in bad)} |")
    return [*lines, ""]


def seconds_of(full: list[dict[str, Any]]) -> list[str]:
    """The seconds of each verb, row by row."""
    lines = [
        "## Seconds",
        "",
        "Gaussian patch, σ = 0.1, about the nearest Clifford point. `simulation_cost` had 2,000 samples and 1 s,",
        "`search_encoder` and `shot_variance` 2 s, `diagnose` 5 s; `train` took three steps, past twelve qubits on a",
        "surrogate. (…): refused or stopped.",
        "",
        "| circuit | value and gradient | " + " | ".join(VERBS) + " |",
        "|---" * (len(VERBS) + 2) + "|",
    ]
    for row in full:
        cells = [f"{row['exact_seconds']:.3f}"]
        for verb in VERBS:
            outcome = row["verbs"].get(verb)
            shown = "–" if outcome is None else f"{outcome['seconds']:.2f}"
            cells.append(shown if outcome is None or outcome["state"] == "ok" else f"({shown})")
        lines.append(f"| {row['name']} | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Measure what the file lacks, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True, help="a file of JSON lines; a row is added as it is measured")
    parser.add_argument("--out", type=Path, help="the page in Markdown")
    parser.add_argument("--only", default="", help="a word of source or name")
    parser.add_argument("--seconds", type=float, default=60, help="for a circuit")
    parser.add_argument("--verb-seconds", type=float, default=8, help="for a verb")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    fill()
    rows = [json.loads(line) for line in chosen.rows.read_text().splitlines()] if chosen.rows.exists() else []
    done = {(row["source"], row["name"]) for row in rows}
    missing = [key for key in SUITE if key not in done and chosen.only in " ".join(key)]
    if missing:
        measured(*next(iter(SUITE)), seconds=900, verb_seconds=900)  # compiles the kernels
    for source, name in missing:
        rows.append(measured(source, name, chosen.seconds, chosen.verb_seconds))
        with chosen.rows.open("a") as file:
            file.write(json.dumps(rows[-1]) + "\n")
        print(f"{rows[-1]['seconds']:6.1f} s  {source}: {name}", flush=True)
    if chosen.out:
        order = {key: place for place, key in enumerate(SUITE)}
        known = [row for row in rows if (row["source"], row["name"]) in order]
        chosen.out.write_text(page(sorted(known, key=lambda row: order[row["source"], row["name"]])))


if __name__ == "__main__":
    main()
