"""What is exported can be imported again: the same images by content, the same tags, the same test images."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cvcore import datasets, names, projects
from cvcore.annotations import parts
from cvcore.datasets import file_names
from cvcore.errors import Conflict, InvalidInput, NotFound
from cvcore.files import blobs
from cvcore.projects import imports, tagging, uploads
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store

LIMITS = Limits()
DrawImage = Callable[[int], bytes]
ImageSpec = tuple[str, Sequence[str], bool]


@pytest.fixture
def make(store: Store, drawn_image: DrawImage) -> Callable[..., Project]:
    """Creates a project of images with these names and tags, some of them test images."""

    def create(specs: Sequence[ImageSpec], kind: str = "Multiclass") -> Project:
        project = projects.create(store, "Given", classification_type=kind, domain="Built-in")
        for number, (name, tags, is_test) in enumerate(specs):
            tag_ids = [tag.id for tag in tagging.ensure(store, project, tags, limits=LIMITS)]
            upload = uploads.add(store, project, name, drawn_image(number), tag_ids=tag_ids, limits=LIMITS)
            assert upload.image_id
            tagging.mark_for_testing(store, project, [upload.image_id], is_test)
        return project

    return create


def contents(store: Store, project: Project) -> dict[str, tuple[tuple[str, ...], bool]]:
    """The tags of every image by its content, and whether it is a test image."""
    tag_names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    return {
        image.sha256: (tuple(tag_names[tag] for tag in image.tag_ids), image.is_test)
        for image in store.images.page(project.id, take=999)
    }


def imported(store: Store, project: Project, path: Path) -> Project:
    """A new project of the zip's images; nothing may be left out."""
    other = projects.create(store, f"{project.name} again", classification_type=project.classification_type)
    result = imports.import_images(store, other, datasets.entries(path, LIMITS), limits=LIMITS)
    assert [upload for upload in result.uploads if upload.reason] == []
    return other


PLAIN: list[ImageSpec] = [
    ("1.png", ["rose"], False),
    ("2.png", ["tulip"], False),
    ("3.png", ["rose"], True),
    ("4.png", ["tulip"], True),
    ("5.png", [], False),
    ("6.png", [], True),
]
HOSTILE: list[ImageSpec] = [
    ("=cmd|' /C calc'!A0.png", ["=1+1", "a/b"], False),
    ("..", ["..", "CON"], True),
    ("CON.png", ["a,b", 'say "x"'], False),
    ("notes.txt", ["<script>alert(1)</script>"], False),
    (".hidden.png", ["train", "test"], True),
    ("Same.png", ["Rose"], False),
    ("same.PNG", ["rose"], False),
    ("same.png", ["💐", "雛菊"], False),
    ("x" * 150 + ".png", [" s ", "images"], False),
    ("Thumbs.db", [], False),
]


@pytest.mark.parametrize("name", datasets.NAMES)
@pytest.mark.parametrize("specs", [PLAIN, PLAIN[:2], PLAIN[4:5], PLAIN[:1]], ids=["split", "tags", "none", "one"])
def test_round_trip(
    store: Store, make: Callable[..., Project], tmp_path: Path, name: str, specs: list[ImageSpec]
) -> None:
    """A project exported in each format is imported again unchanged."""
    project = make(specs)
    saved = datasets.save(store, project, name, tmp_path / "out.zip")
    assert (saved.images, saved.size_bytes) == (len(specs), (tmp_path / "out.zip").stat().st_size)
    assert contents(store, imported(store, project, saved.path)) == contents(store, project)


@pytest.mark.parametrize("name", ["table", "manifest", "imagefolder"])
def test_round_trip_of_hostile_names(store: Store, make: Callable[..., Project], tmp_path: Path, name: str) -> None:
    """Images with any names of tags and files get safe, distinct paths, and are imported unchanged."""
    project = make(HOSTILE, "Multilabel")
    saved = datasets.save(store, project, name, tmp_path / "out.zip")
    with zipfile.ZipFile(saved.path) as archive:
        paths = archive.namelist()
    assert len({path.casefold() for path in paths}) == len(paths)
    assert [path for path in paths if file_names.path_refusal(path) or file_names.is_litter(parts(path))] == []
    assert [path for path in paths if names.portable(path.rpartition("/")[2]) != path.rpartition("/")[2]] == []
    assert contents(store, imported(store, project, saved.path)) == contents(store, project)


