"""Projects are made, changed, shown and deleted, whatever people call them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from cvcore import domains, projects
from cvcore.errors import Conflict, InvalidInput, NameTaken, NotFound
from cvcore.files import blobs
from cvcore.projects import tagging, uploads
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.settings import Limits
from cvcore.store import Store

LIMITS = Limits()

AddRows = Callable[[Project, int], list[str]]


def test_a_new_project_has_the_defaults(store: Store) -> None:
    """A name is enough: Multiclass, the General domain, no description, the name clean."""
    made = projects.create(store, "  flowers ")
    assert (made.name, made.description, made.classification_type) == ("flowers", "", MULTICLASS)
    assert made.domain_id == domains.DEFAULT.id
    assert store.projects.all() == [made]


def test_a_new_project_is_as_asked_for(store: Store) -> None:
    """Type in any case, domain by name or id, description without space around."""
    food = domains.find("Food")
    for name, domain in (("by name", "food"), ("by id", food.id)):
        made = projects.create(
            store, name, description=" of the canteen\n", classification_type="MULTILABEL", domain=domain
        )
        assert (made.description, made.classification_type) == ("of the canteen", MULTILABEL)
        assert made.domain_id == food.id


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": ""}, "the project must have a name, it has none yet: type one"),
        ({"name": "a\nb"}, r"the project's name must be one line of plain text, got 'a\nb'"),
        ({"name": "a", "domain": "Zoo"}, "domain must be one of"),
        (
            {"name": "a", "classification_type": "Regression" * 20},
            f"a classification type must be Multiclass or Multilabel, got '{'Regression' * 8}'",
        ),
        ({"name": "a", "description": "x" * 4001}, "a description must have at most 4,000 letters, this one has 4,001"),
    ],
)
def test_a_wrong_value_makes_no_project(store: Store, values: dict[str, str], message: str) -> None:
    """Each value has its rule, and the message says which and what came."""
    with pytest.raises(InvalidInput) as refusal:
        projects.create(store, **values)
    assert str(refusal.value).startswith(message)
    assert store.projects.all() == []


def test_a_project_is_found_by_name_or_id(store: Store, project: Project) -> None:
    """Either leads to it; an unknown one is told beside the names that there are."""
    assert projects.find(store, "flowers") == projects.find(store, project.id) == project
    projects.create(store, "trees")
    with pytest.raises(NotFound) as refusal:
        projects.find(store, "x" * 1000)
    assert str(refusal.value) == f"there is no project '{'x' * 80}': there are 'trees', 'flowers'"


def test_where_there_is_no_project_that_is_said(store: Store) -> None:
    """Without any project the message names none."""
    with pytest.raises(NotFound, match="there is no project 'flowers': there are none yet"):
        projects.find(store, "flowers")


def test_a_project_is_changed_under_the_same_rules(store: Store) -> None:
    """Every value may be written anew, is cleaned as at first, and refused where it breaks its rule."""
    made = projects.create(store, "flowers")
    wanted = dataclasses.replace(
        made, name=" trees ", description=" old ", classification_type=MULTILABEL, domain_id="food"
    )
    changed = projects.update(store, wanted)
    assert (changed.name, changed.description, changed.classification_type) == ("trees", "old", MULTILABEL)
    assert changed.domain_id == domains.find("food").id
    assert dataclasses.replace(store.projects.get(made.id), modified_at=made.modified_at) == changed
    with pytest.raises(InvalidInput):
        projects.update(store, dataclasses.replace(changed, name=""))
    projects.create(store, "flowers")
    with pytest.raises(NameTaken):
        projects.update(store, dataclasses.replace(changed, name="flowers"))
    assert store.projects.get(made.id).name == "trees"


def test_pictures_of_many_tags_stand_in_the_way_of_multiclass(
    store: Store, project: Project, add_rows: AddRows
) -> None:
    """The message counts and names the images that carry several tags; with one tag on each it may be."""
    project = projects.update(store, dataclasses.replace(project, domain_id="food"))
    images = add_rows(project, 5)
    rose, red = (tag.id for tag in tagging.ensure(store, project, ["rose", "red"], limits=LIMITS))
    tagging.add_tags(store, project, images[:4], [rose, red])
    tagging.add_tags(store, project, images[4:], [rose])
    wanted = dataclasses.replace(project, classification_type=MULTICLASS)
    with pytest.raises(Conflict) as refusal:
        projects.update(store, wanted)
    assert str(refusal.value) == (
        "an image of a Multiclass project must have at most one tag, 4 have more ('0.png', '1.png', '2.png', …): "
        "remove their other tags first"
    )
    assert sorted(image.name for image in projects.images_with_many_tags(store, project)) == [
        f"{n}.png" for n in range(4)
    ]
    assert store.projects.get(project.id).classification_type == MULTILABEL
    tagging.remove_tags(store, project, images, [red])
    assert projects.update(store, wanted).classification_type == MULTICLASS


def test_type_and_domain_can_be_changed_alone(store: Store) -> None:
    """What is named is changed, in any case of letters; what is not stays; the same again writes nothing."""
    made = projects.create(store, "flowers")
    assert projects.change(store, made) == made
    assert projects.change(store, made, classification_type="multiclass", domain="general") == made
    assert store.projects.get(made.id).modified_at == made.modified_at
    changed = projects.change(store, made, classification_type="multilabel")
    assert (changed.classification_type, changed.domain_id) == (MULTILABEL, made.domain_id)
    changed = projects.change(store, changed, domain="Food")
    assert (changed.classification_type, changed.domain_id) == (MULTILABEL, domains.find("Food").id)


def test_a_deleted_project_is_not_changed(store: Store, project: Project) -> None:
    """Who changes a project that someone deleted is told so."""
    projects.delete(store, project)
    with pytest.raises(NotFound):
        projects.update(store, dataclasses.replace(project, domain_id="food"))


def test_a_project_goes_with_its_files(store: Store, project: Project, drawn_image: Callable[[int], bytes]) -> None:
    """Rows, originals, thumbnails, embeddings and iterations' folders go; what another project holds stays."""
    other = projects.create(store, "trees")
    for number, holders in ((1, [project]), (2, [project, other])):
        for holder in holders:
            uploads.add(store, holder, "1.png", drawn_image(number), tag_ids=[], limits=LIMITS)
    own, shared = (blobs.sha256(drawn_image(number)) for number in (1, 2))
    store.embeddings.put("f1", {digest: np.zeros(1, np.float32) for digest in (own, shared)})
    iteration = store.iterations.add(project, "digest", [], store.images.page(project.id, take=9))
    blobs.write(blobs.iteration_folder(store.home, iteration.id) / "arrays.npz", b"1")
    projects.delete(store, project)
    projects.delete(store, project)
    files = {path.name for path in store.home.rglob("*") if path.is_file() and "tagwise" not in path.name}
    assert files == {shared}
    assert blobs.original_path(store.home, shared).exists()
    assert blobs.thumbnail_path(store.home, shared).exists()
    assert store.embeddings.missing("f1", [own, shared]) == [own]
    assert not blobs.iteration_folder(store.home, iteration.id).exists()
    assert [each.id for each in store.projects.all()] == [other.id]


