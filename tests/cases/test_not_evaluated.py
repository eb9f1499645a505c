"""What cannot be judged is said, with the reason and the cure, by the command and on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvcore import cli, projects
from cvcore.store import Store
from tests.pages.conftest import open_page, texts

NEAR_DUPLICATES = {
    "132": "8 images could not be evaluated: all images of 'cat' are near duplicates of one another.",
    "133": "12 images could not be evaluated: all images of 'black', 'white' are near duplicates of one another.",
}


def case(shared: Path, name: str) -> Path:
    folder = shared / "cases" / name / "in"
    if not folder.is_dir():
        pytest.skip(f"needs the images in {folder}")
    return folder


@pytest.mark.parametrize("name", NEAR_DUPLICATES)
def test_near_duplicates(shared: Path, store: Store, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """A tag whose images repeat one another has no numbers: the reason stands below the table, and on the page."""
    assert 0 == cli.main(["import", "alike", str(case(shared, name)), "--domain", "Built-in"])
    assert 0 == cli.main(["train", "alike"])
    assert NEAR_DUPLICATES[name] in capsys.readouterr().out
    app = open_page("performance", projects.find(store, "alike"))
    assert NEAR_DUPLICATES[name] in texts(app)
    assert "0-fold" not in texts(app)


def test_images_without_tags(shared: Path, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows that name no tag are no negatives by themselves: the command and the page say what to do."""
    command = ["import", "clean", str(case(shared, "163")), "--type", "multilabel", "--domain", "Built-in"]
    assert 0 == cli.main(command)
    assert 0 == cli.main(["train", "clean"])
    said = "8 images without tags are not used: if they show none of the tags, give them the negative tag."
    assert f"tagwise: {said}\n" in capsys.readouterr().err
    assert said in texts(open_page("train", projects.find(store, "clean")))
