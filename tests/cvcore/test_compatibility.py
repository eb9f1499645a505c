"""A home folder and a project zip of November 2026, made by the code of that day, open with every value as it was.

`tests/data/home-2026-11.tar.gz` is the home, without the copy of the built-in network that every start lays out anew;
`performance-2026-11.json` is what `tagwise performance --json` printed of its iterations; `project-2026-11.zip` is its
project Flowers, packed.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from cvcore import archive, cli, exports, prediction, projects, training
from cvcore.exports import formats
from cvcore.networks import backbones
from cvcore.projects import uploads
from cvcore.records import (
    Evaluation,
    Iteration,
    Project,
    ProjectSettings,
    Scores,
    TrainingOptions,
    TuningEpoch,
    TuningOutcome,
)
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import worker
from tests.conftest import DrawImage

DATA = Path(__file__).resolve().parents[1] / "data"
ZIP = DATA / "project-2026-11.zip"

EPOCHS = [
    TuningEpoch(1, 1, 0.001, 0.81, 0.72, None, 41.5, 3.25),
    TuningEpoch(1, 2, 0.001, 0.62, 0.69, 0.75, 41.5, 3.25),
    TuningEpoch(2, 1, 0.001, 0.8, 0.71, 0.75, 41.5, 3.25),
]
OUTCOME = TuningOutcome(13, 11, 10, 0.625, 2, 3, 12.5, "budget", "cpu")


@pytest.fixture
def home(home: Path) -> Path:
    """That home folder, unpacked where the environment names it."""
    with tarfile.open(DATA / "home-2026-11.tar.gz") as packed:
        packed.extractall(home.parent, filter="data")
    (home.parent / "home-2026-11").rename(home)
    return home


@pytest.fixture
def flowers(store: Store) -> Project:
    """Its Multiclass project."""
    return projects.find(store, "Flowers")


def iteration(store: Store, project: Project, number: int) -> Iteration:
    return next(each for each in store.iterations.of_project(project.id) if each.number == number)


def recorded(key: str) -> Any:
    return json.loads((DATA / "performance-2026-11.json").read_text())[key]


def numbers(value: Any, path: str = "") -> dict[str, Any]:
    """The values in JSON by their paths."""
    if not isinstance(value, dict | list):
        return {path: value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {name: number for key, each in items for name, number in numbers(each, f"{path}/{key}").items()}


def assert_same(expected: Any, actual: Any) -> None:
    """All values are equal; ends of intervals to twelve digits, as their sums may be added up in another order.

    A later version may print more.
    """
    expected, actual = numbers(expected), numbers(actual)
    intervals = [path for path in expected if "interval/" in path]
    assert pytest.approx({path: expected.pop(path) for path in intervals}, rel=1e-12) == {
        path: actual.pop(path) for path in intervals
    }
    assert expected == {path: actual.get(path) for path in expected}


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The JSON that a command prints."""
    assert cli.main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def drawn_tulip() -> bytes:
    """The image that the kept prediction is about."""
    noise = np.random.default_rng(500).integers(-110, 110, (6, 6, 3))
    pixels = np.clip(np.array((230, 200, 40)) + noise, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).resize((48, 48), Pillow.Resampling.NEAREST).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def project_json(path: Path) -> dict[str, Any]:
    """The project.json of a zip; tags go by their names in place of ids, and the project's own time is left out."""
    with zipfile.ZipFile(path) as packed:
        text = packed.read("project.json").decode()
    for tag in json.loads(text)["tags"]:
        text = text.replace(f'"{tag["key"]}"', f'"{tag["name"]}"')
    content: dict[str, Any] = json.loads(text)
    del content["created_at"]
    return content


