"""What was read from folders, tables and zips stands on the page before anything is stored."""

from __future__ import annotations

import io
import zipfile

import pytest

from cvcore import projects
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.upload import chosen_files, preview
from tests.conftest import DrawImage
from tests.pages.conftest import texts
from tests.pages.test_upload import File, choose, opened

TABLE = b"file,labels,test\n1.png,cat,yes\n2.png,dog,\ngone.png,dog,\n"


@pytest.fixture
def empty(store: Store) -> Project:
    """A project without images and tags."""
    return projects.create(store, "Empty")


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_what_a_zip_says_is_told_before(store: Store, empty: Project, drawn_image: DrawImage) -> None:
    """The layout, the images for testing, a line that names no image, and examples are shown; nothing is stored."""
    files = {"set/images/1.png": drawn_image(1), "set/images/2.png": drawn_image(2), "set/labels.csv": TABLE}
    app = choose(opened(empty), ("set.zip", zipped(files)))
    told = texts(app).replace("\\", "")
    assert "Read as: set/labels.csv; 2 tags; 1 image for testing" in told
    assert "1 line could not be read: set/labels.csv line 4." in told
    assert "What is left out, and why" in [each.label for each in app.expander]
    shown = " ".join(each.proto.body for each in app.get("html"))
    assert "<td>cat</td><td>testing</td>" in shown
    assert "<td>dog</td><td>training</td>" in shown
    assert shown.count('<img src="data:image/jpeg;base64,') >= 2
    assert 0 == store.images.count(empty.id)


def test_what_is_unclear_is_told_before(empty: Project, drawn_image: DrawImage) -> None:
    """An image in no folder of a tag, and tags that look alike, are pointed out."""
    files = {"set/cat/1.png": drawn_image(1), "set/Cat/2.png": drawn_image(2), "set/preview.png": drawn_image(3)}
    told = texts(choose(opened(empty), *files.items())).replace("\\", "")
    assert "look alike" in told
    assert "preview.png" in told


def test_loose_images_need_no_preview(empty: Project, drawn_image: DrawImage) -> None:
    """Of images without folders nothing was read but the images."""
    app = choose(opened(empty), ("1.png", drawn_image(1)), ("notes.txt", b"x"))
    assert "Read as" not in texts(app)


def test_examples_are_of_every_tag(drawn_image: DrawImage) -> None:
    """Of many images a few are shown, of each tag and use in turn, and names cannot act in the table."""
    names = [f"{side}/{tag}/{number}<b>.png" for side in ("train", "test") for tag in ("a", "b") for number in range(9)]
    found = chosen_files.contents([File(name, drawn_image(1)) for name in names], Limits())
    examples = found.preview.examples
    assert preview.EXAMPLES == len(examples)
    uses = [(*example.tags, example.is_test) for example in examples]
    assert [2, 2, 2, 2] == [uses.count((tag, is_test)) for tag in ("a", "b") for is_test in (True, False)]
    assert "<b>" not in preview.examples_table(examples)
