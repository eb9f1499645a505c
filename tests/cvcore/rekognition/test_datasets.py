"""A project's datasets are its images for training and for testing, however they came."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cvcore import buckets, projects
from cvcore.errors import Conflict, InvalidInput, NotFound, ObjectNotFound
from cvcore.projects import tagging, uploads
from cvcore.records import Project
from cvcore.rekognition import arns, background, datasets, entry_import
from cvcore.rekognition.datasets import Manifest
from cvcore.settings import Settings, environ_of_programs
from cvcore.store import DatasetRow, EntryFilter, EntryStats, ImageSearch, Store
from tests.conftest import DrawImage, Fill, Trained
from tests.cvcore.rekognition.conftest import BUCKET, Create, Put, finished, line, put_lines


@pytest.fixture
def pets(store: Store) -> Project:
    """An empty project."""
    return projects.create(store, "Pets", domain="Built-in")


def listed(store: Store, dataset: DatasetRow, **matching: Any) -> list[dict[str, Any]]:
    """All entries of a dataset, in pages of two."""
    project = store.projects.get(dataset.project_id)
    found: list[dict[str, Any]] = []
    after: tuple[str, ...] = ()
    while True:
        lines, after = datasets.page(store, project, dataset, matching=EntryFilter(**matching), after=after, take=2)
        found += map(json.loads, lines)
        if not after:
            return found


def labels(entry: dict[str, Any]) -> list[str]:
    return [value["class-name"] for value in entry.values() if isinstance(value, dict) and "class-name" in value]


def codes(store: Store, dataset: DatasetRow) -> dict[str, str]:
    """The code of every refused line, by its image's key."""
    return {
        str(entry.get("source-ref", "")).rpartition("/")[2]: entry["errors"][0]["code"]
        for entry in listed(store, dataset, has_errors=True)
    }


def tags_of(store: Store, project: Project) -> dict[str, list[str]]:
    """The tags of every image of a project, by the image's name; test images begin with a star."""
    names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    return {
        "*" * image.is_test + image.name: [names[tag_id] for tag_id in image.tag_ids]
        for image in store.images.page(project.id, take=99)
    }


def test_a_manifest_becomes_images(store: Store, pets: Project, put: Put, created: Create) -> None:
    """Every line gives an image with its label, and is listed as it was given."""
    manifest = put(one="cat", two="dog", three="cat")
    given = buckets.read(Settings(home=store.home), BUCKET, manifest.key).decode().split("\n")
    dataset = created(pets, "TRAIN", manifest)
    assert (dataset.status, dataset.code, dataset.message) == (
        "CREATE_COMPLETE",
        "SUCCESS",
        "The dataset was successfully created.",
    )
    assert tags_of(store, pets) == {"one.png": ["cat"], "two.png": ["dog"], "three.png": ["cat"]}
    assert listed(store, dataset) == [{**json.loads(each), "cl-metadata": {"is_labeled": True}} for each in given]
    assert datasets.stats(store, dataset) == EntryStats(total=3, labeled=3, errors=0, labels=2)
    assert store.projects.get(pets.id).classification_type == "Multiclass"


def test_a_test_dataset_is_the_images_for_testing(store: Store, pets: Project, put: Put, created: Create) -> None:
    """Images of the dataset TEST are marked for testing, and images that are marked on the pages are entries of it."""
    created(pets, "TEST", put(one="cat"))
    assert tags_of(store, pets) == {"*one.png": ["cat"]}
    training = created(pets, "TRAIN", put(nine="cat", two="dog"))
    (two,) = [image for image in store.images.page(pets.id, take=9) if image.name == "two.png"]
    tagging.mark_for_testing(store, pets, [two.id], True)
    (testing,) = [each for each in datasets.of_project(store, pets) if each.purpose == "TEST"]
    assert [entry["source-ref"] for entry in listed(store, testing)] == ["s3://pets/one.png", "s3://pets/two.png"]
    assert codes(store, training) == {"nine.png": "ERROR_DUPLICATE_IMAGE"}


