"""The Images page: filter, gallery, toolbar and large view, as the browser would tell of clicks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from streamlit.testing.v1 import AppTest

from cvcore.languages import PSEUDO
from cvcore.projects import tagging
from cvcore.records import MULTILABEL, Image, Project
from cvcore.settings import Limits
from cvcore.store import FOR_TESTING, UNTAGGED, ImageSearch, Store
from pages.parts.images import large_view
from pages.parts.images.image_browser import PAGE
from pages.parts.images.image_filter import PILLS_MOST
from pages.parts.language import choice
from tests.conftest import Fill
from tests.pages.conftest import button, checked, texts, whole_app
from tests.untranslated import plain_words


def opened(project: Project, **query: str) -> AppTest:
    """The Images page of a project, with what else stands in its address."""
    app = whole_app().run()
    for name, value in {"project": project.id, **query}.items():
        app.query_params[name] = value
    return checked(app.switch_page("images.py").run())


def select(app: AppTest, project: Project, images: Sequence[Image], page: int = 1) -> None:
    """Choose images in the unfiltered gallery."""
    revision = f"{app.session_state['browser-turn']} {page} False None ()"
    app.session_state[f"gallery-{project.id}"] = {
        "selection": {"revision": revision, "ids": [image.id for image in images]}
    }
    checked(app.run())


def open_large(app: AppTest, project: Project, image: Image) -> None:
    """Double-click an image."""
    app.session_state[f"gallery-{project.id}"] = {"opened": image.id}
    checked(app.run())
    app.session_state[f"gallery-{project.id}"] = {}


def pills(app: AppTest, key: str) -> list[str]:
    """The labels of a control's options."""
    return [option.content for option in app.button_group(key=key).proto.options]


def address(app: AppTest) -> str:
    """What the page puts into its address."""
    scripts = [each.proto.body for each in app.get("html") if "searchParams" in each.proto.body]
    return "\n".join(scripts)


# ---- filter ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def animals(store: Store, fill: Fill) -> Project:
    """Three cats, two dogs of which one is also a cat, two untagged images, one of them for testing."""
    project = fill(classification_type=MULTILABEL, cat=3, dog=2, none=2)
    cat, dog, none = store.tags.of_project(project.id)
    dogs = store.images.page(project.id, tag_id=dog.id, take=2)
    free = store.images.page(project.id, tag_id=none.id, take=2)
    tagging.add_tags(store, project, [dogs[0].id], [cat.id])
    tagging.delete(store, none)
    tagging.mark_for_testing(store, project, [free[0].id], True)
    return project


def test_filters_by_several_tags(store: Store, animals: Project) -> None:
    """Tags are alternatives until all are asked for; untagged is one more of them, for testing limits them all."""
    cat, dog = (tag.id for tag in store.tags.of_project(animals.id))
    app = opened(animals)
    key = f"filter-{animals.id}"
    assert ["Untagged 2", "For testing 1", "cat 4", "dog 2"] == pills(app, key)
    assert "7 images" in texts(app)
    checked(app.button_group(key=key).set_value([cat, dog]).run())
    assert "5 of 7 images" in texts(app)
    checked(app.segmented_control(key=f"filter-match-{animals.id}").set_value("All of them").run())
    assert "1 of 7 images" in texts(app)
    assert '"cat|dog"], ["match", "all"]' in address(app)
    checked(app.button_group(key=key).set_value([dog, UNTAGGED]).run())
    assert "4 of 7 images" in texts(app)
    checked(app.button_group(key=key).set_value([UNTAGGED, FOR_TESTING]).run())
    assert "1 of 7 images" in texts(app)
    checked(button(app, "Clear filter").click().run())
    assert [] == app.button_group(key=key).value
    assert " of 7 images" not in texts(app)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"show": "untagged"}, "2 of 7 images"),
        ({"show": "untagged,testing"}, "1 of 7 images"),
        ({"tags": "cat|dog", "match": "all"}, "1 of 7 images"),
        ({"tags": "cat|<b>gone"}, "4 of 7 images"),
        ({"show": "<script>", "page": "²"}, "7 images"),
        ({"page": "999999999"}, "7 images"),
    ],
)
def test_filter_in_the_address(animals: Project, query: dict[str, str], words: str) -> None:
    """A link opens the filter it names; what it does not know is left out."""
    assert words in texts(opened(animals, **query))


