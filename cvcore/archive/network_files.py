"""The networks that a project's iterations look through, in a project zip.

networks/FINGERPRINT.tflite     the network
networks/FINGERPRINT.json       its record, with the pictures that it learned from where an iteration tuned it
networks/FINGERPRINT.npz        of such a one the weights for Keras, which exports are made of
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cvcore.archive import json_reader
from cvcore.archive.json_reader import Value
from cvcore.errors import ArchiveRefused, ModelDamaged
from cvcore.files import blobs, zips
from cvcore.networks import architectures, backbones
from cvcore.networks.backbones import Backbone
from cvcore.settings import MEBIBYTE
from cvcore.store import Store

RECORD_BYTES, NETWORK_BYTES = 64 * MEBIBYTE, 256 * MEBIBYTE
DIMENSIONS, SIDE_PX, PICTURES = 100_000, 4096, 400_000
TFLITE = slice(4, 8), b"TFL3"

# The SHA-256 and the size of each member, as tagwise.json tells them.
Files = dict[str, tuple[str, int]]


@dataclass(frozen=True, eq=False)
class PackedNetwork:
    """A network out of a zip: its record, its LiteRT file, and where it was tuned its weights and what it knows."""

    prepared: Backbone
    content: bytes
    weights: bytes = b""
    learned_from: tuple[str, ...] = ()


def members(fingerprint: str) -> tuple[str, str, str]:
    """Where a network, its record and its weights lie in the zip."""
    return tuple(f"networks/{fingerprint}.{kind}" for kind in ("tflite", "json", "npz"))  # type: ignore[return-value]


def add(archive: zipfile.ZipFile, files: Files, store: Store, fingerprint: str) -> None:
    """Pack a network; the one that ships, or one that is damaged, stays out: numbers stand without it."""
    if fingerprint == backbones.built_in().fingerprint:
        return
    folder = blobs.backbones_folder(store.home)
    try:
        prepared = backbones.find(fingerprint, folder)
        content = backbones.litert_model(prepared, folder)
        weights = backbones.tuned_weights(prepared, folder) if prepared.is_tuned else b""
    except ModelDamaged:
        return
    model, record, extra = members(fingerprint)
    told = dataclasses.asdict(prepared) | {"learned_from": sorted(store.trainings.tuned_on(fingerprint))}
    files[model] = zips.add_bytes(archive, model, content)
    files[record] = zips.add_text(archive, record, json.dumps(told))
    if weights:
        files[extra] = zips.add_bytes(archive, extra, weights)


def read(
    files: Mapping[str, tuple[str, int]], load: Callable[[str, int], bytes], fingerprint: str
) -> PackedNetwork | None:
    """A network out of a zip, checked; `load` gives a member's bytes, at most so many. None where it is not in it.

    Raises:
        ArchiveRefused: it is not as Tagwise writes it.
    """
    model, record, extra = members(fingerprint)
    if record not in files:
        return None
    told = json_reader.read(load(record, RECORD_BYTES), record)
    prepared = Backbone(
        name=told["name"].one_of((architectures.NAME_BUILT_IN, *(each.name for each in architectures.ARCHITECTURES))),
        side=told["side"].integer(1, SIDE_PX),
        dimension=told["dimension"].integer(1, DIMENSIONS),
        fingerprint=told["fingerprint"].one_of((fingerprint,)),
        sha256=told["sha256"].hexadecimal(64),
        is_tuned=bool(told.member("is_tuned").optional(Value.flag)),
    )
    content = load(model, NETWORK_BYTES)
    where, magic = TFLITE
    if content[where] != magic or blobs.sha256(content) != prepared.sha256:
        raise ArchiveRefused(f"{model} in a project zip must be its network, it is another: download it again")
    learned_from = told.member("learned_from").optional(_digests) or ()
    return PackedNetwork(
        prepared,
        content,
        _weights(load(extra, NETWORK_BYTES), extra) if prepared.is_tuned else b"",
        learned_from,
    )


def keep(store: Store, network: PackedNetwork) -> tuple[Path, ...]:
    """Put a network in place, for iterations that came with it alone; the files written.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    folder = blobs.backbones_folder(store.home)
    written = backbones.import_backbone(network.prepared, network.content, folder, network.weights)
    store.trainings.note_tuned_on(network.prepared.fingerprint, network.learned_from)
    return written


def _digests(given: Value) -> tuple[str, ...]:
    return tuple(each.hexadecimal(64) for each in given.items(PICTURES))


def _weights(data: bytes, member: str) -> bytes:
    """An npz as `numpy.savez` writes it, nothing in it compressed: reading it takes no more memory than its size."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist()):
                return data
    except zipfile.BadZipFile:
        pass
    raise ArchiveRefused(f"{member} in a project zip must be its network's weights, it is not: download it again")