def test_several_labels_make_a_project_multilabel(store: Store, pets: Project, put: Put, created: Create) -> None:
    """Two labels in one line do, and the message says so."""
    dataset = created(pets, "TRAIN", put(one=["cat", "dog"], two="dog"))
    assert dataset.message.endswith("The project is Multilabel: an image may have several labels.")
    assert store.projects.get(pets.id).classification_type == "Multilabel"
    assert tags_of(store, pets) == {"one.png": ["cat", "dog"], "two.png": ["dog"]}


def test_a_class_map_is_read(store: Store, settings: Settings, pets: Project, put: Put, created: Create) -> None:
    """SageMaker's own lines of several labels, and lines without any, are images, too."""
    put(one="cat", two="dog")
    kind = "groundtruth/image-classification-multilabel"
    metadata = {"class-map": {"0": "cat", "2": "tail"}, "type": kind}
    lines = [line("one.png", **{"pet": [0, 2], "pet-metadata": metadata}), line("two.png")]
    dataset = created(pets, "TRAIN", put_lines(settings, lines))
    assert tags_of(store, pets) == {"one.png": ["cat", "tail"], "two.png": []}
    assert [entry["cl-metadata"]["is_labeled"] for entry in listed(store, dataset)] == [True, False]


def test_lines_without_an_image_are_kept(
    store: Store, settings: Settings, pets: Project, put: Put, created: Create
) -> None:
    """Every line that gives no image is an entry with the reason, and the others are read."""
    put(one="cat", long="dog")
    buckets.write(settings, BUCKET, "text.png", b"no image", "image/png")
    kind = {"a": 1, "a-metadata": {"class-name": "cat", "type": "groundtruth/text-classification"}}
    lines = [
        line("one.png", "cat"),
        line("gone.png", "cat"),
        line("text.png", "cat"),
        line("kind.png", **kind),
        line("none.png", sunrise=1),
        line("long.png", "x" * 129),
        line("space.png", **{"a": 1, "a-metadata": {"class-name": " ", "type": "groundtruth/image-classification"}}),
        json.dumps({"source-ref": "https://example.com/web.png"}),
        json.dumps({"source": "s3://pets/one.png"}),
        "cat",
        "{" * 5000,
        "x" * 200_000,
    ]
    dataset = created(pets, "TRAIN", put_lines(settings, lines))
    assert dataset.status == "CREATE_COMPLETE"
    assert dataset.message.endswith("11 lines gave no image: ListDatasetEntries with HasErrors says why.")
    assert tags_of(store, pets) == {"one.png": ["cat"]}
    found = [(entry.get("source-ref"), entry["errors"][0]["code"]) for entry in listed(store, dataset, has_errors=True)]
    assert found == [
        ("s3://pets/gone.png", "ERROR_INVALID_IMAGE"),
        ("s3://pets/text.png", "ERROR_INVALID_IMAGE"),
        ("s3://pets/kind.png", "ERROR_UNSUPPORTED_USE_CASE_TYPE"),
        ("s3://pets/none.png", "ERROR_NO_LABEL_ATTRIBUTES"),
        ("s3://pets/long.png", "ERROR_INVALID_LABELS"),
        ("s3://pets/space.png", "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"),
        ("https://example.com/web.png", "ERROR_INVALID_SOURCE_REF_FORMAT"),
        (None, "ERROR_MISSING_SOURCE_REF"),
        *[(None, "ERROR_INVALID_JSON_LINE")] * 3,
    ]
    assert datasets.stats(store, dataset) == EntryStats(total=12, labeled=3, errors=11, labels=1)
    assert [tag.name for tag in store.tags.of_project(pets.id)] == ["cat"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "none of 0 lines is so"),
        ('[{"source-ref": "s3://pets/one.png"}]', "none of 1 line is so"),
        ("file,label\none.png,cat", "none of 2 lines is so"),
        (line("a.png") + "\n" + line("b.png", box={"annotations": []}), r"boxes around objects.*\(line 2\)"),
        (line("a.png", box=0, **{"box-metadata": {"type": "groundtruth/object-detection"}}), r"boxes.*\(line 1\)"),
        ("\udcff", "must be UTF-8 text"),
    ],
)
def test_what_is_no_manifest_of_labels_fails(
    store: Store, settings: Settings, pets: Project, created: Create, text: str, reason: str
) -> None:
    """Boxes around objects, and files that are no manifest, give CREATE_FAILED with the reason, and no image."""
    buckets.write(settings, BUCKET, "a.manifest", text.encode(errors="surrogateescape"), "text/plain")
    dataset = created(pets, "TRAIN", Manifest(BUCKET, "a.manifest"))
    assert (dataset.status, dataset.code) == ("CREATE_FAILED", "CLIENT_ERROR")
    assert re.search(reason, dataset.message)
    assert store.images.count(pets.id) == 0
    assert datasets.stats(store, dataset).total == 0


