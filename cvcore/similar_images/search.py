"""Finds the nearest images of a project: a quick look at all in the index, then an exact one at several hundred."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cvcore import domains, imaging
from cvcore.array_types import Bools, Float32s
from cvcore.files import blobs
from cvcore.networks import arrays, backbones, views
from cvcore.networks.backbones import Backbone
from cvcore.prediction import predictor
from cvcore.records import QUICK, Project
from cvcore.settings import Limits
from cvcore.similar_images import index, reduction
from cvcore.similar_images.index import Digests, Index
from cvcore.similar_images.reduction import Axes, Vectors
from cvcore.store import Store

# How many are looked at exactly for each one that is asked for, and at least.
EXACT_EACH, EXACT_LEAST = 8, 200

_BLOCK = 2000
_MISSING_FEW = 200
_STALE_MOST = 1000


@dataclass(frozen=True)
class Similar:
    """An image of the workspace, and the cosine of its embedding with the one that was asked for, -1..1."""

    image_id: str
    similarity: float


@dataclass(eq=False)
class _Open:
    """An open index: which rows are images of the project, and which of its images are not in the index yet."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    index: Index | None = None
    is_current: Bools = field(default_factory=lambda: np.zeros(0, bool))
    missing: Sequence[str] = ()
    state: tuple[int, str] = (0, "")
    newest: int = 0


def network(store: Store, project: Project) -> Backbone:
    """The network by which a project's images are compared: the one that the worker embeds new images by.

    Until that one is prepared it is the built-in network.
    """
    trained = store.iterations.newest_trained(project.id)
    options = store.trainings.options(trained.id) if trained else QUICK
    folder = blobs.backbones_folder(store.home)
    for domain in (domains.find(project.domain_id), domains.BUILT_IN):
        has_mirror = "mirror" in domains.with_transforms(domain.policy, options.transforms).transforms
        name = views.name_for(domain.backbone, options.embedding, has_mirror=has_mirror)
        if backbones.is_ready(name, domain.side, folder):
            return _prepared(name, domain.side, folder)
    return _prepared(domains.BUILT_IN.backbone, domains.BUILT_IN.side, folder)


@functools.lru_cache(maxsize=8)
def _prepared(name: str, side: int, folder: Path) -> Backbone:
    return backbones.prepare(name, side, folder)  # it checks the whole file


def embedding_of(
    store: Store, project: Project, image: bytes | str, *, limits: Limits, backbone: Backbone | None = None
) -> Float32s:
    """The embedding of an image, given by its bytes or its SHA-256; computed now if it is not stored.

    Raises:
        ImageRefused: the bytes are not an image within the limits.
        NotFound: the image's file is gone.
        ModelDamaged: the network's file is missing or damaged.
    """
    backbone = backbone or network(store, project)
    digest = image if isinstance(image, str) else blobs.sha256(image)
    known = store.embeddings.get(backbone.fingerprint, [digest])
    if digest in known:
        return known[digest]
    data = blobs.read(blobs.original_path(store.home, digest)) if isinstance(image, str) else image
    if not isinstance(image, str):
        imaging.check(data, limits)
    embed = predictor.extractor_of(store, backbone.fingerprint)
    embedding: Float32s = embed(imaging.pixels(data, backbone.side)[None])[0]
    return embedding


@arrays.one_thread()
def nearest(
    store: Store,
    project: Project,
    embedding: Float32s,
    count: int,
    *,
    without: str = "",
    backbone: Backbone | None = None,
) -> list[Similar]:
    """The workspace's images most similar to an embedding by the project's network, the most similar first.

    Images that have no embedding yet are left out, and the image with the SHA-256 `without`.

    Raises:
        StorageFull, HomeUnusable: the index cannot be written.
    """
    backbone = backbone or network(store, project)
    folder = blobs.similar_folder(store.home, project.id) / blobs.sha256(backbone.fingerprint.encode())[:16]
    opened = _opened(folder)
    with opened.lock:
        _update(store, project, backbone, folder, opened)
        found, is_current = opened.index, opened.is_current
    if found is None or not len(found.digests):
        return []
    query = reduction.units(embedding[None].astype(np.float32))[0]
    scores = np.where(is_current, found.scores(query), np.float32(-np.inf))
    take = max(EXACT_LEAST, EXACT_EACH * count)
    while True:
        places = reduction.best(scores, take)
        digests = [found.digests[place].tobytes().hex() for place in places if scores[place] > -np.inf]
        ranked = _ranked(store, project, backbone, query, [each for each in digests if each != without])
        if len(ranked) >= count or take >= len(scores):
            return ranked[:count]
        take *= 4  # many were deleted


