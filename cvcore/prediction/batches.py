"""Predict many images from files, folders and zips; each answer comes as soon as it is known.

Nothing is stored. Memory holds only the images that are being worked on.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cvcore import evaluation, imaging, settings, wording
from cvcore.annotations import parts, shown
from cvcore.array_types import Levels
from cvcore.cluster import Machine
from cvcore.datasets import file_names, sources
from cvcore.errors import ArchiveRefused, InvalidInput, Unavailable
from cvcore.files import blobs, zips
from cvcore.languages import t
from cvcore.networks import backbones, feature_extraction
from cvcore.networks.feature_extraction import Elsewhere
from cvcore.prediction import predictor
from cvcore.records import Iteration, Prediction
from cvcore.settings import Limits
from cvcore.store import Store

ZIP = ".zip"


@dataclass(frozen=True)
class BatchImage:
    """An image to predict: its name, and the function that reads its bytes or raises InvalidInput.

    `folder`: where its file lies, if it is one by itself; other machines that see the folder can read it too.
    """

    name: str
    read: Callable[[], bytes]
    folder: Path | None = None


@dataclass(frozen=True)
class ImageAnswer:
    """An image's answer and every tag's probability, the highest first; or only the reason why it was refused.

    thumbnail: a small WebP file, if `predict` was asked for it.
    """

    image: str
    answer: tuple[str, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    refusal: str = ""
    thumbnail: bytes = b""


def predict(
    store: Store,
    iteration: Iteration,
    batch: Iterable[BatchImage],
    threshold: float | Mapping[str, float],
    *,
    limits: Limits,
    thumbnail_px: int = 0,
    on_wait: Callable[[Sequence[Machine]], None] = lambda machines: None,
) -> Iterator[ImageAnswer]:
    """Predict each image of a batch, in its order; an image that cannot be read gets the reason instead.

    `threshold`: see `prediction.answer`. `thumbnail_px`: how long the longer side of the thumbnails is, 0 for none.
    `on_wait` is told which machines of a cluster work, where there is one; what it raises ends the work.

    Raises:
        NotTrained, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    out_of_fold = evaluation.load(store, iteration)
    tags = evaluation.tags(store, iteration)
    folder = blobs.backbones_folder(store.home)
    backbone = backbones.find(iteration.fingerprint, folder)

    on_machines = None if thumbnail_px else _elsewhere(batch, backbone.side, limits)
    thumbnails: dict[int, bytes] = {}  # of the images that are being worked on

    def read_pixels(image: BatchImage) -> Levels:
        data = _checked(image, limits)
        if thumbnail_px:
            thumbnails[id(image)] = imaging.rendition(data, thumbnail_px)
        return imaging.pixels(data, backbone.side)

    def to_answer(image: BatchImage, outcome: feature_extraction.Outcome) -> ImageAnswer:
        thumbnail = thumbnails.pop(id(image), b"")
        if not isinstance(outcome, np.ndarray):
            return ImageAnswer(image.name, refusal=str(outcome))
        predictions = predictor.ranked(tags, predictor.probabilities(out_of_fold, outcome[None])[0])
        answer = predictor.answer(predictions, threshold, multilabel=out_of_fold.multilabel)
        return ImageAnswer(image.name, tuple(answer), tuple(predictions), thumbnail=thumbnail)

    if on_machines:
        shards = feature_extraction.stream_elsewhere(
            backbone, folder, batch, read_pixels, elsewhere=on_machines, on_wait=on_wait
        )
        return _answers(_one_by_one(shards), to_answer)
    return _answers(feature_extraction.stream(backbone, folder, batch, read_pixels), to_answer)


def images_at(path: Path, limits: Limits) -> list[BatchImage]:
    """The image at a path, or the images in the folder or zip there, in order of name.

    Files whose names show that they are not images are left out.

    Raises:
        ArchiveRefused: a folder or zip cannot be opened, breaks a limit, or holds no images.
    """
    if path.is_dir():
        images = list(_in_folder(path, limits))
    elif path.suffix.casefold() == ZIP and path.is_file():
        images = [BatchImage(str(path / image.name), image.read) for image in _in_zip(path, limits)]
    else:
        return [_of_file(path, limits)]
    if not images:
        raise ArchiveRefused(t("a folder or zip must hold images, {name!r} holds none: choose another", name=path.name))
    return images


def images_uploaded(files: Sequence[tuple[str, BinaryIO]], limits: Limits) -> list[BatchImage]:
    """The images among open files, and those in zips among them; the files must stay open while images are read.

    No two images have the same name: of several files, a zip's name stands before those in it, and a name that came
    before gets a number.

    Raises:
        ArchiveRefused: a zip cannot be opened or breaks a limit.
    """
    images: list[BatchImage] = []
    for name, file in files:
        if name.casefold().endswith(ZIP):
            within = f"{shown(name)}/" if len(files) > 1 else ""
            images += (BatchImage(within + image.name, image.read) for image in _in_zip(file, limits))
        else:
            images.append(BatchImage(shown(name), partial(_read_open, file, limits)))
    return _named_apart(images)


