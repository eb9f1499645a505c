"""Tags go on images under the rules of the project as it is now, whatever the caller last saw of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from cvcore.errors import Conflict, ImageNotFound, InvalidInput, NameTaken, NotFound, TagNotFound
from cvcore.projects import tagging
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.settings import Limits
from cvcore.store import Store

LIMITS = Limits()

AddRows = Callable[[Project, int], list[str]]


@pytest.fixture
def multiclass(store: Store) -> Project:
    """An empty project whose images carry one tag each."""
    return store.projects.add("animals", description="", classification_type=MULTICLASS, domain_id="general")


def tag(store: Store, project: Project, name: str, kind: str = "Regular") -> str:
    """The id of a new tag."""
    return tagging.create(store, project, name, limits=LIMITS, kind=kind).id


def carried(store: Store, image_ids: list[str]) -> list[tuple[str, ...]]:
    """The names of each image's tags."""
    return [
        tuple(store.tags.get(tag_id).name for tag_id in image.tag_ids) for image in store.images.with_ids(image_ids)
    ]


def test_a_new_tag_is_clean(store: Store, project: Project) -> None:
    """A tag is kept under its cleaned name, with its kind."""
    made = tagging.create(store, project, "  rose ", limits=LIMITS, kind="Negative")
    assert (made.name, made.kind) == ("rose", "Negative")
    assert store.tags.of_project(project.id) == [made]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "**bold** [x](http://example.org)", "'; drop table tags"]
)
def test_markup_in_a_name_is_text(store: Store, project: Project, name: str) -> None:
    """What looks like HTML, Markdown or SQL is a tag's name like any other, kept and found as it is."""
    assert tagging.create(store, project, name, limits=LIMITS).name == name
    assert [each.name for each in tagging.ensure(store, project, [name], limits=LIMITS)] == [name]


@pytest.mark.parametrize("name", ["", " ", "x" * 10_000, "ro\nse", "ro\0se", "ro\u202ese", "\u200b", "red|rose"])
def test_a_name_that_breaks_its_rule_makes_no_tag(store: Store, project: Project, name: str) -> None:
    """A hostile name is refused by creating, renaming and ensuring alike, and nothing is changed."""
    rose = tagging.create(store, project, "rose", limits=LIMITS)
    with pytest.raises(InvalidInput):
        tagging.create(store, project, name, limits=LIMITS)
    with pytest.raises(InvalidInput):
        tagging.rename(store, rose, name, limits=LIMITS)
    with pytest.raises(InvalidInput):
        tagging.ensure(store, project, ["tulip", name], limits=LIMITS)
    assert store.tags.of_project(project.id) == [rose]


def test_a_second_tag_of_a_name_is_refused(store: Store, project: Project) -> None:
    """Names are compared once they are clean."""
    tag(store, project, "rose")
    with pytest.raises(NameTaken):
        tagging.create(store, project, " rose", limits=LIMITS)


def test_ensuring_makes_only_what_is_missing(store: Store, project: Project) -> None:
    """Tags that are there are taken, others made, each once and in the order asked for."""
    rose = tagging.create(store, project, "rose", limits=LIMITS)
    found = tagging.ensure(store, project, ["tulip", " rose", "tulip ", "rose"], limits=LIMITS)
    assert [each.name for each in found] == ["tulip", "rose"]
    assert found[1] == rose
    assert len(store.tags.of_project(project.id)) == 2
    assert tagging.ensure(store, project, [], limits=LIMITS) == []
    ids = tagging.ensure_ids(store, project, ["tulip", "rose"], limits=LIMITS)
    assert [store.tags.get(tag_id).name for tag_id in ids] == ["tulip", "rose"]
    assert store.tags.names_and_kinds(project.id)[ids[0]] == ("tulip", "Regular")


