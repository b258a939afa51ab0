"""Results from a directory alone: which studies were asked there is in the file, and their plans are made from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of, printable
from nearclifford.studies.cell_plan import CellPlan
from nearclifford.studies.plan import Plan
from nearclifford.studies.results import StudyResults
from nearclifford.studies.sessions import STUDIES
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.store import Store
from nearclifford.studies.study import results_in
from nearclifford.studies.sweeps.plan import SweepPlan


def _cells(store: Store, study: str, asked: Mapping[str, Any]) -> Plan:
    del store, study
    return CellPlan(StudySpec.from_mapping(asked))


# How the plan of each kind is made from what its store knows of it.
PLANS: dict[str, Callable[[Store, str, Mapping[str, Any]], Plan]] = {
    CellPlan.kind: _cells,
    SweepPlan.kind: SweepPlan.reopened,
}


def results_of(directory: str | Path, study: str | None = None) -> StudyResults:
    """Return what is finished in a directory of the study that was asked there last, or of another one.

    Parameters
    ----------
    directory : of a run, or of several.
    study : the title of a study, or the beginning of its identity; None for the last.

    Raises
    ------
    NearCliffordError : where there was no run, where no study or several fit, where the file is damaged or of a version
        that did not write down what was asked.

    Examples
    --------
    >>> import tempfile
    >>> import nearclifford as nc
    >>> study = nc.Study(nc.StudySpec(["mhea"], [2], sigma=["1"], draws=2, title="Two draws"))
    >>> with tempfile.TemporaryDirectory() as out:
    ...     _ = study.run(out, workers=1, progress=False)
    ...     results_of(out)
    StudyResults(2 rows, 'Two draws')
    """
    place = path_of(directory, "directory")
    with Store(place, create=False) as store:
        return results_in(plan_in(store, study), store, place)


def plan_in(store: Store, study: str | None = None) -> Plan:
    """Return the plan of the study that was asked last in a store, or of another one; errors of `results_of`."""
    with store.told():
        rows = store.connection.execute(STUDIES).fetchall()
    known = [(str(identity), str(kind), _asked(store, asked)) for identity, kind, asked in rows]
    if not known:
        raise NearCliffordError(
            f"{store.path} does not say what was asked: an older version wrote it. Run the study there once more, which "
            "measures nothing again."
        )
    fitting = known if study is None else [one for one in known if one[2].get("title") == study]
    if not fitting and study:
        fitting = [one for one in known if one[0].startswith(study)]
    if not fitting or (study is not None and len(fitting) > 1):
        names = "; ".join(f"{asked.get('title') or 'no title'} ({identity[:8]})" for identity, _, asked in known[:10])
        raise NearCliffordError(
            f"study is {printable(repr(study), 200)}; expected the title or the beginning of the identity of one of the "
            f"studies in {store.path}: {printable(names, 1000)}."
        )
    identity, kind, asked = fitting[0]
    if kind not in PLANS:
        raise NearCliffordError(
            f"{store.path} holds a study of the kind {printable(repr(kind), 60)}; this version knows {', '.join(PLANS)}: "
            "install a newer one."
        )
    return PLANS[kind](store, identity, asked)


def _asked(store: Store, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise NearCliffordError(f"{store.path} is damaged: what was asked is no JSON; run the study again there.")
    return found
