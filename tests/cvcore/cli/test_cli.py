"""The commands keep their contract: what scripts read on standard output, one line for an error, the exit status."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import precision_score

from cvcore import __version__, analyses, cli, evaluation, robustness, training
from cvcore.evaluation import report_files, saved_thresholds
from cvcore.files import blobs
from cvcore.projects import uploads
from cvcore.records import Iteration, Job, Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import worker
from cvcore.training.readiness import readiness
from tests.conftest import ROOT

COMMAND = [sys.executable, "-m", "cvcore.cli"]
COMMANDS = ["serve", "sample", "import", "migrate", "train", "performance", "predict", "export", "projects"]
COMMANDS += ["save", "pack", "unpack"]
RATES = ("precision", "recall", "f1", "average_precision")

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]
Draw = Callable[[int], bytes]


@dataclass(frozen=True)
class CommandResult:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it said, for scripts; it must have said nothing else."""
        assert (0, "") == (self.status, self.err)
        return json.loads(self.out)


Tagwise = Callable[..., CommandResult]


@pytest.fixture
def tagwise(home: Path, capfd: pytest.CaptureFixture[str]) -> Tagwise:
    """Runs a command in this process; what C libraries write counts too."""

    def run(*arguments: object) -> CommandResult:
        capfd.readouterr()
        status = cli.main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return CommandResult(status, out, err)

    return run


@pytest.fixture
def tag_folders(tmp_path: Path, drawn_image: Draw) -> Path:
    """A folder of tag-named folders: six roses, five tulips."""
    folder = tmp_path / "flowers"
    for number in range(11):
        path = folder / ("tulip" if number % 2 else "rose") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drawn_image(number))
    return folder


