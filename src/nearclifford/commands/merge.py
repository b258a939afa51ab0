"""``nearclifford merge``: the results of several directories in one."""

from __future__ import annotations

import argparse

from nearclifford.studies.merging import merge_studies


def run(options: argparse.Namespace) -> int:
    """Merge the directories, and print what the study says and which files there are."""
    results = merge_studies(options.sources, options.output)
    print(results.text)
    print("\nWritten:", *results.files, sep="\n  ")
    return 0
