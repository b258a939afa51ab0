"""``nearclifford study``: run or resume a study, make its table and figures."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from nearclifford.commands import INTERRUPTED
from nearclifford.studies import Study, preset_names
from nearclifford.studies.figures import save_figures
from nearclifford.studies.store import FILE_NAME
from nearclifford.studies.study import TABLE_NAME
from nearclifford.studies.table import write_table
from nearclifford.version import __version__


def run(options: argparse.Namespace) -> int:
    """Run the study, or list the presets; return 130 after Ctrl-C, having said how to go on."""
    if options.preset == "":
        _list_presets()
        return 0
    study = Study.from_toml(options.spec) if options.preset is None else Study.preset(options.preset)
    name = options.preset or Path(options.spec).stem
    out = options.out or Path("runs") / name
    source = ["--preset", options.preset] if options.preset else [options.spec]
    command = shlex.join(["nearclifford", "study", *source, "--out", str(out)])
    try:
        study.run(out, workers=options.workers)
        _print_results(study, out, f"{command}   (nearclifford {__version__}, seed {study.spec.seed})")
    except KeyboardInterrupt:
        total = len(study.points)
        print(
            f"\nStopped with {total - study.remaining(out)} of {total} points in {out}. To go on:\n  {command}",
            file=sys.stderr,
        )
        return INTERRUPTED
    return 0


def _list_presets() -> None:
    width = max(map(len, preset_names()))
    for name in preset_names():
        print(f"{name:{width}s}  {Study.preset(name).spec.title}")


def _print_results(study: Study, out: Path, made_by: str) -> None:
    """Write the tables and figures of a study that was run, and print its report and where they are."""
    frame, experiment = study.frame(), study.spec.experiment
    tables = {out / f"{name}.csv": table for name, table in experiment.tables(frame).items()}
    for path, table in tables.items():
        write_table(table, path)
    written = [out / FILE_NAME, out / TABLE_NAME, *tables, *save_figures(experiment, frame, out, made_by)]
    print(experiment.report(frame))
    print("\nWritten:", *map(str, written), sep="\n  ")