def started(home: Path, *arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    """A command in a process of its own."""
    environ = os.environ | {"TAGWISE_HOME": str(home), "PYTHONPATH": str(ROOT)} | options.pop("env", {})
    return subprocess.Popen([*COMMAND, *map(str, arguments)], env=environ, **options)


def check_performance(result: dict[str, Any]) -> None:
    """Whether a `performance --json` is of the contract's shape and types."""
    rates = {*RATES, *(f"{name}_interval" for name in RATES)}
    contract = {"project", "iteration", "backbone", "evaluation", "threshold", "overall", "tags", "seconds"}
    assert contract <= set(result)
    assert (str, int, str, float) == tuple(
        type(result[key]) for key in ("project", "iteration", "backbone", "threshold")
    )
    assert {"method": str, "folds": int, "seed": int} == {key: type(each) for key, each in result["evaluation"].items()}
    assert {"features": float, "fit": float, "total": float} == {key: type(x) for key, x in result["seconds"].items()}
    assert rates <= set(result["overall"])
    for row in (result["overall"], *result["tags"]):
        for name in RATES:
            low, high = row[f"{name}_interval"]
            assert row[name] is None or 0 <= low <= row[name] <= high <= 1
    for tag in result["tags"]:
        assert rates | {"name", "images", "tp", "fp", "fn"} == set(tag)
        assert [str, int, int, int, int] == [type(tag[key]) for key in ("name", "images", "tp", "fp", "fn")]


def check_prediction(result: dict[str, Any], images: int) -> None:
    """Whether a `predict --json` is of the contract's shape and types."""
    assert {"iteration": int, "threshold": float, "threshold_saved": bool, "images": list} == {
        key: type(each) for key, each in result.items()
    }
    assert images == len(result["images"])
    for image in result["images"]:
        assert {"image": str, "answer": list, "predictions": list} == {key: type(each) for key, each in image.items()}
        for each in image["predictions"]:
            assert {"tag": str, "probability": float} == {key: type(value) for key, value in each.items()}
        probabilities = [each["probability"] for each in image["predictions"]]
        assert sorted(probabilities, reverse=True) == probabilities
        assert set(image["answer"]) <= {each["tag"] for each in image["predictions"]}


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help(capfd: pytest.CaptureFixture[str], command: list[str]) -> None:
    """Every command says what it does and takes."""
    with pytest.raises(SystemExit) as end:
        cli.main([*command, "--help"])
    out, err = capfd.readouterr()
    assert (0, "") == (end.value.code, err)
    assert out.startswith(" ".join(["usage: tagwise", *command]))
    assert all(name in out for name in ([] if command else COMMANDS))


def test_version(capfd: pytest.CaptureFixture[str]) -> None:
    """It is the package's."""
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert (0, f"tagwise {__version__}\n") == (end.value.code, capfd.readouterr().out)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["train"],
        ["train", "flowers", "--fast"],
        ["train", "\udcff"],
        ["import", "flowers"],
        ["import", "flowers", ".", "--type", "regression"],
        ["performance", "flowers", "--threshold", "half"],
        ["performance", "flowers", "--iteration", "last"],
        ["predict", "flowers"],
        ["serve", "--port", "http"],
    ],
)
def test_misuse(tagwise: Tagwise, capfd: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """What is no command is answered with its usage and status 2, and touches nothing."""
    with pytest.raises(SystemExit) as end:
        tagwise(*arguments)
    out, err = capfd.readouterr()
    assert (2, "") == (end.value.code, out)
    assert err.startswith("usage: tagwise")


def test_projects(tagwise: Tagwise, fill: Fill, trained: Trained) -> None:
    """Each project with its size and its last iteration, for people and for scripts."""
    assert [] == tagwise("projects", "--json").json
    assert CommandResult(0, "there are no projects yet: `tagwise sample` creates one\n", "") == tagwise("projects")
    project = fill(rose=6, tulip=5)
    trained(project)
    assert [
        {
            "name": "Flowers",
            "id": project.id,
            "type": "Multiclass",
            "domain": "Built-in",
            "images": 11,
            "tags": 2,
            "iteration": "Iteration 1",
        }
    ] == tagwise("projects", "--json").json
    assert CommandResult(0, "Flowers: 11 images, 2 tags, Multiclass\n", "") == tagwise("projects")


def test_sample(tagwise: Tagwise) -> None:
    """It is made, said, and there."""
    made = tagwise("sample", "--json").json
    assert (120, 3, None) == (made["images"], made["tags"], made["iteration"])
    assert [made] == tagwise("projects", "--json").json


@pytest.mark.slow
def test_a_sample_with_a_trap(tagwise: Tagwise) -> None:
    """It has two tags, and images that are kept for testing; its quality is told."""
    made = tagwise("sample", "--trap", "--json").json
    assert (120, 2) == (made["images"], made["tags"])
    told = tagwise("quality", made["id"], "--json").json
    dark = next(group for group in told["groups"] if group["kind"] == "dark")
    assert dark["is_common"]
    assert {"colour-field-01.jpg"} <= {image["name"] for image in dark["images"]}
    assert f"{dark['sentence']}\n" in tagwise("quality", made["id"]).out


def test_shortcuts(tagwise: Tagwise, fill: Fill, trained: Trained, store: Store) -> None:
    """Families are listed with how often they tell tags apart; of few images nothing is found, and this is said."""
    trained(fill(rose=8, tulip=5))
    found = tagwise("shortcuts", "Flowers", "--json").json
    assert (found["project"], found["iteration"], found["images"], found["not_measured"]) == ("Flowers", 1, 13, 0)
    assert found["findings"] == []
    assert {each["by"]: each["told_apart"] for each in found["looked_at"]}["brightness"] is None
    assert "Nothing was found by which tags are told apart" in tagwise("shortcuts", "Flowers", "--iteration", 1).out


def test_import(tagwise: Tagwise, tag_folders: Path) -> None:
    """A project is made of the folder, of the type and domain asked for; a second time everything is there already."""
    command = ["import", "flowers", tag_folders, "--type", "multilabel", "--domain", "built-in", "--json"]
    result = tagwise(*command).json
    assert {
        "name": "flowers",
        "type": "Multilabel",
        "domain": "Built-in",
        "images": 11,
        "tags": 2,
        "iteration": None,
        "stored": 11,
        "duplicate": 0,
        "refused": 0,
        "read_as": "a folder for each tag; 2 tags",
        "metadata": [],
        "remarks": [],
        "notes": [],
    } == {key: value for key, value in result.items() if key != "id"}
    again = tagwise(*command).json
    assert (result["id"], 0, 11, 11) == (again["id"], again["stored"], again["duplicate"], again["images"])
    assert "flowers: 0 stored, 11 already there, 0 refused\n" == tagwise("import", "flowers", tag_folders).out


def test_import_into_a_project_by_another_spelling(tagwise: Tagwise, tag_folders: Path) -> None:
    """Space around a name, and letters put together from two, are the same name."""
    first = tagwise("import", "Caf\N{LATIN SMALL LETTER E WITH ACUTE}", tag_folders, "--json").json
    second = tagwise("import", " Cafe\N{COMBINING ACUTE ACCENT} ", tag_folders, "--json").json
    assert first["id"] == second["id"]


def test_import_tells_what_was_refused(tagwise: Tagwise, tag_folders: Path) -> None:
    """Each file left out is named with its reason; the others are in, so it is no error."""
    (tag_folders / "rose" / "letter.png").write_bytes(b"Dear Sir")
    result = tagwise("import", "flowers", tag_folders, "--json").json
    assert (11, 1) == (result["stored"], result["refused"])
    (note,) = result["notes"]
    assert ("letter.png", "refused") == (note["name"], note["status"])
    shown = tagwise("import", "more", tag_folders)
    assert (0, "more: 11 stored, 0 already there, 1 refused\n") == (shown.status, shown.out)
    assert f"Read as: a folder for each tag; 2 tags\n  letter.png: {note['reason']}\n" == shown.err


def test_several_tags_make_a_multilabel_project(tagwise: Tagwise, tmp_path: Path, drawn_image: Draw) -> None:
    """A labels.csv with two tags on an image makes the project Multilabel, which is told."""
    (tmp_path / "signs" / "images").mkdir(parents=True)
    (tmp_path / "signs" / "images" / "1.png").write_bytes(drawn_image(1))
    (tmp_path / "signs" / "labels.csv").write_text("file,labels\n1.png,red|round\n", encoding="utf-8")
    told = "The project is Multilabel, because several tags are given to 1 image."
    result = tagwise("import", "signs", tmp_path / "signs", "--json").json
    assert ("Multilabel", [told]) == (result["type"], result["remarks"])
    assert [] == tagwise("import", "signs", tmp_path / "signs", "--json").json["remarks"]


def test_an_import_that_cannot_begin_makes_no_project(tagwise: Tagwise, tag_folders: Path) -> None:
    """A path that is not there, or a domain that is none, leaves everything as it was."""
    assert 1 == tagwise("import", "flowers", tag_folders / "nowhere").status
    assert 1 == tagwise("import", "flowers", tag_folders, "--domain", "Zoo").status
    assert [] == tagwise("projects", "--json").json


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "trees"], "there is no project 'trees': there are 'Flowers'"),
        (["train", "Flowers"], "Nothing changed since last training: add --force to train anyway"),
        (["performance", "Flowers", "--iteration", "7"], "'Flowers' has no iteration 7: there are 1"),
        (["performance", "Flowers", "--threshold", "1.4"], "threshold must be in 0..1, got 1.4"),
        (["performance", "Flowers", "--threshold", "nan"], "threshold must be in 0..1, got nan"),
        (["predict", "Flowers", "none.png", "--threshold=-1"], "threshold must be in 0..1, got -1"),
        (
            ["predict", "Flowers", "/none.png"],
            "/none.png: an image must be a file that can be read, this one cannot "
            "(No such file or directory): check the path",
        ),
        (
            ["predict", "Flowers", "/none.png", "--csv", "/none/t.csv"],
            "--csv must name a file that can be written, /none/t.csv: "
            "[Errno 2] No such file or directory: '/none/t.csv'",
        ),
        (
            ["import", "Flowers", "/none"],
            "the path must be of a folder or a zip, '/none' is neither: check the path",
        ),
        (
            ["performance", "Flowers", "--scores", "/none/s.csv"],
            "--scores must name a file that can be written, /none/s.csv: "
            "[Errno 2] No such file or directory: '/none/s.csv'",
        ),
    ],
)
def test_an_error_is_one_line(
    tagwise: Tagwise, fill: Fill, trained: Trained, arguments: list[str], message: str
) -> None:
    """On standard error, with status 1, and nothing on standard output."""
    trained(fill(rose=5, tulip=5))
    assert CommandResult(1, "", f"tagwise: {message}\n") == tagwise(*arguments)


