"""The arrays that the rooms hand to each other, by what they hold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# packed bits, 64 to a word: qubit q is bit q % 64 of word q // 64
Words = npt.NDArray[np.uint64]
Signs = npt.NDArray[np.int8]
Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