def test_many_tags_are_searched(store: Store, fill: Fill) -> None:
    """With many tags they are in a list that can be searched, and the filter stays as tags are added and deleted."""
    project = fill(rose=2, tulip=1)
    for number in range(PILLS_MOST - 2):
        tagging.create(store, project, f"tag {number}", limits=Limits())
    app = opened(project, tags="rose")
    assert "2 of 3 images" in texts(app)
    one_more = tagging.create(store, project, "one more", limits=Limits())
    checked(app.run())
    assert "2 of 3 images" in texts(app)
    assert "rose 2" in app.multiselect(key=f"filter-tags-{project.id}").options
    assert ["Untagged 0", "For testing 0"] == pills(app, f"filter-kinds-{project.id}")
    tagging.delete(store, one_more)
    checked(app.run())
    assert "2 of 3 images" in texts(app)


def test_a_filter_of_a_deleted_tag_is_none(store: Store, fill: Fill) -> None:
    """A tag that is deleted in another window leaves the filter."""
    project = fill(rose=2, tulip=1)
    app = opened(project, tags="rose|tulip")
    tagging.delete(store, store.tags.of_project(project.id)[0])
    checked(app.run())
    assert "1 of 3 images" in texts(app)


def test_names_from_right_to_left_keep_their_number(fill: Fill) -> None:
    """A name written from right to left is isolated, so that its number stays behind it."""
    project = fill(وردة=2)
    assert "\u2068وردة\u2069 2" in pills(opened(project), f"filter-{project.id}")


def test_the_last_page_may_go(store: Store, fill: Fill, caplog: pytest.LogCaptureFixture) -> None:
    """When the last image of the last page is deleted, images and page are those of the page before, without a log."""
    project = fill(rose=2 * PAGE + 1)
    app = opened(project, page="3")
    select(app, project, store.images.page(project.id, take=1, skip=2 * PAGE), page=3)
    checked(button(app, "Delete").click().run())
    pages = app.get("pagination")[0].proto
    assert (2, 2) == (pages.num_pages, pages.default)
    assert '["page", "2"]' in address(app)
    assert [] == [record.message for record in caplog.records if "default value" in record.message]


# ---- toolbar --------------------------------------------------------------------------------------------------------


def test_all_tags_come_back(store: Store, fill: Fill) -> None:
    """Removing all tags is told and undone by one click."""
    project = fill(rose=3)
    app = opened(project)
    select(app, project, store.images.page(project.id, take=3))
    checked(button(app, "Remove all tags").click().run())
    assert "Tags removed from 3 images." in texts(app)
    assert 3 == store.images.count(project.id, UNTAGGED)
    checked(app.button(key="undo").click().run())
    assert 0 == store.images.count(project.id, UNTAGGED)