def test_what_was_changed_on_the_way_in_is_told(tagwise: Tagwise, tmp_path: Path) -> None:
    """A photo that is stored otherwise than it came is named, with how."""
    folder = tmp_path / "phone" / "rose"
    folder.mkdir(parents=True)
    (folder / "IMG_1.HEIC").write_bytes((ROOT / "tests" / "data" / "drawn.heic").read_bytes())
    shown = tagwise("import", "phone", tmp_path / "phone")
    assert "phone: 1 stored, 0 already there, 0 refused\n" == shown.out
    assert "  IMG_1.HEIC: converted from HEIC\n" in shown.err


@pytest.mark.parametrize("setting", ["TAGWISE_HOME", "TAGWISE_MAX_IMAGE_MB"])
def test_an_impossible_setting_is_one_line(
    tagwise: Tagwise, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str
) -> None:
    """A home that is a file, a limit that is no number: the line names the setting."""
    (tmp_path / "file").touch()
    monkeypatch.setenv(setting, str(tmp_path / "file"))
    result = tagwise("projects")
    assert (1, "") == (result.status, result.out)
    assert result.err.startswith("tagwise: ")
    assert setting in result.err
    assert 1 == result.err.count("\n")


def test_training_what_is_not_ready(tagwise: Tagwise, fill: Fill, store: Store) -> None:
    """What is missing is said, and nothing is queued."""
    fill(rose=5, tulip=3)
    message = "tagwise: 'tulip' needs 2 more images: each tag needs at least 5.\n"
    assert CommandResult(1, "", message) == tagwise("train", "Flowers")
    assert [] == store.jobs.active()


def test_training_what_is_being_trained(tagwise: Tagwise, fill: Fill, store: Store) -> None:
    """While the web app's worker is at it there is no second one."""
    project = fill(rose=5, tulip=5)
    store.jobs.claim(training.start(store, project).id)
    with worker.worker_lock(store.home):
        result = tagwise("train", "Flowers", "--force")
    assert (1, "") == (result.status, result.out)
    assert result.err.startswith("tagwise: one training at a time: ")


@pytest.mark.network
def test_train(tagwise: Tagwise, fill: Fill) -> None:
    """It trains, tells the performance as `performance` does, and says nothing else."""
    fill(rose=8, tulip=8)
    result = tagwise("train", "Flowers", "--json").json
    check_performance(result)
    assert result == tagwise("performance", "Flowers", "--json").json
    shown = tagwise("train", "Flowers", "--force")
    assert (0, "") == (shown.status, shown.err)
    assert shown.out.startswith("Flowers, Iteration 2: Built-in network, threshold 50%\n")


@pytest.mark.network
def test_an_interrupted_training_is_resumed(tagwise: Tagwise, fill: Fill, store: Store) -> None:
    """What a dead worker left is finished, not begun anew."""
    project = fill(rose=5, tulip=5)
    assert store.jobs.claim(training.start(store, project).id)
    assert 1 == tagwise("train", "Flowers", "--json").json["iteration"]
    assert ["Completed"] == [iteration.status for iteration in store.iterations.of_project(project.id)]