def test_a_manifest_that_is_not_there_is_refused(store: Store, settings: Settings, pets: Project) -> None:
    """No dataset is made then."""
    with pytest.raises(ObjectNotFound):
        datasets.create(store, settings, pets, "TRAIN", source=Manifest(BUCKET, "gone"))
    assert datasets.of_project(store, pets) == []


def test_a_project_has_each_dataset_once(
    store: Store, settings: Settings, pets: Project, created: Create, fill: Fill
) -> None:
    """A second one is refused, also where the first are images of the pages."""
    created(pets, "TRAIN")
    with pytest.raises(Conflict, match="one TRAIN dataset"):
        datasets.create(store, settings, pets, "TRAIN")
    with pytest.raises(Conflict, match="one TRAIN dataset"):
        datasets.create(store, settings, fill(a=1), "TRAIN")


def test_the_same_image_twice(
    store: Store, settings: Settings, pets: Project, put: Put, created: Create, drawn_image: DrawImage
) -> None:
    """Two addresses of one content are two entries of one image, if their labels agree."""
    put(one="cat", two="dog")
    for copy in ("copy.png", "other.png"):
        buckets.write(settings, BUCKET, copy, drawn_image(0), "image/png")
    lines = [line("one.png", "cat"), line("copy.png", "cat"), line("other.png", "dog"), line("two.png", "dog")]
    dataset = created(pets, "TRAIN", put_lines(settings, lines))
    assert tags_of(store, pets) == {"one.png": ["cat"], "two.png": ["dog"]}
    assert [entry["source-ref"].rpartition("/")[2] for entry in listed(store, dataset)] == [
        "one.png",
        "copy.png",
        "two.png",
        "other.png",
    ]
    assert codes(store, dataset) == {"other.png": "ERROR_DUPLICATE_IMAGE"}


def test_entries_are_updated(store: Store, settings: Settings, pets: Project, put: Put, created: Create) -> None:
    """A known address gets the new labels, another is a new image, and a line that was refused is replaced."""
    put(one="cat", two="dog", three="dog")
    dataset = created(
        pets, "TRAIN", put_lines(settings, [line("one.png", "cat"), line("two.png", "dog"), line("late.png", "dog")])
    )
    assert codes(store, dataset) == {"late.png": "ERROR_INVALID_IMAGE"}
    buckets.write(settings, BUCKET, "late.png", buckets.read(settings, BUCKET, "three.png"), "image/png")
    changes = [line("one.png", "lynx", id=7), line("late.png", "dog"), line("two.png")]
    datasets.update(store, settings, dataset, "\n".join(changes).encode())
    dataset = finished(store, dataset)
    assert (dataset.status, dataset.message) == ("UPDATE_COMPLETE", "The dataset was successfully updated.")
    assert tags_of(store, pets) == {"one.png": ["lynx"], "two.png": [], "late.png": ["dog"]}
    assert [(entry.get("id"), labels(entry)) for entry in listed(store, dataset)] == [
        (7, ["lynx"]),
        (None, []),
        (None, ["dog"]),
    ]


