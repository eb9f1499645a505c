"""The network that ships with Tagwise, so that pictures can be told apart without any download.

    model.tflite    what a processor runs
    weights.npz     the same for Keras, which exports it, runs it on a GPU and may train it on
    record.json     what the two are, by their hashes
    CARD.md         what they were made from, what they are worth and where their limits lie

`network` says what it is, `distill` makes the files again. They are read here, and only by `cvcore.networks.backbones`.
"""

from __future__ import annotations

import functools
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.errors import ModelDamaged

FOLDER = Path(__file__).parent
MODEL, WEIGHTS, RECORD = "model.tflite", "weights.npz", "record.json"

# Changes with what the record says or how weights.npz is laid out.
FORMAT = 1

# Over seven sets log-loss is least from 0.03 to 0.1; recall at threshold 0.5 falls, from 0.69 at 0.03 to 0.63 at 0.1.
L2 = 0.03


@functools.cache
def record() -> dict[str, Any]:
    """What ships here: side, dimension, fingerprint of the weights and sha256 of the LiteRT file.

    Raises:
        ModelDamaged: it is missing, damaged or of another version.
    """
    try:
        fields: dict[str, Any] = json.loads(_read(RECORD))
        found = fields.pop("format")
    except (ValueError, KeyError, AttributeError) as error:
        raise damaged(RECORD, "damaged") from error
    if found != FORMAT:
        raise damaged(RECORD, f"of version {found} where {FORMAT} is needed")
    return fields


def model() -> bytes:
    """The LiteRT file, not yet checked.

    Raises:
        ModelDamaged: it is missing.
    """
    return _read(MODEL)


def weights() -> dict[str, list[NDArray[Any]]]:
    """Kernel and bias, or the kernel alone, by the layer's name.

    Raises:
        ModelDamaged: they are missing or damaged.
    """
    try:
        with np.load(io.BytesIO(_read(WEIGHTS)), allow_pickle=False) as arrays:
            found: dict[str, list[NDArray[Any]]] = {}
            for key in arrays.files:  # layer/0 before layer/1, as they were written
                found.setdefault(key.partition("/")[0], []).append(arrays[key])
            return found
    except ModelDamaged:
        raise
    except Exception as error:  # of a damaged zip numpy raises nearly anything
        raise damaged(WEIGHTS, "damaged") from error


def damaged(name: str, how: str) -> ModelDamaged:
    """The refusal for a file of these."""
    return ModelDamaged(
        f"the built-in network's file {FOLDER / name} must be as it was shipped, it is {how}: install Tagwise again"
    )


def _read(name: str) -> bytes:
    try:
        return (FOLDER / name).read_bytes()
    except OSError as error:
        raise damaged(name, "missing") from error
