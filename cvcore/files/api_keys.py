"""The keys of the APIs: Custom Vision's two, one for training, one for prediction; and Amazon's pair."""

from __future__ import annotations

import hmac
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cvcore.errors import InvalidInput
from cvcore.files import blobs
from cvcore.settings import Settings

TRAINING = "training.key"
PREDICTION = "prediction.key"
AWS = "aws.key"


@dataclass(frozen=True)
class Keys:
    """The values that the headers `Training-Key` and `Prediction-Key` must have."""

    training: str = field(repr=False)
    prediction: str = field(repr=False)


@dataclass(frozen=True)
class AwsKeys:
    """The key pair that Amazon's clients sign requests with; the secret is never sent."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


def load(settings: Settings) -> Keys:
    """The keys from the environment, else those in the home folder, which are generated at the first start.

    Raises:
        HomeUnusable, StorageFull: they cannot be stored.
    """
    return Keys(
        settings.training_key or _stored(settings.home / TRAINING, _new_key),
        settings.prediction_key or _stored(settings.home / PREDICTION, _new_key),
    )


def load_aws(settings: Settings) -> AwsKeys:
    """Amazon's key pair from the environment, else the one in the home folder, generated at the first start.

    The file has the id on its first line, the secret on its second.

    Raises:
        InvalidInput: one of the two is not there.
        HomeUnusable, StorageFull: they cannot be stored.
    """
    given = (settings.aws_access_key_id, settings.aws_secret_access_key)
    if any(given) and not all(given):
        raise InvalidInput(
            "TAGWISE_AWS_ACCESS_KEY_ID and TAGWISE_AWS_SECRET_ACCESS_KEY must be set together, one of them is not"
        )
    path = settings.home / AWS
    lines = [each or "" for each in given] if all(given) else _stored(path, _new_pair).split()
    if len(lines) != 2:
        raise InvalidInput(
            f"{path} must have the access key's id on its first line and the secret on its second, it has"
            f" {len(lines)} words: delete the file to have a new pair made"
        )
    return AwsKeys(*lines)


def is_same(value: str, key: str) -> bool:
    """Whether a header's value equals the key, compared in constant time.

    >>> is_same("ab12", "ab12"), is_same("", "ab12"), is_same("ä", "ab12")
    (True, False, False)
    """
    return hmac.compare_digest(value.encode("utf-8", "replace"), key.encode("utf-8", "replace"))


def _new_key() -> str:
    return secrets.token_hex(16)


def _new_pair() -> str:
    # As Amazon's look: twenty capitals and digits, and forty characters of base64.
    letters = string.ascii_uppercase + string.digits[2:8]
    return "AKIA" + "".join(secrets.choice(letters) for _ in range(16)) + "\n" + secrets.token_urlsafe(30)


def _stored(path: Path, new_text: Callable[[], str]) -> str:
    if not path.exists():
        blobs.write_first(path, f"{new_text()}\n".encode())
    with blobs.storage_errors(path):
        return path.read_text(encoding="ascii").strip()
