"""What is typed to repeat a study."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from nearclifford.studies.plan import Plan
from nearclifford.studies.presets import preset_names, preset_path
from nearclifford.studies.reading import read_spec


def repeating(plan: Plan, directory: Path) -> str:
    """Return the command that repeats a study: of its preset, of the file that the page shows, or of the program it is in.

    >>> from nearclifford.studies.study import Study
    >>> repeating(Study.preset("quick").plan, Path("runs/quick"))
    'nearclifford study --preset quick --out runs/quick'
    """
    if plan.kind == "tasks" and "circuit" not in plan.asked:
        return f"nearclifford.sweep(tasks, {str(directory)!r}), in the program that made the tasks"
    asked = json.dumps(plan.asked, sort_keys=True)
    same = (name for name in preset_names() if json.dumps(_entries(name), sort_keys=True) == asked)
    source = next((["--preset", name] for name in same), ["study.toml"])
    return shlex.join(["nearclifford", "study", *source, "--out", str(directory)])


def _entries(preset: str) -> object:
    return read_spec(preset_path(preset)).to_mapping()
