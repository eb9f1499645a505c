"""Bodies in chunks, as the content encoding `aws-chunked` has them: with signatures, trailing headers, or both.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from cvcore.api.aws.signed import signatures
from cvcore.api.aws.signed.refusals import SignatureRefused

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_WITH_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_WITH_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
KINDS = (SIGNED, SIGNED_WITH_TRAILER, UNSIGNED_WITH_TRAILER)

LINE_BYTES = 1024
TRAILER_BYTES = 16 * 1024
TRAILER_SIGNATURE = "x-amz-trailer-signature"
_NOTHING = signatures.sha256(b"")


@dataclass(frozen=True)
class Seed:
    """What the first chunk's signature is made of: the signing key, and time, scope and signature of the head."""

    key: bytes
    time: str
    scope: str
    signature: str


@dataclass
class Decoder:
    """Reads such a body part by part; `trailers` are complete when it has ended.

    `seed` is None if chunks have no signatures. `announced` are the trailing headers that the head named.
    """

    seed: Seed | None
    announced: frozenset[str] = frozenset()
    trailers: dict[str, str] = field(default_factory=dict)
    _buffer: bytearray = field(default_factory=bytearray)
    _state: str = "line"
    _left: int = 0
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    _stated: str = ""
    _previous: str = ""

    def __post_init__(self) -> None:
        self._previous = self.seed.signature if self.seed else ""

    def feed(self, data: bytes) -> bytes:
        """The content in the next part of the body; a chunk's signature is checked where the chunk ends.

        Raises:
            SignatureRefused: a chunk is not well formed, or its signature is wrong.
        """
        self._buffer += data
        content = bytearray()
        while self._step(content):
            pass
        return bytes(content)

    def finish(self) -> None:
        """Check that the body has ended where it should, and its trailing headers.

        Raises:
            SignatureRefused: the last chunk is missing, or the signature of the trailing headers is wrong.
        """
        if self._state != "trailers":
            raise SignatureRefused("length", "the body has ended before its last chunk: send it again")
        lines = [line.strip() for line in bytes(self._buffer).decode("latin-1").split("\n")]
        found = [tuple(part.strip() for part in line.partition(":")[::2]) for line in lines if line]
        trailers = {name.lower(): value for name, value in found}
        signature = trailers.pop(TRAILER_SIGNATURE, "")
        if set(trailers) != self.announced:
            raise SignatureRefused("chunks", "the headers after the body must be those that x-amz-trailer names")
        if self.seed and trailers:
            canonical = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
            self._compare(signature, "TRAILER", signatures.sha256(canonical.encode("latin-1")))
        self.trailers.update(trailers)

    def _step(self, content: bytearray) -> bool:
        """Read one piece from the buffer; False if more of the body is needed for it."""
        if self._state == "line":
            return self._line()
        if self._state == "data":
            return self._data(content)
        if self._state == "end":
            return self._end()
        if len(self._buffer) > TRAILER_BYTES:
            raise SignatureRefused("chunks", f"headers after the body must have at most {TRAILER_BYTES} bytes")
        return False

    def _line(self) -> bool:
        line, found, _ = self._buffer[: LINE_BYTES + 2].partition(b"\r\n")
        if not found:
            if len(self._buffer) > LINE_BYTES:
                raise _malformed()
            return False
        del self._buffer[: len(line) + 2]
        match = re.fullmatch(rb"([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?", bytes(line))
        if not match:
            raise _malformed()
        self._left, self._stated = int(match[1], 16), (match[2] or b"").decode()
        self._digest = hashlib.sha256()
        if self._left:
            self._state = "data"
        else:
            self._compare(self._stated, "PAYLOAD", self._digest.hexdigest())
            self._state = "trailers"
        return True

    def _data(self, content: bytearray) -> bool:
        piece = self._buffer[: self._left]
        del self._buffer[: len(piece)]
        self._left -= len(piece)
        if self.seed:
            self._digest.update(piece)
        content += piece
        if not self._left:
            self._state = "end"
        return bool(piece)

    def _end(self) -> bool:
        if len(self._buffer) < 2:
            return False
        if self._buffer[:2] != b"\r\n":
            raise _malformed()
        del self._buffer[:2]
        self._compare(self._stated, "PAYLOAD", self._digest.hexdigest())
        self._state = "line"
        return True

    def _compare(self, stated: str, kind: str, digest: str) -> None:
        if not self.seed:
            return
        parts = [f"{signatures.ALGORITHM}-{kind}", self.seed.time, self.seed.scope, self._previous]
        text = "\n".join([*parts, *([_NOTHING] if kind == "PAYLOAD" else []), digest])
        self._previous = signatures.signed(self.seed.key, text)
        if not hmac.compare_digest(self._previous.encode(), stated.encode()):
            raise SignatureRefused("wrong", "the signature of a part of the body is wrong: send it again")


def _malformed() -> SignatureRefused:
    return SignatureRefused("chunks", "the body must be in chunks, each after a line with its size: send it again")