def test_a_project_that_could_not_be_deleted_keeps_its_files(
    store: Store, project: Project, drawn_image: Callable[[int], bytes]
) -> None:
    """When the transaction around a deletion fails, rows come back, and files have never gone."""
    uploads.add(store, project, "1.png", drawn_image(1), tag_ids=[], limits=LIMITS)
    iteration = store.iterations.add(project, "digest", [], store.images.page(project.id, take=9))
    blobs.write(blobs.iteration_folder(store.home, iteration.id) / "arrays.npz", b"1")

    def fail() -> None:
        with store.transaction():
            projects.delete(store, project)
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert store.projects.all() != []
    assert blobs.original_path(store.home, blobs.sha256(drawn_image(1))).exists()
    assert blobs.iteration_folder(store.home, iteration.id).exists()


def test_cards_show_each_project_at_a_glance(store: Store, add_rows: AddRows) -> None:
    """Counts, four images of different tags and the last trained iteration, the project changed last first."""
    flowers, trees = projects.create(store, "flowers"), projects.create(store, "trees")
    images = add_rows(flowers, 6)
    (rose,) = tagging.ensure(store, flowers, ["rose"], limits=LIMITS)
    tagging.add_tags(store, flowers, images[:2], [rose.id])
    trained = store.iterations.add(flowers, "digest", [rose], store.images.with_ids(images[:2]))
    store.iterations.complete(trained.id)
    failed = store.iterations.add(flowers, "digest", [rose], store.images.with_ids(images[:2]))
    store.iterations.fail(failed.id, "no")
    first, second = projects.cards(store)
    assert (first.project.id, first.images, first.tags) == (flowers.id, 6, 1)
    assert [image.id for image in first.shown] == [images[1], *images[:2:-1]]
    assert first.iteration == store.iterations.get(trained.id) == store.iterations.newest_trained(flowers.id)
    assert (second.project.id, second.images, second.tags, second.shown, second.iteration) == (
        trees.id,
        0,
        0,
        [],
        None,
    )


def test_a_network_is_prepared_before_it_is_needed(store: Store) -> None:
    """A new project in a domain whose network is not ready queues its preparation; one with the built-in does not."""
    projects.create(store, "shipped", domain="Built-in")
    assert [] == store.jobs.active()
    waiting = projects.create(store, "downloaded")
    assert [("embed", waiting.id)] == [(job.kind, job.project_id) for job in store.jobs.active()]


def test_in_a_new_domain_images_are_embedded(store: Store) -> None:
    """Its network, and the images' embeddings, are ready when Train is pressed; a new name alone needs neither."""
    project = projects.create(store, "garden", domain="Built-in")
    project = projects.update(store, dataclasses.replace(project, name="park"))
    assert [] == store.jobs.active()
    projects.change(store, project, domain="Food")
    assert ["embed"] == [job.kind for job in store.jobs.active()]
