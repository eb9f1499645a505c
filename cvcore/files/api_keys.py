"""The API's two keys: one for training, one for prediction."""

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
    """The values that the headers `Training-Key` and `Prediction-Key` must have."""

    training: str = field(repr=False)
    prediction: str = field(repr=False)


def load(settings: Settings) -> Keys:
    """The keys from the environment, else those in the home folder, which are generated at the first start.

    Raises:
        HomeUnusable, StorageFull: they cannot be stored.
    """
    return Keys(
        settings.training_key or _stored(settings.home / TRAINING),
        settings.prediction_key or _stored(settings.home / PREDICTION),
    )


def is_same(value: str, key: str) -> bool:
    """Whether a header's value equals the key, compared in constant time.

    >>> is_same("ab12", "ab12"), is_same("", "ab12"), is_same("ä", "ab12")
    (True, False, False)
    """
    return hmac.compare_digest(value.encode("utf-8", "replace"), key.encode("utf-8", "replace"))


def _stored(path: Path) -> str:
    if not path.exists():
        new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with blobs.storage_errors(path):
            try:
                with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(secrets.token_hex(16) + "\n")
                # Complete or not at all, and never over a key that another process has just stored.
                with contextlib.suppress(FileExistsError):
                    path.hardlink_to(new)
            finally:
                new.unlink(missing_ok=True)
    with blobs.storage_errors(path):
        return path.read_text(encoding="ascii").strip()
