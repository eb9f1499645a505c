"""`tagwise backup`, `restore` and `check`: in words for people, as JSON for scripts, with a status that tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cvcore import cli
from cvcore.store import Store
from tests.conftest import Fill


def test_backup_and_restore(
    fill: Fill, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was saved here is there, and both say how much it was."""
    fill(rose=2)
    assert 0 == cli.main(["backup", str(tmp_path / "b.zip"), "--json"])
    assert 2 == json.loads(capsys.readouterr().out)["images"]
    monkeypatch.setenv("TAGWISE_HOME", str(tmp_path / "other"))
    assert 0 == cli.main(["restore", str(tmp_path / "b.zip")])
    assert "2 images" in capsys.readouterr().out
    assert ["Flowers"] == [project.name for project in Store(tmp_path / "other").projects.all()]
    assert 1 == cli.main(["restore", str(tmp_path / "none.zip")])
    assert "there is no file" in capsys.readouterr().err


def test_check(fill: Fill, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0 where all is well, 1 where something is damaged; mended things are told."""
    fill(rose=2)
    assert 0 == cli.main(["check"])
    assert "checked 2 images and 0 iterations\nall is well\n" == capsys.readouterr().out
    next((store.home / "thumbnails").glob("??/*")).unlink()
    assert 1 == cli.main(["check"])
    assert "1 thing damaged" in capsys.readouterr().out
    assert 0 == cli.main(["check", "--mend"])
    assert "mended: the thumbnail of" in capsys.readouterr().out
    next((store.home / "originals").glob("??/*")).unlink()
    assert 1 == cli.main(["check", "--json"])
    assert 1 == len(json.loads(capsys.readouterr().out)["damaged"])
