"""Results are kept for each store, and no store is kept for its results."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest

from cvcore import projects
from cvcore.errors import NotFound
from cvcore.records import Project
from cvcore.store import Store
from cvcore.store.caches import kept_with_store

asked: list[str] = []


@kept_with_store(2)
def name(store: Store, project_id: str) -> str:
    """A project's name, as it was when it was first asked for."""
    asked.append(project_id)
    return store.projects.get(project_id).name


@pytest.fixture
def flowers(store: Store) -> Project:
    """A project that nothing was asked of yet."""
    asked.clear()
    return projects.create(store, "Flowers")


def test_a_result_is_kept_for_its_store(store: Store, flowers: Project, tmp_path: Path) -> None:
    """The last keys are computed once; another store has results of its own."""
    others = [projects.create(store, each).id for each in ("Fruit", "Trees")]
    assert ["Flowers"] * 2 == [name(store, flowers.id) for _ in range(2)]
    assert ["Fruit", "Trees", "Flowers"] == [name(store, each) for each in (*others, flowers.id)]
    assert [flowers.id, *others, flowers.id] == asked
    with pytest.raises(NotFound):
        name(Store(tmp_path / "other"), flowers.id)


def test_a_store_goes_although_results_of_it_are_kept(store: Store, flowers: Project) -> None:
    """With it go the database's connections of all threads."""
    opened = Store(store.home)
    name(opened, flowers.id)
    reference = weakref.ref(opened)
    del opened
    gc.collect()
    assert reference() is None
