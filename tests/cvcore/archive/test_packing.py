"""A project packed comes out the same on any machine, beside itself too; a zip that was touched leaves no trace."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from cvcore import archive as project_archive
from cvcore import evaluation, learning_curves, prediction, projects, training
from cvcore.archive.project_zip import MANIFEST
from cvcore.errors import ArchiveRefused, ImageRefused, ModelDamaged, NameTaken, NotFound, TagwiseError
from cvcore.evaluation import report_files
from cvcore.files import blobs
from cvcore.imaging import decoding, measures
from cvcore.networks import backbones, builtin, keras_backbones
from cvcore.prediction import publishing
from cvcore.projects import changes, tagging, uploads
from cvcore.records import Iteration, Project, TrainingOptions, TuningEpoch, TuningOutcome
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training.analyses import made
from tests.conftest import DrawImage, Trained

LIMITS = Limits()
IN_CLASS = dataclasses.replace(LIMITS, drops_location=True)
Picture = Callable[[int], bytes]
Json = dict[str, Any]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Store:
    """A store in the home of another machine."""
    return Store(tmp_path / "elsewhere")


@pytest.fixture
def flowers(store: Store, fill: Callable[..., Project], trained: Callable[..., Iteration]) -> Project:
    """A project with all that one can have: two iterations, of which one holds what the workspace has no longer."""
    project = fill("Flowers <b>", classification_type="Multilabel", rose=6, tulip=6, weed=6)
    weed = next(tag for tag in store.tags.of_project(project.id) if tag.name == "weed")
    images = store.images.page(project.id, take=99)
    tagging.mark_for_testing(store, project, [images[0].id], True)
    first = trained(project)
    store.iterations.set_thresholds(first.id, (0.3, 0.4, 0.6))
    publishing.publish(store, first, "production", resource="garden")
    tagging.delete(store, weed)
    uploads.delete(store, [images[1].id])
    second = trained(project)
    training.rename_iteration(store, second, "After weeding")
    store.iterations.set_thresholds(second.id, 0.7)
    training.delete_iteration(store, store.iterations.get(trained(project).id))
    (tag,) = tagging.ensure(store, project, ["red"], limits=LIMITS)
    tagging.add_tags(store, project, [images[2].id, images[9].id], [tag.id])
    tagging.create(store, project, "nothing", limits=LIMITS, kind="Negative")
    store.metadata.put([images[3].id], {"bed": "12"})
    store.image_facts.put([images[3].id, images[4].id], {"folder": "garden/south", "upload": "2026-05-31 10:00"})
    known = store.file_facts.get(measures.VERSION, [images[4].sha256])[images[4].sha256]
    of_phone = dataclasses.replace(known, camera="Pixel 7", day="2026-05-31")
    store.file_facts.put(measures.VERSION, {images[4].sha256: of_phone})
    return project


@pytest.fixture
def packed(store: Store, flowers: Project, tmp_path: Path) -> Path:
    """That project as a zip."""
    return project_archive.pack(store, flowers, tmp_path / "flowers.zip").path


@pytest.fixture(scope="module")
def kept() -> list[bytes]:
    """Where the zip is kept that tests share which need not look at the original."""
    return []


@pytest.fixture
def zipped(kept: list[bytes], request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of such a zip, made once: where it came from is gone."""
    if not kept:
        kept.append(request.getfixturevalue("packed").read_bytes())
    path = tmp_path / "given.zip"
    path.write_bytes(kept[0])
    return path


def photo_at(latitude: float) -> bytes:
    """A JPEG in which a phone noted where it was taken."""
    exif, file = Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Model] = "Pixel 7"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[2] = (latitude, 30.0, 0.0)
    Image.new("RGB", (60, 40), "red").save(file, "JPEG", exif=exif)
    return file.getvalue()


def unpack(store: Store, path: Path, name: str = "") -> Project:
    return project_archive.unpack(store, path, limits=LIMITS, name=name)


def workspace(store: Store, project: Project) -> dict[str, Any]:
    """A project's images, tags and what is known of them, without ids."""
    tags = {tag.id: (tag.name, tag.kind, tag.created_at, tag.image_count) for tag in store.tags.of_project(project.id)}
    images = store.images.page(project.id, take=999)
    metadata = store.metadata.of_images([image.id for image in images])
    facts = store.image_facts.of_images([image.id for image in images])
    files = store.file_facts.get(measures.VERSION, [image.sha256 for image in images])
    known = [files[image.sha256] for image in images]
    return {
        "tags": sorted(tags.values()),
        "images": [
            dataclasses.replace(image, id="", project_id="", tag_ids=tuple(tags[each][0] for each in image.tag_ids))
            for image in images
        ],
        "metadata": [metadata.get(image.id) for image in images],
        "facts": [facts.get(image.id) for image in images],
        "files": [(each.file_type, each.camera, each.day, each.numbers.tolist()) for each in known],
        "project": (project.description, project.classification_type, project.domain_id),
    }