def test_deleted_images_come_back(store: Store, fill: Fill) -> None:
    """Deleting asks nothing, is told, and is undone by one click."""
    project = fill(rose=3)
    app = opened(project)
    select(app, project, store.images.page(project.id, take=2))
    checked(button(app, "Delete").click().run())
    assert 1 == store.images.count(project.id)
    checked(app.button(key="undo").click().run())
    assert {"rose": 3} == {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


def test_taking_off_an_unknown_tag_takes_off_none(store: Store, fill: Fill) -> None:
    """A tag typed anew, which no image carries, is not mistaken for all tags."""
    project = fill(classification_type=MULTILABEL, rose=2)
    app = opened(project)
    select(app, project, store.images.page(project.id, take=1))
    assert "Remove all tags" in [each.label for each in app.button]
    app.multiselect(key=f"browser-retag-{project.id}-0").set_value(["tulip"]).run()
    checked(button(app, "Remove these tags").click().run())
    assert {"rose": 2} == {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


def test_refused_tags_leave_nothing_behind(store: Store, fill: Fill) -> None:
    """Tags that cannot go together are named in a sentence, and the new one of them is not made."""
    project = fill(classification_type=MULTILABEL, nothing=1)
    tagging.set_kind(store, project, store.tags.of_project(project.id)[0], "Negative")
    app = opened(project)
    select(app, project, store.images.page(project.id, take=1))
    app.multiselect(key=f"browser-retag-{project.id}-0").set_value(["tulip"]).run()
    checked(button(app, "Tag selected").click().run())
    assert "negative tag must be" in texts(app)
    assert ["nothing"] == [tag.name for tag in store.tags.of_project(project.id)]


def test_images_are_kept_for_testing(store: Store, fill: Fill) -> None:
    """A button keeps the selected apart, the same button gives them back, and the filter counts them."""
    project = fill(rose=3)
    app = opened(project)
    images = store.images.page(project.id, take=2)
    select(app, project, images)
    checked(button(app, "Use for testing").click().run())
    assert [True, True] == [each.is_test for each in store.images.with_ids([image.id for image in images])]
    assert "For testing 2" in pills(app, f"filter-{project.id}")
    select(app, project, images)
    checked(button(app, "Use for training").click().run())
    assert 0 == store.images.count(project.id, FOR_TESTING)


# ---- large view -----------------------------------------------------------------------------------------------------


def test_large_view_goes_through_the_filter(store: Store, animals: Project) -> None:
    """It shows name, size and place among the images that the filter shows, and goes to the next and back."""
    app = opened(animals, tags="cat")
    cat = store.tags.of_project(animals.id)[0]
    cats = store.images.page(animals.id, tag_id=cat.id, take=9)
    open_large(app, animals, cats[2])
    assert cats[2].name in texts(app)
    assert "3 of 4" in texts(app)
    checked(button(app, "Next").click().run())
    assert "4 of 4" in texts(app)
    assert cats[3].name in texts(app)
    assert button(app, "Next").disabled
    checked(button(app, "Previous").click().run())
    assert "3 of 4" in texts(app)


def test_large_view_tags(store: Store, animals: Project) -> None:
    """A tag chosen is added at once, one removed is removed at once, a refused one is told; all can be undone."""
    cat, dog = store.tags.of_project(animals.id)
    shown = store.images.page(animals.id, tag_id=dog.id, take=2)[1]
    app = opened(animals)
    open_large(app, animals, shown)
    key = f"large-tags-{shown.id}"
    assert ["dog"] == app.multiselect(key=key).value
    checked(app.multiselect(key=key).set_value(["dog", "cat"]).run())
    assert (dog.id, cat.id) == store.images.get(shown.id).tag_ids
    checked(app.multiselect(key=key).set_value(["cat"]).run())
    assert (cat.id,) == store.images.get(shown.id).tag_ids
    checked(app.multiselect(key=key).set_value(["cat", "a|b"]).run())
    assert "must not contain |" in texts(app)
    assert (cat.id,) == store.images.get(shown.id).tag_ids
    checked(app.toggle(key=f"large-test-{shown.id}").set_value(True).run())
    assert store.images.get(shown.id).is_test
    checked(app.button(key="undo").click().run())
    assert not store.images.get(shown.id).is_test


def test_large_view_replaces_the_one_tag(store: Store, fill: Fill) -> None:
    """In a Multiclass project the tag chosen replaces the one before, and no tag leaves the image untagged."""
    project = fill(rose=1, tulip=1)
    shown = store.images.page(project.id, take=1)[0]
    app = opened(project)
    open_large(app, project, shown)
    rose, tulip = store.tags.of_project(project.id)
    other = rose if shown.tag_ids == (tulip.id,) else tulip
    checked(app.selectbox(key=f"large-tags-{shown.id}").set_value(other.name).run())
    assert (other.id,) == store.images.get(shown.id).tag_ids
    checked(app.selectbox(key=f"large-tags-{shown.id}").set_value(None).run())
    assert () == store.images.get(shown.id).tag_ids


def test_large_view_deletes(store: Store, fill: Fill) -> None:
    """The image deleted makes room for the next; after the last one the view closes; both can be undone."""
    project = fill(rose=2)
    first, last = store.images.page(project.id, take=2)
    app = opened(project)
    open_large(app, project, first)
    checked(button(app, "Delete image").click().run())
    assert "1 of 1" in texts(app)
    assert last.name in texts(app)
    checked(button(app, "Delete image").click().run())
    assert large_view.KEY not in app.session_state
    assert 0 == store.images.count(project.id)
    checked(app.button(key="undo").click().run())
    assert [last.id] == store.searches.ids(ImageSearch(project.id))


# ---- metadata -------------------------------------------------------------------------------------------------------


def test_the_address_filters_by_what_is_known(store: Store, animals: Project) -> None:
    """A key and a value in the address show only such images; without a value, the images without the key."""
    images = store.images.page(animals.id, take=9)
    store.metadata.put([image.id for image in images[:2]], {"room": "12 & <b>"})
    app = opened(animals, key="room", value="12 & <b>")
    assert "2 of 7 images" in texts(app)
    assert '["key", "room"], ["value", "12 & \\u003cb>"]' in address(app)
    assert "5 of 7 images" in texts(opened(animals, key="room"))
    assert "7 of 7 images" in texts(opened(animals, key="file type", value="PNG"))
    assert "0 of 7 images" in texts(opened(animals, key="camera", value="Pixel 7"))
    checked(button(app, "Clear filter").click().run())
    assert "7 images" in texts(app)
    assert '["key", ""]' in address(app)


def test_the_large_view_lists_what_is_known(store: Store, animals: Project) -> None:
    """Users' texts and facts of the file stand beside each other, and nothing of them is HTML."""
    image = store.images.page(animals.id, take=1)[0]
    store.metadata.put([image.id], {"room": "<i>12</i>"})
    app = opened(animals)
    open_large(app, animals, image)
    (listed,) = [each.proto.body for each in app.get("html") if "<dl" in each.proto.body]
    assert '<dt dir="auto">room</dt><dd dir="auto">&lt;i&gt;12&lt;/i&gt;</dd>' in listed
    assert "PNG" in listed


def test_metadata_of_selected_images(store: Store, animals: Project) -> None:
    """The tool says what the selected images have: where values differ, and where some have none."""
    images = store.images.page(animals.id, take=9)
    store.metadata.put([images[0].id], {"room": "1", "day": "Monday"})
    store.metadata.put([images[1].id], {"room": "2", "day": "Monday"})
    app = opened(animals)
    assert app.button(key="browser-metadata").disabled
    select(app, animals, images[:2])
    checked(app.button(key="browser-metadata").click().run())
    assert "- day: Monday\n- room: several: 1, 2" in texts(app).replace("\\", "")
    assert app.button(key="browser-metadata-set").disabled
    assert app.button(key="browser-metadata-remove").disabled


def test_the_address_names_a_view_in_english(fill: Fill) -> None:
    """In another language the views are called otherwise on the page, and as ever in its address and in the session."""
    project = fill("flowers", rose=2)
    app = whole_app()
    app.session_state[choice.KEY] = PSEUDO[0]
    app.run()
    app.query_params["project"], app.query_params["images-view"] = project.id, "Tags"
    checked(app.switch_page("images.py").run())
    assert "Tags" == app.segmented_control(key="images-view").value
    assert plain_words(" ".join(pills(app, "images-view"))) == []
    assert '["images-view", "Tags"]' in address(app)
