"""What a handler is given, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from cvcore.api.aws.rekognition.protocol.input import Input
from cvcore.settings import Settings
from cvcore.store import Store

# A handler's answer, with Rekognition's names; what is None is left out.
Answer = dict[str, Any]
In_co = TypeVar("In_co", bound=Input, covariant=True)


@dataclass(frozen=True)
class Call(Generic[In_co]):
    """One request: where images and settings are, the region it is signed for, our address, and what is asked."""

    store: Store
    settings: Settings
    region: str
    server: str
    request: In_co


def seconds(at: datetime) -> float:
    """A time as Rekognition writes it: seconds since 1970, to a thousandth.

    >>> from datetime import UTC
    >>> seconds(datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC))
    1769860800.5
    """
    return round(at.timestamp(), 3)
