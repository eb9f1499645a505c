"""Whether a workspace can be trained: what prevents it, and advice for better results, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cvcore.languages import number, t, tn
from cvcore.records import K_FOLD, MULTILABEL, TEST_SET, EvaluationMethod, Image, Project, Tag
from cvcore.store import UNTAGGED, Store

IMAGES_TO_TRAIN = 5
IMAGES_TO_TRAIN_WELL = 30
IMAGES_TO_TEST_WELL = 10
BALANCE = 2


@dataclass(frozen=True)
class Readiness:
    """The images and tags of a training that starts now, the obstacles, and advice for better results, in sentences.

    `images` are those that the iteration would hold. `test_images` counts the tagged images kept for testing; they are
    in `images` only if the evaluation uses the user's own test set.
    """

    images: list[Image]
    tags: list[Tag]
    obstacles: tuple[str, ...]
    advice: tuple[str, ...]
    test_images: int = 0


def readiness(
    store: Store, project: Project, tag_ids: Sequence[str] = (), *, evaluation: EvaluationMethod = K_FOLD
) -> Readiness:
    """Check the workspace, or only `tag_ids`, for a training that is evaluated by this method.

    Tags that no image of the training carries are left out.
    """
    tags = [tag for tag in store.tags.of_project(project.id) if tag.image_count and (not tag_ids or tag.id in tag_ids)]
    # The negative tag is last: in Multilabel it is left out, and the columns before it keep their numbers.
    tags.sort(key=lambda tag: tag.kind == "Negative")
    known = {tag.id for tag in tags}
    tagged = [image for image in store.images.tagged(project.id) if not known.isdisjoint(image.tag_ids)]
    images = snapshot_images(evaluation, tagged)
    carried = {tag_id for image in images for tag_id in image.tag_ids}
    tags = trained_tags([tag for tag in tags if tag.id in carried], images)
    multilabel = project.classification_type == MULTILABEL
    return Readiness(
        images,
        tags,
        (*_training_obstacles(tags), *_test_obstacles(evaluation, tags, images, multilabel=multilabel)),
        (
            *_training_advice(tags),
            *_test_advice(evaluation, tags, images, multilabel=multilabel),
            *filter(None, [untagged_advice(store, project) if multilabel else ""]),
        ),
        sum(image.is_test for image in tagged),
    )


def _training_obstacles(tags: Sequence[Tag]) -> list[str]:
    obstacles = []
    if len(tags) < 2:
        obstacles.append(
            t("Training needs images of at least two tags, only {tag!r} has any.", tag=tags[0].name)
            if tags
            else t("Training needs images of at least two tags, no image is tagged yet.")
        )
    return obstacles + [
        tn(
            missing,
            "{tag!r} needs {n} more image: each tag needs at least {least}.",
            "{tag!r} needs {n} more images: each tag needs at least {least}.",
            tag=tag.name,
            least=IMAGES_TO_TRAIN,
        )
        for tag in tags
        if (missing := IMAGES_TO_TRAIN - tag.image_count) > 0
    ]


def _training_advice(tags: Sequence[Tag]) -> list[str]:
    advice = []
    few = [tag.name for tag in tags if tag.image_count < IMAGES_TO_TRAIN_WELL]
    if few:
        advice.append(
            t(
                "Tags train well with {number} images or more; these have fewer: {tags}.",
                number=IMAGES_TO_TRAIN_WELL,
                tags=_listed(few),
            )
        )
    counts = [tag.image_count for tag in tags]
    if counts and max(counts) > BALANCE * min(counts):
        advice.append(
            t(
                "Training works best with balanced tags, the smallest at least half as large as the largest; here they "
                "have {least} to {most} images.",
                least=number(min(counts)),
                most=number(max(counts)),
            )
        )
    return advice


def untagged_advice(store: Store, project: Project) -> str:
    """That images without tags are not used; empty if there are none.

    Whether they show none of the tags or are only not tagged yet, Tagwise cannot know.
    """
    if not (untagged := store.images.count(project.id, UNTAGGED)):
        return ""
    return tn(
        untagged,
        "{n} image without tags is not used: if it shows none of the tags, give it the negative tag.",
        "{n} images without tags are not used: if they show none of the tags, give them the negative tag.",
    )


def snapshot_images(method: EvaluationMethod, images: Sequence[Image]) -> list[Image]:
    """The images of a workspace that an iteration holds; test images are among them only if they are evaluated."""
    return [image for image in images if method == TEST_SET or not image.is_test]


def trained_tags(tags: Sequence[Tag], images: Sequence[Image]) -> list[Tag]:
    """The tags, with the number of training images as their `image_count`."""
    counts = _counts([image for image in images if not image.is_test])
    return [replace(tag, image_count=counts.get(tag.id, 0)) for tag in tags]


def _test_obstacles(
    method: EvaluationMethod, tags: Sequence[Tag], images: Sequence[Image], *, multilabel: bool
) -> list[str]:
    """What the user's own test set lacks, in sentences; empty for the other methods."""
    if method != TEST_SET:
        return []
    counts = _counts([image for image in images if image.is_test])
    if not counts:
        return [t("Your own test set is empty: select images on the Images page and choose Use for testing.")]
    return [
        t("{tag!r} has no image for testing: each tag needs at least 1 in your own test set.", tag=tag.name)
        for tag in tags
        if not counts.get(tag.id) and not _means_no_tag(tag, multilabel=multilabel)
    ]


def _test_advice(
    method: EvaluationMethod, tags: Sequence[Tag], images: Sequence[Image], *, multilabel: bool
) -> list[str]:
    """Advice for more meaningful results on the user's own test set, in sentences."""
    counts = _counts([image for image in images if image.is_test])
    few = [
        tag.name
        for tag in tags
        if 0 < counts.get(tag.id, 0) < IMAGES_TO_TEST_WELL and not _means_no_tag(tag, multilabel=multilabel)
    ]
    if method != TEST_SET or not few:
        return []
    return [
        t(
            "Test results are meaningful from {number} images per tag; these have fewer: {tags}.",
            number=IMAGES_TO_TEST_WELL,
            tags=_listed(few),
        )
    ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


def _counts(images: Sequence[Image]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for image in images:
        for tag_id in image.tag_ids:
            counts[tag_id] = counts.get(tag_id, 0) + 1
    return counts


def _means_no_tag(tag: Tag, *, multilabel: bool) -> bool:
    """Whether a tag means that no other tag applies, so that there is nothing to recognise."""
    return tag.kind == "Negative" and multilabel
