"""Names for the kinds of numpy arrays that signatures speak of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Levels = NDArray[np.uint8]
