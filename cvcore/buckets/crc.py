"""Cyclic redundancy checks of many bits, computed for many stretches of the data at once.

A table's step takes one byte at a time, in Python about 10 MB/s. A CRC is linear, however: equally long stretches, side
by side in an array, take their steps together, and two neighbours' registers become one by a multiplication.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_STRETCH_BYTES = 64
_STRETCHES_MOST = 2**12
_FEW_BYTES = 16 * _STRETCH_BYTES

Registers = NDArray[np.uint64]


class Crc:
    """A CRC whose bits are reflected, begin as ones and are inverted at the end, as in CRC-32C and CRC-64/NVME.

    >>> crc = Crc(0x82F63B78, 32)
    >>> crc.update(b"123456789")
    >>> crc.digest().hex()
    'e3069283'
    """

    def __init__(self, polynomial: int, bits: int) -> None:
        """Begin with no data; the polynomial is written with its bits reflected."""
        self._polynomial = polynomial
        self._bits = bits
        self._register = (1 << bits) - 1

    def update(self, data: bytes) -> None:
        """Take more data."""
        array = np.frombuffer(data, np.uint8)
        while array.size >= _FEW_BYTES:
            stretches = min(2 ** ((array.size // _STRETCH_BYTES).bit_length() - 1), _STRETCHES_MOST)
            size = stretches * _STRETCH_BYTES
            self._register = _together(self._polynomial, array[:size].reshape(stretches, -1), self._register)
            array = array[size:]
        table = _steps(self._polynomial)
        for byte in array.tolist():
            self._register = int(table[(self._register ^ byte) & 0xFF]) ^ self._register >> 8

    def digest(self) -> bytes:
        """The CRC of the data so far, the highest byte first."""
        inverted = self._register ^ ((1 << self._bits) - 1)
        return inverted.to_bytes(self._bits // 8, "big")


def _together(polynomial: int, stretches: NDArray[np.uint8], register: int) -> int:
    """The register after the bytes of all stretches, one row after another; their number is a power of two."""
    table = _double_steps(polynomial)
    registers = np.zeros(len(stretches), np.uint64)
    registers[0] = register
    for column in np.ascontiguousarray(stretches.view("<u2").T):
        registers = table.take((registers ^ column).astype(np.uint16)) ^ registers >> np.uint64(16)
    doubled = 0
    while len(registers) > 1:
        registers = _moved(_zeros(polynomial, doubled), registers[::2]) ^ registers[1::2]
        doubled += 1
    return int(registers[0])


@lru_cache(maxsize=8)
def _steps(polynomial: int) -> Registers:
    """For each byte, what it brings into the register."""
    table = np.arange(256, dtype=np.uint64)
    for _ in range(8):
        table = np.where(table & np.uint64(1), np.uint64(polynomial), np.uint64(0)) ^ table >> np.uint64(1)
    return table


@lru_cache(maxsize=8)
def _double_steps(polynomial: int) -> Registers:
    """For each two bytes, the first one low, what they bring into the register."""
    table = _steps(polynomial)
    first = table[np.arange(2**16) & 0xFF] ^ np.arange(2**16, dtype=np.uint64) >> np.uint64(8)
    both: Registers = table[first.astype(np.uint8)] ^ first >> np.uint64(8)
    return both


@lru_cache(maxsize=64)
def _zeros(polynomial: int, doubled: int) -> Registers:
    """For each byte of a register, (8, 256): the register after a stretch of zeros, its length doubled so often."""
    bits = np.uint64(1) << np.arange(64, dtype=np.uint64)
    if doubled:
        half = _zeros(polynomial, doubled - 1)
        images = _moved(half, _moved(half, bits))
    else:
        table = _steps(polynomial)
        images = bits
        for _ in range(_STRETCH_BYTES):
            images = table[images.astype(np.uint8)] ^ images >> np.uint64(8)
    is_set = np.arange(256)[:, None] >> np.arange(8) & 1
    each = np.where(is_set, images.reshape(8, 1, 8), np.uint64(0))
    tables: Registers = np.bitwise_xor.reduce(each, axis=2)
    return tables


def _moved(tables: Registers, registers: Registers) -> Registers:
    """The registers after the zeros that the tables stand for."""
    moved = np.zeros_like(registers)
    for place in range(8):
        moved ^= tables[place].take((registers >> np.uint64(8 * place)).astype(np.uint8))
    return moved