def test_a_tag_is_renamed(store: Store, project: Project, add_rows: AddRows) -> None:
    """A tag takes another name and stays on its images; a name that is taken is refused."""
    (image,) = add_rows(project, 1)
    rose = tagging.create(store, project, "rose", limits=LIMITS)
    tag(store, project, "tulip")
    tagging.add_tags(store, project, [image], [rose.id])
    tagging.rename(store, rose, " red rose ", limits=LIMITS)
    assert carried(store, [image]) == [("red rose",)]
    with pytest.raises(NameTaken):
        tagging.rename(store, rose, "tulip", limits=LIMITS)
    tagging.rename(store, rose, "red rose", limits=LIMITS)


def test_renaming_keeps_what_others_changed(store: Store, project: Project) -> None:
    """Who renames a tag from a page that is behind does not undo the kind someone else has given it."""
    seen = tagging.create(store, project, "none", limits=LIMITS)
    tagging.set_kind(store, project, seen, "Negative")
    tagging.rename(store, seen, "nothing", limits=LIMITS)
    assert [(each.name, each.kind) for each in store.tags.of_project(project.id)] == [("nothing", "Negative")]


def test_a_deleted_tag_can_be_neither_renamed_nor_made_negative(store: Store, project: Project) -> None:
    """A tag that someone deleted meanwhile is told of, and not brought back; deleting it again is fine."""
    rose = tagging.create(store, project, "rose", limits=LIMITS)
    tagging.delete(store, rose)
    tagging.delete(store, rose)
    with pytest.raises(NotFound):
        tagging.rename(store, rose, "tulip", limits=LIMITS)
    with pytest.raises(NotFound):
        tagging.set_kind(store, project, rose, "Negative")
    assert store.tags.of_project(project.id) == []


def test_one_negative_tag_at_most(store: Store, project: Project) -> None:
    """A second negative tag is refused, made or turned; once the first is regular again it may be."""
    nothing = tagging.create(store, project, "nothing", limits=LIMITS, kind="Negative")
    other = tagging.create(store, project, "other", limits=LIMITS)
    with pytest.raises(Conflict) as refusal:
        tagging.create(store, project, "empty", limits=LIMITS, kind="Negative")
    assert str(refusal.value) == (
        "a project must have at most one negative tag, this one has 'nothing': make that regular first"
    )
    with pytest.raises(Conflict):
        tagging.set_kind(store, project, other, "Negative")
    tagging.set_kind(store, project, nothing, "Negative")
    tagging.set_kind(store, project, nothing, "Regular")
    tagging.set_kind(store, project, other, "Negative")
    assert {each.name: each.kind for each in store.tags.of_project(project.id)} == {
        "nothing": "Regular",
        "other": "Negative",
    }


def test_a_tag_in_company_cannot_turn_negative(store: Store, project: Project, add_rows: AddRows) -> None:
    """A tag that images carry beside another must be alone on them first."""
    images = add_rows(project, 3)
    rose, red = (tagging.create(store, project, name, limits=LIMITS) for name in ("rose", "red"))
    tagging.add_tags(store, project, images[:2], [rose.id, red.id])
    tagging.add_tags(store, project, images[2:], [rose.id])
    with pytest.raises(Conflict) as refusal:
        tagging.set_kind(store, project, rose, "Negative")
    assert str(refusal.value) == (
        "a negative tag must be an image's only tag, 2 images have 'rose' and another: remove one first"
    )
    tagging.remove_tags(store, project, images, [red.id])
    tagging.set_kind(store, project, rose, "Negative")


def test_in_multiclass_a_tag_takes_the_place_of_another(store: Store, multiclass: Project, add_rows: AddRows) -> None:
    """An image carries the tag it was given last, whatever it carried; given the same twice it carries that."""
    images = add_rows(multiclass, 3)
    cat, dog = tag(store, multiclass, "cat"), tag(store, multiclass, "dog")
    tagging.add_tags(store, multiclass, images[:2], [cat])
    tagging.add_tags(store, multiclass, images[1:], [dog, dog])
    assert carried(store, images) == [("cat",), ("dog",), ("dog",)]


