"""`tagwise map` and `tagwise similar`: for people in words, for scripts as JSON, for spreadsheets as a table."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from cvcore import cli, similar_images
from cvcore.store import Store
from tests.conftest import DrawImage, Fill, Trained


def test_map(fill: Fill, trained: Trained, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is made where no worker runs; numbers below zero stay numbers in the table."""
    trained(fill(rose=6, tulip=6))
    table = tmp_path / "map.csv"
    assert 0 == cli.main(["map", "Flowers", "--csv", str(table)])
    assert "Flowers, Iteration 1: 12 images on the map, trustworthiness " in capsys.readouterr().out
    assert 0 == cli.main(["map", "Flowers", "--json"])
    points = json.loads(capsys.readouterr().out)["points"]
    lines = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [str(point["x"]) for point in points] == [line["x"] for line in lines]
    assert {"rose", "tulip"} == {line["tag"] for line in lines}
    assert 0 > min(float(line["x"]) for line in lines)


def test_map_that_cannot_be_written(
    fill: Fill, trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table where there is no folder is refused in one line."""
    trained(fill(rose=6, tulip=6))
    assert 1 == cli.main(["map", "Flowers", "--csv", str(tmp_path / "no" / "map.csv")])
    assert "--csv must name a file that can be written" in capsys.readouterr().err


def test_similar(
    fill: Fill, store: Store, tmp_path: Path, drawn_image: DrawImage, capsys: pytest.CaptureFixture[str]
) -> None:
    """The project's image nearest to a file stands first, and the file's own content is left out."""
    project = fill(rose=2, tulip=2)
    file = tmp_path / "new.png"
    file.write_bytes(drawn_image(80))
    assert 0 == cli.main(["similar", "Flowers", str(file)])
    assert "No image of the project can be compared yet.\n" == capsys.readouterr().out
    fingerprint = similar_images.network(store, project).fingerprint
    digests = store.images.digests(project.id)
    random = np.random.default_rng(0).standard_normal((4, 1472)).astype(np.float32)
    store.embeddings.put(fingerprint, dict(zip(digests, random, strict=True)))
    assert 0 == cli.main(["similar", "Flowers", str(file), "--count", "3", "--json"])
    found = json.loads(capsys.readouterr().out)["images"]
    assert 3 == len(found)
    assert found == sorted(found, key=lambda image: -image["similarity"])
    file.write_bytes(drawn_image(1))
    assert 0 == cli.main(["similar", "Flowers", str(file)])
    lines = capsys.readouterr().out.splitlines()
    assert 3 == len(lines)
    assert not any("1.png" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nothing.png"], "IMAGE must be a file that can be read"),
        (["x", "--count", "0"], "--count must be in 1..10000"),
    ],
)
def test_similar_refuses(fill: Fill, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, or a number of images that makes no sense, is told."""
    fill(rose=1)
    assert 1 == cli.main(["similar", "Flowers", *arguments])
    assert reason in capsys.readouterr().err
