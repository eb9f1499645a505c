"""What a workspace lacks to be trained, and what would make its training better, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cvcore.records import K_FOLD, MULTILABEL, TEST_SET, EvaluationMethod, Image, Project, Tag
from cvcore.store import Store

IMAGES_TO_TRAIN = 5
IMAGES_TO_TRAIN_WELL = 30
BALANCE = 2


@dataclass(frozen=True)
class Readiness:
    """What would be trained now, what stands in the way, and what would make it better, in words.

    `images` are those that the iteration would hold; `test_images` counts the tagged ones kept for testing,
    which are among them only where the evaluation is by the user's own test set.
    """

    images: list[Image]
    tags: list[Tag]
    obstacles: tuple[str, ...]
    advice: tuple[str, ...]
    test_images: int = 0


def readiness(
    store: Store, project: Project, tag_ids: Sequence[str] = (), *, evaluation: EvaluationMethod = K_FOLD
) -> Readiness:
    """The workspace, or these tags of it alone, through the eyes of a training that is judged in that way.

    Tags that no picture of it carries are left out.
    """
    tags = [tag for tag in store.tags.of_project(project.id) if tag.image_count and (not tag_ids or tag.id in tag_ids)]
    # A negative tag is the last, so that without it, in Multilabel, the columns before it keep their places.
    tags.sort(key=lambda tag: tag.kind == "Negative")
    known = {tag.id for tag in tags}
    there = [image for image in store.images.tagged(project.id) if not known.isdisjoint(image.tag_ids)]
    images = training_images(evaluation, there)
    carried = {tag_id for image in images for tag_id in image.tag_ids}
    tags = trained_tags([tag for tag in tags if tag.id in carried], images)
    judged_by = evaluation, tags, images, project.classification_type
    return Readiness(
        images,
        tags,
        (*_obstacles(tags), *obstacles(*judged_by)),
        (*_advice(tags), *advice(*judged_by)),
        sum(image.is_test for image in there),
    )


def _obstacles(tags: Sequence[Tag]) -> list[str]:
    found = []
    if len(tags) < 2:
        has = f"only {tags[0].name!r} has any" if tags else "no picture is tagged yet"
        found.append(f"Training needs pictures of at least two tags, {has}.")
    for tag in tags:
        if (missing := IMAGES_TO_TRAIN - tag.image_count) > 0:
            more = "1 more picture" if missing == 1 else f"{missing} more pictures"
            found.append(f"{tag.name!r} needs {more}: each tag needs at least {IMAGES_TO_TRAIN}.")
    return found


def _advice(tags: Sequence[Tag]) -> list[str]:
    given = []
    few = [tag.name for tag in tags if tag.image_count < IMAGES_TO_TRAIN_WELL]
    if few:
        shown = ", ".join(few[:5]) + (", …" if len(few) > 5 else "")
        given.append(f"{IMAGES_TO_TRAIN_WELL} or more pictures a tag train well; fewer have {shown}.")
    counts = [tag.image_count for tag in tags]
    if counts and max(counts) > BALANCE * min(counts):
        given.append(
            f"Tags are best balanced, the smallest at least half of the largest; here they go from {min(counts)} "
            f"to {max(counts)} pictures."
        )
    return given


TEST_IMAGES_TO_TELL = 10


def training_images(method: EvaluationMethod, images: Sequence[Image]) -> list[Image]:
    """Those of a workspace's pictures that an iteration holds: test pictures only where they are judged."""
    return [image for image in images if method == TEST_SET or not image.is_test]


def trained_tags(tags: Sequence[Tag], images: Sequence[Image]) -> list[Tag]:
    """The tags, their `image_count` that of the pictures which train."""
    counts = _counts([image for image in images if not image.is_test])
    return [replace(tag, image_count=counts.get(tag.id, 0)) for tag in tags]


def obstacles(
    method: EvaluationMethod, tags: Sequence[Tag], images: Sequence[Image], classification_type: str
) -> list[str]:
    """What a test set lacks, in words; the other ways need none."""
    if method != TEST_SET:
        return []
    counts = _counts([image for image in images if image.is_test])
    if not counts:
        return ["Your own test set is empty: select pictures on the Images page and choose Use for testing."]
    return [
        f"{tag.name!r} has no picture for testing: each tag needs at least 1 in your own test set."
        for tag in tags
        if not counts.get(tag.id) and not _is_absence(tag, classification_type)
    ]


def advice(
    method: EvaluationMethod, tags: Sequence[Tag], images: Sequence[Image], classification_type: str
) -> list[str]:
    """What would make a test set tell more, in words."""
    counts = _counts([image for image in images if image.is_test])
    few = [
        tag.name
        for tag in tags
        if 0 < counts.get(tag.id, 0) < TEST_IMAGES_TO_TELL and not _is_absence(tag, classification_type)
    ]
    if method != TEST_SET or not few:
        return []
    shown = ", ".join(few[:5]) + (", …" if len(few) > 5 else "")
    return [f"{TEST_IMAGES_TO_TELL} or more test pictures a tag tell something; fewer have {shown}."]


def _counts(images: Sequence[Image]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for image in images:
        for tag_id in image.tag_ids:
            counts[tag_id] = counts.get(tag_id, 0) + 1
    return counts


def _is_absence(tag: Tag, classification_type: str) -> bool:
    """Whether it is a tag that stands for the absence of all others, so that there is nothing to find of it."""
    return tag.kind == "Negative" and classification_type == MULTILABEL