def _named_apart(images: Sequence[BatchImage]) -> list[BatchImage]:
    counts: dict[str, int] = {}
    named = []
    for image in images:
        counts[image.name] = count = counts.get(image.name, 0) + 1
        named.append(BatchImage(f"{image.name} ({count})", image.read) if count > 1 else image)
    return named


def csv_header(tags: Sequence[str]) -> str:
    """The header of the CSV table: image, answer, and every tag.

    >>> csv_header(["rose", "=tulip"])
    "image,answer,rose,'=tulip\\n"
    """
    return wording.csv_line(["image", "answer", *tags])


def csv_row(answer: ImageAnswer, tags: Sequence[str]) -> str:
    """An image's line: the tags of its answer separated by bars, then each tag's probability, to the last digit.

    Text that a spreadsheet would run as a formula is preceded by an apostrophe.

    >>> csv_row(ImageAnswer("=1.png", ("rose",), (Prediction("rose", "Regular", 0.75),)), ["rose"])
    "'=1.png,rose,0.75\\n"
    """
    probabilities = {prediction.tag: prediction.probability for prediction in answer.predictions}
    return wording.csv_line([answer.image, "|".join(answer.answer)], [probabilities[tag] for tag in tags])


def _answers(
    stream: feature_extraction.Stream[BatchImage],
    to_answer: Callable[[BatchImage, feature_extraction.Outcome], ImageAnswer],
) -> Iterator[ImageAnswer]:
    # Closing this generator stops the stream's threads.
    with contextlib.closing(stream):
        for image, outcome in stream:
            yield to_answer(image, outcome)


def _one_by_one(
    shards: Generator[list[tuple[BatchImage, feature_extraction.Outcome]], None, None],
) -> feature_extraction.Stream[BatchImage]:
    with contextlib.closing(shards):
        for shard in shards:
            yield from shard


def _elsewhere(batch: Iterable[BatchImage], side: int, limits: Limits) -> Elsewhere | None:
    """How a cluster's machines read the batch; None where no cluster is set, or images are not many files."""
    address = settings.load().ray
    if not address or not isinstance(batch, Sequence) or len(batch) <= feature_extraction.SHARD:
        return None
    folders = {image.folder for image in batch}
    if None in folders:
        return None
    return Elsewhere(address, partial(_pixels, side, limits), partial(_require, folders), in_order=True)


def _require(folders: Collection[Path]) -> None:
    """Check that this machine sees one of the folders.

    Raises:
        Unavailable: it sees none.
    """
    if not any(folder.is_dir() for folder in folders):
        raise Unavailable(f"every machine must see the images, it does not see {min(folders)}: mount the folder there")


def _pixels(side: int, limits: Limits, image: BatchImage) -> Levels:
    return imaging.pixels(_checked(image, limits), side)


def _checked(image: BatchImage, limits: Limits) -> bytes:
    data = imaging.fitted(image.read(), limits).data
    imaging.check(data, limits)
    return data


def _of_file(path: Path, limits: Limits) -> BatchImage:
    return BatchImage(str(path), partial(_read, path, limits), path.absolute().parent)


def _in_folder(top: Path, limits: Limits) -> Iterator[BatchImage]:
    for folder, subfolders, files in os.walk(top):
        subfolders[:] = sorted(name for name in subfolders if not file_names.is_litter((name,)))
        for name in sorted(files):
            path = Path(folder, name)
            if not file_names.is_litter((name,)) and not file_names.kind_refusal(name) and _may_be_read(path):
                yield _of_file(path, limits)


def _in_zip(source: Path | BinaryIO, limits: Limits) -> Iterator[BatchImage]:
    archive = zips.opened(source, limits, sources.counts)
    for info, path in zip(archive.infolist(), zips.paths(archive)[0], strict=True):
        if path.endswith(("/", "\\")) or file_names.is_litter(parts(path)) or file_names.kind_refusal(path):
            continue
        refusal = zips.refusal(info)
        read = partial(_refuse, refusal) if refusal else partial(zips.read, archive, info, limits.read_bytes)
        yield BatchImage(shown(path), read)


def _may_be_read(path: Path) -> bool:
    try:
        # Reading a pipe never ends.
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True  # `_read` raises the reason


def _read(path: Path, limits: Limits) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limits.read_bytes)
    except OSError as error:
        raise InvalidInput(
            t(
                "an image must be a file that can be read, this one cannot ({reason}): check the path",
                reason=error.strerror,
            )
        ) from error


def _read_open(file: BinaryIO, limits: Limits) -> bytes:
    file.seek(0)
    return file.read(limits.read_bytes)


def _refuse(reason: str) -> bytes:
    raise ArchiveRefused(reason)