def test_a_failed_update_changes_nothing(
    store: Store, settings: Settings, pets: Project, put: Put, created: Create
) -> None:
    """Boxes in an update give UPDATE_FAILED; the dataset is as it was, and can be updated again."""
    dataset = created(pets, "TRAIN", put(one="cat", two="dog"))
    boxes = line("one.png", **{"bb": {"annotations": []}, "bb-metadata": {"type": "groundtruth/object-detection"}})
    datasets.update(store, settings, dataset, boxes.encode())
    dataset = finished(store, dataset)
    assert (dataset.status, dataset.code) == ("UPDATE_FAILED", "CLIENT_ERROR")
    assert tags_of(store, pets) == {"one.png": ["cat"], "two.png": ["dog"]}
    datasets.update(store, settings, dataset, line("one.png", "lynx").encode())
    assert finished(store, dataset).status == "UPDATE_COMPLETE"
    with pytest.raises(InvalidInput, match="UTF-8"):
        datasets.update(store, settings, dataset, b"\xff")


def test_what_the_pages_change_is_listed(
    store: Store, settings: Settings, pets: Project, put: Put, created: Create, drawn_image: DrawImage
) -> None:
    """An image's new tag, an image of the pages and a deleted image show in the entries."""
    dataset = created(pets, "TRAIN", put(one="cat", two="dog"))
    (bird,) = tagging.ensure(store, pets, ["bird"], limits=settings.limits)
    images = {image.name: image for image in store.images.page(pets.id, take=9)}
    tagging.add_tags(store, pets, [images["one.png"].id], [bird.id])
    uploads.add(store, pets, "mine.png", drawn_image(9), tag_ids=[bird.id], limits=settings.limits)
    uploads.delete(store, [images["two.png"].id])
    one, mine = listed(store, dataset)
    assert (one["source-ref"], labels(one)) == ("s3://pets/one.png", ["bird"])
    (image,) = [image for image in store.images.page(pets.id, take=9) if image.name == "mine.png"]
    assert (mine["source-ref"], labels(mine)) == (f"s3://tagwise-images/{image.sha256}/mine.png", ["bird"])
    assert buckets.read(settings, *buckets.parse(mine["source-ref"])) == drawn_image(9)
    datasets.update(store, settings, dataset, json.dumps(mine).replace("bird", "owl").encode())
    assert finished(store, dataset).status == "UPDATE_COMPLETE"
    assert tags_of(store, pets) == {"one.png": ["bird"], "mine.png": ["owl"]}


def test_a_dataset_is_copied(
    store: Store, settings: Settings, pets: Project, put: Put, created: Create, fill: Fill
) -> None:
    """Images, labels, addresses and refused lines are, into the other purpose too, without the bucket."""
    put(one="cat", two="dog", three="dog")
    lines = [line("one.png", "cat", "tail"), line("two.png", "dog"), line("gone.png", "dog")]
    dataset = created(pets, "TRAIN", put_lines(settings, lines))
    (store.home / "buckets" / BUCKET / "one.png").unlink()
    other = projects.create(store, "Other", domain="Built-in")
    copy = created(other, "TEST", dataset)
    assert copy.status == "CREATE_COMPLETE"
    assert tags_of(store, other) == {"*one.png": ["cat", "tail"], "*two.png": ["dog"]}
    assert listed(store, copy) == listed(store, dataset)
    assert store.projects.get(other.id).classification_type == "Multilabel"
    (own,) = datasets.of_project(store, fill("Third", a=2))
    third = projects.create(store, "Fourth", domain="Built-in")
    assert [labels(entry) for entry in listed(store, created(third, "TRAIN", own))] == [["a"], ["a"]]


