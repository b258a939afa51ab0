"""Merging: the parts of a study are one, damage stays outside, contradictions are told, and sources are as they were."""

import contextlib
import hashlib
import sqlite3

import pytest

from cheap_studies import CheapPlan, reopened, run
from nearclifford import NearCliffordError
from nearclifford.studies import Study, StudySpec, merging
from nearclifford.studies import reopened as reopening
from nearclifford.studies.merging import merge_studies
from nearclifford.studies.reopened import results_of
from nearclifford.studies.status import status_of
from nearclifford.studies.store import Store

SPEC = StudySpec(["mhea"], [2, 3], sigma=["1", "D^-1"], draws=6, seed=5, title="Eight points")


@pytest.fixture(autouse=True)
def cheap_plans_are_known(monkeypatch):
    monkeypatch.setitem(reopening.PLANS, "cheap", reopened)


@pytest.fixture
def parts(tmp_path):
    for number in range(1, 5):
        run(CheapPlan(30, together=4), tmp_path / str(number), workers=1, shard=f"{number}/4")
    run(CheapPlan(30), tmp_path / "one", workers=1)
    return [tmp_path / str(number) for number in range(1, 5)]


def table_of(directory):
    return (directory / "table.csv").read_bytes()


def hashes(directory):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}


def change(directory, statement, *given):
    with contextlib.closing(sqlite3.connect(directory / "study.sqlite")) as file:
        file.execute(statement, given)
        file.commit()


def rows_of(directory, query):
    with contextlib.closing(sqlite3.connect(directory / "study.sqlite")) as file:
        return file.execute(query).fetchall()


def test_the_parts_of_a_study_are_the_whole(tmp_path):
    Study(SPEC).run(tmp_path / "one", workers=1, progress=False)
    for number in (1, 2):
        Study(SPEC).run(tmp_path / str(number), workers=1, progress=False, shard=f"{number}/2")
    found = merge_studies([tmp_path / "2", tmp_path / "1"], tmp_path / "whole")
    assert table_of(tmp_path / "whole") == table_of(tmp_path / "one") and found.title == "Eight points"
    assert results_of(tmp_path / "whole").text == Study(SPEC).text(tmp_path / "one")
    assert Study(SPEC).remaining(tmp_path / "whole") == 0


def test_sources_stay_and_a_second_merge_adds_nothing(parts, tmp_path):
    before = [hashes(part) for part in parts]
    merge_studies(parts, tmp_path / "whole")
    assert [hashes(part) for part in parts] == before
    assert table_of(tmp_path / "whole") == table_of(tmp_path / "one")
    tables = ("runs", "sessions", "points", "draws", "wanted", "studies", "checksums")
    counts = [rows_of(tmp_path / "whole", f"SELECT count(*) FROM {table}") for table in tables]
    assert counts[:4] == [[(4,)], [(4,)], [(30,)], [(60,)]]
    merge_studies(parts, tmp_path / "whole")
    assert [rows_of(tmp_path / "whole", f"SELECT count(*) FROM {table}") for table in tables] == counts
    assert rows_of(tmp_path / "whole", "SELECT count(DISTINCT run) FROM points") == [(4,)]
    assert rows_of(tmp_path / "whole", "SELECT count(*) FROM claims") == [(0,)]


def test_a_merge_that_was_stopped_is_made_whole(parts, tmp_path, monkeypatch):
    original, calls = merging._Copy._copy_points, []

    def stopping(self, chunk):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return original(self, chunk)

    monkeypatch.setattr(merging, "CHUNK", 3)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(merging._Copy, "_copy_points", stopping)
        merge_studies(parts, tmp_path / "whole")
    assert 0 < rows_of(tmp_path / "whole", "SELECT count(*) FROM points")[0][0] < 30
    merge_studies(parts, tmp_path / "whole")
    assert table_of(tmp_path / "whole") == table_of(tmp_path / "one")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE draws SET value = value * 2 WHERE rowid_of = 1",
        "DELETE FROM draws WHERE rowid_of = 1 AND draw = 1",
        "UPDATE draws SET value = 'text' WHERE rowid_of = 1",
    ],
)
def test_damaged_points_are_left_out(damage, parts, tmp_path):
    damage = damage.replace("rowid_of = 1", "identity = (SELECT min(identity) FROM points)")
    change(parts[0], damage)
    with pytest.warns(UserWarning) as told:
        found = merge_studies(parts, tmp_path / "whole")
    assert "study.sqlite is damaged: 1 points" in str(told[0].message) and "1 of 30 points have no" in str(told[1].message)
    lines = table_of(tmp_path / "one").splitlines()
    assert len(found.frame) == 29 and set(table_of(tmp_path / "whole").splitlines()) < set(lines)
    run(CheapPlan(30), tmp_path / "whole", workers=1)
    assert table_of(tmp_path / "whole") == table_of(tmp_path / "one")


def test_other_numbers_for_one_point_are_told(parts, tmp_path):
    """A point that one version measured otherwise: both are whole, and they contradict each other."""
    change(parts[1], 'UPDATE runs SET made_with = replace(made_with, \'"numpy": "\', \'"numpy": "0.\')')
    run(CheapPlan(30), tmp_path / "other", workers=1)
    [(identity,)] = rows_of(parts[1], "SELECT min(identity) FROM points")
    change(parts[1], "UPDATE draws SET value = 0.5 WHERE identity = ?", identity)
    change(parts[1], "DELETE FROM checksums WHERE identity = ?", identity)
    with pytest.raises(NearCliffordError, match=r"The point number=\d+ has other numbers in .*") as told:
        merge_studies([tmp_path / "other", parts[1]], tmp_path / "whole")
    assert f"in {parts[1]} (" in str(told.value) and f"in {tmp_path / 'other'} (" in str(told.value)
    assert "numpy 0." in str(told.value) and "\n" not in str(told.value)


