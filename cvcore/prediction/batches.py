"""Many pictures asked about at once: files, folders and zips in; answers out, one by one, as they are known.

Nothing is kept of them. Memory holds the pictures that are being worked on, however many there are.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from cvcore import evaluation, imaging, wording
from cvcore.datasets import layouts
from cvcore.errors import ArchiveRefused, InvalidInput
from cvcore.files import blobs, zips
from cvcore.networks import backbones, feature_extraction, heads
from cvcore.prediction import predictor
from cvcore.records import MULTILABEL, Iteration, Prediction
from cvcore.settings import Limits
from cvcore.store import Store

ZIP = ".zip"


@dataclass(frozen=True)
class BatchImage:
    """A picture to ask about: what it is called, and what gets its bytes or raises InvalidInput."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class ImageAnswer:
    """A picture's answer: its tags, and every tag's probability, the highest first; or the refusal, and neither."""

    image: str
    answer: tuple[str, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    refusal: str = ""


def predict(
    store: Store,
    iteration: Iteration,
    pictures: Iterable[BatchImage],
    threshold: float | Mapping[str, float],
    *,
    limits: Limits,
) -> Iterator[ImageAnswer]:
    """What an iteration says of each picture, in their order; one that cannot be read is told and the rest goes on.

    `threshold` is as `prediction.answer` takes it.

    Raises:
        NotTrained, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    judged = evaluation.load(store, iteration)
    tags = evaluation.tags(store, iteration)
    folder = blobs.backbones_folder(store.home)
    prepared = backbones.find(iteration.fingerprint, folder)
    multilabel = iteration.classification_type == MULTILABEL

    def look(picture: BatchImage) -> NDArray[np.uint8]:
        data = picture.read()
        imaging.check(data, limits)
        return imaging.pixels(data, prepared.side)

    def answered(picture: BatchImage, outcome: feature_extraction.Outcome) -> ImageAnswer:
        if not isinstance(outcome, np.ndarray):
            return ImageAnswer(picture.name, refusal=str(outcome))
        row = heads.probabilities(outcome[None], judged.kernel, judged.bias, multilabel=multilabel)[0]
        found = predictor.ranked(tags, row)
        return ImageAnswer(picture.name, tuple(predictor.answer(found, threshold, multilabel=multilabel)), tuple(found))

    stream = feature_extraction.stream(prepared, folder, pictures, look)
    return _each(stream, answered)


def images_at(path: Path, limits: Limits) -> list[BatchImage]:
    """The picture at a path, or those in the folder or zip there, by name; what is no picture by its name is left out.

    Raises:
        ArchiveRefused: a folder or zip cannot be opened, breaks a limit, or holds no pictures.
    """
    if path.is_dir():
        found = list(_in_folder(path, limits))
    elif path.suffix.casefold() == ZIP and path.is_file():
        found = [BatchImage(str(path / each.name), each.read) for each in _in_zip(path, limits)]
    else:
        return [BatchImage(str(path), partial(_read, path, limits))]
    if not found:
        raise ArchiveRefused("a folder or zip must hold pictures, there are none in this one: name another")
    return found


def images_uploaded(files: Sequence[tuple[str, BinaryIO]], limits: Limits) -> list[BatchImage]:
    """The pictures among open files, and those in the zips among them; the files must stay open while they are read.

    Raises:
        ArchiveRefused: a zip cannot be opened or breaks a limit.
    """
    found: list[BatchImage] = []
    for name, file in files:
        if name.casefold().endswith(ZIP):
            found += _in_zip(file, limits)
        else:
            found.append(BatchImage(layouts.shown(name), partial(_read_open, file, limits)))
    return found


def csv_header(tags: Sequence[str]) -> str:
    """The first line of the table: the image, its answer, and every tag.

    >>> csv_header(["rose", "=tulip"])
    "image,answer,rose,'=tulip\\n"
    """
    return _csv_line(["image", "answer", *tags])


def csv_row(answered: ImageAnswer, tags: Sequence[str]) -> str:
    """A picture's line: the tags of its answer joined by a bar, then each tag's probability. No formula may begin.

    >>> csv_row(Answered("=1.png", ("rose",), (Prediction("rose", "Regular", 0.75),)), ["rose"])
    "'=1.png,rose,0.75\\n"
    """
    probabilities = {each.tag: f"{each.probability:.9g}" for each in answered.predictions}
    return _csv_line([answered.image, "|".join(answered.answer)], [probabilities[tag] for tag in tags])


def _each(
    stream: feature_extraction.Stream[BatchImage],
    answered: Callable[[BatchImage, feature_extraction.Outcome], ImageAnswer],
) -> Iterator[ImageAnswer]:
    # Whoever stops asking stops the threads too.
    with contextlib.closing(stream):
        for picture, outcome in stream:
            yield answered(picture, outcome)


def _in_folder(top: Path, limits: Limits) -> Iterator[BatchImage]:
    for folder, subfolders, files in os.walk(top):
        subfolders[:] = sorted(name for name in subfolders if not layouts.is_litter((name,)))
        for name in sorted(files):
            path = Path(folder, name)
            if not layouts.is_litter((name,)) and not layouts.kind_refusal(name) and _may_be_read(path):
                yield BatchImage(str(path), partial(_read, path, limits))


def _in_zip(source: Path | BinaryIO, limits: Limits) -> Iterator[BatchImage]:
    archive = zips.opened(source, limits)
    for info in archive.infolist():
        path = zips.path_of(info)
        if path.endswith(("/", "\\")) or layouts.is_litter(layouts.parts(path)) or layouts.kind_refusal(path):
            continue
        refusal = zips.refusal(info)
        read = partial(_refuse, refusal) if refusal else partial(zips.read, archive, info, limits.image_bytes + 1)
        yield BatchImage(layouts.shown(path), read)


def _may_be_read(path: Path) -> bool:
    try:
        # A pipe has no end to read to.
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True  # and whoever reads it is told why not


def _read(path: Path, limits: Limits) -> bytes:
    try:
        # One byte past the limit is enough to know that it is too large.
        with path.open("rb") as file:
            return file.read(limits.image_bytes + 1)
    except OSError as error:
        raise InvalidInput(f"an image must be a file that can be read: {error.strerror}") from error


def _read_open(file: BinaryIO, limits: Limits) -> bytes:
    file.seek(0)
    return file.read(limits.image_bytes + 1)


def _refuse(reason: str) -> bytes:
    raise ArchiveRefused(reason)


def _csv_line(texts: Sequence[str], numbers: Sequence[str] = ()) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([*map(wording.inert, texts), *numbers])
    return line.getvalue()
