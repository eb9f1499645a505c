"""The `project.json` of a project zip: written from records, read with every value checked."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import Any

from cvcore import domains, names
from cvcore.archive import json_reader, training_json
from cvcore.archive.json_reader import Value
from cvcore.errors import InvalidInput
from cvcore.records import (
    EVALUATION_METHODS,
    MULTICLASS,
    MULTILABEL,
    Evaluation,
    ProjectSettings,
    Scores,
    TagKind,
    Thresholds,
)
from cvcore.settings import Limits
from cvcore.store.project_contents import (
    Contents,
    ImageContents,
    IterationContents,
    PublicationContents,
    SnapshotImageContents,
    SnapshotTagContents,
    TagContents,
)

FILE = "project.json"
FILE_BYTES = 128 * 2**20
IMAGES, TAGS, ITERATIONS, PUBLICATIONS, METADATA = 200_000, 10_000, 10_000, 100, 100
NAME_LETTERS, NOTE_LETTERS, KEY_LETTERS = 128, 4000, 64
METADATA_LETTERS = 1000
SETTINGS = 64
LONGEST_S = 1e9
NUMBER = 2**31


def as_json(contents: Contents) -> str:
    """The text of a project.json."""
    return json.dumps(dataclasses.asdict(contents), ensure_ascii=False, allow_nan=False, default=datetime.isoformat)


def read(data: bytes, limits: Limits) -> Contents:
    """What a project.json says, each value checked; names are as `names` would keep them.

    Raises:
        ArchiveRefused: it is not as `as_json` writes it.
    """
    top = json_reader.read(data, FILE)
    images = tuple(_image(each, limits) for each in top["images"].items(IMAGES))
    found = Contents(
        name=_name(top["name"], "project"),
        description=top["description"].text(names.DESCRIPTION_LETTERS),
        classification_type=top["classification_type"].one_of((MULTICLASS, MULTILABEL)),
        domain_id=_domain(top["domain_id"]),
        created_at=top["created_at"].moment(),
        settings=_settings(top["settings"]),
        tags=tuple(_tag(each, limits) for each in top["tags"].items(TAGS)),
        images=images,
        iterations=tuple(_iteration(each, len(images)) for each in top["iterations"].items(ITERATIONS)),
    )
    _check_unique(top["images"], [each.sha256 for each in found.images])
    _check_unique(top["tags"], [each.key for each in found.tags], [each.name for each in found.tags])
    _check_unique(
        top["iterations"], [each.number for each in found.iterations], [each.name for each in found.iterations]
    )
    _check_unique(top["iterations"], [each.name for one in found.iterations for each in one.publications])
    if sum(tag.kind == "Negative" for tag in found.tags) > 1:
        raise top["tags"].refusal("a list with at most one negative tag")
    if any(image.is_erased and image.in_workspace for image in found.images):
        raise top["images"].refusal("a list whose erased pictures are not in the workspace")
    keys = {tag.key for tag in found.tags}
    if any(not keys.issuperset(image.tags) for image in found.images):
        raise top["images"].refusal("a list whose tags are all there")
    return found


def _settings(given: Value) -> ProjectSettings:
    methods = [tuple(each.items(2)) for each in given["augmentation_methods"].items(SETTINGS)]
    if any(len(each) != 2 for each in methods):
        raise given["augmentation_methods"].refusal("a list of names, each with true or false")
    return ProjectSettings(
        tuple(each.text(NAME_LETTERS) for each in given["target_export_platforms"].items(SETTINGS)),
        tuple((name.text(NAME_LETTERS), is_on.flag()) for name, is_on in methods),
    )


def _tag(given: Value, limits: Limits) -> TagContents:
    return TagContents(
        key=given["key"].text(KEY_LETTERS),
        name=_checked(given["name"], lambda text: names.tag(text, letters=limits.tag_letters)),
        kind=_kind(given["kind"]),
        created_at=given["created_at"].moment(),
        description=given["description"].text(names.DESCRIPTION_LETTERS),
    )


def _image(given: Value, limits: Limits) -> ImageContents:
    tags = tuple(each.text(KEY_LETTERS) for each in given["tags"].items(limits.tags_per_image))
    _check_unique(given["tags"], tags)
    told = given["metadata"].members(METADATA, METADATA_LETTERS)
    return ImageContents(
        sha256=given["sha256"].hexadecimal(64),
        name=names.file(given["name"].text(1000)),
        created_at=given["created_at"].moment(),
        in_workspace=given["in_workspace"].flag(),
        is_test=given["is_test"].flag(),
        is_erased=given["is_erased"].flag(),
        tags=tags,
        metadata={key: value.text(METADATA_LETTERS) for key, value in told},
    )


def _iteration(given: Value, images: int) -> IterationContents:
    tags = tuple(
        SnapshotTagContents(each["key"].text(KEY_LETTERS), each["name"].text(NAME_LETTERS), _kind(each["kind"]))
        for each in given["tags"].items(TAGS)
    )
    found = IterationContents(
        number=given["number"].integer(1, NUMBER),
        name=_name(given["name"], "iteration"),
        classification_type=given["classification_type"].one_of((MULTICLASS, MULTILABEL)),
        domain_id=_domain(given["domain_id"]),
        snapshot=given["snapshot"].text(KEY_LETTERS),
        backbone=given["backbone"].text(NAME_LETTERS),
        fingerprint=given["fingerprint"].hexadecimal(16),
        note=given["note"].text(NOTE_LETTERS),
        evaluation=given["evaluation"].optional(_evaluation),
        scores=given["scores"].optional(_scores),
        seconds={key: each.number(0, LONGEST_S) for key, each in given["seconds"].members(20, KEY_LETTERS)},
        thresholds=given["thresholds"].optional(_thresholds),
        created_at=given["created_at"].moment(),
        trained_at=given["trained_at"].moment(),
        tags=tags,
        images=tuple(_snapshot_image(each, images, len(tags)) for each in given["images"].items(images)),
        publications=tuple(
            PublicationContents(_name(each["name"], "publication"), each["resource"].text(METADATA_LETTERS))
            for each in given["publications"].items(PUBLICATIONS)
        ),
        training=given.member("training").optional(training_json.read),
    )
    _check_unique(given["tags"], [tag.key for tag in tags], [tag.name for tag in tags])
    _check_unique(given["images"], [each.image for each in found.images])
    if isinstance(found.thresholds, tuple) and len(found.thresholds) != found.columns:
        raise given["thresholds"].refusal(f"a list of {found.columns}, one a tag")
    return found


def _snapshot_image(given: Value, images: int, tags: int) -> SnapshotImageContents:
    columns = tuple(each.integer(0, tags - 1) for each in given["columns"].items(tags))
    _check_unique(given["columns"], columns)
    return SnapshotImageContents(given["image"].integer(0, images - 1), columns, given["is_test"].flag())


def _evaluation(given: Value) -> Evaluation:
    return Evaluation(
        method=given["method"].one_of(EVALUATION_METHODS),
        folds=given["folds"].integer(0, 1000),
        seed=given["seed"].integer(0, NUMBER),
    )


def _scores(given: Value) -> Scores:
    told = {name: given[name].optional(_rate) for name in Scores.__dataclass_fields__}
    return Scores(**told)


def _thresholds(given: Value) -> Thresholds:
    return tuple(_rate(each) for each in given.items(TAGS)) if given.is_list else _rate(given)


def _rate(given: Value) -> float:
    return given.number(0, 1)


def _kind(given: Value) -> TagKind:
    kinds: tuple[TagKind, TagKind] = ("Regular", "Negative")
    return given.one_of(kinds)


def _name(given: Value, noun: str) -> str:
    return _checked(given, lambda text: names.clean(noun, text, letters=NAME_LETTERS))


def _domain(given: Value) -> str:
    return _checked(given, lambda text: domains.find(text).id)


def _checked(given: Value, rule: Any) -> str:
    """What a rule makes of a text; its refusal is the file's."""
    try:
        return str(rule(given.text(METADATA_LETTERS)))
    except InvalidInput as refusal:
        raise given.refusal(f"allowed ({refusal})") from refusal


def _check_unique(where: Value, *lists: Any) -> None:
    for values in lists:
        if len(set(values)) != len(values):
            raise where.refusal("a list that has each of its things once")
