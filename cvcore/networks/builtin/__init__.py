"""The network that ships with Tagwise, so that training and prediction work without any download.

    model.tflite    the network for a CPU
    weights.npz     its weights for Keras, which exports it, runs it on a GPU and fine-tunes it
    record.json     the hashes of the two
    CARD.md         how they were made, how good they are and where their limits lie

`network` defines its layers, `cvcore.distillation` makes the files again.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cvcore.errors import ArraysDamaged, ModelDamaged
from cvcore.files import npz

FOLDER = Path(__file__).parent
MODEL, WEIGHTS, RECORD = "model.tflite", "weights.npz", "record.json"

# Changes when the fields of the record or the layout of weights.npz change.
FORMAT = 1

# Over seven sets log-loss is least from 0.03 to 0.1; recall at threshold 0.5 falls, from 0.69 at 0.03 to 0.63 at 0.1.
L2 = 0.03


@functools.cache
def record() -> dict[str, Any]:
    """The record of the built-in network: side, dimension, fingerprint of the weights and sha256 of the LiteRT file.

    Raises:
        ModelDamaged: it is missing, damaged or of another version.
    """
    try:
        fields: dict[str, Any] = json.loads(_read(RECORD))
        version = fields.pop("format")
    except (ValueError, KeyError, AttributeError) as error:
        raise damaged(RECORD, "damaged") from error
    if version != FORMAT:
        raise damaged(RECORD, f"of version {version} where {FORMAT} is needed")
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
        arrays = npz.read(_read(WEIGHTS))
    except ArraysDamaged as error:
        raise damaged(WEIGHTS, "damaged") from error
    by_layer: dict[str, list[NDArray[Any]]] = {}
    for key, array in arrays.items():  # in the order written: layer/0 before layer/1
        by_layer.setdefault(key.partition("/")[0], []).append(array)
    return by_layer


def damaged(name: str, how: str) -> ModelDamaged:
    """The error for one of these files: it is missing or damaged."""
    return ModelDamaged(
        f"the built-in network's file {FOLDER / name} must be as it was shipped, it is {how}: install Tagwise again"
    )


def _read(name: str) -> bytes:
    try:
        return (FOLDER / name).read_bytes()
    except OSError as error:
        raise damaged(name, "missing") from error
