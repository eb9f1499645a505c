"""One trained iteration of real photographs, and its exports, each made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cvcore import datasets, exports, projects, training
from cvcore.exports import formats, source
from cvcore.exports.source import Source
from cvcore.projects import imports
from cvcore.records import ClassificationType, Iteration
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import worker

Trees = tuple[Store, Iteration]


@pytest.fixture(scope="session")
def store_of_trees(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of its own, with MobileNetV2's weights in reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(shared / "keras"))
        yield Store(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def trees(store_of_trees: Store, shared: Path) -> Trees:
    """Hemlock and cherry, trained."""
    return store_of_trees, trained_on_trees(store_of_trees, shared, "Trees", "Multiclass")


def trained_on_trees(store: Store, shared: Path, name: str, classification_type: ClassificationType) -> Iteration:
    """An iteration of the photographs of two trees."""
    project = projects.create(store, name, classification_type=classification_type, domain="General (compact) [S1]")
    listing = datasets.entries(shared / "datasets" / "hemlock_cherry", Limits())
    imports.import_images(store, project, listing, limits=Limits())
    job = worker.finish_job(store, training.start(store, project))
    return store.iterations.get(job.iteration_id or "")


@pytest.fixture(scope="session")
def source_of_trees(trees: Trees) -> Source:
    """What all formats share."""
    return source.load(*trees)


@pytest.fixture(scope="session")
def exported(
    trees: Trees, source_of_trees: Source, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], exports.Export]:
    """Makes each format once."""
    exported: dict[str, exports.Export] = {}

    def export(name: str) -> exports.Export:
        if name not in exported:
            folder = tmp_path_factory.mktemp(name)
            exported[name] = exports.export(*trees, formats.find(name), folder, shared=source_of_trees)
        return exported[name]

    return export


@pytest.fixture(scope="session")
def photo(shared: Path) -> Path:
    """A photograph of a cherry tree."""
    return shared / "datasets" / "hemlock_cherry" / "Japanese_Cherry" / "japanese_cherry_1.jpg"
