"""The two keys of the API: one to train with, one to ask with."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cvcore.files import blobs
from cvcore.settings import Settings

TRAINING = "training.key"
PREDICTION = "prediction.key"


@dataclass(frozen=True)
class Keys:
    """What `Training-Key` and `Prediction-Key` must say."""

    training: str = field(repr=False)
    prediction: str = field(repr=False)


def load(told: Settings) -> Keys:
    """The keys that the environment gives, else those in the home folder, made there at the first start.

    Raises:
        HomeUnusable, StorageFull: they cannot be kept.
    """
    return Keys(
        told.training_key or _kept(told.home / TRAINING),
        told.prediction_key or _kept(told.home / PREDICTION),
    )


def is_same(given: str, key: str) -> bool:
    """Whether they are equal; how long that takes says nothing of where they differ.

    >>> is_same("ab12", "ab12"), is_same("", "ab12"), is_same("ä", "ab12")
    (True, False, False)
    """
    return hmac.compare_digest(given.encode("utf-8", "replace"), key.encode("utf-8", "replace"))


def _kept(path: Path) -> str:
    if not path.exists():
        new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with blobs.storage_errors(path):
            try:
                with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(secrets.token_hex(16) + "\n")
                # Whole or not at all, and never over another process' key.
                with contextlib.suppress(FileExistsError):
                    path.hardlink_to(new)
            finally:
                new.unlink(missing_ok=True)
    with blobs.storage_errors(path):
        return path.read_text(encoding="ascii").strip()
