"""Folders and zips of public reports come in by the page with the right tags, and what is unclear is told before."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from cvcore import projects
from cvcore.records import MULTILABEL
from cvcore.store import Store
from tests.pages.conftest import button, texts
from tests.pages.test_upload import choose, finish, opened


class Right(NamedTuple):
    """What an import must give: images of each tag, images without tags and for testing, and words told before."""

    tags: dict[str, int]
    untagged: int = 0
    tests: int = 0
    told: tuple[str, ...] = ()


CASES = {
    "1": Right({"cat": 6, "dog": 6}, tests=4, told=("folders in splits train, valid, test; 2 tags; 4",)),
    "2": Right({"cat": 4, "dog": 4}, told=("folders in splits train, val",)),
    "4": Right({"cat": 2, "dog": 2}, untagged=2, told=("2 images in test in no folder of a tag",)),
    "8": Right({"cat": 2, "dog": 2}),
    "27": Right({"cat": 2, "dog": 2}, untagged=1, told=("several lines with different tags", "images/4.jpg")),
    "28": Right({"cat": 2, "dog": 2}),
    "28b": Right({"cat": 2, "dog": 1}, untagged=1, told=("1 image without a line in ",)),
    "29": Right({"cat": 2, "dog": 2}),
    "30": Right({"cat": 2, "dog": 1}),
    "32": Right({"cat": 2, "dog": 2, "cat, dog": 1, "cat;dog": 1}, told=("Write | between tags",)),
    "36": Right({}, untagged=4, told=("read as no tag",)),
    "37": Right({"cat": 2, "dog": 2}, tests=4, told=("4 images for testing",)),
    "51": Right({"cat": 2, "dog": 2}, told=("metadata.csv has no column of tags",)),
    "52": Right({"cat": 1, "dog": 1}, untagged=2, told=("2 images without a line in ",)),
    "56": Right({"cat": 2, "dog": 2}, untagged=1),
    "57": Right({"cat": 2, "dog": 2}, told=("the numbers in class are not read",)),
    "61": Right({"cat": 1, "dog": 1}, untagged=2, told=("train.json",)),
    "62": Right({"cat": 1, "dog": 1}, untagged=2, told=("output.manifest",)),
    "63": Right({"cat": 1}, untagged=3, told=("output.manifest",)),
    "65": Right({"Sunrise": 1}, untagged=3, told=("train.manifest line 2", "train.manifest line 3", "line 4")),
    "66": Right({"cat": 1, "dog": 2}, untagged=2, told=("several lines with different tags",)),
    "68": Right({"cat": 3, "dog": 1}, tests=2, told=("2 images for testing",)),
    "82": Right({"Äpfel": 2, "tea": 1}, told=("read as cp1252",)),
    "84": Right({"кот": 1, "犬": 1}),
    "100": Right({"cat": 2, "dog": 2}, untagged=1, tests=1, told=("sample_submission.csv is an example",)),
    "101": Right({"cat": 4, "dog": 2}),
    "103": Right({"cat": 2, "dog": 1}),
    "111": Right({"Apple": 2, "Pear": 1}, untagged=1, tests=1, told=("1 image in meta",)),
    "140": Right({"camellia": 4, "with_leaves": 4}),
    "141": Right({"camellia": 1}, untagged=1),
    "142": Right({}, untagged=2, told=("without a label",)),
    "144": Right({"cat": 1, "dog": 1}, untagged=1, told=("set/preview.jpg",)),
    "146": Right({"cat": 2, "dog": 2}, tests=2),
    "163": Right({"scratch": 8, "dent": 8}, untagged=8, told=("negative tag",)),
    "181d": Right({"cat": 1, "dog": 1}, untagged=1),
    "184": Right({"cat": 2, "dog": 1}, told=("the numbers in label are not read",)),
}


def files_of(case: Path) -> list[tuple[str, bytes]]:
    """A case's zip, or its files with their paths, as a browser sends a folder."""
    if (packed := case / "in.zip").is_file():
        return [(packed.name, packed.read_bytes())]
    paths = sorted(path for path in (case / "in").rglob("*") if path.is_file())
    return [(path.relative_to(case).as_posix(), path.read_bytes()) for path in paths]


@pytest.mark.parametrize("case", CASES)
def test_case(shared: Path, store: Store, case: str) -> None:
    """What is read is on the page before anything is stored; stored are the right tags and images for testing."""
    if not (folder := shared / "cases" / case).is_dir():
        pytest.skip(f"needs the images in {folder}")
    right = CASES[case]
    project = projects.create(store, "p", classification_type=MULTILABEL)
    app = choose(opened(project), *files_of(folder))
    told = texts(app).replace("\\", "")
    assert "Read as: " in told
    assert [] == [words for words in right.told if words not in told]
    assert 0 == store.images.count(project.id)
    next(each for each in app.button if each.label.startswith("Upload ")).click().run()
    finish(app)
    images = store.images.page(project.id, take=99)
    tags = {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}
    assert right.tags == tags
    assert (right.untagged, right.tests) == (
        sum(not image.tag_ids for image in images),
        sum(image.is_test for image in images),
    )


def test_pointers_of_git_lfs(shared: Path, store: Store) -> None:
    """A pointer in place of an image is named before it is sent, with the cure, and leaves no tag."""
    if not (folder := shared / "cases" / "165").is_dir():
        pytest.skip(f"needs the files in {folder}")
    project = projects.create(store, "p")
    app = choose(opened(project), *files_of(folder))
    assert any("git lfs pull" in each.proto.body for each in app.get("html"))
    assert button(app, "Upload 0 images").disabled
    assert [] == store.tags.of_project(project.id)
