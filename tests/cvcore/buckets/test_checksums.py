"""Checksums against published values and against another implementation."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvcore.buckets import checksums
from cvcore.buckets.crc import Crc

# The check values of the catalogue of CRCs, https://reveng.sourceforge.io/crc-catalogue/, for the nine digits.
DIGITS = b"123456789"


@pytest.mark.parametrize(
    ("polynomial", "bits", "expected"),
    [(0xEDB88320, 32, "cbf43926"), (0x82F63B78, 32, "e3069283"), (0x9A6C9329AC4BC9B5, 64, "ae8b14860a799888")],
)
def test_check_values(polynomial: int, bits: int, expected: str) -> None:
    """CRC-32, CRC-32C and CRC-64/NVME of the nine digits are as published."""
    crc = Crc(polynomial, bits)
    crc.update(DIGITS)
    assert expected == crc.digest().hex()


@given(st.integers(0, 300_000), st.lists(st.integers(0, 300_000), max_size=4))
def test_side_by_side_as_one_after_another(size: int, cuts: list[int]) -> None:
    """However long the data and its parts are, the value is zlib's."""
    data = (b"0123456789abcdefghijklmnopq" * 12_000)[:size]
    crc = Crc(0xEDB88320, 32)
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), size], strict=True):
        crc.update(data[start : max(start, end)])
    expected = zlib.crc32(data[: max([size, *[cut for cut in cuts if cut <= size]])])
    assert expected == int.from_bytes(crc.digest(), "big")


@pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)
def test_data_in_parts_has_the_checksum_of_the_whole(algorithm: str) -> None:
    """Every algorithm takes data in parts."""
    checksum = checksums.ALGORITHMS[algorithm]()
    for digit in DIGITS:
        checksum.update(bytes([digit]))
    assert checksums.of(DIGITS, algorithm) == checksums.encoded(checksum)
