"""Which networks there are, where their ImageNet weights come from, and their conversion to LiteRT.

Weights are Keras' own: `keras.applications` downloads, checks and keeps them in `KERAS_HOME`. A backbone is
built once with them, preprocessing included (raw RGB 0..255 in, an embedding out), and converted to LiteRT,
which embeds several times as fast on a CPU and needs no TensorFlow. What comes of it lies in one folder::

    MobileNetV2-224.tflite    the network
    MobileNetV2-224.json      its record

The plain descriptor is a backbone too, of which nothing needs to be prepared. Nothing here ever has random
weights: where there are none, `WeightsMissing` says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from cvcore import blobs, descriptor, heads, weights
from cvcore.errors import InvalidInput, ModelDamaged, WeightsMissing

Availability = Literal["ready", "on this machine", "to download"]

# The one size that every backbone has weights for; they serve other sizes as well.
WEIGHTS_SIDE = 224

# Stands for how pictures reach the weights; change it when that changes, and all is prepared and embedded anew.
PREPROCESSING = 1

RECORD_FORMAT = 1


@dataclass(frozen=True)
class Backbone:
    """A network by the name `keras.applications` has for it, and the file its weights have there.

    `scale` and `offset` are what brings 0..255 to what the network wants, 1 and 0 where it does that itself.
    """

    name: str
    weights_file: str
    download_mb: int
    scale: float = 1.0
    offset: float = 0.0


BACKBONES = (
    Backbone("MobileNetV2", "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5", 9, 1 / 127.5, -1),
    Backbone("MobileNetV3Small", "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5", 4),
    Backbone("MobileNetV3Large", "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5", 13),
    Backbone("EfficientNetV2B0", "efficientnetv2-b0_notop.h5", 24),
)


@dataclass(frozen=True)
class Prepared:
    """A backbone that can embed: pictures of side x side pixels to `dimension` numbers.

    `fingerprint` names the weights and how pictures reach them: embeddings with the same one may be mixed,
    whatever computed them. `sha256` is of the LiteRT file; the plain descriptor has none.
    """

    name: str
    side: int
    dimension: int
    fingerprint: str
    sha256: str = ""

    @property
    def l2(self) -> float:
        """The penalty that suits a head on these embeddings."""
        return descriptor.L2 if self.is_plain else heads.L2

    @property
    def is_plain(self) -> bool:
        """No network, but the plain descriptor."""
        return self.name == descriptor.NAME


PLAIN = Prepared(descriptor.NAME, descriptor.SIDE, descriptor.DIMENSION, descriptor.FINGERPRINT)


def availability(name: str, side: int, folder: Path, environ: Mapping[str, str] = os.environ) -> Availability:
    """Whether a backbone is prepared, or its weights lie in `KERAS_HOME`, or they have yet to be downloaded.

    >>> availability("MobileNetV2", 224, Path("/nowhere"), {"KERAS_HOME": "/nowhere"})
    'to download'
    """
    if name == descriptor.NAME or all(path.exists() for path in _paths(name, side, folder)):
        return "ready"
    return "on this machine" if weights.path_of(_known(name).weights_file, environ).exists() else "to download"


def prepare(name: str, side: int, folder: Path, *, on_stage: Callable[[str], None] = lambda stage: None) -> Prepared:
    """The backbone, ready to embed; Keras is loaded only where its LiteRT file is not there yet, or damaged.

    `on_stage` is told in words what takes long.

    Raises:
        InvalidInput: there is no backbone of that name.
        WeightsMissing: its weights are not here and cannot be downloaded.
        ModelDamaged: its file is damaged and cannot be made anew for want of weights.
        StorageFull, HomeUnusable: it cannot be written.
    """
    if name == descriptor.NAME:
        return PLAIN
    record = _read_record(_paths(name, side, folder)[1])
    if record is None:
        return _convert(name, side, folder, on_stage)
    try:
        litert_model(record, folder)
        return record
    except ModelDamaged as damage:
        try:
            return _convert(name, side, folder, on_stage)
        except WeightsMissing as missing:
            raise damage from missing


def find(fingerprint: str, folder: Path) -> Prepared:
    """What was prepared under a fingerprint, without loading Keras.

    Raises:
        ModelDamaged: there is no such thing any more.
    """
    if fingerprint == PLAIN.fingerprint:
        return PLAIN
    for path in folder.glob("*.json"):
        record = _read_record(path)
        if record and record.fingerprint == fingerprint:
            return record
    raise ModelDamaged(f"the network {fingerprint} that this was trained with is not in {folder} any more: train again")


def litert_model(prepared: Prepared, folder: Path) -> bytes:
    """The LiteRT file of a network, checked.

    Raises:
        ModelDamaged: it is missing or not what was written.
    """
    path = _paths(prepared.name, prepared.side, folder)[0]
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if blobs.sha256(content) != prepared.sha256:
        raise ModelDamaged(f"the file {path} must be as it was written, it is missing or damaged: train again")
    return content


def keras_model(name: str, side: int, on_stage: Callable[[str], None] = lambda stage: None) -> Any:
    """The Keras model with ImageNet weights, float32 (n, side, side, 3) RGB 0..255 to (n, dimension).

    Its last layer is the network itself, called as in inference, for those who want to unfreeze it.

    Raises:
        InvalidInput, WeightsMissing, StorageFull: as `prepare`.
    """
    backbone = _known(name)
    path = weights.path_of(backbone.weights_file, os.environ)
    try:
        return _build(backbone, side, str(path))
    except (OSError, ValueError):  # not there, cut short, or another network's
        on_stage(f"Downloading {name}, {backbone.download_mb} MB, this once")
        with weights.fetching(path, name):
            _build(backbone, WEIGHTS_SIDE, "imagenet")
            return _build(backbone, side, str(path))


def fingerprint_of(model: Any, name: str, side: int) -> str:
    """16 hexadecimal digits for a Keras model's weights, its input size and how pictures reach them."""
    digest = hashlib.sha256(f"{name} {side} {PREPROCESSING}".encode())
    for array in model.get_weights():
        digest.update(array.astype("<f4").tobytes())
    return digest.hexdigest()[:16]


