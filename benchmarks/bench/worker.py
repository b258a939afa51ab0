"""The process of a contender: makes it for one problem after the other, and answers requests until standard input ends.

    python worker.py MODULE MAKER    (the parent is `contest.Contender`)

A line ``{"problem": {...}}`` makes the contender anew; the answer has the seconds, or what it has as ``made``, which leaves
out what only a benchmark needs. A line ``{"work": ..., "repeats": 3, "reply": true}`` does the work; the answer has the
seconds of all repeats and, if asked for, the result. What a library prints goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import warnings

import numpy as np


def main() -> None:
    """Serve."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    module, maker = sys.argv[1:]
    make, action = getattr(importlib.import_module(module), maker), None
    for line in sys.stdin:
        request, answer = json.loads(line), {}
        start = time.perf_counter()
        if "problem" in request:
            action = None  # frees what the last problem held
            action = make(request["problem"])
            answer["made"] = getattr(action, "made", time.perf_counter() - start)
        else:
            for _ in range(request["repeats"]):
                result = action(request["work"])
            answer["seconds"] = time.perf_counter() - start
            if request["reply"]:
                answer["result"] = np.asarray(result, dtype=float).tolist()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
