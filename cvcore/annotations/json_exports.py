"""JSON that labelling tools export: Label Studio, COCO, Vertex AI, and plain objects of image and tag.

https://labelstud.io/guide/export, https://cocodataset.org/#format-data,
https://cloud.google.com/vertex-ai/docs/image-data/classification/prepare-data
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cvcore.annotations import cells, columns, ground_truth, image_tables, metadata_columns, splits
from cvcore.annotations.documents import Document, Row, parts, shown
from cvcore.annotations.matches import is_image
from cvcore.annotations.parsing.json_lines import Lines, Record
from cvcore.errors import ArchiveRefused
from cvcore.languages import marked, t

VERTEX_IMAGE, VERTEX_SPLIT = "imageGcsUri", "aiplatform.googleapis.com/ml_use"

# So many different fields are looked at.
FIELDS = 200
# Of COCO's images: what finds the file, and what Tagwise reads from the image itself.
_COCO_FILES = frozenset({"id", "file_name", "coco_url", "flickr_url", "width", "height"})

_BOXES = marked(
    "a label must be for the entire image, boundingBoxAnnotations are not: the image is imported without them"
)
_NO_OBJECT = marked("an item must be a JSON object, this one is not: correct it")


def read(value: Any, name: str) -> Document | None:
    """What one JSON document says about images; None if it names none. Its lines are counted as items, from 1.

    Raises:
        ArchiveRefused: it is of a known kind whose labels are not for entire images.
    """
    if isinstance(value, list):
        items = [item if isinstance(item, dict) else t(_NO_OBJECT) for item in value]
        return read_lines(enumerate(items, 1), name)
    if not isinstance(value, dict):
        return None
    if ground_truth.SOURCE in value or VERTEX_IMAGE in value:
        return read_lines([(1, value)], name)
    if {"images", "annotations", "categories"} <= value.keys():
        return _coco(value)
    if {"shapes", "imagePath"} <= value.keys() or any(isinstance(v, dict) and "regions" in v for v in value.values()):
        raise ArchiveRefused(
            t(
                "labels must be for entire images, {name} has the shapes of labelme or VIA: write a table with the "
                "columns file,labels",
                name=name,
            )
        )
    return _by_name(value, name) or _by_split(value, name) or read_lines([(1, value)], name)


def read_lines(lines: Lines, name: str) -> Document | None:
    """What objects say about images, each from a line or an item of a list; None if they name none."""
    lines = list(lines)
    records = [record for _, record in lines if isinstance(record, dict)]
    if any(ground_truth.SOURCE in record for record in records):
        return ground_truth.read(lines)
    if any(VERTEX_IMAGE in record for record in records):
        return _document(t("Vertex AI export"), lines, _vertex)
    if any("data" in record and "annotations" in record for record in records):
        return _document(t("Label Studio export"), lines, _label_studio)
    return image_tables.read_records(lines, name)


def _document(layout: str, lines: Lines, read_one: Any) -> Document:
    rows: list[Row] = []
    fields: list[Record] = []
    broken: list[tuple[int, str]] = []
    for line, record in lines:
        if isinstance(record, str):
            broken.append((line, record))
            continue
        path, tags, split, reasons, own = read_one(record)
        broken += [(line, reason) for reason in reasons]
        if path:
            rows.append(Row(line, parts(path), tuple(dict.fromkeys(tags)), split))
            fields.append(own)
        else:
            broken.append((line, t("an item must name its image, this one does not: correct it")))
    found, notes = _with_metadata(rows, fields)
    return Document(layout, tuple(found), tuple(broken), notes)


def _with_metadata(rows: Sequence[Row], fields: Sequence[Record]) -> tuple[list[Row], tuple[str, ...]]:
    """The rows with what their fields say as metadata, as far as it is plain; and sentences about it."""
    values = columns.by_column(fields)
    names = [name for name in values if name.strip()][:FIELDS]
    kept = metadata_columns.choose({name: columns.plain(name) for name in names}, values)
    texts = [metadata_columns.texts(own, kept.keys) for own in fields]
    return [replace(row, metadata=pairs) for row, pairs in zip(rows, texts, strict=True)], kept.notes


def _vertex(record: Record) -> tuple[str, list[str], splits.Split | None, list[str], Record]:
    own = record.get("classificationAnnotations") or [record.get("classificationAnnotation")]
    labels = [each for each in (own if isinstance(own, list) else []) if isinstance(each, dict)]
    said = record.get("dataItemResourceLabels")
    resource: Record = said if isinstance(said, dict) else {}
    tags = [cells.name(each.get("displayName")) for each in labels]
    has_boxes = "boundingBoxAnnotations" in record
    return (
        cells.name(record.get(VERTEX_IMAGE)),
        [tag for tag in tags if tag],
        splits.of(cells.name(resource.get(VERTEX_SPLIT))),
        [t(_BOXES)] if has_boxes else [],
        {name: value for name, value in resource.items() if name != VERTEX_SPLIT},
    )


def _label_studio(task: Record) -> tuple[str, list[str], splits.Split | None, list[str], Record]:
    said = task.get("data")
    data: Record = said if isinstance(said, dict) else {}
    texts = [cells.name(value) for value in data.values()]
    path = next((text for text in texts if is_image(text)), next(filter(None, texts), ""))
    tags: list[str] = []
    reasons: list[str] = []
    for kind, value in _results(task):
        own = cells.tags(value.get(kind)) if kind in ("choices", "taxonomy") else None
        if own is None:
            reason = t("a label must be for the entire image, {kind} is not: it is left out", kind=repr(shown(kind)))
            reasons.append(reason)
        tags += own or ()
    own_fields = {name: value for name, value in data.items() if cells.name(value) != path}
    return path, tags, None, reasons, own_fields


def _results(task: Record) -> Iterator[tuple[str, Any]]:
    annotations = task.get("annotations")
    for annotation in annotations if isinstance(annotations, list) else []:
        if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
            continue
        results = annotation.get("result")
        for result in results if isinstance(results, list) else []:
            if isinstance(result, dict) and isinstance(result.get("value"), dict):
                yield cells.name(result.get("type")), result["value"]


def _coco(value: Record) -> Document:
    """COCO: each image gets the names of the categories of its annotations."""
    images, annotations, categories = (
        [each for each in value[key] if isinstance(each, dict)] if isinstance(value[key], list) else []
        for key in ("images", "annotations", "categories")
    )
    names = {each.get("id"): cells.name(each.get("name")) for each in categories if _is_key(each.get("id"))}
    tags: dict[Any, list[str]] = {}
    broken: list[tuple[int, str]] = []
    for number, each in enumerate(annotations, 1):
        image, category = each.get("image_id"), each.get("category_id")
        tag = names.get(category, "") if _is_key(category) else ""
        if tag and _is_key(image):
            tags.setdefault(image, []).append(tag)
        else:
            reason = t("an annotation must have an image_id and the id of a category, this one has not")
            broken.append((number, reason))
    named = [
        (number, path, each) for number, each in enumerate(images, 1) if (path := cells.name(each.get("file_name")))
    ]
    rows, told = _with_metadata(
        [
            Row(number, parts(path), tuple(dict.fromkeys(tags.get(key, []))) if _is_key(key := each.get("id")) else ())
            for number, path, each in named
        ],
        [{name: value for name, value in each.items() if name not in _COCO_FILES} for _, _, each in named],
    )
    has_boxes = any("bbox" in each or "segmentation" in each for each in annotations)
    notes = (t("Boxes and outlines are not kept: each image is tagged with what is in it."),) if has_boxes else ()
    return Document(t("COCO export"), tuple(rows), tuple(broken), (*notes, *told))


def _by_name(value: Record, name: str) -> Document | None:
    """An object with the names of images as keys, and their tags; or with tags as keys, and lists of their images."""
    if value and all(
        isinstance(own, list) and own and all(is_image(cells.name(each)) for each in own) for own in value.values()
    ):
        files = [(number, cells.name(each), tag) for number, (tag, own) in enumerate(value.items(), 1) for each in own]
        return Document(name, tuple(Row(number, parts(file), cells.tags([tag]) or ()) for number, file, tag in files))
    if not value or not all(is_image(key) and cells.tags(labels) is not None for key, labels in value.items()):
        return None
    rows = [Row(number, parts(key), cells.tags(labels) or ()) for number, (key, labels) in enumerate(value.items(), 1)]
    return Document(name, tuple(rows))


def _by_split(value: Record, name: str) -> Document | None:
    """An object with lists of items in it, each for the split that it is called after, as `{"train": [...]}`."""
    found: list[Document] = []
    for key, items in value.items():
        if isinstance(items, list) and items and all(isinstance(item, dict) for item in items):
            document = read_lines(list(enumerate(items, 1)), f"{name} ({shown(key)})")
            rows = [replace(row, split=row.split or splits.of(key)) for row in document.rows] if document else []
            found += [replace(document, rows=tuple(rows))] if document and rows else []
    if not found:
        return None
    rows, broken, notes = (
        [each for own in found for each in getattr(own, field)] for field in ("rows", "broken", "notes")
    )
    return Document(name, tuple(rows), tuple(broken), tuple(dict.fromkeys(notes)))


def _is_key(value: Any) -> bool:
    return isinstance(value, int | str)
