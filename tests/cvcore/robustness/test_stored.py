"""A file that is no measurement of the iteration is not taken for one, wherever it comes from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvcore.analyses import Size
from cvcore.errors import ArraysDamaged
from cvcore.robustness import FILE, Measurement
from tests.cvcore.robustness.conftest import scripted

SIZE = Size(images=20, tags=2)


def test_a_measurement_comes_back() -> None:
    """What was written is read again."""
    measurement = scripted({("turned", 20): 4})
    again = FILE.from_bytes(FILE.to_bytes(measurement), SIZE)
    np.testing.assert_array_equal(measurement.levels, again.levels)
    assert bool(again.is_own)


@pytest.mark.parametrize("damage", ["other tags", "too many rows", "unsorted", "no rows", "levels"])
def test_anything_else_is_refused(damage: str) -> None:
    """Rows that the iteration lacks, or levels beyond the last threshold, are no measurement of it."""
    whole = scripted({})
    broken: dict[str, Measurement] = {
        "other tags": replace(whole, levels=whole.levels[:, :, :1]),
        "too many rows": replace(whole, rows=whole.rows + 1),
        "unsorted": replace(whole, rows=whole.rows[::-1]),
        "no rows": replace(whole, rows=whole.rows[:0], levels=whole.levels[:, :0]),
        "levels": replace(whole, levels=whole.levels + np.uint8(100)),
    }
    with pytest.raises(ArraysDamaged):
        FILE.from_bytes(FILE.to_bytes(broken[damage]), SIZE)
