"""The backbones of a home folder: networks made ready to embed, kept as LiteRT files, found again by fingerprint.

LiteRT embeds several times as fast as Keras on a CPU and needs no TensorFlow. A network is built once as `networks`
has it and converted; what comes of it lies in one folder::

    MobileNetV2-224.tflite    the network
    MobileNetV2-224.json      its record

One that came with a project from elsewhere lies there as `guest-…`, one that an iteration tuned as `tuned-…`, with its
weights for Keras beside it in an npz file. The built-in network, which comes ready from `cvcore.networks.builtin`, is
copied there under its fingerprint, so what was trained with it keeps it when a later Tagwise ships another.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cvcore.errors import ModelDamaged, WeightsMissing
from cvcore.files import blobs
from cvcore.networks import architectures, builtin, heads, pretrained_weights
from cvcore.networks.architectures import NAME_BUILT_IN

Availability = Literal["ready", "on this machine", "to download"]

RECORD_FORMAT = 1


@dataclass(frozen=True)
class Backbone:
    """A backbone that can embed: pictures of side x side pixels to `dimension` numbers.

    `fingerprint` names the weights and how pictures reach them: embeddings with the same one may be mixed,
    whatever computed them. `sha256` is of the LiteRT file. One that `is_tuned` was trained on by an iteration.
    """

    name: str
    side: int
    dimension: int
    fingerprint: str
    sha256: str
    is_tuned: bool = False

    @property
    def title(self) -> str:
        """What it is called where people read it."""
        return f"{self.name}, fine-tuned" if self.is_tuned else self.name

    @property
    def l2(self) -> float:
        """The penalty that suits a head on these embeddings."""
        return builtin.L2 if self.name == NAME_BUILT_IN else heads.L2


def built_in() -> Backbone:
    """The built-in network, which may not be in the folder yet.

    Raises:
        ModelDamaged: its record, which ships with Tagwise, is missing or damaged.
    """
    return Backbone(NAME_BUILT_IN, **builtin.record())


def availability(name: str, side: int, folder: Path, environ: Mapping[str, str] = os.environ) -> Availability:
    """Whether a backbone is prepared, or its weights lie in `KERAS_HOME`, or they have yet to be downloaded.

    >>> availability("MobileNetV2", 224, Path("/nowhere"), {"KERAS_HOME": "/nowhere"})
    'to download'
    """
    if name == NAME_BUILT_IN or all(path.exists() for path in _paths(f"{name}-{side}", folder)):
        return "ready"
    return (
        "on this machine"
        if pretrained_weights.path_of(architectures.find(name).weights_file, environ).exists()
        else "to download"
    )


def prepare(name: str, side: int, folder: Path, *, on_stage: Callable[[str], None] = lambda stage: None) -> Backbone:
    """The backbone, ready to embed; Keras is loaded only where its LiteRT file is not there yet, or damaged.

    `on_stage` is told in words what takes long.

    Raises:
        InvalidInput: there is no backbone of that name.
        WeightsMissing: its weights are not here and cannot be downloaded.
        ModelDamaged: its file is damaged and cannot be made anew for want of weights, or shipped so.
        StorageFull, HomeUnusable: it cannot be written.
    """
    if name == NAME_BUILT_IN:
        return _bring_in(folder)
    record = _read_record(_paths(f"{name}-{side}", folder)[1])
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


def find(fingerprint: str, folder: Path) -> Backbone:
    """What was prepared under a fingerprint, without loading Keras.

    Raises:
        ModelDamaged: there is no such thing any more.
    """
    if fingerprint == built_in().fingerprint:
        return _bring_in(folder)
    # Shorter names first: what was made here goes before what came with a project.
    for path in sorted(folder.glob("*.json"), key=lambda path: len(path.name)):
        record = _read_record(path)
        if record and record.fingerprint == fingerprint:
            return record
    raise ModelDamaged(f"the network {fingerprint} that this was trained with is not in {folder} any more: train again")


def litert_model(prepared: Backbone, folder: Path) -> bytes:
    """The LiteRT file of a network, checked.

    Raises:
        ModelDamaged: it is missing or not what was written.
    """
    for stem in (_stem(prepared), _guest_stem(prepared)):
        path = _paths(stem, folder)[0]
        if path.exists() and blobs.sha256(content := path.read_bytes()) == prepared.sha256:
            return content
    path = _paths(_stem(prepared), folder)[0]
    raise ModelDamaged(f"the file {path} must be as it was written, it is missing or damaged: train again")


def import_backbone(prepared: Backbone, content: bytes, folder: Path, weights_npz: bytes = b"") -> tuple[Path, ...]:
    """Keep a network that came with a project, for its iterations alone: nothing here is ever trained with it.

    `weights_npz` are a tuned one's for Keras. The files written; none where one is here under its fingerprint, which
    stays as it is.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    try:
        litert_model(find(prepared.fingerprint, folder), folder)
    except ModelDamaged:
        stem = _guest_stem(prepared)
        extra = (folder / f"{stem}.npz",) if weights_npz else ()
        for path in extra:
            blobs.write(path, weights_npz)
        _write(prepared, content, folder, stem)
        return *_paths(stem, folder), *extra
    return ()


