"""The part of an object that a request asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cvcore.api.aws.s3.protocol.errors import Refusal

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True)
class Range:
    """The bytes from `start` on, `size_bytes` of them, of an object of `of_bytes`."""

    start: int
    size_bytes: int
    of_bytes: int

    @property
    def header(self) -> str:
        """The value of Content-Range.

        >>> Range(2, 3, 10).header
        'bytes 2-4/10'
        """
        return f"bytes {self.start}-{self.start + self.size_bytes - 1}/{self.of_bytes}"


def of_header(text: str, of_bytes: int) -> Range | None:
    """The range that a header asks for; None for the whole object, also if the text is no range or is several.

    Raises:
        Refusal: no byte of the object is in the range.

    >>> of_header("bytes=2-4", 10), of_header("bytes=-3", 10).start, of_header("lines=1-2", 10)
    (Range(start=2, size_bytes=3, of_bytes=10), 7, None)
    """
    match = _RANGE.fullmatch(text.strip())
    if not match or match[0] == "bytes=-":
        return None
    if match[1]:
        start, last = int(match[1]), int(match[2] or of_bytes)
        if match[2] and last < start:
            return None
    else:
        start, last = max(0, of_bytes - int(match[2])), of_bytes
    size_bytes = min(last + 1, of_bytes) - start
    if size_bytes <= 0:
        raise Refusal(
            "InvalidRange",
            f"the range must have bytes of the object, which has {of_bytes}, got {text[:80]!r}",
            {"Content-Range": f"bytes */{of_bytes}"},
        )
    return Range(start, size_bytes, of_bytes)


def of_part(number: int, part_bytes: Sequence[int], of_bytes: int) -> Range:
    """The range of an object's part; an object that was not uploaded in parts has one.

    Raises:
        Refusal: it has no part of that number.

    >>> of_part(2, (5, 3), 8)
    Range(start=5, size_bytes=3, of_bytes=8)
    """
    sizes = part_bytes or (of_bytes,)
    if not 1 <= number <= len(sizes):
        raise Refusal("InvalidRange", f"the object has {len(sizes)} parts, there is none of the number {number}")
    return Range(sum(sizes[: number - 1]), sizes[number - 1], of_bytes)
