"""A result comes back as it was kept; whatever else lies in its place is no result, and needs little memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from cvcore import analyses
from cvcore.analyses import KeptFile, Size, arrays_file
from cvcore.errors import ArraysDamaged, NotTrained
from cvcore.files import blobs
from cvcore.store import Store
from tests.conftest import Fill, Trained

SIZE = Size(images=3, tags=2)


@dataclass(frozen=True, eq=False)
class Shares:
    """A result of some analysis."""

    rates: NDArray[np.float64]
    rows: NDArray[np.int64]
    means: NDArray[np.float64]


FILE: KeptFile[Shares] = arrays_file(
    "shares-1.npz",
    Shares,
    {"rates": ("f", ("points", "tags")), "rows": ("i", ("images",)), "means": ("f", ("points", "tags+1"))},
    lambda shares, size: bool((shares.rows < size.images).all()),
)
WHOLE = Shares(np.array([[0.5, np.nan]]), np.array([0, 1, 2]), np.zeros((1, 3)))


def test_a_result_comes_back(store: Store, fill: Fill, trained: Trained) -> None:
    """What is kept with an iteration is read again; before, and where it is damaged, there is none."""
    iteration = trained(fill(rose=5, tulip=5))
    whole = replace(WHOLE, rows=np.arange(10) % 3)
    assert analyses.load(store, iteration, FILE) is None
    analyses.save(store, iteration, FILE, whole)
    kept = analyses.load(store, iteration, FILE)
    assert kept is not None
    np.testing.assert_array_equal(WHOLE.rates, kept.rates)
    path = blobs.iteration_folder(store.home, iteration.id) / FILE.name
    path.write_bytes(path.read_bytes()[:-40])
    assert analyses.load(store, iteration, FILE) is None
    with pytest.raises(NotTrained):
        analyses.save(store, replace(iteration, status="Failed"), FILE, whole)


@pytest.mark.parametrize(
    "changed",
    [
        {"rates": np.zeros((1, 3))},
        {"rates": np.zeros((2, 2))},
        {"rates": np.zeros(2)},
        {"rates": np.array([[0.5, np.inf]])},
        {"rates": np.zeros((1, 2), int)},
        {"rates": np.array([["a", "b"]], object)},
        {"rows": np.arange(4)},
        {"rows": np.array([0, 1, 3])},
    ],
    ids=lambda changed: " ".join(f"{name} {array.dtype} {array.shape}" for name, array in changed.items()),
)
def test_other_arrays_are_none(changed: dict[str, NDArray[np.generic]]) -> None:
    """Arrays of another kind, shape or range are refused, objects without being read."""
    with pytest.raises(ArraysDamaged):
        FILE.from_bytes(FILE.to_bytes(replace(WHOLE, **changed)), SIZE)  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x93NUMPY", FILE.to_bytes(WHOLE)[:-30]])
def test_any_bytes_are_told(data: bytes) -> None:
    """Bytes that are no file of arrays raise the same error."""
    with pytest.raises(ArraysDamaged):
        FILE.from_bytes(data, SIZE)


def test_a_small_file_cannot_fill_the_memory() -> None:
    """Arrays that unpack to more than the limit are refused before they are read."""
    small = arrays_file("small-1.npz", Shares, {"rates": ("f", ("points", "tags"))}, limit_bytes=100_000)
    data = small.to_bytes(replace(WHOLE, rates=np.zeros((10_000, 2))))
    assert len(data) < 1_000
    with pytest.raises(ArraysDamaged, match="its arrays are too large"):
        small.from_bytes(data, SIZE)
