"""``nearclifford status``: how far the study in a directory is, and whether it runs."""

from __future__ import annotations

import argparse
import json

from nearclifford.studies.status import status_of


def run(options: argparse.Namespace) -> int:
    """Print the status, as text or as JSON."""
    status = status_of(options.directory)
    print(json.dumps(status.to_dict(), indent=2, ensure_ascii=False) if options.json else status)
    return 0