def test_in_multiclass_two_tags_are_refused(store: Store, multiclass: Project, add_rows: AddRows) -> None:
    """Several tags at once are refused and what the images carry stays; none at all changes nothing."""
    images = add_rows(multiclass, 1)
    cat, dog = tag(store, multiclass, "cat"), tag(store, multiclass, "dog")
    tagging.add_tags(store, multiclass, images, [cat])
    with pytest.raises(Conflict) as refusal:
        tagging.add_tags(store, multiclass, images, [dog, cat])
    assert str(refusal.value) == "an image of a Multiclass project must have one tag, got 'dog', 'cat': choose one"
    tagging.add_tags(store, multiclass, images, [])
    assert carried(store, images) == [("cat",)]


def test_in_multilabel_tags_add_up(store: Store, project: Project, add_rows: AddRows) -> None:
    """An image keeps what it carries and takes on more, each once, in the order given."""
    images = add_rows(project, 2)
    rose, red = tag(store, project, "rose"), tag(store, project, "red")
    tagging.add_tags(store, project, images[:1], [rose])
    tagging.add_tags(store, project, images, [red, rose])
    assert carried(store, images) == [("rose", "red"), ("red", "rose")]


def test_a_negative_tag_goes_on_alone(store: Store, project: Project, add_rows: AddRows) -> None:
    """Neither may it join others nor they join it; and where one image stands in the way, none is changed."""
    tagged, plain = add_rows(project, 2)
    rose, nothing = tag(store, project, "rose"), tag(store, project, "nothing", "Negative")
    tagging.add_tags(store, project, [tagged], [rose])
    with pytest.raises(Conflict) as refusal:
        tagging.add_tags(store, project, [plain, tagged], [nothing])
    assert str(refusal.value) == "a negative tag must be an image's only tag, got 'rose', 'nothing': choose one"
    assert carried(store, [tagged, plain]) == [("rose",), ()]
    tagging.add_tags(store, project, [plain], [nothing])
    with pytest.raises(Conflict):
        tagging.add_tags(store, project, [plain], [rose])
    assert carried(store, [tagged, plain]) == [("rose",), ("nothing",)]


def test_a_picture_carries_a_hundred_tags_at_most(store: Store, project: Project, add_rows: AddRows) -> None:
    """As in Custom Vision, the hundred and first tag is refused."""
    (image,) = add_rows(project, 1)
    tags = [each.id for each in tagging.ensure(store, project, [f"{n:03}" for n in range(101)], limits=LIMITS)]
    tagging.add_tags(store, project, [image], tags[:100])
    with pytest.raises(Conflict) as refusal:
        tagging.add_tags(store, project, [image], tags[100:])
    assert str(refusal.value) == "an image must have at most 100 tags, got 101: choose fewer"
    assert len(store.images.get(image).tag_ids) == 100


def test_a_tag_must_be_the_projects(store: Store, project: Project, multiclass: Project, add_rows: AddRows) -> None:
    """Another project's tag, or one that is gone, is refused, and shown short."""
    (image,) = add_rows(project, 1)
    foreign = tag(store, multiclass, "cat")
    with pytest.raises(InvalidInput) as refusal:
        tagging.add_tags(store, project, [image], [foreign])
    assert str(refusal.value) == f"an image's tags must belong to its project, {foreign!r} does not: reload the page"
    with pytest.raises(InvalidInput, match=f"'{'x' * 80}' does not"):
        tagging.check(store, project, ["x" * 1000])