def test_one_in_five_is_distributed(store: Store, settings: Settings, pets: Project, put: Put, created: Create) -> None:
    """A fifth of each label goes to the empty test dataset; both datasets tell that they are updated."""
    training = created(pets, "TRAIN", put(**{f"a{number}": "cat" if number % 2 else "dog" for number in range(20)}))
    testing = created(pets, "TEST")
    datasets.distribute(store, settings, training, testing)
    training, testing = finished(store, training), finished(store, testing)
    assert (training.status, testing.status) == ("UPDATE_COMPLETE", "UPDATE_COMPLETE")
    assert training.message.endswith("4 images of the training dataset moved.")
    assert Counter(labels(entry)[0] for entry in listed(store, testing)) == {"cat": 2, "dog": 2}
    assert datasets.stats(store, training).total == 16
    with pytest.raises(InvalidInput, match="the test dataset must be empty"):
        datasets.distribute(store, settings, training, testing)


def test_too_few_images_are_not_distributed(
    store: Store, settings: Settings, pets: Project, put: Put, created: Create
) -> None:
    """Where no image can be moved both datasets tell that it failed, and stay as they are."""
    training, testing = created(pets, "TRAIN", put(one="cat")), created(pets, "TEST")
    datasets.distribute(store, settings, training, testing)
    training, testing = finished(store, training), finished(store, testing)
    assert (training.status, testing.status) == ("UPDATE_FAILED", "UPDATE_FAILED")
    assert "too few images" in training.message
    assert "could not be distributed" in testing.message
    assert tags_of(store, pets) == {"one.png": ["cat"]}


def test_a_dataset_is_deleted_with_its_images(store: Store, pets: Project, put: Put, created: Create) -> None:
    """Only its own images are deleted, its ARN names nothing any more, and it can be created again."""
    training = created(pets, "TRAIN", put(one="cat"))
    testing = created(pets, "TEST", put(two="cat", three="dog"))
    assert codes(store, testing) == {"two.png": "ERROR_DUPLICATE_IMAGE"}
    datasets.delete(store, pets, testing)
    assert tags_of(store, pets) == {"one.png": ["cat"]}
    with pytest.raises(NotFound, match="there is no dataset"):
        datasets.find(store, testing.arn)
    with pytest.raises(NotFound, match="deleted meanwhile"):
        datasets.delete(store, pets, testing)
    assert created(pets, "TEST", put(four="cat", two="dog")).arn != testing.arn
    assert datasets.of_project(store, pets)[0].arn == training.arn


def test_images_of_an_iteration_come_again(
    store: Store, settings: Settings, pets: Project, put: Put, created: Create, trained: Trained, drawn_image: DrawImage
) -> None:
    """A dataset that is made again has the addresses of its own manifest only, whatever a version was trained on."""
    animals = {f"a{number}": "cat" if number % 2 else "dog" for number in range(10)}
    dataset = created(pets, "TRAIN", put(**animals))
    trained(store.projects.get(pets.id))
    datasets.delete(store, pets, dataset)
    for number in range(10):
        buckets.write(settings, BUCKET, f"new/{number}.png", drawn_image(number), "image/png")
    dataset = created(pets, "TEST", put_lines(settings, [line(f"new/{number}.png", "cat") for number in range(10)]))
    assert [entry["source-ref"] for entry in listed(store, dataset)] == [f"s3://pets/new/{n}.png" for n in range(10)]
    assert store.images.count(pets.id) == 10


def test_a_dataset_in_progress_is_left_alone(store: Store, settings: Settings, pets: Project, put: Put) -> None:
    """It can be neither updated nor deleted, copied or distributed."""
    put(one="cat")
    arn = arns.of_dataset(store, pets, "TRAIN")
    busy = store.rekognition_datasets.add(pets.id, "TRAIN", arn, status="CREATE_IN_PROGRESS", message="")
    with pytest.raises(Conflict, match="CREATE_IN_PROGRESS"):
        datasets.update(store, settings, busy, line("one.png").encode())
    with pytest.raises(Conflict, match="CREATE_IN_PROGRESS"):
        datasets.delete(store, pets, busy)
    with pytest.raises(InvalidInput, match="must be complete"):
        datasets.create(store, settings, pets, "TEST", source=busy)


