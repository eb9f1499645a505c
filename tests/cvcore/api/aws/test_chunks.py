"""Bodies in chunks: their content comes out as it went in, and a change anywhere is found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvcore.api.aws.signed import signatures
from cvcore.api.aws.signed.chunks import Decoder, Seed
from cvcore.api.aws.signed.refusals import SignatureRefused
from tests.cvcore.api.aws.conftest import KEYS

# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
KEY = signatures.signing_key(KEYS.secret_access_key, "20130524", "us-east-1", "s3")
SCOPE = "20130524/us-east-1/s3/aws4_request"
CONTENT = b"a" * 66560
CHECKSUM = "x-amz-checksum-crc32c"


def seed(signature: str) -> Seed:
    return Seed(KEY, "20130524T000000Z", SCOPE, signature)


def body(first: str, second: str, last: str, end: str = "\r\n") -> bytes:
    return (
        f"10000;chunk-signature={first}\r\n{'a' * 65536}\r\n400;chunk-signature={second}\r\n{'a' * 1024}\r\n"
        f"0;chunk-signature={last}\r\n{end}"
    ).encode()


SEED = seed("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")
SIGNED = body(
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
TRAILER_SEED = seed("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e")
TRAILER = (
    f"{CHECKSUM}:sOO8/Q==\r\n"
    "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"
)
WITH_TRAILER = body(
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    TRAILER,
)
UNSIGNED = b"5\r\nhello\r\n0\r\n" + f"{CHECKSUM}: sOO8/Q==\r\n\r\n".encode()


def decoded(decoder: Decoder, data: bytes, size: int = 1000) -> bytes:
    """What comes out of a body that arrives in parts of that size."""
    content = b"".join(decoder.feed(data[start : start + size]) for start in range(0, len(data), size))
    decoder.finish()
    return content


def reason(decoder: Decoder, data: bytes) -> str:
    with pytest.raises(SignatureRefused) as caught:
        decoded(decoder, data)
    return caught.value.reason


@pytest.mark.parametrize("size", [1, 17, 70000])
def test_examples_of_the_documentation(size: int) -> None:
    """Amazon's two examples are decoded and right, in parts of any size, and the trailing header is told."""
    assert CONTENT == decoded(Decoder(SEED), SIGNED, size)
    decoder = Decoder(TRAILER_SEED, frozenset({CHECKSUM}))
    assert CONTENT == decoded(decoder, WITH_TRAILER, size)
    assert {CHECKSUM: "sOO8/Q=="} == decoder.trailers


@pytest.mark.parametrize("end", ["\r\n" + TRAILER, TRAILER + "\r\n", TRAILER.replace("\r\n", "\n\r\n")])
def test_clients_end_a_body_in_their_ways(end: str) -> None:
    """Empty lines before, after or between the headers that follow a body do not matter."""
    decoder = Decoder(TRAILER_SEED, frozenset({CHECKSUM}))
    assert CONTENT == decoded(decoder, WITH_TRAILER.replace(TRAILER.encode(), end.encode()))


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("part", [b"a\r\n400", b"chunk-signature=00", b"sOO8", b"x-amz-trailer-signature:d8"])
def test_a_change_is_found(part: bytes, ours: bool) -> None:
    """A change in the content, in a signature or in a trailing header makes a signature wrong."""
    changed = WITH_TRAILER.replace(part, part.replace(b"a", b"b", 1) if part[:1] == b"a" else part[:-1] + b"9")
    start = TRAILER_SEED if ours else SEED
    if part not in WITH_TRAILER:
        changed = WITH_TRAILER.replace(b"=1c", b"=2c")
    assert "wrong" == reason(Decoder(start, frozenset({CHECKSUM})), changed)


@pytest.mark.parametrize(
    ("data", "announced", "expected"),
    [
        (UNSIGNED, set(), "chunks"),
        (UNSIGNED, {CHECKSUM, "x-amz-checksum-sha1"}, "chunks"),
        (UNSIGNED.replace(b"hello", b"hell"), {CHECKSUM}, "chunks"),
        (UNSIGNED.replace(b"hello", b"hellooo"), {CHECKSUM}, "chunks"),
        (b"5\r\nhello\r\n", {CHECKSUM}, "length"),
        (b"-5\r\nhello", {CHECKSUM}, "chunks"),
        (b"5" * 2000, {CHECKSUM}, "chunks"),
        (b"ffffffffffffffff\r\nhello", {CHECKSUM}, "chunks"),
        (b"0\r\n" + b"x" * 20000, {CHECKSUM}, "chunks"),
    ],
)
def test_what_is_not_well_formed(data: bytes, announced: set[str], expected: str) -> None:
    """Sizes that are no sizes, endless lines, an early end, headers that were not announced: all are refused."""
    assert b"hello" == decoded(Decoder(None, frozenset({CHECKSUM})), UNSIGNED)
    assert expected == reason(Decoder(None, frozenset(announced)), data)


@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(st.binary(min_size=1, max_size=50), max_size=5), size=st.integers(1, 60), cut=st.integers(1, 200)
)
def test_any_content_in_any_parts(pieces: list[bytes], size: int, cut: int) -> None:
    """Any chunks come out as they went in, and a body that is cut off is refused."""
    data = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    assert b"".join(pieces) == decoded(Decoder(None), data, size)
    if 2 < cut < len(data):
        assert reason(Decoder(None), data[:-cut]) in ("length", "chunks")
