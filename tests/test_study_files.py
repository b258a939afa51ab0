"""Results of studies on disks that are full, in places that cannot be used, damaged, and shared between processes."""

import contextlib
import dataclasses
import os
import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from nearclifford import NearCliffordError
from nearclifford.cli import main
from nearclifford.studies import Study, StudySpec, database
from nearclifford.studies.cell_plan import CellPlan
from nearclifford.studies.cells import points_of
from nearclifford.studies.sessions import begin_run
from nearclifford.studies.store import Store

SPEC = StudySpec(["mhea"], [2, 3], sigma=["1", "D^-1"], draws=6, seed=5)
N_POINTS = 8
TOML = 'ansatz = ["mhea"]\nqubits = [2, 3]\nsigma = ["1", "D^-1"]\ndraws = 6\nseed = 5\n'


@pytest.fixture
def finished(tmp_path):
    Study(SPEC).run(tmp_path / "finished", workers=1, progress=False)
    return tmp_path / "finished"


def table_of(directory):
    return (directory / "table.csv").read_bytes()


def change(directory, *statements):
    with contextlib.closing(sqlite3.connect(directory / "study.sqlite")) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()


def is_one_line(error):
    return str(error).isprintable() and len(str(error)) < 500


# places ----------------------------------------------------------------------------------------------------------


def test_places_that_cannot_hold_results(tmp_path):
    (tmp_path / "file").write_text("a file")
    (tmp_path / "store" / "study.sqlite").mkdir(parents=True)
    for out in (tmp_path / "file", tmp_path / "file" / "below", "/proc", "/proc/below", "a\0b", "l" * 300, 3,
                tmp_path / "store"):  # fmt: skip
        with pytest.raises(NearCliffordError) as told:
            Study(SPEC).run(out, workers=1, progress=False)
        assert is_one_line(told.value) and str(out)[:9].replace("\0", "\\x00") in str(told.value)
    assert (tmp_path / "file").read_text() == "a file"


@pytest.mark.parametrize("out", ["file", "file/below", "/proc", "l" * 300])
def test_the_command_tells_them_in_one_line(out, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("a file")
    (tmp_path / "mine.toml").write_text(TOML)
    assert main(["study", "mine.toml", "--workers", "1", "--out", out]) == 2
    told = capsys.readouterr().err
    assert told.startswith("nearclifford: ") and told.count("\n") == 1


def test_a_table_that_cannot_be_written_leaves_the_results(finished):
    (finished / "table.csv").unlink()
    (finished / "table.csv").mkdir()
    with pytest.raises(NearCliffordError, match=r"table\.csv: Is a directory") as told:
        Study(SPEC).run(finished, workers=1, progress=False)
    assert is_one_line(told.value) and len(Study(SPEC).frame(finished)) == N_POINTS


def test_a_figure_that_cannot_be_written_leaves_the_results(tmp_path, capsys):
    (tmp_path / "mine.toml").write_text(TOML)
    (tmp_path / "out" / "gradient_norm_mhea_LN.svg").mkdir(parents=True)
    assert main(["study", str(tmp_path / "mine.toml"), "--workers", "1", "--out", str(tmp_path / "out")]) == 2
    [told] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("nearclifford: ")]
    assert "gradient_norm_mhea_LN.svg: Is a directory" in told
    assert (tmp_path / "out" / "gradient_norm_mhea_LN.png").exists() and len(Study(SPEC).frame(tmp_path / "out")) == N_POINTS


def test_asking_what_remains_makes_no_directory(tmp_path, finished):
    assert Study(SPEC).remaining(tmp_path / "nowhere") == N_POINTS and not (tmp_path / "nowhere").exists()
    assert Study(SPEC).remaining(finished) == 0
    with pytest.raises(NearCliffordError, match="null characters"):
        Study(SPEC).remaining("a\0b")


def test_a_study_needs_a_spec():
    with pytest.raises(NearCliffordError, match="spec is a str; expected a StudySpec"):
        Study("quick")


