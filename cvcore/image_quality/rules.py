"""The rules by which an image is called dark, pale, empty, blurred, tiny or long, from its measures and its size.

Chosen on 500 photos (short side 160 pixels) and three sets, see tests/bench/quality.py, which says on others how many
good images each rule calls bad, and how many it finds that were made dark, pale or blurred.
"""

from __future__ import annotations

import numpy as np

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.imaging import measures

TINY, LONG, DARK, PALE, EMPTY, BLURRED = KINDS = ("tiny", "long", "dark", "pale", "empty", "blurred")

# Networks look at 224 pixels of each side.
TINY_BELOW_PX = 64
LONG_FROM = 3.0
# Of a photo taken at night, a lamp or its reflection is light; an underexposed one has no light place at all.
DARK_HIGHLIGHTS_BELOW = 0.32
# A drawing on paper is light, too, but its lines are strong.
PALE_DARKEST_FROM, PALE_EDGE_BELOW = 0.6, 0.25
EMPTY_CONTRAST_BELOW, EMPTY_EDGE_BELOW = 0.04, 0.1
# In macro photos most is out of focus by intention; at the sharpest edges it shows whether anything is in focus.
BLURRED_BELOW = 0.52


def kinds(numbers: Float32s, sizes: Integers) -> dict[str, Bools]:
    """Which images are of each kind, (n,), by name; `numbers` are (n, measures), nan if unknown, `sizes` (n, 2).

    Of a dark or empty image too little is seen to call it blurred as well.

    >>> black = np.zeros((1, len(measures.NAMES)), np.float32)
    >>> [kind for kind, found in kinds(black, np.array([[640, 80]])).items() if found[0]]
    ['long', 'dark']
    """

    def named(name: str) -> Float32s:
        return numbers[:, measures.NAMES.index(name)]

    shorter, longer = sizes.min(axis=1), sizes.max(axis=1)
    tiny = (shorter > 0) & (shorter < TINY_BELOW_PX)
    dark = named("highlights") < DARK_HIGHLIGHTS_BELOW
    pale = (named("darkest") >= PALE_DARKEST_FROM) & (named("edge_4") < PALE_EDGE_BELOW)
    empty = (named("contrast") < EMPTY_CONTRAST_BELOW) & (named("edge_4") < EMPTY_EDGE_BELOW)
    with np.errstate(divide="ignore", invalid="ignore"):
        blurred = named("edge_1") / named("edge_4") < BLURRED_BELOW
    return {
        TINY: tiny,
        LONG: (shorter > 0) & (longer >= LONG_FROM * shorter),
        DARK: dark,
        PALE: pale & ~empty,
        EMPTY: empty & ~dark,
        BLURRED: blurred & ~tiny & ~dark & ~empty,
    }
