"""What a workspace lacks to be trained, and what would make its training better, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cvcore import assessment
from cvcore.records import K_FOLD, EvaluationMethod, Image, Project, Tag
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
    images = assessment.training_images(evaluation, there)
    carried = {tag_id for image in images for tag_id in image.tag_ids}
    tags = assessment.trained_tags([tag for tag in tags if tag.id in carried], images)
    judged_by = evaluation, tags, images, project.classification_type
    return Readiness(
        images,
        tags,
        (*_obstacles(tags), *assessment.obstacles(*judged_by)),
        (*_advice(tags), *assessment.advice(*judged_by)),
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