def same_keras_model(prepared: Backbone, folder: Path) -> Any:
    """The Keras model of a network that was prepared, so that what comes of either may be mixed.

    `folder` is where it was prepared.

    Raises:
        WeightsMissing: its weights are gone.
        ModelDamaged: they are damaged, or others than it was prepared with.
    """
    model = (
        _tuned_keras_model(prepared, folder)
        if prepared.is_tuned
        else architectures.keras_model(prepared.name, prepared.side)
    )
    if architectures.fingerprint_of(model, prepared.name, prepared.side) != prepared.fingerprint:
        raise ModelDamaged(
            f"the weights of {prepared.name} on this machine must be those it was trained with, they are others: "
            "train again"
        )
    return model


def keep_tuned(model: Any, base: Backbone, folder: Path) -> Backbone:
    """Convert and keep a Keras model that was built as `base` and given other weights.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    content = _litert(model, folder)
    fingerprint = architectures.fingerprint_of(model, base.name, base.side)
    prepared = Backbone(base.name, base.side, base.dimension, fingerprint, blobs.sha256(content), is_tuned=True)
    arrays = io.BytesIO()
    np.savez(arrays, *model.get_weights())
    blobs.write(folder / f"{_stem(prepared)}.npz", arrays.getvalue())
    _write(prepared, content, folder)
    return prepared


def tuned_in(folder: Path) -> list[str]:
    """The fingerprints of the networks that were tuned here."""
    return [path.stem.removeprefix("tuned-") for path in folder.glob("tuned-*.npz")]


def delete_tuned(fingerprint: str, folder: Path) -> None:
    """Delete a tuned network that no iteration looks through any more; others stay."""
    for path in folder.glob(f"tuned-{fingerprint}.*"):
        blobs.delete(path)


def tuned_weights(prepared: Backbone, folder: Path) -> bytes:
    """The npz file with a tuned network's weights for Keras, not yet checked.

    Raises:
        ModelDamaged: it is missing.
    """
    for stem in (_stem(prepared), _guest_stem(prepared)):
        if (path := folder / f"{stem}.npz").exists():
            return path.read_bytes()
    raise _weights_damaged(prepared, folder)


def _convert(name: str, side: int, folder: Path, on_stage: Callable[[str], None]) -> Backbone:
    on_stage(f"Preparing {name}, this once")
    model = architectures.keras_model(name, side, on_stage)
    content = _litert(model, folder)
    prepared = Backbone(
        name, side, model.output_shape[-1], architectures.fingerprint_of(model, name, side), blobs.sha256(content)
    )
    _write(prepared, content, folder)
    return prepared


def _litert(model: Any, folder: Path) -> bytes:
    with blobs.storage_errors(folder), tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary, "model.tflite")
        model.export(path, format="litert", verbose=False)
        return path.read_bytes()


def _tuned_keras_model(prepared: Backbone, folder: Path) -> Any:
    model = architectures.without_weights(prepared.name, prepared.side)
    data = tuned_weights(prepared, folder)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            model.set_weights([arrays[name] for name in arrays.files])
    except Exception as error:  # of a damaged zip numpy raises nearly anything
        raise _weights_damaged(prepared, folder) from error
    return model


def _weights_damaged(prepared: Backbone, folder: Path) -> ModelDamaged:
    path = folder / f"{_stem(prepared)}.npz"
    return ModelDamaged(
        f"the weights {path} of the network that this was trained with are missing or damaged: train again"
    )


def _bring_in(folder: Path) -> Backbone:
    """The built-in network, copied into the folder if it is not there, or damaged."""
    prepared = built_in()
    try:
        litert_model(prepared, folder)
    except ModelDamaged:
        content = builtin.model()
        if blobs.sha256(content) != prepared.sha256:
            raise builtin.damaged(builtin.MODEL, "damaged") from None
        _write(prepared, content, folder)
    return prepared


def _write(prepared: Backbone, content: bytes, folder: Path, stem: str = "") -> None:
    litert_path, record_path = _paths(stem or _stem(prepared), folder)
    blobs.write(litert_path, content)
    blobs.write(record_path, json.dumps(asdict(prepared) | {"format": RECORD_FORMAT}).encode())


def _stem(prepared: Backbone) -> str:
    if prepared.is_tuned:
        return f"tuned-{prepared.fingerprint}"
    is_built_in = prepared.name == NAME_BUILT_IN
    return f"builtin-{prepared.fingerprint}" if is_built_in else f"{prepared.name}-{prepared.side}"


def _guest_stem(prepared: Backbone) -> str:
    """Another than any network that is prepared here has, so that none takes its place."""
    return f"guest-{prepared.fingerprint}-{prepared.sha256[:16]}"


def _paths(stem: str, folder: Path) -> tuple[Path, Path]:
    return folder / f"{stem}.tflite", folder / f"{stem}.json"


def _read_record(path: Path) -> Backbone | None:
    """The record, or none where it is missing, damaged or of another version: then all is prepared anew."""
    try:
        fields = json.loads(path.read_bytes())
        return Backbone(**fields) if fields.pop("format") == RECORD_FORMAT else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
