"""How an iteration's numbers grow with the number of images, and where they would go with more of them.

Imports `analyses`, `evaluation`, `networks`, `store`, `files`, `metrics`, `validation` and the modules beside the
packages.
"""

from cvcore.learning_curves.advice import by_gain, gain, sentence
from cvcore.learning_curves.curve import Curve, Points, curve, f1_gains
from cvcore.learning_curves.measurement import Measurement, measure
from cvcore.learning_curves.report import curve_json
from cvcore.learning_curves.stored import FILE, load

__all__ = [
    "FILE",
    "Curve",
    "Measurement",
    "Points",
    "by_gain",
    "curve",
    "curve_json",
    "f1_gains",
    "gain",
    "load",
    "measure",
    "sentence",
]