def test_the_projects_open(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both projects are listed as they were."""
    assert recorded("projects") == printed(capsys, "projects")


def test_workspace(store: Store, flowers: Project) -> None:
    """Images, tags, test images, metadata, settings and an erased image read as they were kept."""
    images = {image.name: image for image in store.images.page(flowers.id, take=99)}
    tags = {tag.name: tag for tag in store.tags.of_project(flowers.id)}
    assert "From the school garden" == flowers.description
    assert ProjectSettings(("ONNX",), (("flip", True),)) == flowers.settings
    assert {"daisy": 2, "rose": 6, "tulip": 5} == {name: tag.image_count for name, tag in tags.items()}
    assert "Roses of any colour" == tags["rose"].description
    assert {"rose 6.png", "tulip 12.png"} == {image.name for image in images.values() if image.is_test}
    assert (tags["rose"].id,) == images["late rose.png"].tag_ids
    assert () == images["unsorted.png"].tag_ids
    assert not {"rose 3.png", "tulip 9.png"} & images.keys()
    assert (48, 48, 319) == (images["rose 1.png"].width, images["rose 1.png"].height, images["rose 1.png"].size_bytes)
    assert {"bed": "12", "camera": "Ida's"} == store.metadata.of_images([images["rose 2.png"].id])[
        images["rose 2.png"].id
    ]


def test_negative_tag(store: Store) -> None:
    """The Multilabel project keeps its negative tag, and images with two tags."""
    shapes = projects.find(store, "Shapes")
    tags = {tag.id: tag for tag in store.tags.of_project(shapes.id)}
    assert {"red": "Regular", "round": "Regular", "nothing": "Negative"} == {
        tag.name: tag.kind for tag in tags.values()
    }
    images = {image.name: image for image in store.images.page(shapes.id, take=99)}
    assert ["red", "round"] == [tags[tag_id].name for tag_id in images["red 1.png"].tag_ids]


def test_iterations(store: Store, flowers: Project) -> None:
    """Names, methods, scores, thresholds, publications and a dismissed label issue read as they were kept."""
    first, second = iteration(store, flowers, 1), iteration(store, flowers, 2)
    assert ("Iteration 1", "After the rain") == (first.name, second.name)
    assert (Evaluation("k-fold", 5, 0), Evaluation("hold-out", 1, 0)) == (first.evaluation, second.evaluation)
    assert (Scores(0.8, 0.8, 0.8, 0.8), Scores(1.0, 1.0, 1.0, 1.0)) == (first.scores, second.scores)
    assert ((0.4, 0.65), 0.55) == (first.thresholds, second.thresholds)
    assert (10, 11) == (first.image_count, second.image_count)
    assert {"features": 0.065, "fit": 0.353, "total": 0.444} == first.seconds
    assert [("production", "garden")] == [
        (each.name, each.resource) for each in store.publications.of_iteration(first.id)
    ]
    rose = next(tag.id for tag in store.tags.of_project(flowers.id) if tag.name == "rose")
    assert [(1, rose, True)] == store.dismissed_issues.of_iteration(first.id)


def test_advanced_training(store: Store, flowers: Project) -> None:
    """The options, the epochs and the outcome of Advanced training read as they were kept."""
    second = iteration(store, flowers, 2)
    rose = next(tag.id for tag in store.tags.of_project(flowers.id) if tag.name == "rose")
    options = TrainingOptions(is_advanced=True, budget_minutes=7.5, transforms=("flip", "zoom"), costs=((rose, 3.0),))
    assert options == store.trainings.options(second.id)
    assert EPOCHS == store.trainings.epochs(second.id)
    assert OUTCOME == store.trainings.outcome(second.id)
    assert TrainingOptions() == store.trainings.options(iteration(store, flowers, 1).id)


def test_kept_prediction(store: Store, flowers: Project) -> None:
    """A kept prediction reads to the last digit, and the iteration answers the same today."""
    (kept,) = store.predictions.of_project(flowers.id)
    expected = [("tulip", 0.9167210459709167), ("rose", 0.08327896893024445)]
    assert expected == [(each.tag, each.probability) for each in kept.predictions]
    assert ("phone", 1) == (kept.application, iteration(store, flowers, 1).number)
    assert iteration(store, flowers, 1).id == kept.iteration_id
    answers = prediction.predict(store, iteration(store, flowers, 1), drawn_tulip(), limits=Limits())
    assert ["tulip", "rose"] == [each.tag for each in answers]
    assert pytest.approx(kept.predictions[0].probability, abs=1e-5) == answers[0].probability


@pytest.mark.parametrize("is_rebuilt", [False, True])
@pytest.mark.parametrize("which", ["Flowers --iteration 1", "Flowers --iteration 2", "Shapes"])
def test_performance(home: Path, capsys: pytest.CaptureFixture[str], which: str, is_rebuilt: bool) -> None:
    """All numbers are the same, from the overview kept beside the arrays and without it."""
    if is_rebuilt:
        for path in home.glob("iterations/*/overview*.npz"):
            path.unlink()
    assert_same(recorded(which), printed(capsys, "performance", *which.split()))


def test_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The zip opens elsewhere with the same numbers, and packed again it says the same."""
    monkeypatch.setenv("TAGWISE_HOME", str(tmp_path / "elsewhere"))
    assert cli.main(["unpack", str(ZIP)]) == 0
    capsys.readouterr()
    for which in ("Flowers --iteration 1", "Flowers --iteration 2"):
        assert_same(recorded(which), printed(capsys, "performance", *which.split()))
    store = Store(tmp_path / "elsewhere")
    project = projects.find(store, "Flowers")
    assert EPOCHS == store.trainings.epochs(iteration(store, project, 2).id)
    assert OUTCOME == store.trainings.outcome(iteration(store, project, 2).id)
    again = archive.pack(store, project, tmp_path / "again.zip").path
    assert project_json(ZIP) == project_json(again)


def test_zip_of_the_home(store: Store, flowers: Project, tmp_path: Path) -> None:
    """The home's project packs to what was packed of it then, without the network, which ships with every Tagwise."""
    packed = archive.pack(store, flowers, tmp_path / "now.zip").path
    assert project_json(ZIP) == project_json(packed)
    assert [] == [name for name in zipfile.ZipFile(packed).namelist() if name.startswith("networks/")]


@pytest.mark.network
@pytest.mark.parametrize("name", ["tflite", pytest.param("keras", marks=pytest.mark.slow)])
def test_exports(store: Store, flowers: Project, tmp_path: Path, name: str) -> None:
    """An iteration exports with the built-in network of its day, at that one's size."""
    made = exports.export(store, iteration(store, flowers, 1), formats.find(name), tmp_path / "export")
    assert '"side": 128' in (made.folder / "model.json").read_text()


@pytest.fixture
def enough(store: Store, flowers: Project, drawn_image: DrawImage) -> Project:
    """The Multiclass project with four more images, so that it can be trained."""
    tags = {tag.name: tag.id for tag in store.tags.of_project(flowers.id)}
    for number, name in enumerate(("daisy", "daisy", "daisy", "tulip")):
        image = drawn_image(600 + number)
        uploads.add(store, flowers, f"{number}.png", image, tag_ids=[tags[name]], limits=Limits())
    return flowers


@pytest.mark.network
def test_trained_again(store: Store, enough: Project) -> None:
    """The next training embeds all images anew, with today's built-in network; what was trained before stays."""
    before = iteration(store, enough, 1)
    answers = prediction.predict(store, before, drawn_tulip(), limits=Limits())
    again = store.iterations.get(worker.finish_job(store, training.start(store, enough)).iteration_id or "")
    assert backbones.built_in().fingerprint == again.fingerprint != before.fingerprint
    digests = [image.sha256 for image in store.iterations.images(again.id)]
    assert [] == store.embeddings.missing(again.fingerprint, digests)
    assert answers == prediction.predict(store, before, drawn_tulip(), limits=Limits())


@pytest.mark.network
def test_trained_on(store: Store, enough: Project) -> None:
    """A training that starts from an iteration of that day uses its network."""
    before = iteration(store, enough, 1)
    options = TrainingOptions(start_from=before.id)
    job = worker.finish_job(store, training.start(store, enough, options=options))
    assert before.fingerprint == store.iterations.get(job.iteration_id or "").fingerprint
