"""Write a project's images and tags as a zip that other programs can read and Tagwise can import again.

Importing the zip gives images of the same content, the same tags and the same test images, and with a table or Hugging
Face's layout the same metadata. Images are written as they were uploaded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cvcore import imaging, names
from cvcore.annotations import cells, columns, ground_truth, image_tables, parts
from cvcore.datasets import file_names, labelling
from cvcore.errors import Conflict, InvalidInput
from cvcore.files import blobs, zip_writer
from cvcore.languages import marked, t, tn
from cvcore.progress import Progress, silent
from cvcore.records import MULTILABEL, Image, Project
from cvcore.store import ImageSearch, Store

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".avif")

IMAGES, LABELS, METADATA = "images", "labels.csv", "metadata.jsonl"
TRAIN, TEST, YES = "train", "test", "yes"
HEADER = ("file", "labels")

# More images than any project has, because `page` needs a number.
_ALL = 2**31

# Tagwise does not know the name of the user's bucket at Amazon.
BUCKET = "s3://your-bucket/"


@dataclass(frozen=True)
class DatasetImage:
    """An image to write, with the names of its tags in order and a file name that is valid on every system.

    `metadata` are its texts by the names of their columns.
    """

    image: Image
    tags: tuple[str, ...]
    name: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ZipPlan:
    """The contents of a zip to write: each image with its path in it, in order, and the tables as path and text."""

    images: tuple[tuple[str, DatasetImage], ...]
    tables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SavedZip:
    """A zip that was written, with the number of its images."""

    path: Path
    images: int
    size_bytes: int


@dataclass(frozen=True)
class Format:
    """A layout of images and tags: its name in commands; its title and description, marked for translation."""

    name: str
    title: str
    description: str
    plan: Callable[[Project, Sequence[DatasetImage]], ZipPlan]


def find_format(name: str) -> Format:
    """The format with that name.

    Raises:
        InvalidInput: there is no such format.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    raise InvalidInput(
        t(
            "a format must be one of {formats}, got {name}: choose one of these",
            formats=", ".join(NAMES),
            name=repr(name[:80]),
        )
    )


def plan(store: Store, project: Project, name: str, *, tag_id: str | None = None) -> ZipPlan:
    """Plan a zip of that format with all the project's images, or only those with a tag.

    Raises:
        InvalidInput: there is no such format.
        Conflict: there are no images, or the format cannot express their tags; the message says why.
    """
    chosen = find_format(name)
    tag_names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    search = ImageSearch(project.id, tag_ids=(tag_id,) if tag_id else (), oldest_first=True)
    images = store.searches.page(search, take=_ALL)
    if not images:
        raise Conflict(t("there are no images to download yet: add some on the Images page"))
    metadata = _metadata(store, images)
    return chosen.plan(
        project, [_dataset_image(store, image, tag_names, metadata.get(image.id, {})) for image in images]
    )


def save(
    store: Store,
    project: Project,
    name: str,
    path: Path,
    *,
    tag_id: str | None = None,
    progress: Progress = silent,
) -> SavedZip:
    """Write the project's images, or only those with a tag, as a zip of that format; files are copied piece by piece.

    Raises:
        InvalidInput, StorageFull: the format is unknown, or the file cannot be written; no file is left behind.
        Conflict: as in `plan`.
        NotFound: an image was deleted meanwhile.
    """
    planned = plan(store, project, name, tag_id=tag_id)
    with zip_writer.create(path) as archive:
        for done, (member, entry) in enumerate(planned.images):
            progress(marked("Packing images"), done / len(planned.images))
            zip_writer.add_file(archive, member, blobs.original_path(store.home, entry.image.sha256))
        for member, text in planned.tables:
            zip_writer.add_text(archive, member, text)
    return SavedZip(path, len(planned.images), path.stat().st_size)


def _metadata(store: Store, images: Sequence[Image]) -> dict[str, dict[str, str]]:
    """The metadata of images, by their id and the names of columns."""
    known = store.metadata.of_images([image.id for image in images])
    texts: dict[str, list[str]] = {}
    for of_image in known.values():
        for key, text in of_image.items():
            texts.setdefault(key, []).append(text)
    names = {key: columns.for_metadata(key, texts[key]) for key in sorted(texts)}
    return {image_id: {names[key]: text for key, text in of_image.items()} for image_id, of_image in known.items()}


def _dataset_image(
    store: Store, image: Image, tag_names: Mapping[str, str], metadata: Mapping[str, str]
) -> DatasetImage:
    name = names.portable(image.name)
    if PurePosixPath(name).suffix.casefold() not in SUFFIXES:
        media_type = imaging.media_type(blobs.read(blobs.original_path(store.home, image.sha256)))
        name = names.portable(f"{name}.{media_type.partition('/')[2]}")
    # A tag that was deleted meanwhile is not in `tag_names`.
    return DatasetImage(image, tuple(tag_names[tag] for tag in image.tag_ids if tag in tag_names), name, metadata)


