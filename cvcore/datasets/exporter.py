"""A project's pictures and tags as a zip that other programs understand, and Tagwise: what goes out comes in again.

The same pictures by content, the same tags and the same marks for testing. Pictures go out as they were uploaded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cvcore import imaging, names
from cvcore.datasets import ground_truth, hugging_face, labelling, layouts
from cvcore.datasets.labels_csv import HEADER, YES
from cvcore.datasets.layouts import IMAGES, LABELS, TEST, TRAIN
from cvcore.errors import Conflict, InvalidInput
from cvcore.files import blobs, zip_writer
from cvcore.progress import Progress, silent
from cvcore.records import MULTILABEL, Image, Project
from cvcore.store import ImageSearch, Store

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".avif")
ALL = 2**31

# Of Amazon's bucket the user alone knows the name.
BUCKET = "s3://your-bucket/"


@dataclass(frozen=True)
class DatasetImage:
    """A picture to go out, with its tags' names in order and a file's name that every system takes."""

    image: Image
    tags: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class Plan:
    """The zip to be: each picture's path in it, in order, and the tables beside them."""

    pictures: tuple[tuple[str, DatasetImage], ...]
    tables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Saved:
    """What was written."""

    path: Path
    images: int
    size_bytes: int


@dataclass(frozen=True)
class Format:
    """A layout of pictures and tags: what the commands call it, what the pages do, and what it is good for."""

    name: str
    title: str
    words: str
    plan: Callable[[Project, Sequence[DatasetImage]], Plan]


def find_format(name: str) -> Format:
    """The format of that name.

    Raises:
        InvalidInput: there is none.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    raise InvalidInput(f"a format must be one of {', '.join(NAMES)}, got {name[:80]!r}")


def plan(store: Store, project: Project, name: str, *, tag_id: str | None = None) -> Plan:
    """How the project's pictures, or those of a tag, would lie in a zip of that format.

    Raises:
        InvalidInput: there is no such format.
        Conflict: there are no pictures, or the format cannot hold their tags; the message says why.
    """
    chosen = find_format(name)
    called = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    search = ImageSearch(project.id, tag_ids=(tag_id,) if tag_id else (), oldest_first=True)
    found = store.searches.page(search, take=ALL)
    if not found:
        raise Conflict("there are no pictures to take along yet: bring some in on the Images page")
    return chosen.plan(project, [_dataset_image(store, image, called) for image in found])


def save(
    store: Store,
    project: Project,
    name: str,
    path: Path,
    *,
    tag_id: str | None = None,
    progress: Progress = silent,
) -> Saved:
    """Write the project's pictures, or those of a tag, as a zip of that format; memory holds one piece at a time.

    Raises:
        InvalidInput, StorageFull: the format is unknown, or the file cannot be written; nothing is left behind.
        Conflict: as `plan`.
        NotFound: a picture was deleted meanwhile.
    """
    planned = plan(store, project, name, tag_id=tag_id)
    with zip_writer.create(path) as archive:
        for done, (member, picture) in enumerate(planned.pictures):
            progress("Packing pictures", done / len(planned.pictures))
            zip_writer.add_file(archive, member, blobs.original_path(store.home, picture.image.sha256))
        for member, text in planned.tables:
            zip_writer.add_text(archive, member, text)
    return Saved(path, len(planned.pictures), path.stat().st_size)


def _dataset_image(store: Store, image: Image, called: dict[str, str]) -> DatasetImage:
    name = names.portable(image.name)
    if PurePosixPath(name).suffix.casefold() not in SUFFIXES:
        kind = imaging.media_type(blobs.read(blobs.original_path(store.home, image.sha256)))
        name = names.portable(f"{name}.{kind.partition('/')[2]}")
    # A tag that was deleted meanwhile has no name any more.
    return DatasetImage(image, tuple(called[tag] for tag in image.tag_ids if tag in called), name)


def _placed(
    pictures: Iterable[DatasetImage], folder: Callable[[DatasetImage], str]
) -> tuple[tuple[str, DatasetImage], ...]:
    """Each picture's path in its folder; of several with one name, in any case, the later ones get a number."""
    taken: dict[str, int] = {}
    placed = []
    for picture in pictures:
        path = PurePosixPath(folder(picture), picture.name)
        key, numbered = str(path).casefold(), path
        while str(numbered).casefold() in taken:
            taken[key] = taken.get(key, 1) + 1
            numbered = path.with_name(f"{path.stem} ({taken[key]}){path.suffix}")
        taken.setdefault(str(numbered).casefold(), 1)
        placed.append((str(numbered), picture))
    return tuple(placed)