def test_a_project_deleted_meanwhile_ends_the_work(store: Store, settings: Settings, pets: Project, put: Put) -> None:
    """The background goes on with other projects."""
    arn = arns.of_dataset(store, pets, "TRAIN")
    dataset = store.rekognition_datasets.add(pets.id, "TRAIN", arn, status="CREATE_IN_PROGRESS", message="")
    store.rekognition_datasets.add_pending(dataset, [line("one.png", "cat")])
    put(one="cat")
    store.projects.delete(pets.id)
    assert not background.work(store, settings)


@pytest.mark.slow
def test_a_service_that_does_not_answer_ends_the_work(store: Store, settings: Settings, pets: Project) -> None:
    """After some images in turn: not every line of a large manifest waits for it, and none is taken for read."""
    away = dataclasses.replace(settings, s3_endpoint="http://127.0.0.1:9")
    arn = arns.of_dataset(store, pets, "TRAIN")
    dataset = store.rekognition_datasets.add(pets.id, "TRAIN", arn, status="CREATE_IN_PROGRESS", message="")
    lines = [json.dumps({"source-ref": f"s3://far-away/{number}.png"}) for number in range(99)]
    store.rekognition_datasets.add_pending(dataset, lines)
    background.wake(store, away)
    dataset = finished(store, dataset, within_s=60)
    assert (dataset.status, dataset.code) == ("CREATE_FAILED", "SERVICE_ERROR")
    assert "http://127.0.0.1:9 must serve" in dataset.message
    assert set(codes(store, dataset).values()) == {"ERROR_INVALID_IMAGE"}
    assert len(listed(store, dataset)) == entry_import.FAILURES


KILLED = """
    import os, sys
    from pathlib import Path
    from cvcore.rekognition import background, entry_import
    from cvcore.settings import Settings
    from cvcore.store import Store
    home, left = Path(sys.argv[1]), int(sys.argv[2])
    store, settings = Store(home), Settings(home=home)
    put_source = store.rekognition_entries.put_source
    def killed(*row):
        global left
        if not left:
            os.kill(os.getpid(), 9)
        left -= 1
        put_source(*row)
    store.rekognition_entries.put_source = killed
    while background.work(store, settings):
        pass
"""


def test_a_killed_process_loses_no_image(
    store: Store, settings: Settings, pets: Project, put: Put, tmp_path: Path
) -> None:
    """Killed in the middle of an image, the next process reads that one and the rest; none is lost or twice."""
    manifest = put(**{f"a{number}": "cat" if number % 2 else "dog" for number in range(6)})
    arn = arns.of_dataset(store, pets, "TEST")
    dataset = store.rekognition_datasets.add(pets.id, "TEST", arn, status="CREATE_IN_PROGRESS", message="")
    text = buckets.read(settings, BUCKET, manifest.key).decode()
    store.rekognition_datasets.add_pending(dataset, text.split("\n"))
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(store.home), "3"]
    killed = subprocess.run(command, env=environ_of_programs(), capture_output=True, text=True, timeout=60)
    assert killed.returncode == -9, killed.stderr
    assert len(tags_of(store, pets)) == 3
    background.wake(store, settings)
    assert finished(store, dataset).status == "CREATE_COMPLETE"
    assert sorted(tags_of(store, pets)) == [f"*a{number}.png" for number in range(6)]
    assert datasets.stats(store, dataset) == EntryStats(total=6, labeled=6, errors=0, labels=2)
    assert len(store.searches.ids(ImageSearch(pets.id))) == 6
