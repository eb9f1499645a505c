"""Folders and zips of public reports come in by the command with the right tags, and what is unclear is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvcore import cli, projects
from cvcore.store import FOR_TESTING, UNTAGGED, Store
from tests.cases.test_imports_by_page import CASES


@pytest.mark.parametrize("case", CASES)
def test_case(shared: Path, store: Store, capsys: pytest.CaptureFixture[str], case: str) -> None:
    """Stored are the right tags and images for testing, and the command says how all was read."""
    folder, right = shared / "cases" / case, CASES[case]
    if not folder.is_dir():
        pytest.skip(f"needs the images in {folder}")
    path = next(path for path in (folder / "in.zip", folder / "in") if path.exists())
    assert 0 == cli.main(["import", "p", str(path), "--type", "multilabel"])
    project = projects.find(store, "p")
    assert right.tags == {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}
    counts = [store.images.count(project.id, kind) for kind in (UNTAGGED, FOR_TESTING)]
    assert [right.untagged, right.tests] == counts
    told = capsys.readouterr().err
    assert told.startswith("Read as: ")
    assert [] == [words for words in right.told if words not in told]
