"""``nearclifford study``: run or resume a study, make its table and figures."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from nearclifford.commands import INTERRUPTED
from nearclifford.studies import Study
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
        results = study.run(out, workers=options.workers)
        figures = results.save_figures(out, f"{command}   (nearclifford {__version__}, seed {study.spec.seed})")
        print(results.text)
        print("\nWritten:", *results.files, *figures, sep="\n  ")
    except KeyboardInterrupt:
        total = len(study.points)
        print(
            f"\nStopped with {total - study.remaining(out)} of {total} points in {out}. To go on:\n  {command}",
            file=sys.stderr,
        )
        return INTERRUPTED
    return 0


def _list_presets() -> None:
    presets = Study.presets()
    width = max(map(len, presets))
    for name, title in presets.items():
        print(f"{name:{width}s}  {title}")
