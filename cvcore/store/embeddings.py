"""Rows of embeddings, by the image's SHA-256 and the backbone's fingerprint: computed once, then stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cvcore.store.database import Connections, chunks, marks


class Embeddings:
    """Every embedding ever computed, float32 vectors."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def put(self, fingerprint: str, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Store one vector per SHA-256."""
        rows = [(sha256, fingerprint, vector.astype("<f4").tobytes()) for sha256, vector in vectors.items()]
        with self._db.transaction():
            self._db.connection.executemany("insert or replace into embeddings values (?, ?, ?)", rows)

    def get(self, fingerprint: str, digests: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The stored vectors, by SHA-256."""
        vectors: dict[str, NDArray[np.float32]] = {}
        for part in chunks(digests):
            cursor = self._db.connection.execute(
                f"select sha256, vector from embeddings where fingerprint = ? and sha256 in ({marks(part)})",
                [fingerprint, *part],
            )
            vectors.update((sha256, np.frombuffer(vector, "<f4")) for sha256, vector in cursor)
        return vectors

    def copy(self, digests: Sequence[str], target: Embeddings) -> None:
        """Copy every vector of these contents into another home folder's embeddings."""
        for part in chunks(digests):
            cursor = self._db.connection.execute(
                f"select sha256, fingerprint, vector from embeddings where sha256 in ({marks(part)})", [*part]
            )
            with target._db.transaction():
                target._db.connection.executemany("insert or ignore into embeddings values (?, ?, ?)", cursor)

    def missing(self, fingerprint: str, digests: Sequence[str]) -> list[str]:
        """The digests without a stored vector, in the given order."""
        known: set[str] = set()
        for part in chunks(digests):
            cursor = self._db.connection.execute(
                f"select sha256 from embeddings where fingerprint = ? and sha256 in ({marks(part)})",
                [fingerprint, *part],
            )
            known.update(sha256 for (sha256,) in cursor)
        return [sha256 for sha256 in digests if sha256 not in known]

    def newest(self) -> int:
        """A number that grows with every vector that is stored; 0 without any."""
        return int(self._db.value("select max(rowid) from embeddings") or 0)

    def unchecked(self, digests: Sequence[str]) -> list[str]:
        """Those of images that were stored when some were decoded otherwise than now, in the given order."""
        found: set[str] = set()
        for part in chunks(digests):
            cursor = self._db.connection.execute(
                f"select sha256 from unchecked_images where sha256 in ({marks(part)})", [*part]
            )
            found.update(sha256 for (sha256,) in cursor)
        return [sha256 for sha256 in digests if sha256 in found]

    def check_off(self, digests: Sequence[str]) -> None:
        """Note that images are decoded now as they were, or that what was computed from them is computed anew."""
        with self._db.transaction():
            for part in chunks(digests):
                self._db.write(f"delete from unchecked_images where sha256 in ({marks(part)})", [*part])

    def delete(self, sha256: str) -> None:
        """Delete all vectors of an image."""
        self._db.write("delete from embeddings where sha256 = ?", [sha256])
