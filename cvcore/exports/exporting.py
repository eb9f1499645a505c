"""An iteration as a folder that runs without Tagwise.

The folder is written, its own predict.py is run on the project's pictures, and only if that says what the page
says does the folder get its place::

    predict.py          says what a picture shows: `python predict.py IMAGE`
    requirements.txt    what that needs
    labels.txt          the tags, one a line, in the order of the model's output
    model.*             the model: RGB 0..255 in, probabilities out
    model.json          what it is, and how well it agreed with the page
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
from cvcore.networks import backbones, feature_extraction, heads, keras_backend
from cvcore.progress import Progress, silent
from cvcore.records import Iteration, Project
from cvcore.store import SnapshotTag, Store

PICTURES = 50

RULES = {
    False: "the most probable tag, if its probability is at least its threshold, else none",
    True: "every tag whose probability is at least its threshold",
}


@dataclass(frozen=True)
class Export:
    """A folder that was made, and how well it agrees with the page."""

    folder: Path
    size_bytes: int
    agreement: Agreement


@dataclass(frozen=True, eq=False)
class _Source:
    """What is exported: the head, its tags and its backbone, and pictures with what the page says of them.

    `networks` is the backbone's folder; `pixels` is uint8 (pictures, side, side, 3), `page` float32 (pictures, tags),
    `files` the pictures' originals.
    """

    judged: evaluation.OutOfFold
    tags: list[SnapshotTag]
    prepared: backbones.Backbone
    networks: Path
    files: list[Path]
    pixels: NDArray[np.uint8]
    page: NDArray[np.float32]


def export(store: Store, iteration: Iteration, wanted: Format, folder: Path, *, progress: Progress = silent) -> Export:
    """Write an iteration into a new or empty folder, whole or not at all. Loads TensorFlow into this process.

    Raises:
        InvalidInput: the folder is not empty or cannot be written.
        Conflict: the iteration is not trained.
        ModelDamaged, WeightsMissing: a file of it, or its network's weights, are not here or not the same.
        Unavailable: it cannot be converted, or what came of it does not say what the page says.
    """
    folder = _checked(folder)
    progress("Asking the page", 0.0)
    source = _source(store, iteration)
    progress("Starting TensorFlow", 0.1)
    keras_backend.prepare_backend()
    with _conversion(wanted):
        model = _classifier(source)
    with _written_whole(folder) as made:
        progress(f"Converting to {wanted.name}", 0.3)
        with _conversion(wanted):
            wanted.write(model, made, source.pixels)
        about = _about(store.projects.get(iteration.project_id), iteration, source, wanted)
        _describe(made, about, wanted)
        progress(f"Running it on {len(source.files)} pictures", 0.8)
        with _conversion(wanted):
            said = _said(made, source)
        agreed = agreement.compare(
            source.page, said, evaluation.threshold_in_use(iteration), multilabel=source.judged.multilabel
        )
        _check(wanted, agreed)
        _write_json(made, about | {"agreement": asdict(agreed)})
        size_bytes = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
    return Export(folder, size_bytes, agreed)


def _checked(folder: Path) -> Path:
    try:
        folder = folder.resolve()
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InvalidInput(f"OUT_DIR must be a new or an empty folder, {folder} is neither: name another")
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def _unwritable(folder: Path, error: BaseException | None) -> InvalidInput:
    reason = getattr(error, "strerror", None) or error
    return InvalidInput(f"OUT_DIR must be a folder that can be written, {folder} is not ({reason}): name another")


@contextlib.contextmanager
def _written_whole(folder: Path) -> Iterator[Path]:
    try:
        with blobs.new_folder(folder) as made:
            yield made
    except (HomeUnusable, StorageFull) as refusal:
        raise _unwritable(folder, refusal.__cause__) from refusal
    except OSError as error:
        raise _unwritable(folder, error) from error


def _source(store: Store, iteration: Iteration) -> _Source:
    judged = evaluation.load(store, iteration)
    networks = blobs.backbones_folder(store.home)
    prepared = backbones.find(iteration.fingerprint, networks)
    tags = evaluation.tags(store, iteration)
    paths = (blobs.original_path(store.home, each.sha256) for each in store.iterations.images(iteration.id))
    there = [path for path in paths if path.exists()]
    if not there:
        raise NotFound(f"an export is tried on {iteration.name}'s pictures, none of their files is left: train again")
    files = [there[row] for row in np.unique(np.linspace(0, len(there) - 1, PICTURES).round().astype(int))]
    pixels = np.stack([imaging.pixels(blobs.read(file), prepared.side) for file in files])
    embeddings = feature_extraction.load(prepared, networks)(pixels)
    page = heads.probabilities(embeddings, judged.kernel, judged.bias, multilabel=judged.multilabel)
    return _Source(judged, tags, prepared, networks, files, pixels, page)


def _classifier(source: _Source) -> Any:
    """The backbone with the head on it, as one Keras model: float32 (n, side, side, 3), RGB 0..255, to (n, tags)."""
    import keras

    backbone = backbones.same_keras_model(source.prepared, source.networks)
    activation = "sigmoid" if source.judged.multilabel else "softmax"
    head = keras.layers.Dense(len(source.tags), activation, name="probabilities")
    model = keras.Model(backbone.input, head(backbone.output))
    head.set_weights([source.judged.kernel, source.judged.bias])
    return model


@contextlib.contextmanager
def _conversion(wanted: Format) -> Iterator[None]:
    """A block of other people's code: its chatter is not shown, and what it raises becomes one sentence."""
    try:
        with keras_backend.quiet_loading(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except TagwiseError:
        raise
    except Exception as error:  # converters raise nearly anything
        reason = (str(error) or repr(error)).splitlines()[0].rstrip(" .")
        raise Unavailable(
            f"this iteration cannot be exported as {wanted.name} ({reason}): choose another format"
        ) from error


def _about(project: Project, iteration: Iteration, source: _Source, wanted: Format) -> dict[str, Any]:
    thresholds = np.broadcast_to(evaluation.threshold_in_use(iteration), len(source.tags)).tolist()
    return {
        "made_by": f"Tagwise {__version__}",
        "format": wanted.name,
        "project": {"id": project.id, "name": project.name},
        "iteration": {"id": iteration.id, "name": iteration.name, "number": iteration.number},
        "backbone": iteration.backbone,
        "side": source.prepared.side,
        "multilabel": source.judged.multilabel,
        "answer": RULES[source.judged.multilabel],
        "tags": [
            {"id": tag.tag_id, "name": tag.name, "type": tag.kind, "threshold": threshold}
            for tag, threshold in zip(source.tags, thresholds, strict=True)
        ],
    }


def _describe(folder: Path, about: dict[str, Any], wanted: Format) -> None:
    scripts.write(folder, wanted)
    requirements = [*wanted.requirements, "numpy>=2.0", "pillow>=12.0"]
    (folder / "requirements.txt").write_text("\n".join(requirements) + "\n", encoding="utf-8")
    labels = "".join(f"{tag['name']}\n" for tag in about["tags"])
    (folder / "labels.txt").write_text(labels, encoding="utf-8")
    _write_json(folder, about)


def _write_json(folder: Path, about: dict[str, Any]) -> None:
    (folder / "model.json").write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _said(folder: Path, source: _Source) -> NDArray[np.float32]:
    """What the folder's predict.py says of the pictures: (pictures, tags)."""
    script = runpy.run_path(str(folder / "predict.py"))
    model = script["load_model"]()
    columns = {tag.name: column for column, tag in enumerate(source.tags)}
    said = np.full(source.page.shape, np.nan, np.float32)
    for row, file in enumerate(source.files):
        for each in script["predict"](model, file):
            said[row, columns[each["tag"]]] = each["probability"]
    return said


def _check(wanted: Format, agreed: Agreement) -> None:
    if agreed.difference > wanted.tolerance:
        raise Unavailable(
            f"the {wanted.name} export must agree with the page to {wanted.tolerance:g}, {agreed}: "
            "nothing was written, choose another format"
        )