def trainings(store: Store, project: Project) -> list[Any]:
    """A project's iterations with their snapshots, arrays and numbers, without ids."""
    told = []
    for each in store.iterations.of_project(project.id):
        performance = report_files.performance_json(store, project, each, evaluation.threshold_in_use(each))
        told.append(
            (
                dataclasses.replace(each, id="", project_id=""),
                [(tag.name, tag.kind) for tag in store.iterations.tags(each.id)],
                [dataclasses.replace(image, image_id="") for image in store.iterations.images(each.id)],
                [(one.name, one.resource) for one in store.publications.of_iteration(each.id)],
                performance | {"project": ""},
                (blobs.iteration_folder(store.home, each.id) / evaluation.ARRAYS).read_bytes(),
            )
        )
    return told


def state(store: Store) -> Any:
    """Every file of a home, and its projects."""
    files = sorted(
        path.relative_to(store.home)
        for path in store.home.rglob("*")
        if path.is_file() and not path.name.endswith((".lock", "-wal", "-shm"))
    )
    return files, [project.id for project in store.projects.all()], store.iterations.ids()


def repacked(
    path: Path, edits: dict[str, bytes | None], change: Callable[[Json], object] = lambda manifest: None
) -> Path:
    """The zip with files changed, added or, for None, taken out, and a tagwise.json that fits it, then changed."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("tagwise.json"))
    for name, data in edits.items():
        files.pop(name, None)
        manifest["files"].pop(name, None)
        if data is not None:
            files[name] = data
            manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
    change(manifest)
    made = path.with_name("changed.zip")
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("tagwise.json", json.dumps(manifest))
    return made


def edited(path: Path, edit: Callable[[Json], object]) -> Path:
    """The zip with its project.json changed."""
    with zipfile.ZipFile(path) as archive:
        content = json.loads(archive.read("project.json"))
    edit(content)
    return repacked(path, {"project.json": json.dumps(content).encode()})


def members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_a_project_comes_out_the_same(store: Store, elsewhere: Store, flowers: Project, packed: Path) -> None:
    """On another machine it has the same images, tags, marks, notes and iterations, numbers to the last bit."""
    project = unpack(elsewhere, packed)
    assert project.name == "Flowers <b>"
    assert workspace(elsewhere, project) == workspace(store, flowers)
    assert trainings(elsewhere, project) == trainings(store, flowers)
    assert [each.number for each in elsewhere.iterations.of_project(project.id)] == [2, 1]
    for image in elsewhere.images.page(project.id, take=99):
        original = blobs.read(blobs.original_path(elsewhere.home, image.sha256))
        assert original == blobs.read(blobs.original_path(store.home, image.sha256))
        assert blobs.read(blobs.thumbnail_path(elsewhere.home, image.sha256))


def test_places_stay_out_of_a_class(
    store: Store, elsewhere: Store, fill: Callable[..., Project], tmp_path: Path
) -> None:
    """Where uploads lose the place that the camera noted, those of a zip do, and keep their tags and the camera."""
    file = photo_at(52.0)
    project = fill("Photos", rose=2)
    stored = uploads.add(store, project, "photo.jpg", file, limits=LIMITS)
    changes.tag(store, project, [stored.image_id or ""], ["tulip"], limits=LIMITS)
    path = project_archive.pack(store, project, tmp_path / "photos.zip").path
    taken = project_archive.unpack(elsewhere, path, limits=IN_CLASS)
    images = elsewhere.images.page(taken.id, take=9)
    for image in images:
        with Image.open(blobs.original_path(elsewhere.home, image.sha256)) as opened:
            assert {} == opened.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    (photo,) = [image for image in images if image.name == "photo.jpg"]
    assert ["tulip"] == [tag.name for tag in elsewhere.tags.of_project(taken.id) if tag.id in photo.tag_ids]
    assert "Pixel 7" == elsewhere.file_facts.get(measures.VERSION, [photo.sha256])[photo.sha256].camera
    (untouched,) = [
        each for each in elsewhere.images.page(unpack(elsewhere, path).id, take=9) if each.name == photo.name
    ]
    assert hashlib.sha256(file).hexdigest() == untouched.sha256


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_photos_that_only_their_places_told_apart(
    store: Store,
    elsewhere: Store,
    trained: Trained,
    drawn_image: DrawImage,
    tmp_path: Path,
    order: tuple[int, ...],
) -> None:
    """In a class one of them comes in, the tagged one, with all other images, and iterations keep their numbers."""
    project = projects.create(store, "Photos", domain="Built-in")
    photos = [photo_at(52.0), photo_at(53.0), decoding.without_location(photo_at(52.0))]
    ids = [uploads.add(store, project, "photo.jpg", photos[at], limits=LIMITS).image_id or "" for at in order]
    others = [
        uploads.add(store, project, "other.png", drawn_image(at), limits=LIMITS).image_id or "" for at in range(7)
    ]
    changes.tag(store, project, [*ids, *others[:2]], ["rose"], limits=LIMITS)
    changes.tag(store, project, others[2:], ["tulip"], limits=LIMITS)
    iteration = trained(project)
    changes.remove_tags(store, project, ids[:1], store.images.get(ids[0]).tag_ids)
    path = project_archive.pack(store, project, tmp_path / "photos.zip").path
    taken = project_archive.unpack(elsewhere, path, limits=IN_CLASS)
    images = elsewhere.images.page(taken.id, take=9)
    assert ["other.png"] * 7 + ["photo.jpg"] == sorted(image.name for image in images)
    assert all(image.tag_ids for image in images)
    (copy,) = elsewhere.iterations.of_project(taken.id)
    assert (10, iteration.scores) == (len(elsewhere.iterations.images(copy.id)), copy.scores)


def test_it_comes_in_beside_itself(store: Store, flowers: Project, packed: Path) -> None:
    """Beside the original, and again, it is a project of its own; deleting one leaves the others whole."""
    again, third = unpack(store, packed), unpack(store, packed, "Third")
    assert [again.name, third.name] == ["Flowers <b> (2)", "Third"]
    assert len({image.id for one in (flowers, again, third) for image in store.images.page(one.id, take=99)}) == 51
    expected = trainings(store, flowers), workspace(store, flowers)
    projects.delete(store, flowers)
    projects.delete(store, again)
    assert (trainings(store, third), workspace(store, third)) == expected


def test_it_predicts_and_trains_on(
    elsewhere: Store, store: Store, flowers: Project, packed: Path, drawn_image: Picture
) -> None:
    """What an iteration says of an image is what the original says, and the next one gets the next number."""
    project = unpack(elsewhere, packed)
    told = [
        [
            (each.tag, each.probability)
            for each in prediction.predict(home, training.find_iteration(home, one), drawn_image(77), limits=LIMITS)
        ]
        for home, one in ((elsewhere, project), (store, flowers))
    ]
    assert told[0] == told[1]
    assert publishing.find(elsewhere, project, "production").number == 1
    red = next(tag for tag in elsewhere.tags.of_project(project.id) if tag.name == "red")
    tagging.delete(elsewhere, red)
    job = training.start(elsewhere, project, force=True)
    assert elsewhere.iterations.get(job.iteration_id or "").number == 3


@pytest.mark.parametrize("name", ["MobileNetV2", "MobileNetV2 + Built-in network 160, 3 views"])
def test_the_network_comes_along(
    store: Store, elsewhere: Store, flowers: Project, tmp_path: Path, drawn_image: Picture, name: str
) -> None:
    """An iteration on a network that the other machine lacks predicts there; nothing there is trained with it."""
    content = builtin.model()
    fingerprint = blobs.sha256(name.encode())[:16]  # each its own: networks stay loaded from test to test
    guest = dataclasses.replace(backbones.built_in(), name=name, fingerprint=fingerprint, sha256=blobs.sha256(content))
    folder = blobs.backbones_folder(store.home)
    blobs.write(folder / f"{name}-{guest.side}.tflite", content)
    blobs.write(folder / f"{name}-{guest.side}.json", json.dumps(dataclasses.asdict(guest) | {"format": 1}).encode())
    iteration = training.find_iteration(store, flowers)
    store.iterations.complete(iteration.id, backbone=guest.name, fingerprint=fingerprint)
    path = project_archive.pack(store, flowers, tmp_path / "flowers.zip").path
    project = unpack(elsewhere, path)
    there = training.find_iteration(elsewhere, project)
    assert prediction.predict(elsewhere, there, drawn_image(77), limits=LIMITS)
    assert backbones.availability(name, guest.side, blobs.backbones_folder(elsewhere.home), {}) != "ready"
    before = sorted(blobs.backbones_folder(elsewhere.home).iterdir())
    unpack(elsewhere, path)
    assert sorted(blobs.backbones_folder(elsewhere.home).iterdir()) == before
    forged = repacked(path, {f"networks/{fingerprint}.tflite": b"another"})
    with pytest.raises(ArchiveRefused, match=r"is not the one in its record: copy or download it again$"):
        unpack(elsewhere, forged)


def test_a_tuned_network_comes_along(store: Store, elsewhere: Store, flowers: Project, tmp_path: Path) -> None:
    """With it come its weights, of which exports are made, and the names of the images that it knows."""
    content, fingerprint = builtin.model(), "fedcba9876543210"
    tuned = dataclasses.replace(backbones.built_in(), fingerprint=fingerprint, is_tuned=True)
    folder = blobs.backbones_folder(store.home)
    weights = io.BytesIO()
    np.savez(weights, np.zeros(3, np.float32))
    record = json.dumps(dataclasses.asdict(tuned) | {"format": 1}).encode()
    for kind, data in (("tflite", content), ("json", record), ("npz", weights.getvalue())):
        blobs.write(folder / f"tuned-{fingerprint}.{kind}", data)
    iteration = training.find_iteration(store, flowers)
    store.iterations.complete(iteration.id, backbone=tuned.title, fingerprint=fingerprint)
    store.trainings.note_tuned_on(fingerprint, ["0" * 64, "1" * 64])
    outcome = TuningOutcome(60, 50, 44, 0.03, 2, 9, 70.5, "budget", "cpu")
    rounds = TuningEpoch(0, 1, 1e-4, 0.7, 0.9, None, 250.0, 11.5)
    store.trainings.add(
        iteration.id, TrainingOptions(is_advanced=True, budget_minutes=3, notify_url="https://a.example/")
    )
    store.trainings.put_epoch(iteration.id, 0, rounds)
    store.trainings.set_outcome(iteration.id, outcome)
    path = project_archive.pack(store, flowers, tmp_path / "flowers.zip").path
    project = unpack(elsewhere, path)
    found = backbones.find(fingerprint, blobs.backbones_folder(elsewhere.home))
    assert tuned == found
    assert weights.getvalue() == keras_backbones.tuned_weights(found, blobs.backbones_folder(elsewhere.home))
    assert {"0" * 64, "1" * 64} == elsewhere.trainings.tuned_on(fingerprint)
    there = training.find_iteration(elsewhere, project)
    assert [rounds] == elsewhere.trainings.epochs(there.id)
    assert outcome == elsewhere.trainings.outcome(there.id)
    assert TrainingOptions(is_advanced=True, budget_minutes=3) == elsewhere.trainings.options(there.id)
    squeezed = io.BytesIO()
    np.savez_compressed(squeezed, np.zeros(10**6))
    with pytest.raises(ArchiveRefused, match=r"is not a file of network weights: copy or download it again$"):
        unpack(elsewhere, repacked(path, {f"networks/{fingerprint}.npz": squeezed.getvalue()}))


def test_a_copy_is_as_whole(store: Store, flowers: Project) -> None:
    """Copied on the same machine, a project has the same iterations and images; a broken copy leaves none."""
    copied = project_archive.copy(store, flowers)
    assert copied.name == "Flowers <b> (2)"
    assert (trainings(store, copied), workspace(store, copied)) == (
        trainings(store, flowers),
        workspace(store, flowers),
    )
    (_, first) = store.iterations.of_project(flowers.id)
    blobs.delete(blobs.iteration_folder(store.home, first.id))
    before = state(store)
    with pytest.raises(NotFound, match=r"is missing from the home folder"):
        project_archive.copy(store, flowers)
    assert state(store) == before


def test_an_empty_project(store: Store, elsewhere: Store, tmp_path: Path) -> None:
    """A project without anything in it can be handed on as well."""
    made = project_archive.pack(store, projects.create(store, "Empty", description="To fill."), tmp_path / "empty.zip")
    assert (made.images, made.iterations, made.size_bytes) == (0, 0, made.path.stat().st_size)
    project = unpack(elsewhere, made.path)
    assert (project.name, project.description, elsewhere.images.count(project.id)) == ("Empty", "To fill.", 0)


def test_keys_and_predictions_stay(store: Store, flowers: Project, packed: Path) -> None:
    """Nothing but the project is in the zip."""
    wanted = {"tagwise.json", "project.json", "iterations/1/arrays.npz", "iterations/2/arrays.npz"}
    assert {name for name in members(packed) if not name.startswith("originals/")} == wanted
    assert len(members(packed)) == 18 + len(wanted)


def test_a_name_that_is_taken(store: Store, flowers: Project, packed: Path) -> None:
    """A name that is asked for must be free, and nothing comes in when it is not."""
    before = state(store)
    with pytest.raises(NameTaken) as refusal:
        unpack(store, packed, flowers.name)
    assert str(refusal.value) == "the project's name must be unique, 'Flowers <b>' is taken: choose another"
    assert state(store) == before


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_zip_cut_short(elsewhere: Store, zipped: Path, share: float) -> None:
    """However little is missing at the end, nothing comes in."""
    data = zipped.read_bytes()
    zipped.write_bytes(data[: int(len(data) * share)])
    before = state(elsewhere)
    with pytest.raises(
        ArchiveRefused, match=r"^(a zip must be complete, the end of this one is missing|this file is not a zip)"
    ):
        unpack(elsewhere, zipped)
    assert state(elsewhere) == before


def test_a_file_that_differs(elsewhere: Store, zipped: Path) -> None:
    """A file that is not what was zipped is found by its SHA-256, whichever it is, and nothing comes in."""
    before = state(elsewhere)
    for member in [*sorted(set(members(zipped)) - {"tagwise.json"})[::6], "project.json"]:
        with zipfile.ZipFile(zipped) as archive:
            data = bytearray(archive.read(member))
        data[-3] ^= 1
        told = json.loads(zipfile.ZipFile(zipped).read("tagwise.json"))["files"][member]
        changed = repacked(zipped, {member: bytes(data)}, lambda it, m=member, t=told: it["files"].update({m: t}))
        with pytest.raises(ArchiveRefused) as refusal:
            unpack(elsewhere, changed)
        assert str(refusal.value) == (
            f"a project zip must be unchanged, {member} has another SHA-256: copy or download it again"
        )
        assert state(elsewhere) == before


def test_an_image_in_anothers_place(elsewhere: Store, zipped: Path, drawn_image: Picture) -> None:
    """A file that claims to be an image must be that image, whatever tagwise.json says of it, and an image."""
    before = state(elsewhere)
    member = next(name for name in members(zipped) if name.startswith("originals/"))
    with pytest.raises(ArchiveRefused, match=r"is another image: copy or download it again$"):
        unpack(elsewhere, repacked(zipped, {member: drawn_image(99)}))
    digest = hashlib.sha256(b"<html>").hexdigest()
    renamed = edited(zipped, lambda it: it["images"][0].update(sha256=digest))
    with zipfile.ZipFile(zipped) as archive:
        first = json.loads(archive.read("project.json"))["images"][0]["sha256"]
    with pytest.raises(ImageRefused):
        unpack(elsewhere, repacked(renamed, {f"originals/{first}": None, f"originals/{digest}": b"<html>"}))
    assert state(elsewhere) == before


def test_a_newer_version(elsewhere: Store, zipped: Path) -> None:
    """A zip of a Tagwise to come is refused by its version."""
    newer = repacked(zipped, {}, lambda manifest: manifest.update(version=3, made_by="9.0"))
    with pytest.raises(ArchiveRefused) as refusal:
        unpack(elsewhere, newer)
    assert str(refusal.value) == (
        "this project zip was made by a newer Tagwise (9.0): it has version 3, "
        "and this Tagwise knows versions up to 2: update Tagwise"
    )


def test_what_analyses_found_comes_along(store: Store, elsewhere: Store, flowers: Project, tmp_path: Path) -> None:
    """A learning curve is there again in a copy and on another machine; a zip without one is as it always was."""
    older = json.loads(zipfile.ZipFile(project_archive.pack(store, flowers, tmp_path / "a.zip").path).read(MANIFEST))
    iteration = store.iterations.trained(flowers.id)[0]
    measured = made(store, iteration, "learning-curve")
    packed = project_archive.pack(store, flowers, tmp_path / "b.zip").path
    newer = json.loads(zipfile.ZipFile(packed).read(MANIFEST))
    assert (1, 2) == (older["version"], newer["version"])
    copied = store.iterations.trained(project_archive.copy(store, flowers).id)[0]
    unpacked = elsewhere.iterations.trained(unpack(elsewhere, packed).id)
    for place, found in ((store, copied), (elsewhere, unpacked[0])):
        curve = learning_curves.load(place, found)
        assert curve is not None
        np.testing.assert_array_equal(measured.levels, curve.levels)
    assert learning_curves.load(elsewhere, unpacked[1]) is None


def test_a_damaged_result_is_not_packed(store: Store, elsewhere: Store, flowers: Project, tmp_path: Path) -> None:
    """A file of this home that is no result does not make a zip that nobody can open."""
    iteration = store.iterations.trained(flowers.id)[0]
    (blobs.iteration_folder(store.home, iteration.id) / learning_curves.FILE.name).write_bytes(b"PK")
    unpack(elsewhere, project_archive.pack(store, flowers, tmp_path / "a.zip").path)


def test_a_strangers_result_is_checked(elsewhere: Store, zipped: Path) -> None:
    """A result that is not of the iteration's images is refused, by its name; nothing comes in."""
    before = state(elsewhere)
    with pytest.raises(ArchiveRefused) as refusal:
        unpack(elsewhere, repacked(zipped, {"iterations/1/learning-curve-1.npz": b"PK"}))
    assert str(refusal.value).startswith("a project zip's iterations/1/learning-curve-1.npz must match the project")
    assert state(elsewhere) == before