def _side(picture: DatasetImage) -> str:
    return TEST if picture.image.is_test else TRAIN


def _as_folders(_project: Project, pictures: Sequence[DatasetImage]) -> Plan:
    several = sum(len(picture.tags) > 1 for picture in pictures)
    if several:
        raise Conflict(f"a folder holds the pictures of one tag, {several:,} carry more: choose another format")
    _check_folders({tag for picture in pictures for tag in picture.tags})
    is_split = any(picture.image.is_test for picture in pictures)
    placed = _placed(pictures, lambda each: "/".join([*([_side(each)] if is_split else []), *each.tags]))
    read, _ = labelling.annotate([layouts.parts(path) for path, _ in placed], {})
    for (_, picture), annotation in zip(placed, read, strict=True):
        if (annotation.tags, annotation.is_test) != (picture.tags, picture.image.is_test):
            raise Conflict(
                f"folders must tell each picture's tag and whether it is for testing, of {picture.name!r} they "
                "could not: choose another format"
            )
    return Plan(placed)


def _check_folders(tags: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for tag in sorted(tags):
        if names.portable(tag) != tag or layouts.is_litter((tag,)):
            raise Conflict(f"a tag must do as a folder's name everywhere, {tag!r} does not: choose another format")
        if (other := seen.setdefault(tag.casefold(), tag)) != tag:
            raise Conflict(
                f"folders must differ by more than case, {other!r} and {tag!r} do not: choose another format"
            )


def _as_table(_project: Project, pictures: Sequence[DatasetImage]) -> Plan:
    placed = _placed(pictures, lambda each: IMAGES)
    has_tests = any(picture.image.is_test for picture in pictures)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*HEADER, TEST] if has_tests else HEADER)
    for path, picture in placed:
        mark = [YES if picture.image.is_test else ""] if has_tests else []
        writer.writerow([path.removeprefix(f"{IMAGES}/"), "|".join(picture.tags), *mark])
    return Plan(placed, ((LABELS, text.getvalue()),))


def _as_manifest(_project: Project, pictures: Sequence[DatasetImage]) -> Plan:
    placed = _placed(pictures, lambda each: IMAGES)
    lines: dict[str, list[str]] = {}
    for path, picture in placed:
        date = ground_truth.timestamp(picture.image.created_at)
        lines.setdefault(_side(picture), []).append(ground_truth.line(BUCKET + path, picture.tags, date))
    return Plan(placed, tuple((f"{side}.manifest", _text(found)) for side, found in sorted(lines.items())))


def _as_imagefolder(project: Project, pictures: Sequence[DatasetImage]) -> Plan:
    placed = _placed(pictures, _side)
    as_list = project.classification_type == MULTILABEL or any(len(picture.tags) > 1 for picture in pictures)
    lines: dict[str, list[str]] = {}
    for path, picture in placed:
        side, _, name = path.partition("/")
        lines.setdefault(side, []).append(hugging_face.line(name, picture.tags, as_list=as_list))
    return Plan(placed, tuple((f"{side}/{layouts.METADATA[0]}", _text(found)) for side, found in sorted(lines.items())))


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


FORMATS = (
    Format("folders", "A folder for each tag", "The layout that most programs read.", _as_folders),
    Format("table", "images and labels.csv", "For spreadsheets and for pictures with several tags.", _as_table),
    Format(
        "manifest",
        "Ground Truth manifest",
        "For Amazon SageMaker and Rekognition: put your bucket's name in place of your-bucket.",
        _as_manifest,
    ),
    Format("imagefolder", "Hugging Face image folder", "Opens with load_dataset.", _as_imagefolder),
)
NAMES = tuple(each.name for each in FORMATS)
