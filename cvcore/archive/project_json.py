"""The `project.json` of a project zip: written from records, read with every value checked.

The types of `store.project_contents` give each value's kind and bounds. This module checks names, and rules that
involve several values.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from cvcore import domains, names
from cvcore.archive import json_reader
from cvcore.errors import InvalidInput
from cvcore.settings import Limits
from cvcore.store.project_contents import (
    Contents,
    FactContents,
    ImageContents,
    IterationContents,
    TagContents,
    TrainingContents,
)

FILE = "project.json"
FILE_BYTES = 128 * 2**20
NAME_LETTERS = 128


def as_json(contents: Contents) -> str:
    """The text of a project.json; images of which nothing is known have no facts in it, as in older versions."""
    written = dataclasses.asdict(contents)
    for image, fields in zip(contents.images, written["images"], strict=True):
        if image.facts == FactContents():
            del fields["facts"]
    return json.dumps(written, ensure_ascii=False, allow_nan=False, default=datetime.isoformat)


def read(data: bytes, limits: Limits) -> Contents:
    """Read and check the project in a project.json; names are cleaned by `names`.

    Raises:
        ArchiveRefused: `as_json` would not write it so.
    """
    contents = json_reader.read(data, Contents, FILE)
    contents = replace(
        contents,
        name=_name(contents.name, "name", "project"),
        domain_id=_domain(contents.domain_id, "domain_id"),
        tags=tuple(_tag(tag, f"tags[{at}]", limits) for at, tag in enumerate(contents.tags)),
        images=tuple(_image(image, f"images[{at}]", limits) for at, image in enumerate(contents.images)),
        iterations=tuple(
            _iteration(iteration, f"iterations[{at}]", len(contents.images))
            for at, iteration in enumerate(contents.iterations)
        ),
    )
    _check_tags(contents)
    _check_unique("images", [image.sha256 for image in contents.images])
    _check_unique("iterations", [iteration.number for iteration in contents.iterations])
    _check_unique("iterations", [iteration.name for iteration in contents.iterations])
    _check_unique("iterations", [name.name for iteration in contents.iterations for name in iteration.publications])
    return contents


def _check_tags(contents: Contents) -> None:
    keys = [tag.key for tag in contents.tags]
    _check_unique("tags", keys)
    _check_unique("tags", [tag.name for tag in contents.tags])
    negative = sum(tag.kind == "Negative" for tag in contents.tags)
    _check(negative <= 1, "tags", "a list with at most one negative tag")
    _check(
        set(keys).issuperset(key for image in contents.images for key in image.tags),
        "images",
        "a list with only the project's tags",
    )


def _tag(tag: TagContents, where: str, limits: Limits) -> TagContents:
    return replace(tag, name=_allowed(lambda: names.tag(tag.name, letters=limits.tag_letters), f"{where}.name"))


def _image(image: ImageContents, where: str, limits: Limits) -> ImageContents:
    is_possible = not (image.is_erased and image.in_workspace)
    _check(is_possible, f"{where}.in_workspace", "false, although the image is erased")
    _check(len(image.tags) <= limits.tags_per_image, f"{where}.tags", f"a list of at most {limits.tags_per_image}")
    _check_unique(f"{where}.tags", image.tags)
    return replace(image, name=names.file(image.name))


def _iteration(iteration: IterationContents, where: str, images: int) -> IterationContents:
    for at, tag in enumerate(iteration.tags):
        _allowed(partial(names.tag, tag.name, letters=NAME_LETTERS), f"{where}.tags[{at}].name")
    _check_unique(f"{where}.tags", [tag.key for tag in iteration.tags])
    _check_unique(f"{where}.tags", [tag.name for tag in iteration.tags])
    _check_unique(f"{where}.images", [image.image for image in iteration.images])
    for at, image in enumerate(iteration.images):
        _check(image.image < images, f"{where}.images[{at}].image", f"a whole number in 0..{images - 1}")
        in_range = f"a list of whole numbers in 0..{len(iteration.tags) - 1}"
        _check(all(column < len(iteration.tags) for column in image.columns), f"{where}.images[{at}].columns", in_range)
        _check_unique(f"{where}.images[{at}].columns", image.columns)
    if isinstance(iteration.thresholds, tuple):
        one_per_tag = f"a list of {iteration.columns}, one per tag"
        _check(len(iteration.thresholds) == iteration.columns, f"{where}.thresholds", one_per_tag)
    if iteration.training:
        _check_training(iteration.training, f"{where}.training")
    return replace(
        iteration,
        name=_name(iteration.name, f"{where}.name", "iteration"),
        domain_id=_domain(iteration.domain_id, f"{where}.domain_id"),
        publications=tuple(
            replace(publication, name=_name(publication.name, f"{where}.publications[{at}].name", "publication"))
            for at, publication in enumerate(iteration.publications)
        ),
    )


def _check_training(training: TrainingContents, where: str) -> None:
    outcome = training.outcome
    for name, right in (("right", outcome.right), ("quick_right", outcome.quick_right)):
        _check(right <= outcome.images, f"{where}.outcome.{name}", f"a whole number in 0..{outcome.images}")


def _name(text: str, where: str, noun: str) -> str:
    return _allowed(lambda: names.clean(noun, text, letters=NAME_LETTERS), where)


def _domain(text: str, where: str) -> str:
    return _allowed(lambda: domains.find(text).id, where)


def _allowed(rule: Callable[[], str], where: str) -> str:
    """The text that `rule` returns; if it refuses, the file is refused."""
    try:
        return rule()
    except InvalidInput as error:
        raise json_reader.refusal(f"{FILE}: {where}", f"allowed ({error})") from error


def _check_unique(where: str, values: Sequence[Hashable]) -> None:
    _check(len(set(values)) == len(values), where, "a list without duplicates")


def _check(holds: bool, where: str, rule: str) -> None:
    if not holds:
        raise json_reader.refusal(f"{FILE}: {where}", rule)
