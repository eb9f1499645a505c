"""What came from Azure is remembered as long as its project is here."""

from __future__ import annotations

import pytest

from cvcore.errors import NotFound
from cvcore.records import Project
from cvcore.store import Origin, Store


def test_origins_are_kept_by_kind(store: Store, project: Project) -> None:
    """Tags and images are remembered apart, refused ones without an id and with the reason."""
    store.origins.add(project.id, "tag", "a", "t")
    store.origins.add(project.id, "image", "a", "i")
    store.origins.add(project.id, "image", "b", None, "it is no picture")
    assert store.origins.of_project(project.id, "tag") == {"a": Origin("t", "")}
    assert store.origins.of_project(project.id, "image") == {
        "a": Origin("i", ""),
        "b": Origin(None, "it is no picture"),
    }
    assert store.origins.of_project("other", "tag") == {}


def test_the_last_word_counts(store: Store, project: Project) -> None:
    """Remembering again replaces what was known."""
    store.origins.add(project.id, "tag", "a", "t")
    store.origins.add(project.id, "tag", "a", "u")
    assert store.origins.of_project(project.id, "tag") == {"a": Origin("u", "")}


def test_a_project_is_found_by_azures_id(store: Store, project: Project) -> None:
    """Azure's id of a project leads to ours; that of a tag or image does not."""
    store.origins.add(project.id, "project", "p", project.id)
    store.origins.add(project.id, "tag", "t", "t")
    assert store.origins.project_id("p") == project.id
    assert store.origins.project_id("t") is None


def test_origins_go_with_their_project(store: Store, project: Project) -> None:
    """A deleted project is forgotten, so that it can come again."""
    for kind in ("project", "tag", "image"):
        store.origins.add(project.id, kind, "a", "b")
    store.projects.delete(project.id)
    assert store.origins.project_id("a") is None
    assert store.origins.of_project(project.id, "image") == {}
    with pytest.raises(NotFound):
        store.origins.add(project.id, "image", "a", "b")