# full disks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_told_and_the_study_goes_on(workers, tmp_path, monkeypatch):
    spec = dataclasses.replace(SPEC, qubits=(2, 3), draws=100)
    study, fresh = Study(spec), Study(spec)
    fresh.run(tmp_path / "fresh", workers=1, progress=False)
    original = Store._open

    def small(self):
        original(self)
        self.connection.execute("PRAGMA max_page_count = 40")

    with monkeypatch.context() as patched, pytest.raises(NearCliffordError, match="What is finished is kept") as told:
        patched.setattr(Store, "_open", small)
        study.run(tmp_path / "out", workers=workers, progress=False)
    assert "study.sqlite cannot be written: database or disk is full" in str(told.value) and is_one_line(told.value)
    assert 0 < study.remaining(tmp_path / "out") < len(study.points)
    study.run(tmp_path / "out", workers=1, progress=False)
    assert table_of(tmp_path / "out") == table_of(tmp_path / "fresh")


# damage ----------------------------------------------------------------------------------------------------------

DAMAGES = {
    "some rows lost": "DELETE FROM draws WHERE draw = 3",
    "a name lost": "DELETE FROM draws WHERE name = 'norm'",
    "all rows lost": "DELETE FROM draws",
    "a number changed": "UPDATE draws SET value = value * (1 + 1e-15) WHERE name = 'norm' AND draw = 1",
    "text": "UPDATE draws SET value = 'text' WHERE name = 'norm'",
    "bytes": "UPDATE draws SET value = x'00ff' WHERE draw = 0",
    "nothing": "UPDATE draws SET value = NULL WHERE name = 'norm' AND draw = 2",
    "an index changed": "UPDATE draws SET draw = 77 WHERE draw = 5",
    "a checksum changed": "UPDATE checksums SET checksum = 'no'",
    "a point lost": "DELETE FROM points WHERE rowid = 2",
    "identities changed": "UPDATE points SET identity = 'x' || identity",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_points_are_found_and_measured_anew(damage, finished, recwarn):
    change(finished, DAMAGES[damage])
    study, lost = Study(SPEC), damage in ("a point lost", "identities changed")
    remaining = study.remaining(finished)
    assert 0 < remaining <= N_POINTS
    if not lost:
        with pytest.raises(NearCliffordError, match=r"study\.sqlite is damaged: GradientPoint\(.*Run the study again"):
            study.frame(finished)
    before = table_of(finished)
    study.run(finished, workers=1, progress=False)
    told = [str(one.message) for one in recwarn if "study.sqlite is damaged" in str(one.message)]
    assert len(told) == (0 if lost else 1) and all(f"{remaining} of {N_POINTS} points" in one for one in told)
    assert table_of(finished) == before and study.remaining(finished) == 0


def as_of_older_versions(directory):
    change(directory, "DROP TABLE checksums")


def test_files_without_checksums_are_read(finished, recwarn):
    as_of_older_versions(finished)
    before = table_of(finished)
    assert Study(SPEC).remaining(finished) == 0 and len(Study(SPEC).frame(finished)) == N_POINTS
    Study(dataclasses.replace(SPEC, qubits=(2, 3, 4))).run(finished, workers=1, progress=False)
    Study(SPEC).run(finished, workers=1, progress=False)
    assert table_of(finished) == before and not [one for one in recwarn if "damaged" in str(one.message)]


@pytest.mark.parametrize("damage", ["some rows lost", "all rows lost", "text", "an index changed"])
def test_damage_is_found_without_checksums_too(damage, finished):
    as_of_older_versions(finished)
    before = table_of(finished)
    change(finished, DAMAGES[damage])
    with pytest.warns(UserWarning, match=r"study\.sqlite is damaged"):
        Study(SPEC).run(finished, workers=1, progress=False)
    assert table_of(finished) == before


def test_a_file_without_checksums_that_lost_a_name_is_refused(finished):
    as_of_older_versions(finished)
    change(finished, DAMAGES["a name lost"])
    with pytest.raises(NearCliffordError, match=r"study\.sqlite is damaged: it lacks numbers named 'norm'"):
        Study(SPEC).run(finished, workers=1, progress=False)


def test_a_file_of_another_program_is_refused_and_stays(tmp_path):
    change(tmp_path, "CREATE TABLE birds (name TEXT)", "INSERT INTO birds VALUES ('wren')")
    with pytest.raises(NearCliffordError, match="tables of another program, birds; choose another directory"):
        Study(SPEC).run(tmp_path, workers=1, progress=False)
    change(tmp_path, "PRAGMA user_version = 3", "DROP TABLE birds", "CREATE TABLE points (x, y)")
    with pytest.raises(NearCliffordError, match="choose another directory, or move the file away") as told:
        Study(SPEC).run(tmp_path, workers=1, progress=False)
    assert is_one_line(told.value)


def test_damaged_bytes_are_one_line_or_harmless(finished, tmp_path, recwarn):
    """120 files with one to four bytes changed, or cut: the table is the same, or the file is refused."""
    good, before = (finished / "study.sqlite").read_bytes(), table_of(finished)
    rng, refused = np.random.default_rng(9), 0
    (tmp_path / "out").mkdir()
    for number in range(120):
        data = bytearray(good)
        for place in rng.integers(len(data), size=rng.integers(1, 5)):
            data[place] = rng.integers(256)
        (tmp_path / "out" / "study.sqlite").write_bytes(data[: rng.integers(len(data))] if number % 4 == 0 else data)
        (tmp_path / "out" / "table.csv").unlink(missing_ok=True)
        try:
            Study(SPEC).run(tmp_path / "out", workers=1, progress=False)
            assert table_of(tmp_path / "out") == before
        except NearCliffordError as error:
            refused += 1
            assert is_one_line(error) and "study.sqlite" in str(error)
        for left in (tmp_path / "out").glob("study.sqlite*"):
            left.unlink()
    assert 20 < refused < 110


# several processes -----------------------------------------------------------------------------------------------

OPENING = """
import sys, time
from nearclifford.studies import Study
from nearclifford.studies.sessions import begin_run
from nearclifford.studies.store import Store
plan = Study.preset("quick").plan
for k in range(int(sys.argv[2])):
    while time.time() < float(sys.argv[3]) + 0.25 * k:
        pass
    with Store(f"{sys.argv[1]}/{k}") as store:
        begin_run(store, plan)
"""


def test_the_switch_to_the_log_waits_for_writers(finished):
    change(finished, "PRAGMA journal_mode = DELETE")
    other = sqlite3.connect(finished / "study.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(1.0, lambda: other.execute("ROLLBACK"))
    release.start()
    try:
        with Store(finished) as opened:
            assert opened.missing(list(points_of(SPEC))) == []
    finally:
        release.join()
        other.close()


def test_several_processes_start_on_one_new_directory(tmp_path):
    """Four processes open eight new files at the same moments, and each of them can."""
    started = str(time.time() + 12)
    processes = [
        subprocess.Popen([sys.executable, "-c", OPENING, str(tmp_path), "8", started], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = [process.communicate(timeout=180)[1] for process in processes]
    assert told == [""] * 4
    for k in range(8):
        with contextlib.closing(sqlite3.connect(tmp_path / str(k) / "study.sqlite")) as file:
            assert file.execute("SELECT count(*) FROM runs").fetchone() == (4,)
            assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_two_studies_at_once_give_the_table(tmp_path, finished):
    threads = [threading.Thread(target=Study(SPEC).run, args=(tmp_path / "both", 1, False)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert table_of(tmp_path / "both") == table_of(finished)


def test_a_lock_that_stays_is_told(finished, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.3)
    with contextlib.closing(sqlite3.connect(finished / "study.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(NearCliffordError, match=r"kept locked by another process.*What is finished is kept") as told:
            Study(dataclasses.replace(SPEC, qubits=(2, 3, 4))).run(finished, workers=1, progress=False)
        assert is_one_line(told.value)
        other.execute("ROLLBACK")
    Study(SPEC).run(finished, workers=1, progress=False)


def test_a_point_written_twice_stays(tmp_path):
    first, *_ = points_of(SPEC)
    with Store(tmp_path) as one, Store(tmp_path) as other:
        [draws] = type(SPEC.experiment).measure([first])
        one.add(begin_run(one, CellPlan(SPEC)), first, draws, 0.1)
        other.add(begin_run(other, CellPlan(SPEC)), first, draws, 0.2)
    assert os.listdir(tmp_path) == ["study.sqlite"]
    with contextlib.closing(sqlite3.connect(tmp_path / "study.sqlite")) as file:
        assert file.execute("SELECT run, seconds FROM points").fetchall() == [(1, 0.1)]
