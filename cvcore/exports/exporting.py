"""Writes an iteration as a folder that runs without Tagwise.

The export is written to a temporary folder, and its predict.py is run on images of the iteration. The folder is moved
to its place only if predict.py gives the page's probabilities. It contains::

    predict.py          predicts one image: `python predict.py IMAGE`
    requirements.txt    the packages that predict.py needs
    labels.txt          the tags, one per line, in the order of the model's output
    model.*             the model: RGB 0..255 in, probabilities out
    model.json          the model's format, project, iteration, tags and thresholds, and its agreement with the page
"""

from __future__ import annotations

import contextlib
import json
import runpy
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import __version__, evaluation, imaging
from cvcore.errors import HomeUnusable, InvalidInput, NotFound, StorageFull, TagwiseError, Unavailable
from cvcore.exports import agreement, scripts
from cvcore.exports.agreement import Agreement
from cvcore.exports.formats import Format
from cvcore.files import blobs
from cvcore.networks import backbones, feature_extraction, heads, keras_backbones, keras_backend
from cvcore.progress import Progress, silent
from cvcore.records import Iteration, Project
from cvcore.store import SnapshotTag, Store

# How many of the iteration's images an export is tested on, at most.
IMAGES = 50

RULES = {
    False: "the most probable tag, if its probability is at least its threshold; otherwise no answer",
    True: "every tag whose probability is at least its threshold",
}


@dataclass(frozen=True)
class Export:
    """An exported folder, its size, and its agreement with the page."""

    folder: Path
    size_bytes: int
    agreement: Agreement


@dataclass(frozen=True, eq=False)
class _Source:
    """Everything an export needs: head, tags and backbone, and images to test on with the page's probabilities.

    The head's weights are in `out_of_fold`; `networks` is the backbone's folder; `files` are the images' originals,
    `pixels` is uint8 (images, side, side, 3), `probabilities` float32 (images, tags).
    """

    out_of_fold: evaluation.OutOfFold
    tags: list[SnapshotTag]
    backbone: backbones.Backbone
    networks: Path
    files: list[Path]
    pixels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]


def export(
    store: Store, iteration: Iteration, export_format: Format, folder: Path, *, progress: Progress = silent
) -> Export:
    """Write an iteration into a new or empty folder, completely or not at all. Loads TensorFlow into this process.

    Raises:
        InvalidInput: the folder is not empty or cannot be written.
        Conflict: the iteration is not trained.
        ModelDamaged, WeightsMissing: a file of it, or its network's weights, are missing or have changed.
        Unavailable: it cannot be converted, or the converted model differs too much from the page.
    """
    folder = _checked(folder)
    progress("Computing the page's probabilities", 0.0)
    source = _source(store, iteration)
    progress("Starting TensorFlow", 0.1)
    keras_backend.prepare_backend()
    with _conversion(export_format):
        model = _classifier(source)
    with _completed(folder) as draft:
        progress(f"Converting to {export_format.name}", 0.3)
        with _conversion(export_format):
            export_format.write(model, draft, source.pixels)
        description = _description(store.projects.get(iteration.project_id), iteration, source, export_format)
        _write_companions(draft, description, export_format)
        progress(f"Testing it on {len(source.files)} images", 0.8)
        with _conversion(export_format):
            probabilities = _exported_probabilities(draft, source)
        agreed = agreement.compare(
            source.probabilities,
            probabilities,
            evaluation.threshold_in_use(iteration),
            multilabel=source.out_of_fold.multilabel,
        )
        _check(export_format, agreed)
        _write_json(draft, description | {"agreement": asdict(agreed)})
        size_bytes = sum(path.stat().st_size for path in draft.rglob("*") if path.is_file())
    return Export(folder, size_bytes, agreed)


def _checked(folder: Path) -> Path:
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
    except (HomeUnusable, StorageFull) as refusal:
        raise _unwritable(folder, refusal.__cause__) from refusal
    except OSError as error:
        raise _unwritable(folder, error) from error