@pytest.mark.network
def test_a_training_that_fails(tagwise: Tagwise, fill: Fill, store: Store) -> None:
    """The reason is the one line, and the iteration keeps it."""
    project = fill(rose=5, tulip=5)
    image = store.images.page(project.id, take=1)[0]
    blobs.original_path(store.home, image.sha256).unlink()
    result = tagwise("train", "Flowers", "--json")
    (iteration,) = store.iterations.of_project(project.id)
    assert CommandResult(1, "", f"tagwise: the training failed: {iteration.error}\n") == result
    assert repr(image.name) in iteration.error


def test_robustness(tagwise: Tagwise, fill: Fill, trained: Trained, store: Store) -> None:
    """For people a line for each strength and a sentence for each finding, for scripts all numbers as JSON."""
    iteration = trained(fill(rose=20, tulip=20))
    truth = evaluation.load(store, iteration).truth
    levels = np.tile((91 * truth).astype(np.uint8), (1 + len(robustness.CONDITIONS), 1, 1))
    levels[1:6, truth[:, 0]] = 0  # no rose is found when turned
    measurement = robustness.Measurement(np.arange(40), levels, np.array(True))
    analyses.save(store, iteration, robustness.FILE, measurement)
    text = tagwise("robustness", "Flowers").out.splitlines()
    assert "Flowers, Iteration 1: precision and recall of changed images, mean over the tags" == text[0]
    assert ["unchanged", "100.0%", "100.0%"] == text[2].split()
    assert ["turned", "by", "10°", "100.0%", "50.0%"] == text[3].split()
    assert any(line.startswith("Turned by 10°: recall of rose falls from 100.0 % to 0.0 %") for line in text)
    assert text[-1].startswith("All 40 evaluated images were changed")
    result = tagwise("robustness", "Flowers", "--iteration", 1, "--threshold", "0.333", "--json").json
    assert ("Flowers", 1, 0.33, 40) == tuple(result[name] for name in ("project", "iteration", "threshold", "images"))
    assert len(robustness.CONDITIONS) == len(result["overall"]["changed"])
    rose = result["tags"][0]
    assert ("rose", 20, 1.0, 0.0, -1.0) == (
        rose["name"],
        rose["images"],
        rose["unchanged"]["recall"],
        rose["changed"][0]["recall"],
        rose["changed"][0]["recall_change"],
    )
    assert rose["changed"][0]["precision"] is None
    assert [None, "rose"] == [finding["tag"] for finding in result["findings"]]
    nothing = tagwise("robustness", "Flowers", "--threshold", "2")
    assert (1, "tagwise: threshold must be in 0..1, got 2\n") == (nothing.status, nothing.err)


def test_next_steps(tagwise: Tagwise, fill: Fill, trained: Trained) -> None:
    """They are looked for where no worker runs; a sentence, its gain and what that rests on, or the same as JSON."""
    project = fill(rose=60, tulip=60)
    trained(project, np.random.default_rng(0).uniform(0.2, 0.8, (120, 2)))
    nothing = tagwise("next-steps", "Flowers").out.splitlines()
    assert "Flowers, Iteration 1: what to do next" == nothing[0]
    result = tagwise("next-steps", "Flowers", "--json").json
    assert ("Flowers", 1, 0.5) == tuple(result[name] for name in ("project", "iteration", "threshold"))
    assert [f"{number}. " for number in range(1, len(result["steps"]) + 1)] == [line[:3] for line in nothing[1:-1:2]]
    untrained = tagwise("next-steps", "Flowers", "--iteration", 7)
    assert 1 == untrained.status


def test_learning_curve(tagwise: Tagwise, fill: Fill, trained: Trained, store: Store) -> None:
    """It is measured where no worker runs; for people a table and a sentence a tag, for scripts the same as JSON."""
    trained(fill(rose=12, tulip=12))
    text = tagwise("learning-curve", "Flowers").out.splitlines()
    assert "Flowers, Iteration 1: what more images bring, overall" == text[0]
    assert ["12", "24"] == [line.split()[0] for line in (text[-7], text[-4])]
    assert "More images of tulip will hardly change anything: its recall is 100.0 % already." == text[-1]
    result = tagwise("learning-curve", "Flowers", "--iteration", 1, "--threshold", "0.6", "--json").json
    assert ("Flowers", 1, 0.6, False) == tuple(
        result[name] for name in ("project", "iteration", "threshold", "threshold_saved")
    )
    assert ["rose", "tulip"] == [tag["name"] for tag in result["tags"]]
    (iteration,) = store.iterations.of_project(store.projects.all()[0].id)
    today, then = result["overall"]["points"][-1], result["overall"]["forecast"][-1]
    assert evaluation.report(store, iteration, 0.6).overall.recall == pytest.approx(today["recall"])
    assert (12, 24) == (today["images"], then["images"])
    low, high = then["recall_interval"]
    assert low <= then["recall"] <= high
    refused = tagwise("learning-curve", "Flowers", "--threshold", "0.333")
    assert (
        1,
        "tagwise: a learning curve is known at whole percents, got 0.333: choose a threshold such as 0.33\n",
    ) == (
        refused.status,
        refused.err,
    )


