"""Compares an export's probabilities and answers with those on Tagwise's pages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.languages import decimal, t, tn
from cvcore.records import Thresholds

THRESHOLD = 0.5


@dataclass(frozen=True)
class Agreement:
    """How many images were compared, the largest difference of a probability, 0..1, and how many answers differ."""

    pictures: int  # the fields are JSON keys in an export's model.json
    difference: float
    changed: int

    def __str__(self) -> str:
        """A clause for messages; the difference is rounded up."""
        answers = tn(self.changed, "{n} other answer", "{n} other answers") if self.changed else t("the same answers")
        return t(
            "on {images} it differs from the page by at most {difference} and gives {answers}",
            images=tn(self.pictures, "{n} image", "{n} images"),
            difference=decimal(math.ceil(self.difference * 1e6) / 1e6, 6),
            answers=answers,
        )


def compare(
    page: NDArray[Any], export: NDArray[Any], thresholds: Thresholds = THRESHOLD, *, multilabel: bool
) -> Agreement:
    """Compare two arrays of probabilities, (images, tags), of at least one image, and their answers at the thresholds.

    Raises:
        InvalidInput: a probability is nan.

    >>> print(compare(np.array([[0.7, 0.3]]), np.array([[0.4, 0.6]]), multilabel=False))
    on 1 image it differs from the page by at most 0.300000 and gives 1 other answer
    """
    answers = [
        metrics.answers(probabilities, np.asarray(thresholds), multilabel=multilabel)
        for probabilities in (page, export)
    ]
    changed = np.any(answers[0] != answers[1], axis=1)
    return Agreement(len(page), float(np.abs(page - export).max()), int(changed.sum()))
