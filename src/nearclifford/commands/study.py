"""``nearclifford study``: run or resume a study, make its table and figures; or say what it would do."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from nearclifford.commands import FAILED, INTERRUPTED
from nearclifford.studies import Study
from nearclifford.studies.presets import preset_path
from nearclifford.studies.shards import Shard
from nearclifford.studies.toml_files import toml_of
from nearclifford.version import __version__


def run(options: argparse.Namespace) -> int:
    """Run the study, or list the presets; return 130 after Ctrl-C, having said how to go on, and 1 where points failed."""
    if options.preset == "":
        _list_presets()
        return 0
    path = Path(options.spec) if options.preset is None else preset_path(options.preset)
    if options.dump:
        print(dumped(path))
        return 0
    study = Study.from_toml(path)
    if options.dry_run:
        print(predicted(study, options.shard, options.workers))
        return 0
    out = options.out or Path("runs") / (options.preset or path.stem)
    source = ["--preset", options.preset] if options.preset else [options.spec]
    command = shlex.join(["nearclifford", "study", *source, "--out", str(out), *_running(options)])
    try:
        with _cluster(options.dask) as executor:
            how: dict[str, Any] = {"shard": options.shard, "retry_failed": options.retry_failed, "executor": executor}
            results = study.run(out, workers=options.workers, **how)
        figures = results.save_figures(out, f"{command}   (nearclifford {__version__}, seed {study.plan.seed})")
        page = results.save_report(command=command)
        print(results.text)
        print("\nWritten:", *results.files, *figures, page, sep="\n  ")
    except KeyboardInterrupt:
        points = Shard.read(options.shard).of(study.plan)
        left = study.remaining(out, options.shard)
        print(
            f"\nStopped with {len(points) - left} of {len(points)} points in {out}. To go on:\n  {command}",
            file=sys.stderr,
        )
        return INTERRUPTED
    return FAILED if results.failed else 0


def dumped(path: Path) -> str:
    """Return the file of a study, to be edited, with the entries that it leaves at their defaults as comments.

    >>> print(dumped(preset_path("quick")).splitlines()[-1])
    # fits = false
    """
    text = path.read_text(encoding="utf-8").rstrip()
    spec = Study.from_toml(path).spec
    given = {line.split("=")[0].strip() for line in text.splitlines() if "=" in line}
    left = {name: value for name, value in spec.to_mapping().items() if name not in given and value is not None}
    shown = [line for line in toml_of(left).splitlines() if line and not line.startswith("[")]
    return "\n".join([text, "", "# Left at their defaults:", *(f"# {line}" for line in shown)]) if shown else text


def predicted(study: Study, shard: str | None, workers: int | None) -> str:
    """Return how many points a study has, and roughly what they take; nothing is measured.

    >>> print(predicted(Study.preset("quick"), None, 2).splitlines()[0])
    140 points in 28 bundles
    """
    plan = study.plan
    units = [unit for _, unit in Shard.read(shard).of(plan)]
    bundles = plan.bundles(units)
    count = min(workers or os.cpu_count() or 1, len(bundles))
    seconds = sum(unit.predicted_seconds for unit in units)
    longest = max(sum(unit.predicted_seconds for unit in bundle) for bundle in bundles)
    most = max(unit.predicted_bytes for unit in units)
    return "\n".join(
        [
            f"{len(units)} points in {len(bundles)} bundles",
            f"predicted: {seconds:,.0f} s of one core, {max(seconds / count, longest):,.0f} s by {count} workers, the "
            f"longest bundle {longest:,.0f} s (by counts of gates: right to a factor of a few)",
            f"memory: {most / 1e9:.1f} GB for the largest worker at most, {count * most / 1e9:.1f} GB for {count}",
        ]
    )


def _running(options: argparse.Namespace) -> list[str]:
    """Return the options of the command that say where it runs, for the command that goes on."""
    given = {"--workers": options.workers, "--dask": options.dask, "--shard": options.shard}
    return [word for name, value in given.items() if value is not None for word in (name, str(value))]


def _cluster(address: str | None) -> Any:
    if address is None:
        return nullcontext()
    from nearclifford.studies.dask_clusters import dask_client

    return dask_client(address)


def _list_presets() -> None:
    presets = Study.presets()
    width = max(map(len, presets))
    for name, title in presets.items():
        print(f"{name:{width}s}  {title}")