def _ranked(store: Store, project: Project, backbone: Backbone, query: Float32s, digests: list[str]) -> list[Similar]:
    """Those of the images that are in the workspace, by their exact similarity."""
    ids = store.images.ids_of(project.id, digests)
    vectors = store.embeddings.get(backbone.fingerprint, list(ids))
    if not vectors:
        return []
    cosines = reduction.units(np.stack(list(vectors.values()))) @ query
    order = np.argsort(-cosines, kind="stable")
    chosen, similarities = list(vectors), cosines.clip(-1, 1).tolist()
    return [Similar(ids[chosen[place]], similarities[place]) for place in order]


@functools.lru_cache(maxsize=8)
def _opened(folder: Path) -> _Open:
    return _Open()


def _update(store: Store, project: Project, backbone: Backbone, folder: Path, opened: _Open) -> None:
    """Bring the index up to date with the project's images, if they or their embeddings changed."""
    state, newest = store.images.state(project.id), store.embeddings.newest()
    is_read = opened.index is not None and opened.index.names == index.names(folder)
    if is_read and state == opened.state and not _has_arrived(store, backbone, opened, newest):
        return
    wanted = store.images.all_digests(project.id)
    if not is_read:
        opened.index = index.read(folder)
    _look(opened, wanted)
    if opened.missing or _is_worn(opened):
        with index.lock(folder):
            opened.index = index.read(folder)
            _look(opened, wanted)
            _write(store, backbone, folder, opened, wanted)
            opened.index = index.read(folder)
        _look(opened, wanted)
    opened.state, opened.newest = state, newest


def _has_arrived(store: Store, backbone: Backbone, opened: _Open, newest: int) -> bool:
    """Whether images that were missing may have an embedding now."""
    if len(opened.missing) > _MISSING_FEW:
        return newest != opened.newest
    return bool(store.embeddings.get(backbone.fingerprint, opened.missing))


def _look(opened: _Open, wanted: Sequence[str]) -> None:
    """Find which rows are the project's images, and which of these are missing."""
    if opened.index is None:
        opened.is_current, opened.missing = np.zeros(0, bool), wanted
        return
    known, asked = index.keys(opened.index.digests), index.keys(_matrix(wanted))
    opened.is_current = np.isin(known, asked) & index.first_of_each(opened.index.digests)
    opened.missing = [wanted[place] for place in np.flatnonzero(~np.isin(asked, known)).tolist()]


def _is_worn(opened: _Open) -> bool:
    """Whether so many rows are no longer images of the project that the index is made anew."""
    stale = int((~opened.is_current).sum())
    return stale > max(_STALE_MOST, len(opened.is_current) // 4)


def _write(store: Store, backbone: Backbone, folder: Path, opened: _Open, wanted: Sequence[str]) -> None:
    """Add the missing images, or make the index anew where most of them are missing or many are gone."""
    before = opened.index
    later = 0 if before is None else len(before.digests) - before.first_rows + len(opened.missing)
    if before is not None and later <= before.first_rows and not _is_worn(opened):
        digests, vectors = _reduced(store, backbone, opened.missing, before.axes)
        if len(digests):
            index.append(folder, before, digests, vectors)
        return
    step = max(1, len(wanted) // reduction.SAMPLE)
    sample = list(store.embeddings.get(backbone.fingerprint, wanted[::step]).values())
    if not sample:  # of a few among many that have none yet
        sample = list(store.embeddings.get(backbone.fingerprint, wanted).values())[: reduction.SAMPLE]
    if sample:
        axes = reduction.axes(reduction.units(np.stack(sample)))
        index.write_first(folder, axes, *_reduced(store, backbone, wanted, axes))


def _reduced(store: Store, backbone: Backbone, digests: Sequence[str], axes: Axes) -> tuple[Digests, Vectors]:
    """Those of the images that have an embedding, and their vectors, a block at a time."""
    parts = list(_blocks(store, backbone, digests, axes))
    if not parts:
        return np.zeros((0, 32), np.uint8), np.zeros((0, axes.scales.size), np.int8)
    return _matrix([digest for names, _ in parts for digest in names]), np.concatenate([rows for _, rows in parts])


def _blocks(
    store: Store, backbone: Backbone, digests: Sequence[str], axes: Axes
) -> Iterator[tuple[list[str], Vectors]]:
    for start in range(0, len(digests), _BLOCK):
        found = store.embeddings.get(backbone.fingerprint, digests[start : start + _BLOCK])
        if found:
            yield list(found), reduction.reduced(reduction.units(np.stack(list(found.values()))), axes)


def _matrix(digests: Sequence[str]) -> Digests:
    return np.frombuffer(bytes.fromhex("".join(digests)), np.uint8).reshape(-1, 32)