def test_performance(tagwise: Tagwise, fill: Fill, trained: Trained, store: Store) -> None:
    """For scripts it is the use-case's own word; for people a table, with a dash for what is undefined."""
    project = fill(rose=5, tulip=5)
    trained(project)
    trained(project, [[0.9, 0.1]] * 10)
    result = tagwise("performance", "Flowers", "--iteration", 1, "--threshold", "0.95", "--json").json
    check_performance(result)
    first, second = store.iterations.of_project(project.id)[::-1]
    assert report_files.performance_json(store, project, first, 0.95) == result
    assert (
        report_files.performance_json(store, project, second, 0.5) == tagwise("performance", "Flowers", "--json").json
    )
    assert (
        "Flowers, Iteration 2: Built-in network, threshold 50%\n"
        "tag      images  precision  recall     F1     AP\n"
        "rose          5      50.0%  100.0%  66.7%  50.0%\n"
        "tulip         5          –    0.0%   0.0%  50.0%\n"
        "overall      10      50.0%   50.0%  33.3%  50.0%\n"
    ) == tagwise("performance", "Flowers").out


def test_scores(tagwise: Tagwise, fill: Fill, trained: Trained, store: Store, tmp_path: Path) -> None:
    """The file is written beside the numbers, and holds what they come from."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    path = tmp_path / "scores.csv"
    assert tagwise("performance", "Flowers", "--json", "--scores", path).json["overall"]["recall"] == 1
    assert report_files.scores_csv(store, iteration) == path.read_text(encoding="utf-8")


def test_predict(tagwise: Tagwise, fill: Fill, trained: Trained, tag_folders: Path) -> None:
    """Each image with its answer and every tag's probability, in the order of the paths."""
    trained(fill(rose=5, tulip=5))
    paths = [tag_folders / "tulip" / "1.png", tag_folders / "rose" / "0.png"]
    result = tagwise("predict", "Flowers", *paths, "--json", "--threshold", "0.6").json
    check_prediction(result, 2)
    assert (1, 0.6) == (result["iteration"], result["threshold"])
    assert [str(path) for path in paths] == [image["image"] for image in result["images"]]
    assert [["tulip"], ["tulip"]] == [image["answer"] for image in result["images"]]
    assert CommandResult(0, f"{paths[0]}: tulip (tulip 73.1%, rose 26.9%)\n", "") == tagwise(
        "predict", "Flowers", paths[0]
    )
    shown = tagwise("predict", "Flowers", paths[0], "--threshold", 0.8).out
    assert f"{paths[0]}: no answer (tulip 73.1%, rose 26.9%)\n" == shown


def test_predict_folders_and_zips(
    tagwise: Tagwise, fill: Fill, trained: Trained, tag_folders: Path, tmp_path: Path
) -> None:
    """A path can be a folder or a zip: one line per image, in order, and the table is written too."""
    trained(fill(rose=5, tulip=5))
    (tag_folders / "notes.txt").write_text("no image")
    (tag_folders / "=1.png").write_bytes(b"Dear Sir")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.write(tag_folders / "rose" / "0.png", "a/=rose.png")
    result = tagwise("predict", "Flowers", tag_folders, tmp_path / "more.zip", "--csv", tmp_path / "table.csv")
    rose, tulip = ([tag_folders / tag / f"{each}.png" for each in range(11)] for tag in ("rose", "tulip"))
    paths = [*sorted(map(str, rose[::2])), *map(str, tulip[1::2]), str(tmp_path / "more.zip" / "a" / "=rose.png")]
    assert [f"{path}: tulip (tulip 73.1%, rose 26.9%)" for path in paths] == result.out.splitlines()
    assert result.err.startswith(f"tagwise: {tag_folders}/=1.png: an image must be JPEG")
    assert (1, 1) == (result.status, result.err.count("\n"))
    rows = list(csv.reader((tmp_path / "table.csv").read_text(encoding="utf-8").splitlines()))
    assert ["image", "answer", "rose", "tulip"] == rows[0]
    assert [[path, "tulip", "0.26894140243530273", "0.7310585975646973"] for path in paths] == rows[1:]


def test_a_path_without_images(tagwise: Tagwise, fill: Fill, trained: Trained, tmp_path: Path) -> None:
    """An empty folder and a broken zip are reported with their paths, before any image is predicted."""
    trained(fill(rose=5, tulip=5))
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.zip").write_bytes(b"PK\3\4")
    for name, message in (
        ("empty", "a folder or zip must hold images, 'empty' holds none: choose another"),
        ("broken.zip", "a zip must be complete, the end of this one is missing: copy or download it again"),
    ):
        assert CommandResult(1, "", f"tagwise: {tmp_path / name}: {message}\n") == tagwise(
            "predict", "Flowers", tmp_path / name
        )