def test_results_of_a_newer_tagwise_are_left_out(elsewhere: Store, zipped: Path) -> None:
    """A zip with a file of an analysis that is not known here opens without it."""
    project = unpack(elsewhere, repacked(zipped, {"iterations/1/dreams-12.npz": b"x"}))
    files = (elsewhere.home / "iterations").rglob("*.npz")
    assert {evaluation.ARRAYS} == {path.name for path in files}
    assert 2 == len(elsewhere.iterations.trained(project.id))


def test_another_zip(elsewhere: Store, tmp_path: Path) -> None:
    """A zip of images is told where it belongs."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("rose/1.jpg", b"")
    with pytest.raises(ArchiveRefused) as refusal:
        unpack(elsewhere, tmp_path / "a.zip")
    expected = "a project zip must contain tagwise.json, this one does not: upload a zip of images on the Images page"
    assert str(refusal.value) == expected


@pytest.mark.parametrize(
    "extra",
    [
        "../../evil",
        "/etc/evil",
        "iterations/3/arrays.npz",
        "iterations/3/learning-curve-1.npz",
        "iterations/1/x/../map-1.npz",
        "iterations/1/map.npz",
        "networks/x.tflite",
        "evil.py",
    ],
)
def test_nothing_else_comes_in(elsewhere: Store, zipped: Path, extra: str) -> None:
    """A file that belongs to nothing in the project is refused, wherever its name would lead."""
    before = state(elsewhere)
    with pytest.raises(ArchiveRefused, match=r"a project zip must hold only files of its project, .* is not one"):
        unpack(elsewhere, repacked(zipped, {extra: b"x"}))
    assert state(elsewhere) == before


@pytest.mark.parametrize("member", ["project.json", "iterations/1/arrays.npz"])
def test_nothing_is_missing(elsewhere: Store, zipped: Path, member: str) -> None:
    """A file that the project needs is missed."""
    with pytest.raises(ArchiveRefused) as refusal:
        unpack(elsewhere, repacked(zipped, {member: None}))
    expected = f"a project zip must be complete, {member} is missing: copy or download it again"
    assert str(refusal.value) == expected


HOSTILE: dict[str, tuple[Callable[[Json], object], str]] = {
    "name": (lambda it: it.update(name=7), r"project\.json: name is not a text, got a whole number"),
    "line": (lambda it: it.update(name="a\nb"), r"project\.json: name is not allowed"),
    "half": (lambda it: it.update(description="\ud800"), r"project\.json is not a file of JSON"),
    "long": (lambda it: it.update(description="x" * 4001), r"description is not a text of at most 4000"),
    "type": (
        lambda it: it.update(classification_type="Segmentation"),
        r"project\.json: classification_type is not one of the values that",
    ),
    "domain": (lambda it: it.update(domain_id="x"), r"domain_id is not allowed"),
    "moment": (lambda it: it.update(created_at="2026-01-01T00:00:00"), "is not a moment with its time zone"),
    "gone": (lambda it: it.pop("tags"), r"project\.json is not an object with tags"),
    "list": (lambda it: it.update(images={}), r"images is not a list"),
    "tag": (lambda it: it["tags"][0].update(name="a|b"), r"tags\[0\]\.name is not allowed"),
    "twins": (lambda it: it["tags"][0].update(name=it["tags"][1]["name"]), "a list without duplicates"),
    "label": (
        lambda it: it["iterations"][0]["tags"][0].update(name="rose\u2028tulip"),
        r"iterations\[0\]\.tags\[0\]\.name is not allowed",
    ),
    "path": (lambda it: it["images"][0].update(sha256="../" * 21 + "x"), "is not a text of 64 hexadecimal digits"),
    "stranger": (lambda it: it["images"][0].update(tags=["x"]), "is not a list with only the project's tags"),
    "flag": (lambda it: it["images"][0].update(is_test=1), r"is_test is not true or false"),
    "number": (
        lambda it: it["iterations"][0].update(number=True),
        r"iterations\[0\]\.number is not a whole number, got true or false",
    ),
    "column": (
        lambda it: it["iterations"][0]["images"][0].update(columns=[9]),
        r"columns is not a list of whole numbers in 0\.\.2",
    ),
    "place": (
        lambda it: it["iterations"][0]["images"][0].update(image=-1),
        r"images\[0\]\.image is not a whole number >= 0",
    ),
    "rate": (lambda it: it["iterations"][0].update(thresholds=1.5), r"thresholds is not a number <= 1"),
    "rates": (lambda it: it["iterations"][0].update(thresholds=[0.5]), r"thresholds is not a list of 3, one per tag"),
    "nan": (lambda it: it["iterations"][0].update(thresholds=float("nan")), "is not a file of JSON"),
    "seconds": (
        lambda it: it["iterations"][0].update(seconds={"total": "x"}),
        r"seconds\[\.\.\.\] is not a number, got a text",
    ),
    "folder": (lambda it: it["iterations"][0].update(fingerprint="../../../../../."), "16 hexadecimal digits"),
    "method": (
        lambda it: it["iterations"][0]["evaluation"].update(method="x"),
        r"evaluation\.method is not one of the values",
    ),
    "alike": (lambda it: it["iterations"][0].update(number=2), "a list without duplicates"),
    "negative": (lambda it: [tag.update(kind="Negative") for tag in it["tags"]], "at most one negative tag"),
    "mixed": (
        lambda it: it["images"][0].update(tags=[tag["key"] for tag in it["tags"]]),
        "must follow the rules of its project type: a negative tag must be an image's only tag",
    ),
    "beyond": (
        lambda it: it["iterations"][0]["images"][0].update(image=10**30),
        r"image is not a whole number in 0\.\.17",
    ),
    "pairs": (
        lambda it: it["settings"].update(augmentation_methods=[["flip", True, 1]]),
        r"settings\.augmentation_methods\[0\] is not a list of length 2",
    ),
    "long list": (
        lambda it: it["images"][0].update(metadata={str(key): "" for key in range(1001)}),
        r"images\[0\]\.metadata is not an object of at most 1000",
    ),
    "folder's name": (
        lambda it: it["images"][0].setdefault("facts", {}).update(folder="a\x1b[2J"),
        r"images\[0\]\.facts\.folder is not a text as Tagwise writes it",
    ),
    "day": (
        lambda it: it["images"][0].setdefault("facts", {}).update(day="yesterday"),
        r"images\[0\]\.facts\.day is not a text as Tagwise writes it",
    ),
    "camera": (
        lambda it: it["images"][0].setdefault("facts", {}).update(camera=7),
        r"images\[0\]\.facts\.camera is not a text, got a whole number",
    ),
    "upload": (
        lambda it: it["images"][0].setdefault("facts", {}).update(upload="x" * 1001),
        r"images\[0\]\.facts\.upload is not a text of at most 1000",
    ),
    "erased": (
        lambda it: it["images"][0].update(is_erased=True),
        r"images\[0\]\.in_workspace is not false, although the image is erased",
    ),
    "many": (
        lambda it: it["iterations"][0]["images"].pop(),
        r"arrays\.npz must match the project, truth in it does not",
    ),
}


@pytest.mark.parametrize(("edit", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_a_project_json_from_a_stranger(
    elsewhere: Store, zipped: Path, edit: Callable[[Json], object], expected: str
) -> None:
    """Values of another kind, out of bounds or against the rules are refused by their place, and nothing comes in."""
    before = state(elsewhere)
    with pytest.raises(ArchiveRefused, match=expected):
        unpack(elsewhere, edited(zipped, edit))
    assert state(elsewhere) == before


NO_JSON = "project.json is not a file of JSON"
NO_NUMBER = "project.json: iterations[0].scores.f1 is not a number in range"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("NaN", NO_JSON),
        ("-Infinity", NO_JSON),
        ('"\\ud800"', NO_JSON),
        ('"\\udc00"', NO_JSON),
        ('"\ud800"', NO_JSON),
        ('0, "unknown": ' + "[" * 100_000 + "]" * 100_000, NO_JSON),
        ("1e400", NO_NUMBER),
        ("1" * 10_000, NO_NUMBER),
    ],
    ids=["nan", "infinity", "high half", "low half", "half in UTF-8", "deep", "huge", "long"],
)
def test_hostile_json(elsewhere: Store, zipped: Path, value: str, expected: str) -> None:
    """JSON cannot say NaN or half a letter, nor go on for ever, nor hold a number that no float can."""
    with zipfile.ZipFile(zipped) as archive:
        content = archive.read("project.json").decode()
    head, key, tail = content.partition('"f1": ')
    changed = head + key + value + tail[tail.index(",") :]
    before = state(elsewhere)
    with pytest.raises(ArchiveRefused) as refusal:
        unpack(elsewhere, repacked(zipped, {"project.json": changed.encode(errors="surrogatepass")}))
    assert f"a project zip must be unchanged, {expected}: copy or download it again" == str(refusal.value)
    assert state(elsewhere) == before


def test_arrays_from_a_stranger(elsewhere: Store, zipped: Path, tmp_path: Path) -> None:
    """Arrays that would unpickle objects, take all memory, or hold no probabilities are refused."""
    member = "iterations/1/arrays.npz"
    with zipfile.ZipFile(zipped) as archive, np.load(io.BytesIO(archive.read(member))) as arrays:
        own = dict(arrays)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (18, 10**12)})
    bomb = io.BytesIO(npz(**own))
    with zipfile.ZipFile(bomb, "w") as archive:
        for name in own:
            archive.writestr(f"{name}.npy", header.getvalue())
    before = state(elsewhere)
    for data, expected in (
        (npz(**own | {"bias": np.array([{}], object)}), "bias in it does not"),
        (npz(**own | {"probabilities": own["probabilities"] + 2}), "its numbers do not"),
        (npz(**own | {"kernel": np.full_like(own["kernel"], np.inf)}), "its numbers do not"),
        (npz(**own | {"folds": own["folds"][:-1]}), "folds in it does not"),
        (npz(truth=own["truth"]), "must be complete, it is damaged"),
        (bomb.getvalue(), "truth in it does not"),
        (b"PK", "must be complete, it is damaged"),
    ):
        with pytest.raises(ArchiveRefused, match=expected):
            unpack(elsewhere, repacked(zipped, {member: data}))
        assert state(elsewhere) == before


def test_a_zip_bomb(elsewhere: Store, zipped: Path) -> None:
    """A file that unpacks to more than it is said to be is not read on."""
    bomb = repacked(
        zipped,
        {"project.json": b"[" * 50_000_000},
        lambda manifest: manifest["files"]["project.json"].update(size_bytes=10),
    )
    with pytest.raises(ArchiveRefused, match="has another SHA-256"):
        unpack(elsewhere, bomb)
    huge = repacked(zipped, {}, lambda manifest: manifest["files"]["project.json"].update(size_bytes=2**30))
    with pytest.raises(ArchiveRefused) as refusal:
        unpack(elsewhere, huge)
    expected = (
        "project.json in a project zip must be at most 128 MB, this one is larger: check that Tagwise made the zip"
    )
    assert str(refusal.value) == expected


def test_what_a_dead_process_left_goes(elsewhere: Store, zipped: Path) -> None:
    """Files laid out by a process that was killed are gone with the next project, and spoil it in no way."""
    blobs.write(elsewhere.home / "unpacking" / "originals" / "ab" / "left", b"x")
    unpack(elsewhere, zipped)
    assert not (elsewhere.home / "unpacking").exists()


def test_several_at_once(elsewhere: Store, zipped: Path) -> None:
    """Zips that are opened at the same time come in one after the other, each whole."""
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: unpack(elsewhere, zipped), range(3)))
    assert sorted(project.name for project in made) == ["Flowers <b>", "Flowers <b> (2)", "Flowers <b> (3)"]
    first, second, third = ((workspace(elsewhere, one), trainings(elsewhere, one)) for one in made)
    assert first == second == third


def test_a_process_killed_in_the_middle(elsewhere: Store, zipped: Path) -> None:
    """Killed while images are laid out, nothing came in, and the next try succeeds."""
    script = """