def test_other_projects_pictures_are_let_be(
    store: Store, project: Project, multiclass: Project, add_rows: AddRows
) -> None:
    """Images of another project, and those that are gone, keep what they carry."""
    (mine,), (foreign,) = add_rows(project, 1), add_rows(multiclass, 1)
    rose, cat = tag(store, project, "rose"), tag(store, multiclass, "cat")
    tagging.add_tags(store, project, [mine], [rose])
    tagging.add_tags(store, multiclass, [mine, foreign, "gone"], [cat])
    assert carried(store, [mine, foreign]) == [("rose",), ("cat",)]


def test_the_rules_are_those_of_now(store: Store, project: Project, add_rows: AddRows) -> None:
    """Who still sees a Multilabel project that someone has made Multiclass gets no second tag onto an image."""
    (image,) = add_rows(project, 1)
    rose, red = tag(store, project, "rose"), tag(store, project, "red")
    tagging.add_tags(store, project, [image], [rose])
    store.projects.update(dataclasses.replace(project, classification_type=MULTICLASS))
    assert project.classification_type == MULTILABEL
    tagging.add_tags(store, project, [image], [red])
    assert carried(store, [image]) == [("red",)]
    with pytest.raises(Conflict):
        tagging.check(store, project, [rose, red])


def test_in_a_deleted_project_nothing_is_tagged(store: Store, project: Project, add_rows: AddRows) -> None:
    """When someone has deleted the project, making and putting on a tag say so."""
    (image,) = add_rows(project, 1)
    rose = tag(store, project, "rose")
    store.projects.delete(project.id)
    with pytest.raises(NotFound):
        tagging.add_tags(store, project, [image], [rose])
    with pytest.raises(NotFound):
        tagging.create(store, project, "tulip", limits=LIMITS)
    with pytest.raises(NotFound):
        tagging.ensure(store, project, ["tulip"], limits=LIMITS)


def test_tags_come_off(store: Store, project: Project, add_rows: AddRows) -> None:
    """The tags named come off, or all of them, and the project counts as changed."""
    images = add_rows(project, 2)
    rose, red = tag(store, project, "rose"), tag(store, project, "red")
    tagging.add_tags(store, project, images, [rose, red])
    before = store.projects.get(project.id).modified_at
    tagging.remove_tags(store, project, images[:1], [rose])
    tagging.remove_tags(store, project, images[1:])
    assert carried(store, images) == [("red",), ()]
    assert store.projects.get(project.id).modified_at > before


def test_deleting_a_tag_keeps_its_pictures(store: Store, project: Project, add_rows: AddRows) -> None:
    """Images stay, without the tag."""
    images = add_rows(project, 2)
    rose = tagging.create(store, project, "rose", limits=LIMITS)
    tagging.add_tags(store, project, images, [rose.id])
    tagging.delete(store, rose)
    assert carried(store, images) == [(), ()]
    assert store.images.count(project.id) == 2


def test_pairs_are_added_one_by_one(store: Store) -> None:
    """Each pair is added, there before, or one too many; an unknown id leaves all unchanged."""
    project = store.projects.add("pairs", description="", classification_type="Multiclass", domain_id="general")
    rose, tulip = (store.tags.add(project.id, name) for name in ("rose", "tulip"))
    image_id, _ = store.images.add(
        project.id, "0" * 64, name="1.png", width=9, height=9, size_bytes=1, signature=bytes(192)
    )
    with pytest.raises(TagNotFound, match="there is no tag 'x' in 'pairs': it may have been deleted"):
        tagging.add_pairs(store, project, [(image_id, rose.id), (image_id, "x")])
    with pytest.raises(ImageNotFound, match="there is no image 'x' in 'pairs': it may have been deleted"):
        tagging.add_pairs(store, project, [("x", rose.id)])
    added = tagging.add_pairs(store, project, [(image_id, rose.id), (image_id, rose.id), (image_id, tulip.id)])
    first, second = (image_id, rose.id), (image_id, tulip.id)
    assert tagging.AddedPairs(created=(first,), duplicated=(first,), exceeded=(second,)) == added
    assert (rose.id,) == store.images.get(image_id).tag_ids
