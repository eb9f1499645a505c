"""An import that stores nothing leaves nothing behind: no project, no tag, no other type."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from cvcore import cli, projects
from cvcore.records import MULTICLASS, MULTILABEL
from cvcore.store import Store
from tests.conftest import DrawImage, Fill

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n"
TABLE = b"file,labels\n1.png,a|b\n2.png,b\n"


def written(top: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data)
    return top


def test_a_failed_import_leaves_no_project(store: Store, tmp_path: Path, drawn_image: DrawImage) -> None:
    """After an import of no images the next one is as under a fresh name: Multilabel, with all images."""
    images = {"images/1.png": drawn_image(1), "images/2.png": drawn_image(2), "labels.csv": TABLE}
    assert 1 == cli.main(["import", "p", str(written(tmp_path / "a", {"cat/0.jpg": POINTER}))])
    assert [] == store.projects.all()
    assert 0 == cli.main(["import", "p", str(written(tmp_path / "b", images))])
    project = projects.find(store, "p")
    assert MULTILABEL == project.classification_type
    assert {"a": 1, "b": 2} == {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


def test_a_failed_import_changes_no_project(store: Store, fill: Fill, tmp_path: Path) -> None:
    """A project that was there before keeps its type, its domain and its tags, and gets no new ones."""
    before = fill("p", rose=2)
    path = str(written(tmp_path / "a", {"cat/0.jpg": POINTER}))
    assert 1 == cli.main(["import", "p", path, "--type", "multilabel", "--domain", "General"])
    after = projects.find(store, "p")
    assert before == dataclasses.replace(after, modified_at=before.modified_at)
    assert MULTICLASS == after.classification_type
    assert ["rose"] == [tag.name for tag in store.tags.of_project(before.id)]


def test_a_refused_image_leaves_no_tag(store: Store, tmp_path: Path, drawn_image: DrawImage) -> None:
    """A tag whose only images were refused, or are other tags' duplicates, is not created."""
    files = {"rose/1.png": drawn_image(1), "cat/2.png": b"damaged", "tulip/1.png": drawn_image(1)}
    assert 0 == cli.main(["import", "p", str(written(tmp_path / "a", files))])
    assert ["rose"] == [tag.name for tag in store.tags.of_project(projects.find(store, "p").id)]


def test_the_public_case(shared: Path, store: Store) -> None:
    """Pointers of Git LFS first, then the images themselves: all four are stored with all their tags."""
    cases = shared / "cases"
    if not cases.is_dir():
        pytest.skip(f"needs the images in {cases}")
    assert 1 == cli.main(["import", "p", str(cases / "165" / "in")])
    assert 0 == cli.main(["import", "p", str(cases / "165b" / "in")])
    project = projects.find(store, "p")
    assert (MULTILABEL, 4) == (project.classification_type, store.images.count(project.id))
    assert {"a": 3, "b": 3} == {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}
