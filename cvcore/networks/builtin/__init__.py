"""The network that ships with Tagwise, so that training and prediction work without any download.

    model.tflite    the network for a CPU
    weights.npz     its weights for Keras, which exports it, runs it on a GPU and fine-tunes it
    record.json     the hashes of the two
    CARD.md         how they were made, how good they are and where their limits lie
    first/          the same three of its first edition, for iterations that were trained with it

`network` defines its layers, `cvcore.distillation` makes the files again.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cvcore.errors import ArraysDamaged, InvalidInput, ModelDamaged
from cvcore.files import npz
from cvcore.languages import t
from cvcore.networks.builtin.network import CURRENT, EDITIONS, FIRST, Edition

FOLDERS = {CURRENT: Path(__file__).parent, FIRST: Path(__file__).parent / "first"}
MODEL, WEIGHTS, RECORD = "model.tflite", "weights.npz", "record.json"

# Changes when the fields of the record or the layout of weights.npz change.
FORMAT = 1

# Over seven sets log-loss is least from 0.03 to 0.1; recall at threshold 0.5 falls, from 0.69 at 0.03 to 0.63 at 0.1.
L2 = 0.03


def edition(side: int) -> Edition:
    """The edition whose input has `side` pixels a side.

    Raises:
        InvalidInput: there is none.

    >>> edition(128) is FIRST
    True
    """
    for each in EDITIONS:
        if each.side == side:
            return each
    sides = " or ".join(str(each.side) for each in EDITIONS)
    raise InvalidInput(f"the built-in network's side must be {sides} pixels, got {side}")


@functools.cache
def record(of: Edition = CURRENT) -> dict[str, Any]:
    """The record of an edition: side, dimension, fingerprint of the weights and sha256 of the LiteRT file.

    Raises:
        ModelDamaged: it is missing, damaged or of another version.
    """
    try:
        fields: dict[str, Any] = json.loads(_read(of, RECORD))
        version = fields.pop("format")
    except (ValueError, KeyError, AttributeError) as error:
        raise damaged(of, RECORD, t("damaged")) from error
    if version != FORMAT:
        raise damaged(of, RECORD, t("of version {version} where {needed} is needed", version=version, needed=FORMAT))
    return fields


def model(of: Edition = CURRENT) -> bytes:
    """The LiteRT file, not yet checked.

    Raises:
        ModelDamaged: it is missing.
    """
    return _read(of, MODEL)


def weights(of: Edition = CURRENT) -> dict[str, list[NDArray[Any]]]:
    """Kernel and bias, or the kernel alone, by the layer's name.

    Raises:
        ModelDamaged: they are missing or damaged.
    """
    try:
        arrays = npz.read(_read(of, WEIGHTS))
    except ArraysDamaged as error:
        raise damaged(of, WEIGHTS, t("damaged")) from error
    by_layer: dict[str, list[NDArray[Any]]] = {}
    for key, array in arrays.items():  # in the order written: layer/0 before layer/1
        by_layer.setdefault(key.partition("/")[0], []).append(array)
    return by_layer


def damaged(of: Edition, name: str, how: str) -> ModelDamaged:
    """The error for one of these files: it is missing or damaged."""
    return ModelDamaged(
        t(
            "the built-in network's file {file} must be as it was shipped, it is {how}: install Tagwise again",
            file=FOLDERS[of] / name,
            how=how,
        )
    )


def _read(of: Edition, name: str) -> bytes:
    try:
        return (FOLDERS[of] / name).read_bytes()
    except OSError as error:
        raise damaged(of, name, t("missing")) from error