def _source(store: Store, iteration: Iteration) -> _Source:
    out_of_fold = evaluation.load(store, iteration)
    networks = blobs.backbones_folder(store.home)
    backbone = backbones.find(iteration.fingerprint, networks)
    tags = evaluation.tags(store, iteration)
    paths = (blobs.original_path(store.home, image.sha256) for image in store.iterations.images(iteration.id))
    present = [path for path in paths if path.exists()]
    if not present:
        raise NotFound(
            f"an export is tested on {iteration.name}'s images, but all their files were deleted: train again"
        )
    files = [present[row] for row in np.unique(np.linspace(0, len(present) - 1, IMAGES).round().astype(int))]
    pixels = np.stack([imaging.pixels(blobs.read(file), backbone.side) for file in files])
    embeddings = feature_extraction.load(backbone, networks)(pixels)
    probabilities = heads.probabilities(
        embeddings, out_of_fold.kernel, out_of_fold.bias, multilabel=out_of_fold.multilabel
    )
    return _Source(out_of_fold, tags, backbone, networks, files, pixels, probabilities)


def _classifier(source: _Source) -> Any:
    """The backbone with the head on it, as one Keras model: float32 (n, side, side, 3), RGB 0..255, to (n, tags)."""
    import keras

    backbone = keras_backbones.load(source.backbone, source.networks)
    activation = "sigmoid" if source.out_of_fold.multilabel else "softmax"
    head = keras.layers.Dense(len(source.tags), activation, name="probabilities")
    model = keras.Model(backbone.input, head(backbone.output))
    head.set_weights([source.out_of_fold.kernel, source.out_of_fold.bias])
    return model


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
        reason = (str(error) or repr(error)).splitlines()[0].rstrip(" .")
        raise Unavailable(
            f"this iteration cannot be exported as {export_format.name} ({reason}): choose another format"
        ) from error


def _description(project: Project, iteration: Iteration, source: _Source, export_format: Format) -> dict[str, Any]:
    """The content of model.json, without the agreement."""
    thresholds = np.broadcast_to(evaluation.threshold_in_use(iteration), len(source.tags)).tolist()
    return {
        "made_by": f"Tagwise {__version__}",
        "format": export_format.name,
        "project": {"id": project.id, "name": project.name},
        "iteration": {"id": iteration.id, "name": iteration.name, "number": iteration.number},
        "backbone": iteration.backbone,
        "side": source.backbone.side,
        "multilabel": source.out_of_fold.multilabel,
        "answer": RULES[source.out_of_fold.multilabel],
        "tags": [
            {"id": tag.tag_id, "name": tag.name, "type": tag.kind, "threshold": threshold}
            for tag, threshold in zip(source.tags, thresholds, strict=True)
        ],
    }


def _write_companions(folder: Path, description: dict[str, Any], export_format: Format) -> None:
    """Write the files beside the model."""
    scripts.write(folder, export_format)
    requirements = [*export_format.requirements, "numpy>=2.0", "pillow>=12.0"]
    (folder / "requirements.txt").write_text("\n".join(requirements) + "\n", encoding="utf-8")
    labels = "".join(f"{tag['name']}\n" for tag in description["tags"])
    (folder / "labels.txt").write_text(labels, encoding="utf-8")
    _write_json(folder, description)


def _write_json(folder: Path, description: dict[str, Any]) -> None:
    (folder / "model.json").write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _exported_probabilities(folder: Path, source: _Source) -> NDArray[np.float32]:
    """The probabilities that the folder's predict.py gives for the source's images: (images, tags)."""
    script = runpy.run_path(str(folder / "predict.py"))
    model = script["load_model"]()
    columns = {tag.name: column for column, tag in enumerate(source.tags)}
    probabilities = np.full(source.probabilities.shape, np.nan, np.float32)
    for row, file in enumerate(source.files):
        for prediction in script["predict"](model, file):
            probabilities[row, columns[prediction["tag"]]] = prediction["probability"]
    return probabilities


def _check(export_format: Format, agreed: Agreement) -> None:
    if agreed.difference > export_format.tolerance:
        raise Unavailable(
            f"the {export_format.name} export must agree with the page to {export_format.tolerance:g}, {agreed}: "
            "nothing was written, choose another format"
        )