def test_a_line_comes_as_soon_as_it_is_known(
    store: Store, fill: Fill, trained: Trained, tag_folders: Path, tmp_path: Path
) -> None:
    """While an image is still read from a pipe, the answer for the one before it is already printed."""
    trained(fill(rose=5, tulip=5))
    pipe = tmp_path / "late.png"
    os.mkfifo(pipe)
    process = started(store.home, "predict", "Flowers", tag_folders / "rose" / "0.png", pipe, stdout=subprocess.PIPE)
    assert process.stdout
    assert b"tulip (tulip 73.1%" in process.stdout.readline()
    pipe.write_bytes((tag_folders / "tulip" / "1.png").read_bytes())
    assert 1 == process.stdout.read().count(b"tulip 73.1%")
    process.stdout.close()
    assert 0 == process.wait(30)


def test_a_saved_threshold_is_used(
    tagwise: Tagwise, fill: Fill, trained: Trained, store: Store, tag_folders: Path
) -> None:
    """Where no --threshold is given both commands answer at the saved one and say so; one given has its way."""
    iteration = trained(fill(rose=5, tulip=5))
    saved_thresholds.save(store, iteration, 0.8)
    path = tag_folders / "tulip" / "1.png"
    result = tagwise("predict", "Flowers", path, "--json").json
    check_prediction(result, 1)
    assert (0.8, True, []) == (result["threshold"], result["threshold_saved"], result["images"][0]["answer"])
    given = tagwise("predict", "Flowers", path, "--json", "--threshold", 0.6).json
    assert (0.6, False, ["tulip"]) == (given["threshold"], given["threshold_saved"], given["images"][0]["answer"])
    result = tagwise("performance", "Flowers", "--json").json
    check_performance(result)
    assert (0.8, True) == (result["threshold"], result["threshold_saved"])
    shown = tagwise("performance", "Flowers").out
    assert shown.startswith("Flowers, Iteration 1: Built-in network, threshold 80%, as saved\n")


def test_saved_thresholds_of_each_tag_are_used(
    tagwise: Tagwise, fill: Fill, trained: Trained, store: Store, tag_folders: Path
) -> None:
    """The one number is null, each tag's stands beside its name, and both commands answer by them."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project, [[0.7, 0.3], [0.3, 0.7]] * 5)
    saved_thresholds.save(store, iteration, (0.6, 0.75))
    at = {"threshold": None, "thresholds": {"rose": 0.6, "tulip": 0.75}, "threshold_saved": True}
    result = tagwise("predict", "Flowers", tag_folders / "tulip" / "1.png", "--json").json
    assert {"iteration": 1, **at} == {key: value for key, value in result.items() if key != "images"}
    # The scripted head says tulip 73.1 %: it is the top tag and does not reach its own threshold.
    assert [] == result["images"][0]["answer"]
    result = tagwise("performance", "Flowers", "--json").json
    assert at == {key: result[key] for key in at}
    assert [5, 0] == [tag["tp"] + tag["fp"] for tag in result["tags"]]
    shown = tagwise("performance", "Flowers").out
    assert shown.startswith("Flowers, Iteration 1: Built-in network, one threshold per tag, as saved\n")
    assert 0.5 == tagwise("performance", "Flowers", "--threshold", 0.5, "--json").json["threshold"]


def test_one_bad_image_does_not_stop_the_others(
    tagwise: Tagwise, fill: Fill, trained: Trained, tag_folders: Path
) -> None:
    """The others are predicted; the bad one is reported, and the exit status is 1."""
    trained(fill(rose=5, tulip=5))
    bad, good = tag_folders / "letter.png", tag_folders / "rose" / "0.png"
    bad.write_bytes(b"Dear Sir")
    result = tagwise("predict", "Flowers", bad, good, "--json")
    assert 1 == result.status
    check_prediction(json.loads(result.out), 1)
    assert result.err.startswith(f"tagwise: {bad}: an image must be JPEG, PNG")
    assert 1 == result.err.count("\n")


def test_a_failed_iteration_is_reported(tagwise: Tagwise, fill: Fill, store: Store, tag_folders: Path) -> None:
    """It has neither numbers nor predictions."""
    project = fill(rose=5, tulip=5)
    training.close(store, training.start(store, project), "failed", "no reason")
    message = "tagwise: Iteration 1 has no numbers yet, its training failed: train again\n"
    for arguments in (["performance", "Flowers"], ["predict", "Flowers", tag_folders / "rose" / "0.png"]):
        assert CommandResult(1, "", message) == tagwise(*arguments, "--iteration", 1)


def waiting_training(store: Store, project: Project) -> Job:
    """The project's training, once another process has queued it."""
    deadline = time.monotonic() + 30
    while (job := store.jobs.latest(project.id, "train")) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return job


def cancel(store: Store, job: Job, process: subprocess.Popen[bytes]) -> None:
    training.cancel(store, job)