import os, signal, sys
from pathlib import Path
from cvcore import archive
from cvcore.settings import Limits
from cvcore.store import Store

def progress(stage, fraction):
    if fraction > 0.4:
        os.kill(os.getpid(), signal.SIGKILL)

archive.unpack(Store(Path(sys.argv[1])), Path(sys.argv[2]), limits=Limits(), progress=progress)
"""
    before = state(elsewhere)
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    command = [sys.executable, "-c", script, str(elsewhere.home), str(zipped)]
    assert subprocess.run(command, env=environ, check=False).returncode == -signal.SIGKILL
    left = [path for path in state(elsewhere)[0] if path.parts[0] != "unpacking"]
    assert (left, state(elsewhere)[1:]) == (before[0], before[1:])
    assert unpack(elsewhere, zipped).name == "Flowers <b>"
    assert not (elsewhere.home / "unpacking").exists()


def test_packing_what_is_damaged(store: Store, flowers: Project, tmp_path: Path) -> None:
    """An image whose file is gone or changed stops the packing, and no file is left."""
    (first, *_) = store.images.digests(flowers.id)
    original = blobs.original_path(store.home, first)
    original.write_bytes(b"x")
    with pytest.raises(ModelDamaged, match=r"is damaged: restore it from a backup$"):
        project_archive.pack(store, flowers, tmp_path / "a.zip")
    original.unlink()
    with pytest.raises(NotFound, match="is not in the home folder"):
        project_archive.pack(store, flowers, tmp_path / "a.zip")
    projects.delete(store, flowers)
    with pytest.raises(TagwiseError, match="it may have been deleted"):
        project_archive.pack(store, flowers, tmp_path / "a.zip")
    assert list(tmp_path.glob("*a.zip*")) == []


def test_the_same_project_gives_the_same_zip(store: Store, flowers: Project, packed: Path) -> None:
    """Packed twice, byte for byte the same; progress never falls."""
    told: list[float] = []
    again = project_archive.pack(
        store, flowers, packed.with_name("b.zip"), lambda stage, fraction: told.append(fraction)
    )
    assert again.path.read_bytes() == packed.read_bytes()
    assert told == sorted(told)
    assert all(0 <= fraction <= 1 for fraction in told)
