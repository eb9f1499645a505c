"""On the Images page all images that a filter finds are chosen at once, changed together, and changed back."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import projects
from cvcore.records import MULTILABEL, Project
from cvcore.store import FOR_TESTING, UNTAGGED, ImageSearch, Store
from pages.parts.images import image_browser, large_view, long_change
from tests.pages.conftest import button, checked, texts, whole_app

PAGE, IMAGES = 3, 8
WAIT_S = 30.0


@pytest.fixture
def many(store: Store, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Eight images without files, on pages of three; the oldest two are roses."""
    monkeypatch.setattr(image_browser, "PAGE", PAGE)
    project = projects.create(store, "Many", classification_type=MULTILABEL, domain="Built-in")
    for number in range(IMAGES):
        image = {"name": f"{number}.png", "width": 16, "height": 16, "size_bytes": 9, "signature": bytes(192)}
        store.images.add(project.id, f"{number:064x}", **image)  # type: ignore[arg-type]
    rose = store.tags.add(project.id, "rose")
    store.tags.attach(store.searches.ids(ImageSearch(project.id))[-2:], [rose.id])
    return project


def opened(project: Project, **query: str) -> AppTest:
    app = whole_app().run()
    for name, value in {"project": project.id, **query}.items():
        app.query_params[name] = value
    return checked(app.switch_page("images.py").run())


def select_page(app: AppTest, store: Store, project: Project, search: ImageSearch, number: int = PAGE) -> None:
    """Choose that many images of the first page, as the browser tells it."""
    ids = store.searches.ids(search, take=number)
    tags = search.tag_ids
    revision = f"{app.session_state['browser-turn']} 1 {search.or_untagged} {search.is_test} {tags}"
    app.session_state[f"gallery-{project.id}"] = {"selection": {"revision": revision, "ids": ids}}
    checked(app.run())


def keys(app: AppTest) -> set[str]:
    return {each.key for each in app.button if each.key}


def test_all_that_match_are_tagged_and_untagged_again(store: Store, many: Project) -> None:
    """A line offers all as soon as a page is chosen; the tools then act on all of the filter, and undo all."""
    search = ImageSearch(many.id, or_untagged=True)
    app = opened(many, show="untagged")
    assert "choose-all" not in keys(app)
    select_page(app, store, many, search)
    assert "All 3 images on this page are chosen." in texts(app)
    assert "Choose all 6 that match" in [each.label for each in app.button]
    checked(app.button(key="choose-all").click().run())
    assert "All 6 images that match are chosen." in texts(app)
    assert app.button(key="browser-metadata").disabled
    assert app.button(key="browser-untag").disabled
    app.multiselect(key=f"browser-retag-{many.id}-0").set_value(["tulip"]).run()
    checked(app.button(key="browser-tag").click().run())
    assert {"rose": 2, "tulip": 6} == {tag.name: tag.image_count for tag in store.tags.of_project(many.id)}
    assert "6 images tagged tulip." in texts(app)
    assert "choose-none" not in keys(app)
    checked(app.button(key="undo").click().run())
    assert {"rose": 2} == {tag.name: tag.image_count for tag in store.tags.of_project(many.id)}


def test_the_choice_lasts_from_page_to_page_and_no_longer(store: Store, many: Project) -> None:
    """Another page keeps it; leaving out an image, another filter, or the button for none drops it."""
    search = ImageSearch(many.id)
    app = opened(many)
    for end in ("leave one out", "another filter", "none"):
        select_page(app, store, many, search)
        checked(app.button(key="choose-all").click().run())
        app.session_state[f"filter-page-{many.id}-now"] = 2
        checked(app.run())
        assert "All 8 images that match are chosen." in texts(app)
        app.session_state[f"filter-page-{many.id}-now"] = 1
        if end == "leave one out":
            select_page(app, store, many, search, PAGE - 1)
        elif end == "another filter":
            checked(app.button_group(key=f"filter-{many.id}").set_value([UNTAGGED]).run())
            assert "choose-none" not in keys(app)
            checked(app.button_group(key=f"filter-{many.id}").set_value([]).run())
        else:
            checked(app.button(key="choose-none").click().run())
        assert "choose-none" not in keys(app)


def ended(app: AppTest, project: Project, is_so: Callable[[], bool]) -> None:
    """Run the page until the change that goes on behind it has ended, and something is so."""
    deadline = time.monotonic() + WAIT_S
    while f"long-change-{project.id}" in app.session_state:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        checked(app.run())
    assert is_so()


def test_very_many_are_changed_behind_the_page(store: Store, many: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting goes on in a thread with its progress, then offers to be undone, which does the same."""
    monkeypatch.setattr(long_change, "FROM", IMAGES)
    app = opened(many)
    select_page(app, store, many, ImageSearch(many.id))
    checked(app.button(key="choose-all").click().run())
    checked(app.button(key="browser-delete").click().run())
    ended(app, many, lambda: 0 == store.images.count(many.id))
    assert "8 images deleted." in texts(app)
    checked(app.button(key="undo").click().run())
    ended(app, many, lambda: IMAGES == store.images.count(many.id))
    assert "8 images restored." in texts(app)
    assert "undo" not in keys(app)


def test_a_refusal_behind_the_page_is_told(store: Store, many: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What very many images cannot have together is named in a sentence, and nothing is changed."""
    monkeypatch.setattr(long_change, "FROM", IMAGES)
    (rose,) = store.tags.of_project(many.id)
    store.tags.add(many.id, "nothing", "Negative")
    app = opened(many)
    select_page(app, store, many, ImageSearch(many.id))
    checked(app.button(key="choose-all").click().run())
    app.multiselect(key=f"browser-retag-{many.id}-0").set_value(["nothing"]).run()
    checked(app.button(key="browser-tag").click().run())
    ended(app, many, lambda: 2 == store.images.count(many.id, rose.id))
    assert "negative tag must be" in texts(app)
    assert IMAGES - 2 == store.images.count(many.id, UNTAGGED)


def test_all_for_testing_are_given_back(store: Store, many: Project) -> None:
    """With the filter for testing, the button gives all of them back for training."""
    store.images.mark_for_testing(store.searches.ids(ImageSearch(many.id)), True)
    app = opened(many, show="testing")
    select_page(app, store, many, ImageSearch(many.id, is_test=True))
    checked(app.button(key="choose-all").click().run())
    checked(button(app, "Use for training").click().run())
    assert 0 == store.images.count(many.id, FOR_TESTING)


def test_the_large_view_goes_on_through_very_many(store: Store, many: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Next and Previous lead through all that the filter shows, also where only a part of them is in memory."""
    monkeypatch.setattr(large_view, "NEAR", 1)
    images = store.images.page(many.id, take=IMAGES)
    app = opened(many)
    app.session_state[f"gallery-{many.id}"] = {"opened": images[0].id}
    checked(app.run())
    app.session_state[f"gallery-{many.id}"] = {}
    for label, places in (("Next", range(1, IMAGES)), ("Previous", range(IMAGES - 2, -1, -1))):
        for place in places:
            checked(button(app, label).click().run())
            assert f"{place + 1} of 8" in texts(app)
            assert images[place].name in texts(app)
    store.images.trash([images[2].id])
    for place in (1, 3):
        checked(button(app, "Next").click().run())
        assert images[place].name in texts(app)