def interrupt(store: Store, job: Job, process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("end", "message"),
    [(cancel, b"tagwise: the training was cancelled\n"), (interrupt, b"tagwise: interrupted\n")],
)
def test_a_training_that_someone_ends(
    store: Store,
    fill: Fill,
    end: Callable[[Store, Job, subprocess.Popen[bytes]], None],
    message: bytes,
) -> None:
    """Cancelled on the page or by Ctrl-C in the terminal, it is said in one line and leaves no iteration."""
    project = fill(rose=5, tulip=5)
    with worker.worker_lock(store.home):
        process = started(store.home, "train", "Flowers", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        job = waiting_training(store, project)
        # Python must have come from queueing the job to waiting for it.
        time.sleep(0.5)
        end(store, job, process)
        assert (b"", message) == process.communicate(timeout=30)
    assert 1 == process.returncode
    assert "cancelled" == store.jobs.get(job.id).status
    assert [] == store.iterations.of_project(project.id)


def test_a_reader_who_has_seen_enough(store: Store, fill: Fill, trained: Trained) -> None:
    """As in `tagwise performance flowers | head -1`: no complaint."""
    trained(fill(rose=5, tulip=5))
    process = started(store.home, "performance", "Flowers", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    with process.stderr as errors:
        assert b"" == errors.read()
    assert 1 == process.wait(30)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux' device that is always full")
def test_output_that_cannot_be_written(store: Store, fill: Fill, trained: Trained) -> None:
    """A full disk under the output is one line as well."""
    trained(fill(rose=5, tulip=5))
    with Path("/dev/full").open("wb") as full:
        process = started(store.home, "performance", "Flowers", stdout=full, stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=30)
    assert (1, b"tagwise: [Errno 28] No space left on device\n") == (process.returncode, err)


def test_a_file_name_that_is_no_text(
    store: Store, fill: Fill, trained: Trained, tmp_path: Path, drawn_image: Draw
) -> None:
    """It is predicted like any other, and shown escaped, in JSON too."""
    trained(fill(rose=5, tulip=5))
    path = os.fsencode(tmp_path) + b"/\xff.png"
    with open(path, "wb") as file:  # noqa: PTH123 - pathlib takes no bytes
        file.write(drawn_image(1))
    process = started(
        store.home,
        *("predict", "Flowers", os.fsdecode(path), "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONIOENCODING": "utf-8:strict"},
    )
    out, err = process.communicate(timeout=30)
    assert (0, b"") == (process.returncode, err)
    assert os.fsdecode(path) == json.loads(out)["images"][0]["image"]


def test_a_terminal_sees_progress(home: Path, tag_folders: Path) -> None:
    """One line that is written over and wiped at the end, before an error too."""
    terminal, end = pty.openpty()
    process = started(home, "import", "flowers", tag_folders, stdout=subprocess.DEVNULL, stderr=end)
    os.close(end)
    shown = b""
    with contextlib.suppress(OSError), os.fdopen(terminal, "rb", buffering=0) as screen:
        while part := screen.read(1000):
            shown += part
    assert 0 == process.wait(30)
    assert b"\r\x1b[K11 of 11 files" in shown
    assert shown.endswith(b"\r\x1b[K")


@dataclass(frozen=True)
class Flowers:
    """What the commands said of 600 photos of flowers; `home` holds the project."""

    home: Path
    imported: CommandResult
    trained: CommandResult


@pytest.fixture(scope="module")
def flowers(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Flowers:
    """600 photos of five flowers imported and trained on MobileNetV2, by the commands alone."""
    home = tmp_path_factory.mktemp("home")

    def run(*arguments: str) -> CommandResult:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli.main(arguments)
        return CommandResult(status, out.getvalue(), err.getvalue())

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGWISE_HOME", str(home))
        patch.setenv("KERAS_HOME", str(shared / "keras"))
        folder = str(shared / "datasets" / "flowers5")
        imported = run("import", "flowers", folder, "--domain", "General (compact) [S1]", "--json")
        return Flowers(home, imported, run("train", "flowers", "--json"))


@pytest.mark.slow
@pytest.mark.network
def test_real_photos_are_told_apart(flowers: Flowers) -> None:
    """Five folds over 600 photos: precision and recall at 0.5 are 80 % at least."""
    assert (600, 5, 0) == tuple(flowers.imported.json[key] for key in ("stored", "tags", "refused"))
    result = flowers.trained.json
    check_performance(result)
    assert ("MobileNetV2", "", 5) == (result["backbone"], result["note"], result["evaluation"]["folds"])
    assert result["overall"]["precision"] >= 0.8
    assert result["overall"]["recall"] >= 0.8
    assert [120] * 5 == [tag["images"] for tag in result["tags"]]


@pytest.mark.slow
@pytest.mark.network
def test_real_scores_and_predictions(
    flowers: Flowers, shared: Path, tagwise: Tagwise, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without Keras' weights a trained iteration shows its numbers and predicts; the scores give the same precision."""
    monkeypatch.setenv("TAGWISE_HOME", str(flowers.home))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    path = tmp_path / "scores.csv"
    result = tagwise("performance", "flowers", "--json", "--scores", path).json
    assert flowers.trained.json == result
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert (600, [tag["name"] for tag in result["tags"]]) == (len(rows), header[3:])
    probabilities = np.array([row[3:] for row in rows]).astype(float)
    answers = [header[3 + row.argmax()] if row.max() >= 0.5 else "none" for row in probabilities]
    truth = [row[2] for row in rows]
    expected = precision_score(truth, answers, labels=header[3:], average="macro")
    assert result["overall"]["precision"] == pytest.approx(expected)
    photos = [min((shared / "datasets" / "flowers5" / name).iterdir()) for name in ("daisy", "roses", "tulips")]
    predicted = tagwise("predict", "flowers", *photos, "--json").json
    check_prediction(predicted, 3)
    assert [["daisy"], ["roses"], ["tulips"]] == [image["answer"] for image in predicted["images"]]


@pytest.mark.network
def test_train_says_how_it_was_judged(tagwise: Tagwise, fill: Fill) -> None:
    """The JSON names the chosen method; an empty test set and an unknown method are refused."""
    fill(rose=8, tulip=8)
    result = tagwise("train", "Flowers", "--evaluation", "hold-out", "--json").json
    check_performance(result)
    assert {"method": "hold-out", "folds": 1, "seed": 0} == result["evaluation"]
    assert [2, 2] == [tag["images"] for tag in result["tags"]]
    refused = tagwise("train", "Flowers", "--evaluation", "test-set")
    assert (1, "tagwise: Your own test set is empty") == (
        refused.status,
        ":".join(refused.err.split(":")[:2]),
    )
    with pytest.raises(SystemExit) as misuse:
        tagwise("train", "Flowers", "--evaluation", "luck")
    assert 2 == misuse.value.code


def test_a_report_is_a_page(store: Store, tagwise: Tagwise, fill: Fill, trained: Trained, tmp_path: Path) -> None:
    """It is written, and the numbers are printed as always; a file that cannot be written is named."""
    iteration = trained(fill(rose=6, tulip=5))
    path = tmp_path / "report.html"
    result = tagwise("performance", "Flowers", "--json", "--report", path)
    check_performance(result.json)
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<h1>Flowers</h1>" in page
    refused = tagwise("performance", "Flowers", "--report", tmp_path)
    assert (1, "") == (refused.status, refused.out)
    assert refused.err.startswith(f"tagwise: --report must name a file that can be written, {tmp_path}: ")
    store.iterations.set_thresholds(iteration.id, (0.4, 0.6))
    assert 0 == tagwise("performance", "Flowers", "--report", path).status
    page = path.read_text(encoding="utf-8")
    assert "threshold 40 % to 60 %, each tag its own" in page
    assert re.search(r"tulip</th>\s*<td>60 %</td>", page)


def test_pack_and_unpack(tagwise: Tagwise, fill: Fill, trained: Trained, tmp_path: Path) -> None:
    """A project packed and unpacked is here twice, with the very same numbers; a name can be given."""
    trained(fill(rose=6, tulip=5))
    path = tmp_path / "flowers.zip"
    result = tagwise("pack", "Flowers", path, "--json").json
    assert result == {"file": str(path), "images": 11, "iterations": 1, "size_bytes": path.stat().st_size}
    assert tagwise("unpack", path).out == "created Flowers (2): 11 images and 1 iteration\n"
    result = tagwise("unpack", path, "--name", "Class 7b", "--json").json
    assert result == {"name": "Class 7b", "id": result["id"], "images": 11, "iterations": 1}
    numbers = [tagwise("performance", name, "--json").json for name in ("Flowers", "Flowers (2)", result["id"])]
    assert [each | {"project": ""} for each in numbers] == [numbers[0] | {"project": ""}] * 3


@pytest.mark.parametrize("name", ["folders", "table", "manifest", "imagefolder"])
def test_save_and_import(tagwise: Tagwise, fill: Fill, tmp_path: Path, name: str) -> None:
    """What save writes import reads, in each format; one tag can go alone."""
    fill(rose=6, tulip=5)
    path = tmp_path / "flowers.zip"
    result = tagwise("save", "Flowers", name, path, "--json").json
    assert result == {"file": str(path), "images": 11, "size_bytes": path.stat().st_size}
    result = tagwise("import", "Again", path, "--json").json
    assert (result["stored"], result["tags"], result["notes"]) == (11, 2, [])
    assert tagwise("save", "Flowers", name, path, "--tag", "rose").out.startswith(f"Flowers: 6 images in {path}, ")


def test_zips_that_cannot_be(tagwise: Tagwise, fill: Fill, tmp_path: Path) -> None:
    """No such tag, no such zip, no such folder: one line each."""
    fill(rose=2)
    path = tmp_path / "nowhere" / "flowers.zip"
    assert tagwise("save", "Flowers", "table", path, "--tag", "lily") == CommandResult(
        1, "", "tagwise: 'Flowers' has no tag 'lily': there are 'rose'\n"
    )
    assert tagwise("unpack", path) == CommandResult(
        1, "", f"tagwise: FILE.zip must be a zip, there is no file at '{path}': check the path\n"
    )
    assert tagwise("pack", "Flowers", path) == CommandResult(
        1, "", f"tagwise: a zip must go to a file that can be written, {path}: No such file or directory\n"
    )


def test_images_without_tags_are_told(
    tagwise: Tagwise, fill: Fill, store: Store, drawn_image: Callable[..., bytes]
) -> None:
    """Nobody knows whether it shows none of the tags: the command says that they are not used, and the cure."""
    project = fill(classification_type="Multilabel", rose=5, tulip=5)
    uploads.add(store, project, "clean.png", drawn_image(99), tag_ids=[], limits=Limits())
    said = "1 image without tags is not used: if it shows none of the tags, give it the negative tag."
    assert f"tagwise: {said}\n" in tagwise("train", "Flowers").err
    assert said in readiness(store, project).advice
