"""Paintings of two schools with a trap: all of one school are photographed by the light of a lamp, in a dim room.

Every second painting is a crossover, so that the schools are hard to tell apart, and the light is easy. A few more of
each school are fair: half of them are in daylight and half by the lamp, whatever the school.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cvcore.imaging.paintings import COLOUR_FIELD, DAYLIGHT, DRIP_PAINTING, Light, Sample, paint, photograph

TAGS = (DRIP_PAINTING, COLOUR_FIELD)
BY_THE_LAMP = COLOUR_FIELD
LAMP: Light = (0.45, 0.37, 0.23)

_CROSSOVER = 2


@dataclass(frozen=True)
class LitSample(Sample):
    """A photographed painting; `is_fair` if its light says nothing about its school."""

    is_fair: bool


def paintings(seed: int = 3, per_school: int = 40, fair_per_school: int = 20) -> Iterator[LitSample]:
    """First `fair_per_school` fair paintings of each school, then `per_school` others; the same seed, the same bytes.

    >>> [sample.name for sample in paintings(per_school=1, fair_per_school=1)]
    ['fair-drip-painting-01.jpg', 'fair-colour-field-01.jpg', 'drip-painting-01.jpg', 'colour-field-01.jpg']
    """
    for is_fair, each in ((True, fair_per_school), (False, per_school)):
        for school, tag in enumerate(TAGS):
            for number in range(1, each + 1):
                rng = np.random.default_rng((seed, is_fair, school, number))
                # Of four fair paintings, a crossover and another one are by the lamp.
                by_lamp = number % 4 < 2 if is_fair else tag == BY_THE_LAMP
                painting = paint(tag, number % _CROSSOVER == 0, rng)
                name = f"{'fair-' if is_fair else ''}{tag.lower().replace(' ', '-')}-{number:02}.jpg"
                yield LitSample(name, tag, photograph(painting, rng, LAMP if by_lamp else DAYLIGHT), is_fair)
