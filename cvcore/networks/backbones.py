"""The backbones of a home folder: networks converted to LiteRT files, ready to embed, found by their fingerprint.

LiteRT embeds several times as fast as Keras on a CPU and needs no TensorFlow. A network is built once by
`architectures` and converted; the folder then holds::

    MobileNetV2-224.tflite    the network
    MobileNetV2-224.json      its record

The files of a network that was imported with a project are called `guest-…`, those of one that an iteration fine-tuned
`tuned-…`, with its weights for Keras beside it, see `keras_backbones`. The built-in network is copied there from
`cvcore.networks.builtin` under its fingerprint, so iterations keep it when a later Tagwise ships another.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from cvcore.errors import ModelDamaged, WeightsMissing
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.networks import architectures, builtin, heads, keras_backend, pretrained_weights, views
from cvcore.networks.architectures import NAME_BUILT_IN
from cvcore.networks.builtin.network import CURRENT, EDITIONS, Edition
from cvcore.networks.conversion import litert

Availability = Literal["ready", "on this machine", "to download"]

RECORD_FORMAT = 1


@dataclass(frozen=True)
class Backbone:
    """The record of a backbone that can embed: images of side x side pixels to `dimension` numbers.

    `fingerprint` identifies the weights and the preprocessing: embeddings with the same fingerprint can be mixed,
    whatever computed them. `sha256` is of the LiteRT file. `is_tuned`: an iteration fine-tuned it.
    """

    name: str
    side: int
    dimension: int
    fingerprint: str
    sha256: str
    is_tuned: bool = False

    @property
    def title(self) -> str:
        """The name that people read."""
        return f"{self.name}, fine-tuned" if self.is_tuned else self.name

    @property
    def l2(self) -> float:
        """The L2 penalty that suits a head on these embeddings."""
        return builtin.L2 if views.networks_in(self.name)[0] == NAME_BUILT_IN else heads.L2


def built_in(edition: Edition = CURRENT) -> Backbone:
    """An edition of the built-in network, which is perhaps not in the folder yet.

    Raises:
        ModelDamaged: its record, which ships with Tagwise, is missing or damaged.
    """
    return Backbone(NAME_BUILT_IN, **builtin.record(edition))


def is_built_in(fingerprint: str) -> bool:
    """Whether an edition of the built-in network has that fingerprint: it ships with Tagwise.

    Raises:
        ModelDamaged: a record of one, which ships with Tagwise, is missing or damaged.
    """
    return any(fingerprint == built_in(edition).fingerprint for edition in EDITIONS)


def availability(name: str, side: int, folder: Path, environ: Mapping[str, str] = os.environ) -> Availability:
    """Whether a backbone is ready to embed, or its weights are in `KERAS_HOME`, or must be downloaded first.

    >>> availability("MobileNetV2", 224, Path("/nowhere"), {"KERAS_HOME": "/nowhere"})
    'to download'
    """
    if name == NAME_BUILT_IN or all(path.exists() for path in _paths(f"{name}-{side}", folder)):
        return "ready"
    first = views.networks_in(name)[0]  # only the built-in network, which ships, stands beside it
    if first == NAME_BUILT_IN or pretrained_weights.path_of(architectures.find(first).weights_file, environ).exists():
        return "on this machine"
    return "to download"


def is_ready(name: str, side: int, folder: Path) -> bool:
    """Whether `prepare` has nothing to convert, unless a file is damaged.

    >>> is_ready("MobileNetV2", 224, Path("/nowhere"))
    False
    """
    litert_path, record_path = _paths(f"{name}-{side}", folder)
    return name == NAME_BUILT_IN or (litert_path.exists() and _read_record(record_path) is not None)


def prepare(name: str, side: int, folder: Path, *, on_stage: Callable[[str], None] = lambda stage: None) -> Backbone:
    """The backbone, ready to embed; Keras is loaded only if its LiteRT file is missing or damaged.

    `on_stage` is called with a description of each step that takes long.

    Raises:
        InvalidInput: no backbone has this name, or no edition of the built-in one this size.
        WeightsMissing: its weights are not on this machine and cannot be downloaded.
        ModelDamaged: its file is damaged and cannot be converted again without weights, or was shipped damaged.
        StorageFull, HomeUnusable: a file cannot be written.
    """
    if name == NAME_BUILT_IN:
        return _copy_built_in(builtin.edition(side), folder)
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
    """The backbone with that fingerprint, found without loading Keras.

    Raises:
        ModelDamaged: it is not in the folder any more.
    """
    for edition in EDITIONS:
        if fingerprint == built_in(edition).fingerprint:
            return _copy_built_in(edition, folder)
    # Shorter names first, so that own backbones are found before imported ones.
    for path in sorted(folder.glob("*.json"), key=lambda path: len(path.name)):
        record = _read_record(path)
        if record and record.fingerprint == fingerprint:
            return record
    raise ModelDamaged(
        t(
            "the network {fingerprint} that this was trained with is not in {folder} any more: train again",
            fingerprint=fingerprint,
            folder=folder,
        )
    )


def litert_model(backbone: Backbone, folder: Path) -> bytes:
    """The LiteRT file of a backbone, checked.

    Raises:
        ModelDamaged: it is missing or not what was written.
    """
    for stem in stems(backbone):
        path = _paths(stem, folder)[0]
        if path.exists() and blobs.sha256(content := path.read_bytes()) == backbone.sha256:
            return content
    path = _paths(stems(backbone)[0], folder)[0]
    raise ModelDamaged(t("the file {path} must be as it was written, it is missing or damaged: train again", path=path))


def import_backbone(backbone: Backbone, content: bytes, folder: Path, weights_npz: bytes = b"") -> tuple[Path, ...]:
    """Keep a backbone that was imported with a project, for its iterations alone: no training here uses it.

    `weights_npz` are a fine-tuned one's weights for Keras. Returns the files written: no files if a backbone with
    its fingerprint is there already, which is left as it is.

    Raises:
        StorageFull, HomeUnusable: a file cannot be written.
    """
    try:
        litert_model(find(backbone.fingerprint, folder), folder)
    except ModelDamaged:
        _, imported_stem = stems(backbone)
        extra = (folder / f"{imported_stem}.npz",) if weights_npz else ()
        for path in extra:
            blobs.write(path, weights_npz)
        _write(backbone, content, folder, imported_stem)
        return *_paths(imported_stem, folder), *extra
    return ()


def save(backbone: Backbone, content: bytes, folder: Path) -> None:
    """Write a backbone's LiteRT file and its record.

    Raises:
        StorageFull, HomeUnusable: a file cannot be written.
    """
    _write(backbone, content, folder, stems(backbone)[0])


def convert_to_litert(model: Any, folder: Path) -> bytes:
    """The LiteRT file of a Keras model; `folder` is where it will be kept, for the messages of errors."""
    with blobs.storage_errors(folder), keras_backend.quiet_loading():
        return litert.convert(model)


def stems(backbone: Backbone) -> tuple[str, str]:
    """The names, without endings, of a backbone's files: if it is this home's own, and if it was imported.

    An imported backbone has a name that no backbone of this home can have, so that it never replaces one.
    """
    imported = f"guest-{backbone.fingerprint}-{backbone.sha256[:16]}"
    if backbone.is_tuned:
        return f"tuned-{backbone.fingerprint}", imported
    if backbone.name == NAME_BUILT_IN:
        return f"builtin-{backbone.fingerprint}", imported
    return f"{backbone.name}-{backbone.side}", imported


def _convert(name: str, side: int, folder: Path, on_stage: Callable[[str], None]) -> Backbone:
    architectures.require_weights(name)
    keras_backend.prepare_backend(on_stage)
    on_stage(t("Preparing {network} (only once)", network=name))
    model = architectures.keras_model(name, side, on_stage)
    content = convert_to_litert(model, folder)
    fingerprint = architectures.fingerprint_of(model, name, side)
    backbone = Backbone(name, side, model.output_shape[-1], fingerprint, blobs.sha256(content))
    save(backbone, content, folder)
    return backbone


def _copy_built_in(edition: Edition, folder: Path) -> Backbone:
    """Copy an edition of the built-in network into the folder if it is missing or damaged there."""
    backbone = built_in(edition)
    try:
        litert_model(backbone, folder)
    except ModelDamaged:
        content = builtin.model(edition)
        if blobs.sha256(content) != backbone.sha256:
            raise builtin.damaged(edition, builtin.MODEL, t("damaged")) from None
        save(backbone, content, folder)
    return backbone


def _write(backbone: Backbone, content: bytes, folder: Path, stem: str) -> None:
    litert_path, record_path = _paths(stem, folder)
    blobs.write(litert_path, content)
    blobs.write(record_path, json.dumps(asdict(backbone) | {"format": RECORD_FORMAT}).encode())


def _paths(stem: str, folder: Path) -> tuple[Path, Path]:
    return folder / f"{stem}.tflite", folder / f"{stem}.json"


def _read_record(path: Path) -> Backbone | None:
    """Read a record; None if it is missing, damaged or of another version: then the backbone is converted again."""
    try:
        fields = json.loads(path.read_bytes())
        return Backbone(**fields) if fields.pop("format") == RECORD_FORMAT else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