def test_a_point_that_failed_here_and_is_done_there_is_done(tmp_path):
    run(CheapPlan(6, broken=(1, 2)), tmp_path / "failed", workers=1)
    run(CheapPlan(2), tmp_path / "two", workers=1)
    found = merge_studies([tmp_path / "failed", tmp_path / "two"], tmp_path / "there")
    assert found.asked["count"] == 2 and not found.failed
    for order in (["failed", "two"], ["two", "failed"]):
        merge_studies([tmp_path / name for name in order], tmp_path / "-".join(order))
        known = results_of(tmp_path / "-".join(order), study=CheapPlan(6).identity[:12])
        assert [point for point, _ in known.failed] == ["number=2"] and len(known.frame) == 5


def test_what_cannot_be_merged(parts, tmp_path):
    with pytest.raises(NearCliffordError, match="choose another directory for the result"):
        merge_studies(parts, parts[0] / ".." / "1")
    with pytest.raises(NearCliffordError, match="sources is"):
        merge_studies([], tmp_path / "whole")
    with pytest.raises(NearCliffordError, match="sources is"):
        merge_studies(str(parts[0]), tmp_path / "whole")
    with pytest.raises(NearCliffordError, match=r"nowhere/study.sqlite does not exist"):
        merge_studies([*parts, tmp_path / "nowhere"], tmp_path / "whole")
    assert not (tmp_path / "whole").exists() and not (tmp_path / "nowhere").exists()


def test_a_source_may_be_live_and_what_a_killed_one_left_in_its_log_counts(parts, tmp_path):
    with Store(parts[0]) as live:
        live.connection.execute("PRAGMA wal_autocheckpoint = 0")
        live.forget(CheapPlan(30).units()[:1])
        copied = tmp_path / "killed"
        copied.mkdir()
        for path in parts[0].iterdir():
            (copied / path.name).write_bytes(path.read_bytes())
        assert (copied / "study.sqlite-wal").stat().st_size > 0
        for number, source in enumerate((parts[0], copied)):
            with pytest.warns(UserWarning, match="1 of 30 points have no numbers"):
                merge_studies([source, *parts[1:]], tmp_path / f"whole{number}")


def test_a_directory_says_what_was_asked(tmp_path):
    run(CheapPlan(2), tmp_path, workers=1)
    run(CheapPlan(3), tmp_path, workers=1)
    assert len(results_of(tmp_path).frame) == 3 and len(results_of(tmp_path, CheapPlan(2).identity[:8]).frame) == 2
    with pytest.raises(NearCliffordError, match=r"study is 'Cheap'; expected the title.*Cheap \("):
        results_of(tmp_path, "Cheap")
    with pytest.raises(NearCliffordError, match="study is 'none'"):
        results_of(tmp_path, "none")
    change(tmp_path, "UPDATE studies SET kind = 'songs'")
    with pytest.raises(NearCliffordError, match="of the kind 'songs'"):
        results_of(tmp_path)
    change(tmp_path, "UPDATE studies SET asked = 'x'")
    with pytest.raises(NearCliffordError, match="what was asked is no JSON"):
        results_of(tmp_path)
    change(tmp_path, "DELETE FROM studies")
    with pytest.raises(NearCliffordError, match="does not say what was asked"):
        results_of(tmp_path)


def test_merged_runs_do_not_live(parts, tmp_path):
    change(parts[0], "UPDATE sessions SET ended = ''")  # as if this very process were measuring there
    assert status_of(parts[0]).is_running
    merge_studies(parts, tmp_path / "whole")
    assert not status_of(tmp_path / "whole").is_running


def test_a_run_with_nothing_to_measure_says_what_was_asked(tmp_path):
    """In a file of an older version, and of a part of what is there; once, and with the versions that made the numbers."""
    plan, runs = CheapPlan(6), "SELECT count(*) FROM runs"
    run(plan, tmp_path, workers=1)
    change(tmp_path, 'UPDATE runs SET made_with = \'{"numpy": "0.1"}\'')
    for table in ("studies", "wanted", "stored_rows", "sessions", "claims"):
        change(tmp_path, f"DROP TABLE {table}")
    with pytest.raises(NearCliffordError, match="Run the study there once more"):
        results_of(tmp_path)
    for _ in range(2):
        found = run(plan, tmp_path, workers=1)
        assert len(results_of(tmp_path).frame) == 6 and found.made_with["numpy"] == "0.1"
        assert rows_of(tmp_path, runs) == [(2,)]
    status = status_of(tmp_path)
    assert (status.total, status.done, status.ended) == (6, 6, "finished")
    for _ in range(2):
        run(CheapPlan(2), tmp_path, workers=1)
        assert len(results_of(tmp_path).frame) == 2 and status_of(tmp_path).total == 2
        assert rows_of(tmp_path, runs) == [(3,)]
    run(plan, tmp_path, workers=1)
    assert len(results_of(tmp_path).frame) == 6


def test_a_shard_with_nothing_to_measure_is_listed(tmp_path):
    run(CheapPlan(8), tmp_path, workers=1)
    for shard, total in (("1/2", 2), ("1/2", 2), ("2/2", 4), (None, 4)):
        run(CheapPlan(4), tmp_path, workers=1, shard=shard)
        assert status_of(tmp_path).total == total
    assert rows_of(tmp_path, "SELECT count(*) FROM runs") == [(3,)]