def _with_paths(
    entries: Iterable[DatasetImage], folder: Callable[[DatasetImage], str]
) -> tuple[tuple[str, DatasetImage], ...]:
    """Each image with its path in its folder; if names differ only by case or not at all, later ones get a number."""
    taken: dict[str, int] = {}
    with_paths = []
    for entry in entries:
        path = PurePosixPath(folder(entry), entry.name)
        key, numbered = str(path).casefold(), path
        while str(numbered).casefold() in taken:
            taken[key] = taken.get(key, 1) + 1
            numbered = path.with_name(f"{path.stem} ({taken[key]}){path.suffix}")
        taken.setdefault(str(numbered).casefold(), 1)
        with_paths.append((str(numbered), entry))
    return tuple(with_paths)


def _split_folder(entry: DatasetImage) -> str:
    return TEST if entry.image.is_test else TRAIN


def _as_folders(_project: Project, entries: Sequence[DatasetImage]) -> ZipPlan:
    several = sum(len(entry.tags) > 1 for entry in entries)
    if several:
        raise Conflict(
            tn(
                several,
                "each image in a tag's folder must have one tag, {n} has more: choose another format",
                "each image in a tag's folder must have one tag, {n} have more: choose another format",
            )
        )
    _check_folders({tag for entry in entries for tag in entry.tags})
    is_split = any(entry.image.is_test for entry in entries)
    with_paths = _with_paths(
        entries, lambda entry: "/".join([*([_split_folder(entry)] if is_split else []), *entry.tags])
    )
    labelled = labelling.annotate([parts(path) for path, _ in with_paths], {})
    for (_, entry), annotation in zip(with_paths, labelled.annotations, strict=True):
        if (annotation.tags, annotation.is_test) != (entry.tags, entry.image.is_test):
            raise Conflict(
                t(
                    "folders must show each image's tag and whether it is a test image, which is impossible for "
                    "{image}: choose another format",
                    image=repr(entry.name),
                )
            )
    return ZipPlan(with_paths)


def _check_folders(tags: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for tag in sorted(tags):
        if names.portable(tag) != tag or file_names.is_litter((tag,)):
            raise Conflict(
                t(
                    "a tag must be a valid folder name on every system, {tag} is not: choose another format",
                    tag=repr(tag),
                )
            )
        if (other := seen.setdefault(tag.casefold(), tag)) != tag:
            raise Conflict(
                t(
                    "folders must differ by more than case, {first} and {second} do not: choose another format",
                    first=repr(other),
                    second=repr(tag),
                )
            )


def _as_table(_project: Project, entries: Sequence[DatasetImage]) -> ZipPlan:
    with_paths = _with_paths(entries, lambda entry: IMAGES)
    has_tests = any(entry.image.is_test for entry in entries)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    keys = sorted({key for entry in entries for key in entry.metadata})
    writer.writerow([*HEADER, *([TEST] if has_tests else []), *keys])
    for path, entry in with_paths:
        is_test = [YES if entry.image.is_test else ""] if has_tests else []
        metadata = [entry.metadata.get(key, "") for key in keys]
        writer.writerow([path.removeprefix(f"{IMAGES}/"), cells.text_of(entry.tags), *is_test, *metadata])
    return ZipPlan(with_paths, ((LABELS, text.getvalue()),))


def _as_manifest(_project: Project, entries: Sequence[DatasetImage]) -> ZipPlan:
    with_paths = _with_paths(entries, lambda entry: IMAGES)
    lines: dict[str, list[str]] = {}
    for path, entry in with_paths:
        date = ground_truth.timestamp(entry.image.created_at)
        lines.setdefault(_split_folder(entry), []).append(ground_truth.line(BUCKET + path, entry.tags, date))
    return ZipPlan(
        with_paths, tuple((f"{split}.manifest", _text(of_split)) for split, of_split in sorted(lines.items()))
    )


def _as_imagefolder(project: Project, entries: Sequence[DatasetImage]) -> ZipPlan:
    with_paths = _with_paths(entries, _split_folder)
    as_list = project.classification_type == MULTILABEL or any(len(entry.tags) > 1 for entry in entries)
    lines: dict[str, list[str]] = {}
    for path, entry in with_paths:
        split, _, name = path.partition("/")
        lines.setdefault(split, []).append(image_tables.line(name, entry.tags, entry.metadata, as_list=as_list))
    return ZipPlan(
        with_paths, tuple((f"{split}/{METADATA}", _text(of_split)) for split, of_split in sorted(lines.items()))
    )


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


FORMATS = (
    Format("folders", marked("One folder per tag"), marked("The layout that most programs can read."), _as_folders),
    Format(
        "table",
        marked("images and labels.csv"),
        marked("For spreadsheets and for images with several tags."),
        _as_table,
    ),
    Format(
        "manifest",
        marked("Ground Truth manifest"),
        marked("For Amazon SageMaker and Rekognition: put your bucket's name in place of your-bucket."),
        _as_manifest,
    ),
    Format("imagefolder", marked("Hugging Face image folder"), marked("Opens with load_dataset."), _as_imagefolder),
)
NAMES = tuple(known.name for known in FORMATS)
