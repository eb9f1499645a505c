"""Predict many images; each answer comes as soon as it is known.

Nothing is stored. Memory holds only the images that are being worked on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from cvcore import evaluation, imaging, settings, wording
from cvcore.array_types import Levels
from cvcore.cluster import Machine
from cvcore.errors import Unavailable
from cvcore.files import blobs
from cvcore.networks import backbones, feature_extraction
from cvcore.networks.feature_extraction import RemoteImages
from cvcore.prediction import predictor
from cvcore.prediction.batch_images import BatchImage
from cvcore.records import Iteration, Prediction
from cvcore.settings import Limits
from cvcore.store import Store


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

    remote = None if thumbnail_px else remote_images(batch, backbone.side, limits)
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

    if remote:
        shards = feature_extraction.stream_by_cluster(
            backbone, folder, batch, read_pixels, remote=remote, on_wait=on_wait
        )
        return _answers(_one_by_one(shards), to_answer)
    return _answers(feature_extraction.stream(backbone, folder, batch, read_pixels), to_answer)


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


def remote_images(batch: Iterable[BatchImage], side: int, limits: Limits) -> RemoteImages | None:
    """How a cluster's machines read the batch; None where no cluster is set, or images are not many files."""
    address = settings.load().ray
    if not address or not isinstance(batch, Sequence) or len(batch) <= feature_extraction.SHARD:
        return None
    folders = {image.folder for image in batch}
    if None in folders:
        return None
    return RemoteImages(address, partial(_pixels, side, limits), partial(_require, folders), in_order=True)


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
