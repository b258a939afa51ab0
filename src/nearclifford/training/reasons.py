"""Why a run stops, in the words of `TrainingRun.stopped`."""

from __future__ import annotations

import numpy as np

# Those that a run does not go on after.
NOT_FINITE, CONVERGED, GAVE_UP = "not finite", "converged", "gave up"
FINAL = (NOT_FINITE, CONVERGED, GAVE_UP)

# No text is longer.
REASON = np.dtype("<U16")
