"""What a command prints for programs: JSON of a whole result, or CSV of its table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def printed(options: argparse.Namespace, told: Callable[[], Mapping[str, Any]], table: Callable[[], pd.DataFrame]) -> bool:
    """Print what ``--json`` or ``--csv`` asks for, and return whether one of them did.

    >>> printed(argparse.Namespace(json=True, csv=False), lambda: {"loss": 1.0}, lambda: None)
    {
      "loss": 1.0
    }
    True
    """
    if options.json:
        print(json.dumps(told(), indent=2, allow_nan=False, ensure_ascii=False))
    elif options.csv:
        print(table().to_csv(index=False), end="")
    return bool(options.json or options.csv)
