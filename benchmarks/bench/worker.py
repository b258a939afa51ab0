"""The process of one contender: makes it once, then answers requests until standard input ends.

    python worker.py MODULE MAKER PROBLEM    (PROBLEM is JSON; the parent is `contest.Contender`)

What is made may have its own ``made``, the seconds without what only a benchmark needs. A request is a line ``{"work": ..., "repeats": 3, "reply": true}``. The answer is a line with the seconds of all repeats and,
if asked for, the result. What a library prints goes to standard error.
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
    module, maker, problem = sys.argv[1:]
    start = time.perf_counter()
    action = getattr(importlib.import_module(module), maker)(json.loads(problem))
    made = getattr(action, "made", time.perf_counter() - start)
    print(json.dumps({"made": made}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        start = time.perf_counter()
        for _ in range(request["repeats"]):
            result = action(request["work"])
        answer = {"seconds": time.perf_counter() - start}
        if request["reply"]:
            answer["result"] = np.asarray(result, dtype=float).tolist()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
