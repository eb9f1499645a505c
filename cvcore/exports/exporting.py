"""Writes an iteration as a folder that runs without Tagwise.

The export is written to a temporary folder, and its predict.py is run on images of the iteration. The folder is moved
to its place only if predict.py gives the page's probabilities. It contains::

    predict.py                 predicts one image: `python predict.py IMAGE`
    requirements.txt           the packages that predict.py needs
    labels.txt                 the tags, one per line, in the order of the model's output
    model.* or saved_model.*   the model: RGB 0..255 in, probabilities out
    model.json                 the project, iteration, tags and thresholds, and the model's agreement with the page
    cvexport.manifest          what Custom Vision's own exports say about themselves
    metadata_properties.json   what they say about the model's input
"""

from __future__ import annotations

import contextlib
import runpy
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvcore import evaluation
from cvcore.errors import HomeUnusable, InvalidInput, StorageFull, TagwiseError, Unavailable
from cvcore.exports import agreement, description, scripts, source
from cvcore.exports.agreement import Agreement
from cvcore.exports.formats import Format
from cvcore.exports.source import Source
from cvcore.files import blobs, disks
from cvcore.languages import marked, t
from cvcore.networks import keras_backend
from cvcore.progress import Progress, silent
from cvcore.records import Iteration
from cvcore.store import Store


@dataclass(frozen=True)
class Export:
    """An exported folder, its size, and its agreement with the page; None if this computer cannot run it."""

    folder: Path
    size_bytes: int
    agreement: Agreement | None

    def __str__(self) -> str:
        """A clause for messages: how it was tested."""
        return str(self.agreement or NOT_RUN)


NOT_RUN = marked("it was not run, because only a Mac can: its input, output and tags were read back")


def export(
    store: Store,
    iteration: Iteration,
    export_format: Format,
    folder: Path,
    *,
    shared: Source | None = None,
    progress: Progress = silent,
) -> Export:
    """Write an iteration into a new or empty folder, completely or not at all. Loads TensorFlow into this process.

    `shared` is from `source.load`, for several formats of one iteration.

    Raises:
        InvalidInput: the folder is not empty or cannot be written.
        Conflict: the iteration is not trained.
        NotFound: there is no image to test it on.
        ModelDamaged, WeightsMissing: a file of it, or its network's weights, are missing or have changed.
        Unavailable: it cannot be converted, or the converted model differs too much from the page.
    """
    folder = check_folder(folder)
    shared = shared or source.load(store, iteration, progress)
    with _completed(folder) as draft:
        progress(t("Converting to {format}", format=export_format.name), 0.3)
        with _conversion(export_format):
            export_format.write(shared.network, draft)
        description.write(draft, store.projects.get(iteration.project_id), iteration, shared, export_format)
        scripts.write(draft, export_format)
        agreed = None
        if export_format.can_be_tested:
            progress(t("Testing it on {number} images", number=len(shared.files)), 0.8)
            agreed = _tested(draft, iteration, shared, export_format)
        description.complete(draft, iteration, export_format, agreed)
        size_bytes = sum(path.stat().st_size for path in draft.rglob("*") if path.is_file())
    return Export(folder, size_bytes, agreed)


def _tested(folder: Path, iteration: Iteration, shared: Source, export_format: Format) -> Agreement:
    with _conversion(export_format):
        probabilities = _exported_probabilities(folder, shared)
    agreed = agreement.compare(
        shared.probabilities,
        probabilities,
        evaluation.threshold_in_use(iteration),
        multilabel=shared.out_of_fold.multilabel,
    )
    _check(export_format, agreed)
    return agreed


def check_folder(folder: Path) -> Path:
    """The whole path of a folder that an export can be written into: one that is new or empty.

    Raises:
        InvalidInput: it is neither.
    """
    try:
        folder = folder.resolve()
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InvalidInput(f"OUT_DIR must be a new or an empty folder, {folder} is neither: choose another")
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def _unwritable(folder: Path, error: BaseException | None) -> InvalidInput:
    reason = getattr(error, "strerror", None) or error
    return InvalidInput(f"OUT_DIR must be a folder that can be written, {folder} is not ({reason}): choose another")


@contextlib.contextmanager
def _completed(folder: Path) -> Iterator[Path]:
    """A temporary folder that is moved to `folder` at the end of the block, and deleted if the block raises."""
    try:
        with blobs.new_folder(folder) as draft:
            yield draft
    except StorageFull as refusal:
        raise StorageFull(t(disks.FULL)) from refusal
    except HomeUnusable as refusal:
        raise _unwritable(folder, refusal.__cause__) from refusal
    except OSError as error:
        raise _unwritable(folder, error) from error


@contextlib.contextmanager
def _conversion(export_format: Format) -> Iterator[None]:
    """Run a block of converters' code: its output is hidden, and its exceptions become one sentence."""
    try:
        with keras_backend.quiet_loading(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except TagwiseError:
        raise
    except Exception as error:  # converters raise exceptions of many types
        if disks.is_full(error):
            raise StorageFull(t(disks.FULL)) from error
        reason = (str(error) or repr(error)).splitlines()[0].rstrip(" .")
        raise Unavailable(
            t(
                "this iteration cannot be exported as {format} ({reason}): choose another format",
                format=export_format.name,
                reason=reason,
            )
        ) from error


def _exported_probabilities(folder: Path, shared: Source) -> NDArray[np.float32]:
    """The probabilities that the folder's predict.py gives for the source's images: (images, tags)."""
    script = runpy.run_path(str(folder / "predict.py"))
    model = script["load_model"]()
    probabilities = [model(image[None])[0] for image in shared.images(script["read_image"])]
    first = {prediction["tag"]: prediction["probability"] for prediction in script["predict"](model, shared.files[0])}
    if [first[tag.name] for tag in shared.tags] != np.asarray(probabilities[0], float).tolist():
        raise ValueError("predict.py gives the model's probabilities to other tags")
    return np.asarray(probabilities, np.float32)


def _check(export_format: Format, agreed: Agreement) -> None:
    if agreed.difference > export_format.tolerance:
        raise Unavailable(
            t(
                "the {format} export must agree with the page to {tolerance}, {agreement}: nothing was written, choose "
                "another format",
                format=export_format.name,
                tolerance=f"{export_format.tolerance:g}",
                agreement=agreed,
            )
        )
