"""``nearclifford report``: the results of a study as one HTML page."""

from __future__ import annotations

import argparse

from nearclifford.studies import results_of


def run(options: argparse.Namespace) -> int:
    """Write the page of the study in a directory, and print its path."""
    print(results_of(options.directory).save_report(options.output))
    return 0