def _convert(name: str, side: int, folder: Path, on_stage: Callable[[str], None]) -> Prepared:
    on_stage(f"Preparing {name}, this once")
    model = keras_model(name, side, on_stage)
    with blobs.storage_errors(folder), tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary, "model.tflite")
        model.export(path, format="litert", verbose=False)
        content = path.read_bytes()
    prepared = Prepared(name, side, model.output_shape[-1], fingerprint_of(model, name, side), blobs.sha256(content))
    litert_path, record_path = _paths(name, side, folder)
    blobs.write(litert_path, content)
    blobs.write(record_path, json.dumps(asdict(prepared) | {"format": RECORD_FORMAT}).encode())
    return prepared


def _build(backbone: Backbone, side: int, weights_from: str) -> Any:
    import keras

    shape = (side, side, 3)
    network = getattr(keras.applications, backbone.name)(
        include_top=False, pooling="avg", input_shape=shape, weights=weights_from
    )
    pixels = keras.Input(shape, name="pixels")
    scaled = keras.layers.Rescaling(backbone.scale, backbone.offset)(pixels)
    return keras.Model(pixels, network(scaled, training=False), name=f"{backbone.name}-{side}")


def _known(name: str) -> Backbone:
    for backbone in BACKBONES:
        if backbone.name == name:
            return backbone
    names = ", ".join([*(backbone.name for backbone in BACKBONES), descriptor.NAME])
    raise InvalidInput(f"backbone must be one of {names}, got {name!r}")


def _paths(name: str, side: int, folder: Path) -> tuple[Path, Path]:
    return folder / f"{name}-{side}.tflite", folder / f"{name}-{side}.json"


def _read_record(path: Path) -> Prepared | None:
    """The record, or none where it is missing, damaged or of another version: then all is prepared anew."""
    try:
        fields = json.loads(path.read_bytes())
        return Prepared(**fields) if fields.pop("format") == RECORD_FORMAT else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
