"""The networks that a project's iterations use, in a project zip.

networks/FINGERPRINT.tflite     the network
networks/FINGERPRINT.json       its record; for a fine-tuned network also the images that it was trained on
networks/FINGERPRINT.npz        only for a fine-tuned network: the weights for Keras, used by exports
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from cvcore.archive import json_reader
from cvcore.archive.project_zip import ProjectZip
from cvcore.errors import ArchiveRefused, ModelDamaged
from cvcore.files import blobs, zip_writer
from cvcore.languages import t
from cvcore.networks import architectures, backbones, keras_backbones
from cvcore.networks.backbones import Backbone
from cvcore.settings import MEBIBYTE
from cvcore.store import Store
from cvcore.store.project_contents import Fingerprint, Sha256

RECORD_BYTES, NETWORK_BYTES = 64 * MEBIBYTE, 256 * MEBIBYTE
TFLITE = slice(4, 8), b"TFL3"

# The SHA-256 and the size of each member, as tagwise.json lists them.
Files = dict[str, tuple[str, int]]


@dataclass(frozen=True)
class _Record:
    """The JSON beside a network; older zips lack the last two fields.

    `learned_from`, a stored name, has the SHA-256 of the images that the network was fine-tuned on.
    """

    name: str
    side: Annotated[int, Meta(ge=1, le=4096)]
    dimension: Annotated[int, Meta(ge=1, le=100_000)]
    fingerprint: Fingerprint
    sha256: Sha256
    is_tuned: bool | None = None
    learned_from: Annotated[tuple[Sha256, ...], Meta(max_length=400_000)] | None = None


@dataclass(frozen=True, eq=False)
class PackedNetwork:
    """A network from a zip: its record and LiteRT file; if it is fine-tuned, its weights and its images' SHA-256."""

    backbone: Backbone
    content: bytes
    weights: bytes = b""
    learned_from: tuple[str, ...] = ()


def members(fingerprint: str) -> tuple[str, str, str]:
    """The member names of a network, its record and its weights."""
    return tuple(f"networks/{fingerprint}.{kind}" for kind in ("tflite", "json", "npz"))  # type: ignore[return-value]


def add(archive: zipfile.ZipFile, files: Files, store: Store, fingerprint: str) -> None:
    """Pack a network unless it is built-in or damaged: an iteration's numbers can be shown without it."""
    if backbones.is_built_in(fingerprint):
        return
    folder = blobs.backbones_folder(store.home)
    try:
        backbone = backbones.find(fingerprint, folder)
        content = backbones.litert_model(backbone, folder)
        weights = keras_backbones.tuned_weights(backbone, folder) if backbone.is_tuned else b""
    except ModelDamaged:
        return
    model, record, extra = members(fingerprint)
    description = dataclasses.asdict(backbone) | {"learned_from": sorted(store.trainings.tuned_on(fingerprint))}
    files[model] = zip_writer.add_bytes(archive, model, content)
    files[record] = zip_writer.add_text(archive, record, json.dumps(description))
    if weights:
        files[extra] = zip_writer.add_bytes(archive, extra, weights)


def read(archive: ProjectZip, fingerprint: str) -> PackedNetwork | None:
    """Read and check a network from a zip; None if the zip does not contain it.

    Raises:
        ArchiveRefused: a value or file of it is not allowed.
    """
    model, record, extra = members(fingerprint)
    if record not in archive.files:
        return None
    description = json_reader.read(archive.read(record, RECORD_BYTES), _Record, record)
    if not architectures.are_known(description.name):
        raise json_reader.refusal(f"{record}: name", f"one of {', '.join(architectures.names())}")
    if description.fingerprint != fingerprint:
        raise json_reader.refusal(f"{record}: fingerprint", fingerprint)
    content = archive.read(model, NETWORK_BYTES)
    where, magic = TFLITE
    if content[where] != magic or blobs.sha256(content) != description.sha256:
        raise ArchiveRefused(
            t(
                "a project zip must be unchanged, the SHA-256 of {model} is not the one in its record: copy or "
                "download it again",
                model=model,
            )
        )
    is_tuned = bool(description.is_tuned)
    return PackedNetwork(
        Backbone(
            name=description.name,
            side=description.side,
            dimension=description.dimension,
            fingerprint=fingerprint,
            sha256=description.sha256,
            is_tuned=is_tuned,
        ),
        content,
        _weights(archive.read(extra, NETWORK_BYTES), extra) if is_tuned else b"",
        description.learned_from or (),
    )


def keep(store: Store, network: PackedNetwork) -> tuple[Path, ...]:
    """Store a network for the iterations of the same zip only; returns the files written.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    folder = blobs.backbones_folder(store.home)
    written = backbones.import_backbone(network.backbone, network.content, folder, network.weights)
    store.trainings.note_tuned_on(network.backbone.fingerprint, network.learned_from)
    return written


def _weights(data: bytes, member: str) -> bytes:
    """The bytes of an npz without compression, so that reading it takes no more memory than its size."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist()):
                return data
    except zipfile.BadZipFile:
        pass
    raise json_reader.refusal(member, "a file of network weights")
