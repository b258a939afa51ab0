"""The judges and the page of `make bench`: who is wrong is not timed and keeps a row, who is faster stands first."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest

BENCH = Path(__file__).parents[1] / "benchmarks" / "bench"
MAKERS = """
import time
import numpy as np


def right(problem):
    return lambda rows: np.outer(np.array(rows), problem["factor"])


def wrong(problem):
    return lambda rows: np.outer(np.array(rows), problem["factor"]) + 1e-3


def crashing(problem):
    raise ValueError("no such | gate")


def slow(problem):
    return lambda rows: time.sleep(60)
"""


@pytest.fixture
def bench(monkeypatch):
    """The modules of the benchmark, which are found beside each other and nowhere else."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(BENCH))
    import contest
    import environments
    import page
    import propagation
    import sampling

    rooms = {"contest": contest, "environments": environments, "page": page}
    yield types.SimpleNamespace(**rooms, propagation=propagation, sampling=sampling)
    for name in set(sys.modules) - before:
        if str(BENCH) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_a_contender_that_is_wrong_crashes_or_sleeps_is_not_timed_and_keeps_its_row(bench, monkeypatch, tmp_path):
    (tmp_path / "makers.py").write_text(MAKERS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(bench.contest, "MAKING_PATIENCE", 20.0)
    monkeypatch.setattr(bench.contest, "ROUND_SECONDS", 0.001)
    entry = bench.contest.Entry
    entries = [
        entry("nearclifford", "makers:right", splits=(1, 2)),
        entry("a peer", "makers:right"),
        entry("a wrong one", "makers:wrong"),
        entry("one that crashes", "makers:crashing"),
        entry("one that is not here", "makers:right", "elsewhere"),
        entry("one that may not be used", "makers:right", "licensed"),
    ]
    left_out = {"elsewhere": "not installed", "licensed": "left out"}
    made = bench.environments.Environments(tmp_path / "made", left_out=left_out)
    pool = bench.contest.Pool(made)
    judge = bench.contest.agree_to(1e-6)
    bout = bench.contest.Bout("key", "Products", "ms", {"factor": [1.0, 2.0]}, entries, list(range(6)), [3, 1, 2], judge)
    try:
        table = bench.contest.measure(bout, pool, rounds=2)
        monkeypatch.setattr(bench.contest, "FIRST_PATIENCE", 3.0)
        asleep = bench.contest.Bout("key", "Sleep", "ms", {}, [entry("one that sleeps", "makers:slow")], [0], [0], judge)
        [sleeper] = bench.contest.measure(asleep, pool, rounds=2)["rows"]
    finally:
        pool.close()
    states = {row["title"]: row["state"] for row in table["rows"]}
    assert states == {
        "nearclifford": "timed",
        "a peer": "timed",
        "a wrong one": "disagrees: not timed",
        "one that crashes": "crashed: ValueError: no such / gate",
        "one that is not here": "not installed",
        "one that may not be used": "left out",
    }
    assert sleeper["state"] == "stopped: no answer within 3 s" and sleeper["median"] is None
    wrong = next(row for row in table["rows"] if row["title"] == "a wrong one")
    assert wrong["median"] is None and wrong["error"] == pytest.approx(1e-3)
    text = bench.page.table_text(table)
    assert all(title in text for title in states)


def test_we_are_judged_like_anybody_else(bench):
    truth, off = np.arange(4.0), np.arange(4.0) + 1e-3
    judge = bench.contest.agree_to(1e-6)
    verdict = judge({"nearclifford\n1 x 2": off, "a\n1 x 2": truth, "b\n1 x 2": truth})
    assert [agrees for _, agrees in verdict.values()] == [False, True, True]
    assert not any(agrees for _, agrees in judge({"a": truth, "b": off}).values())
    assert not judge({"a": truth, "b": truth, "c": np.full(4, np.nan)})["c"][1]


def test_an_approximation_is_judged_by_the_exact_ones(bench):
    exact = np.linspace(-1, 1, 8)
    judge = bench.propagation.near(1e-3)
    answers = {
        "ours, exact\n1 x 2": exact,
        "theirs, exact\n2 x 1": exact + 1e-6,
        "fine": exact + 5e-4,
        "coarse": exact + 2e-3,
    }
    verdict = {name: agrees for name, (_, agrees) in judge(answers).items()}
    assert list(verdict.values()) == [False, False, True, False]  # of two exact ones that differ neither is believed
    assert judge({"fine": exact})["fine"][1] is False  # and without one nothing is


def test_estimates_are_judged_by_their_errors(bench):
    def sums(mean, samples):  # of coins
        return np.array([mean * samples, mean * samples, samples])

    verdict = bench.sampling.within_errors({"a": sums(0.5, 10**4), "b": sums(0.51, 10**4), "c": sums(0.6, 10**4)})
    assert [agrees for _, agrees in verdict.values()] == [True, True, False]
    assert bench.sampling.samples_for_one_percent(sums(0.5, 10**4)) == pytest.approx(10**4)


def test_what_is_faster_stands_above_us_and_is_told_first(bench):
    def row(title, seconds, state="timed"):
        return {
            "title": title, "ours": title.startswith("nearclifford"), "environment": "own", "state": state, "made": 0.1,
            "setting": "1 x 2", "median": seconds, "low": seconds, "high": seconds, "rounds": 2, "error": 1e-12, "note": "",
        }  # fmt: skip

    rows = [row("nearclifford", 2.0), row("nearclifford exact", 9.0), row("fast", 1.0), row("slow", 5.0)]
    rows.append(row("gone", None, "crashed"))
    table = {"title": "Race", "unit": "s", "accuracy": "error", "note": "", "scale": 1.0, "load": [0.1, 0.2], "rows": rows}
    one = {"question": "Q", "text": "T", "begun": 0.0, "seconds": 1.0, "machine": "M", "command": "C", "versions": {}}
    one["tables"] = [table]
    text = bench.page.write({"exact": json.loads(json.dumps(one))})
    places = [text.index(f"| {title} |") for title in ("fast", "**nearclifford**", "slow", "**nearclifford exact**", "gone")]
    assert places == sorted(places)
    assert text.index("- Race: fast takes 0.5 of the time.") < places[0]
    assert "slow takes" not in text and "| gone | crashed |" in text
    table["rows"] = [row("nearclifford", None, "disagrees: not timed"), row("fast", 1.0)]
    assert "- Race: nearclifford has no time: disagrees: not timed" in bench.page.write({"exact": one})


def test_an_environment_remembers_what_did_not_install(bench, monkeypatch, tmp_path):
    class Done:
        returncode, stdout = 1, ""
        stderr = "WARNING: x\nERROR: No matching distribution found for rare|thing\n"

    monkeypatch.setattr(bench.environments, "run", lambda *command: Done())
    monkeypatch.setattr(bench.environments.venv, "create", lambda *arguments, **settings: None)
    (tmp_path / "requirements-rare.txt").write_text("# why\nrarething>=1\n")
    monkeypatch.setattr(bench.environments, "BENCHMARKS", tmp_path)
    for _ in range(2):  # the second reads what the first wrote
        made = bench.environments.Environments(tmp_path / "made")
        assert made.python("rare") is None
        assert made.why("rare") == "not installed: rarething>=1: ERROR: No matching distribution found for rare/thing"
        monkeypatch.setattr(bench.environments.venv, "create", None)


def test_moving_clifford_gates_away_leaves_the_same_circuit(bench):
    """Rotations and observable after the move, by dense matrices, against Qiskit's statevector of the circuit as it is."""
    import problems
    from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, Statevector
    from scipy.linalg import expm

    problem = problems.mhea(3, 2, count=1)
    [theta] = problems.thetas(problem)
    circuit = problems.qiskit_circuit(problem).assign_parameters(theta)
    truth = Statevector(circuit).expectation_value(problems.qiskit_observable(problem)).real
    turns, terms = problems.rotations(problem)
    state = np.eye(8)[0].astype(complex)
    for label, sign, index in turns:
        state = expm(-0.5j * theta[index] * sign * Pauli(label.replace("_", "I")[::-1]).to_matrix()) @ state
    moved = SparsePauliOp([label.replace("_", "I")[::-1] for label, _ in terms], [weight for _, weight in terms])
    assert (state.conj() @ Operator(moved).data @ state).real == pytest.approx(truth, abs=1e-12)


def test_the_coarsest_threshold_that_keeps_the_error_is_found_once(bench, monkeypatch, tmp_path):
    monkeypatch.setenv("BENCH_FOUND", str(tmp_path))
    problem, asked = {"exact": [1.0, 2.0], "tolerance": 1e-2, "n_qubits": 2}, []

    def maker():
        def make(threshold):
            asked.append(threshold)
            return threshold, lambda rows: np.array(problem["exact"])[rows] + threshold

        return bench.propagation.coarsest(problem, [1.0, 0.1, 0.005, 1e-4], make)

    assert [maker()[0], maker()[0]] == [0.005, 0.005]
    assert asked == [1.0, 0.1, 0.005, 0.005]
    problem["exact"] = [1.0, np.nan]
    with pytest.raises(SystemExit, match=r"no threshold keeps the rms error of 1\.0e-02"):
        maker()
