"""The lists of images and their kept numbers are what counting and sorting all images gives."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from cvcore.records import MULTICLASS, MULTILABEL, Image, Project
from cvcore.store import FOR_TESTING, UNTAGGED, ImageSearch, Store

AddRows = Callable[[Project, int], list[str]]


def changed_at_random(store: Store, project: Project, add_rows: AddRows, seed: int) -> None:
    """Images are added, tagged, marked, deleted, brought back and deleted for good, in any order."""
    draw = random.Random(seed)
    tag_ids = [store.tags.add(project.id, f"tag {number}").id for number in range(4)]
    known = add_rows(project, 12)
    for _ in range(60):
        some = draw.sample(known, draw.randint(1, 4))
        chosen = draw.sample(tag_ids, draw.randint(1, 2))
        draw.choice(
            [
                lambda some=some, chosen=chosen: store.tags.attach(some, chosen),
                lambda some=some, chosen=chosen: store.tags.attach(some, chosen),
                lambda some=some, chosen=chosen: store.tags.detach(some, chosen),
                lambda some=some: store.tags.detach(some),
                lambda some=some: store.images.mark_for_testing(some, True),
                lambda some=some: store.images.mark_for_testing(some, False),
                lambda some=some: store.images.trash(some),
                lambda some=some: store.images.restore(some, datetime.now(UTC) - timedelta(days=1)),
                lambda some=some: store.images.remove(some),
                lambda: known.extend(add_rows(project, 1)),
            ]
        )()
    store.tags.delete(tag_ids[0])


def all_images(store: Store, project: Project) -> list[Image]:
    """The workspace's images, the newest first, without a list of the store's."""
    images = store.images.with_ids([image_id for image_id, _, _ in store.images.workspace(project.id)])
    return sorted(images, key=lambda each: (each.created_at, each.id), reverse=True)


@pytest.mark.parametrize("seed", range(8))
def test_lists_and_numbers_follow_every_change(store: Store, project: Project, add_rows: AddRows, seed: int) -> None:
    """Whatever is done with images and tags, each list has its images, in order, and its number is right."""
    changed_at_random(store, project, add_rows, seed)
    images = all_images(store, project)
    tag_ids = [tag.id for tag in store.tags.of_project(project.id)]
    expected = {
        None: images,
        UNTAGGED: [image for image in images if not image.tag_ids],
        FOR_TESTING: [image for image in images if image.is_test],
        **{tag_id: [image for image in images if tag_id in image.tag_ids] for tag_id in tag_ids},
    }
    for listed, those in expected.items():
        assert those == store.images.page(project.id, tag_id=listed, take=99)
        assert len(those) == store.images.count(project.id, listed)
    assert {tag_id: len(expected[tag_id]) for tag_id in tag_ids} == {
        tag.id: tag.image_count for tag in store.tags.of_project(project.id)
    }


@pytest.mark.parametrize("seed", range(4))
def test_searches_find_what_they_ask_for(store: Store, project: Project, add_rows: AddRows, seed: int) -> None:
    """Any tags or all, untagged, for testing or not: the images, their order, their number, and each page."""
    changed_at_random(store, project, add_rows, seed)
    images = all_images(store, project)
    tag_ids = [tag.id for tag in store.tags.of_project(project.id)]
    of_tags = [(), tuple(tag_ids[:1]), tuple(tag_ids[:2]), (*tag_ids, "nowhere")]
    for tags, has_all, or_untagged, is_tagged, is_test, oldest_first in product(
        of_tags, (False, True), (False, True), (None, False, True), (None, False, True), (False, True)
    ):
        search = ImageSearch(
            project.id,
            tag_ids=tags,
            has_all=has_all,
            or_untagged=or_untagged,
            is_tagged=is_tagged,
            is_test=is_test,
            oldest_first=oldest_first,
        )
        found = [image for image in images if _matches(image, search)]
        found = found[::-1] if oldest_first else found
        assert [image.id for image in found] == store.searches.ids(search)
        assert len(found) == store.searches.count(search)
        assert found[2:5] == store.searches.page(search, take=3, skip=2)
        assert [image.id for image in found[2:5]] == store.searches.ids(search, take=3, skip=2)


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
@pytest.mark.parametrize("seed", range(3))
def test_a_page_deep_in_several_lists(
    store: Store, add_rows: AddRows, monkeypatch: pytest.MonkeyPatch, seed: int, kind: str
) -> None:
    """Wherever a page lies among the images of several tags, it has those that sorting all gives; ages can be alike."""
    monkeypatch.setattr("cvcore.store.searches.image_search.DEEP", 1)
    draw = random.Random(seed)
    monkeypatch.setattr("cvcore.store.images.now", lambda: f"2026-01-02T03:04:{draw.randint(10, 20)}+00:00")
    project = store.projects.add("deep", description="", classification_type=kind, domain_id="general")
    ids = add_rows(project, 40)
    tags = [store.tags.add(project.id, f"{number}").id for number in range(3)]
    for image_id in ids:
        store.tags.attach([image_id], draw.sample(tags, 1 if kind == MULTICLASS else draw.randint(0, 2)))
    for search in (
        ImageSearch(project.id, tag_ids=(*tags[:2],)),
        ImageSearch(project.id, tag_ids=(tags[2],), or_untagged=True),
    ):
        every = store.searches.ids(search)
        for skip, take in product(range(len(every) + 2), (-1, 0, 1, 5)):
            expected = every[skip:] if take < 0 else every[skip : skip + take]
            assert expected == store.searches.ids(search, take=take, skip=skip)


def _matches(image: Image, search: ImageSearch) -> bool:
    has = [tag_id in image.tag_ids for tag_id in search.tag_ids]
    kinds = [all(has) if search.has_all else any(has)] if has else []
    kinds += [not image.tag_ids] if search.or_untagged else []
    return (
        (any(kinds) or not kinds)
        and search.is_tagged in (None, bool(image.tag_ids))
        and search.is_test in (None, image.is_test)
    )


def test_images_of_the_same_moment_are_on_one_page_each(
    store: Store, project: Project, add_rows: AddRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images with one time and one name come once, also if those of pages before are deleted."""
    monkeypatch.setattr("cvcore.store.images.now", lambda: "2026-01-02T03:04:05+00:00")
    ids = sorted(add_rows(project, 9), reverse=True)
    search = ImageSearch(project.id, or_untagged=True)
    assert ids == [image.id for skip in (0, 4, 8) for image in store.searches.page(search, take=4, skip=skip)]
    store.images.trash(ids[1:3])
    left = [ids[0], *ids[3:]]
    assert left == [image.id for skip in (0, 4, 8) for image in store.searches.page(search, take=4, skip=skip)]


def test_a_project_is_deleted_with_its_lists(store: Store, project: Project, add_rows: AddRows) -> None:
    """Nothing of its lists is left, and another project's numbers stay."""
    other = store.projects.add("trees", description="", classification_type=MULTILABEL, domain_id="general")
    tag = store.tags.add(project.id, "rose")
    first, second, _ = add_rows(project, 3)
    add_rows(other, 2)
    store.tags.attach([first], [tag.id])
    store.images.mark_for_testing([first, second], True)
    store.projects.delete(project.id)
    assert (0, 2) == (store.images.count(project.id), store.images.count(other.id))
    assert ([], []) == tuple(store.images.page(project.id, tag_id=each, take=9) for each in (UNTAGGED, FOR_TESTING))
    assert 2 == store.images.count(other.id, UNTAGGED)
