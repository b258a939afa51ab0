"""``nearclifford report``: the results of a study as one HTML page."""

from __future__ import annotations

import argparse
import shlex
from datetime import UTC, datetime

from nearclifford import studies
from nearclifford.studies.page import save_page
from nearclifford.studies.store import provenance


def run(options: argparse.Namespace) -> int:
    """Write the page of the study in a directory, and print its path."""
    results = studies.results_of(options.directory)  # type: ignore[attr-defined]
    target = options.output or options.directory / "report.html"
    command = shlex.join(["nearclifford", "study", "study.toml", "--out", str(options.directory)])
    made = {"page made": datetime.now(UTC).date().isoformat()} | {
        f"page made with {key}": value for key, value in provenance().items()
    }
    print(save_page(results, target, command, made))
    return 0
