"""The axes along which heads are fitted, and the way back to raw embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Float32s
from cvcore.networks.large_sets.blocks import Standardised

# The principal axes are those of so many rows, or of twice as many as there are numbers in a row.
ROWS = 2**14

# The curvature of cross-entropy, p(1-p), on average near the minimum; only speed depends on it.
TYPICAL_CURVATURE = 0.002

TINY = 1e-30


@dataclass(frozen=True)
class Axes:
    """The columns of `basis`, of length 1: a raw embedding x lies at (x - centre) @ basis / scale."""

    basis: Float32s
    centre: Float32s
    scale: float

    def raw(self, kernel: Float32s) -> tuple[Float32s, Float32s]:
        """The kernel (dimension, tags) and bias (tags,) for raw embeddings, of a kernel (axes + 1, tags) along axes."""
        along_axes, bias = kernel[:-1], kernel[-1]
        raw = self.basis @ along_axes / np.float32(self.scale)
        return raw, bias - self.centre @ raw


def principal_axes(rows: Standardised) -> tuple[Axes, Float32s]:
    """Roughly all rows' principal axes, as many as dimensions, and the mean squares along them and of a column of 1.

    The mean squares are (dimension + 1, 1). Axes are only a help, of rows drawn without their tags.
    """
    count, dimension = rows.count, len(rows.centre)
    most = min(count, max(ROWS, 2 * dimension))
    some = rows.read(np.sort(np.random.default_rng(0).choice(count, most, replace=False)))
    squares, basis = np.linalg.eigh(some.T @ some / np.float32(most))
    spreads = np.append(np.maximum(squares, 0), 1).astype(np.float32)[:, None]
    return Axes(np.asarray(basis, np.float32), rows.centre, rows.scale), spreads