@pytest.mark.parametrize("name", ["table", "manifest", "imagefolder"])
def test_only_test_images(store: Store, make: Callable[..., Project], tmp_path: Path, name: str) -> None:
    """A project of nothing but test images keeps them so."""
    project = make(PLAIN[2:4])
    saved = datasets.save(store, project, name, tmp_path / "out.zip")
    assert contents(store, imported(store, project, saved.path)) == contents(store, project)


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        (HOSTILE[:1], "each image in a tag's folder must have one tag, 1 has more: choose another format"),
        (
            [("1.png", ["a/b"], False)],
            "a tag must be a valid folder name on every system, 'a/b' is not: choose another format",
        ),
        (
            [("1.png", ["rose"], False), ("2.png", ["Rose"], False)],
            "folders must differ by more than case, 'Rose' and 'rose' do not: choose another format",
        ),
        (
            [("1.png", [], True), ("2.png", ["rose"], False)],
            "folders must show each image's tag and whether it is a test image, which is impossible for '1.png': "
            "choose another format",
        ),
        ([], "there are no images to download yet: add some on the Images page"),
    ],
)
def test_what_folders_cannot_show_is_refused(
    store: Store, make: Callable[..., Project], tmp_path: Path, specs: list[ImageSpec], expected: str
) -> None:
    """Where folders would lose a tag or a mark nothing is written, and the message says what to do."""
    project = make(specs, "Multilabel")
    with pytest.raises(Conflict) as refusal:
        datasets.save(store, project, "folders", tmp_path / "out.zip")
    assert (str(refusal.value), list(tmp_path.glob("*.zip*"))) == (expected, [])


def test_one_tag_is_exported_alone(store: Store, make: Callable[..., Project], tmp_path: Path) -> None:
    """A tag's images can be exported without the others."""
    project = make(PLAIN)
    rose = next(tag for tag in store.tags.of_project(project.id) if tag.name == "rose")
    datasets.save(store, project, "table", tmp_path / "out.zip", tag_id=rose.id)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.namelist() == ["images/1.png", "images/3.png", "labels.csv"]
        assert archive.read("labels.csv").decode() == "file,labels,test\n1.png,rose,\n3.png,rose,yes\n"


def test_the_manifest_is_amazons(store: Store, make: Callable[..., Project], tmp_path: Path) -> None:
    """A line has the fields that Rekognition requires."""
    datasets.save(store, make(PLAIN[:1]), "manifest", tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        record = json.loads(archive.read("train.manifest"))
    assert record["source-ref"] == "s3://your-bucket/images/1.png"
    assert set(record) == {"source-ref", "label-0", "label-0-metadata"}
    assert record["label-0-metadata"].pop("creation-date")
    assert record["label-0-metadata"] == {
        "confidence": 1.0,
        "job-name": "tagwise",
        "class-name": "rose",
        "human-annotated": "yes",
        "type": "groundtruth/image-classification",
    }


def test_nothing_is_left_behind(store: Store, make: Callable[..., Project], tmp_path: Path) -> None:
    """Where an image's file is gone, or the zip cannot be written, the message says so and no file remains."""
    project = make(PLAIN[:2])
    with pytest.raises(InvalidInput, match=r"^a zip must go to a file that can be written, .*: No such file"):
        datasets.save(store, project, "table", tmp_path / "nowhere" / "out.zip")
    (first, _) = store.images.digests(project.id)
    blobs.delete(blobs.original_path(store.home, first))
    with pytest.raises(NotFound, match=r"is not in the home folder: someone may have deleted it just now, try again$"):
        datasets.save(store, project, "table", tmp_path / "out.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_an_unknown_format(store: Store, make: Callable[..., Project], tmp_path: Path) -> None:
    """The refusal names the formats that exist."""
    with pytest.raises(InvalidInput) as refusal:
        datasets.save(store, make(PLAIN[:1]), "coco", tmp_path / "out.zip")
    assert (
        str(refusal.value)
        == "a format must be one of folders, table, manifest, imagefolder, got 'coco': choose one of these"
    )


@pytest.mark.parametrize("name", ["table", "imagefolder"])
def test_round_trip_of_metadata(store: Store, make: Callable[..., Project], tmp_path: Path, name: str) -> None:
    """Metadata are written as columns and read back, also those that are called like columns of other things."""
    project = make(PLAIN)
    images = store.images.page(project.id, take=99)
    texts = {"room": "12", "class": "4b", "phase": "test", "test": "=1+1", "file": "a.jpg", "天気": "晴れ, 曇り\n雨"}
    store.metadata.put([image.id for image in images[1:]], texts)
    store.metadata.put([images[1].id], {"room": "13", "metadata: class": "x", "original": "IMG_1.jpg"})
    other = imported(store, project, datasets.save(store, project, name, tmp_path / "out.zip").path)

    def known(project: Project) -> dict[str, dict[str, str]]:
        found = store.images.page(project.id, take=99)
        metadata = store.metadata.of_images([image.id for image in found])
        return {image.sha256: metadata.get(image.id, {}) for image in found}

    assert known(project) == known(other)
    assert contents(store, project) == contents(store, other)
