"""Labelled images come in by the folder and by the zip, and every file's fate is told."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from cvcore import datasets, domains, languages, projects
from cvcore.errors import Locked, NotFound
from cvcore.files import blobs
from cvcore.projects import imports, samples, tagging
from cvcore.projects.uploads import Upload
from cvcore.records import MULTICLASS, Project
from cvcore.settings import Limits
from cvcore.store import FOR_TESTING, UNTAGGED, Store

LIMITS = Limits()
Picture = Callable[[int], bytes]


def folder_of(top: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return top


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def bring_in(store: Store, project: Project, path: Path, *tag_ids: str) -> imports.Import:
    return imports.import_images(store, project, datasets.entries(path, LIMITS), limits=LIMITS, tag_ids=tag_ids)


def carried(store: Store, project: Project) -> dict[str, set[str]]:
    """The names of the tags of every workspace image, by its name."""
    names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    return {
        image.name: {names[tag_id] for tag_id in image.tag_ids} for image in store.images.page(project.id, take=9999)
    }


@pytest.fixture
def multiclass(store: Store) -> Project:
    """An empty project whose images carry one tag each."""
    return store.projects.add("animals", description="", classification_type=MULTICLASS, domain_id=domains.DEFAULT.id)


@pytest.mark.parametrize("pack", [folder_of, zip_of])
def test_folders_become_tags(
    store: Store, multiclass: Project, drawn_image: Picture, tmp_path: Path, pack: Callable[..., Path]
) -> None:
    """From a folder and from a zip alike each folder's images are stored with its name as their tag."""
    tagging.create(store, multiclass, "rose", limits=LIMITS)
    files = {
        "rose/1.png": drawn_image(1),
        "rose/2.png": drawn_image(2),
        "tulip/3.png": drawn_image(3),
        "4.png": drawn_image(4),
    }
    result = bring_in(store, multiclass, pack(tmp_path / "given", files))
    assert {status: result.count(status) for status in ("stored", "duplicate", "refused")} == {
        "stored": 4,
        "duplicate": 0,
        "refused": 0,
    }
    assert carried(store, multiclass) == {"1.png": {"rose"}, "2.png": {"rose"}, "3.png": {"tulip"}, "4.png": set()}
    assert [tag.name for tag in store.tags.of_project(multiclass.id)] == ["rose", "tulip"]


def test_a_table_gives_several_tags(store: Store, project: Project, drawn_image: Picture, tmp_path: Path) -> None:
    """With a labels.csv an image of a Multilabel project gets all its tags, and those chosen for the whole group."""
    files = {
        "images/1.png": drawn_image(1),
        "images/2.png": drawn_image(2),
        "labels.csv": b"file,labels\n1.png,rose|red\n2.png,\n",
    }
    garden = tagging.create(store, project, "garden", limits=LIMITS)
    bring_in(store, project, folder_of(tmp_path / "given", files), garden.id)
    assert carried(store, project) == {"1.png": {"rose", "red", "garden"}, "2.png": {"garden"}}


def test_several_tags_are_refused_in_multiclass(
    store: Store, multiclass: Project, drawn_image: Picture, tmp_path: Path
) -> None:
    """An image with two tags is refused with the reason, its tags are not made, and the others come in."""
    files = {
        "images/1.png": drawn_image(1),
        "images/2.png": drawn_image(2),
        "labels.csv": b"file,labels\n1.png,rose|red\n2.png,tulip\n",
    }
    result = bring_in(store, multiclass, folder_of(tmp_path / "given", files))
    assert [(upload.name, upload.status) for upload in result.uploads] == [("1.png", "refused"), ("2.png", "stored")]
    assert result.uploads[0].reason == (
        "an image of a Multiclass project must have one tag, got 'rose', 'red': choose one"
    )
    assert [tag.name for tag in store.tags.of_project(multiclass.id)] == ["tulip"]
    for kind in ("originals", "thumbnails"):
        assert 1 == sum(path.is_file() for path in (store.home / kind).rglob("*"))


def test_every_file_has_a_fate(store: Store, multiclass: Project, drawn_image: Picture, tmp_path: Path) -> None:
    """What was left out, stored, here already and refused is told of each file, as it is known and in the end."""
    files = {
        "rose/1.png": drawn_image(1),
        "rose/again.png": drawn_image(1),
        "rose/broken.png": drawn_image(2)[:60],
        "rose/notes.txt": b"notes",
        "tulip/same.png": drawn_image(1),
    }
    listing = datasets.entries(zip_of(tmp_path / "given.zip", files), LIMITS)
    told: list[Upload] = []
    result = imports.import_images(store, multiclass, listing, limits=LIMITS, on_file=told.append)
    assert [(upload.name, upload.status) for upload in result.uploads] == [
        ("rose/notes.txt", "refused"),
        ("1.png", "stored"),
        ("again.png", "duplicate"),
        ("broken.png", "refused"),
        ("same.png", "duplicate"),
    ]
    assert all(upload.reason for upload in result.uploads if upload.status != "stored")
    assert told == list(result.uploads)
    assert carried(store, multiclass) == {"1.png": {"rose"}}


def test_hostile_folders_make_no_tags(store: Store, project: Project, drawn_image: Picture, tmp_path: Path) -> None:
    """A folder whose name cannot be a tag's has its images refused; one that looks like HTML is just a name."""
    files = {
        "<b>bold/1.png": drawn_image(1),
        "red|rose/2.png": drawn_image(2),
        f"{'x' * 200}/3.png": drawn_image(3),
        "gpj.\u202esor/4.png": drawn_image(4),
    }
    result = bring_in(store, project, zip_of(tmp_path / "given.zip", files))
    assert {upload.name: upload.status for upload in result.uploads} == {
        "1.png": "stored",
        "2.png": "refused",
        "3.png": "refused",
        "4.png": "refused",
    }
    assert [tag.name for tag in store.tags.of_project(project.id)] == ["<b>bold"]


def test_a_damaged_member_does_not_stop_the_others(
    store: Store, project: Project, drawn_image: Picture, tmp_path: Path
) -> None:
    """A file whose bytes in the zip are broken is refused, and what comes after it is stored."""
    path = zip_of(tmp_path / "given.zip", {"a/1.png": drawn_image(1), "a/2.png": drawn_image(2)})
    data = path.read_bytes()
    path.write_bytes(data.replace(drawn_image(1), bytes(len(drawn_image(1)))))
    result = bring_in(store, project, path)
    assert [(upload.name, upload.status) for upload in result.uploads] == [("1.png", "refused"), ("2.png", "stored")]


def test_embeddings_are_asked_for_once(store: Store, project: Project, drawn_image: Picture, tmp_path: Path) -> None:
    """After an import the worker is asked to look at the images, in one job however many imports wait for it."""
    for number in (1, 2):
        bring_in(store, project, folder_of(tmp_path / str(number), {"rose/1.png": drawn_image(number)}))
    assert [(job.kind, job.project_id) for job in store.jobs.active()] == [("embed", project.id)]


def test_an_import_into_a_deleted_project_stops(
    store: Store, project: Project, drawn_image: Picture, tmp_path: Path
) -> None:
    """When someone deletes the project in the middle, the import ends and says so, and no file is left."""
    listing = datasets.entries(folder_of(tmp_path / "given", {f"a/{n}.png": drawn_image(n) for n in range(3)}), LIMITS)
    with pytest.raises(NotFound):
        imports.import_images(
            store, project, listing, limits=LIMITS, on_file=lambda upload: projects.delete(store, project)
        )
    assert [path for path in (store.home / "originals").rglob("*") if path.is_file()] == []


def test_a_full_disk_stops_an_import_and_keeps_what_came_before(
    on_small_disk: Callable[[str, str], list[str]],
) -> None:
    """When the disk fills up in the middle, the import ends with that reason, and the images before it are there."""
    told = on_small_disk(
        "size=2m",
        """
import io
import numpy as np
from PIL import Image
from cvcore import datasets
from cvcore.projects import imports
from cvcore.settings import Limits
from cvcore.store import Store

def image(number):
    file = io.BytesIO()
    noise = np.random.default_rng(number).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()

store = Store(disk / "home")
project = store.projects.add("flowers", description="", classification_type="Multilabel", domain_id="general")
listing = datasets.entries_from_uploads([(f"rose/{n}.png", image(n)) for n in range(40)])
done = []
with refusals():
    imports.import_images(store, project, listing, limits=Limits(), on_file=done.append)
print(len(done) > 2, all(upload.status == "stored" for upload in done), store.images.count(project.id) == len(done))
""",
    )
    assert told == [
        "StorageFull the disk that holds the home folder is full: free some space on it and try again",
        "True True True",
    ]


def test_a_refused_image_leaves_the_tags_as_they_were(
    store: Store, multiclass: Project, drawn_image: Picture, tmp_path: Path
) -> None:
    """A tag that only files have which are no image is never there; one that another image has comes with that."""
    files = {"rose/1.png": b"no image", "tulip/2.png": drawn_image(2), "tulip/3.png": b"no image"}
    result = bring_in(store, multiclass, folder_of(tmp_path / "in", files))
    assert ["refused", "stored", "refused"] == [upload.status for upload in result.uploads]
    assert ["tulip"] == [tag.name for tag in store.tags.of_project(multiclass.id)]


def test_a_duplicate_that_refuses_its_tag_does_not_bring_it(
    store: Store, multiclass: Project, drawn_image: Picture, tmp_path: Path
) -> None:
    """An image that comes twice with two tags keeps the first; the second is not made for it, in any batch."""
    files = {"rose/1.png": drawn_image(1), "tulip/2.png": drawn_image(1)}
    top = folder_of(tmp_path / "in", files)
    for first in ("stored", "duplicate"):
        assert [first, "duplicate"] == [upload.status for upload in bring_in(store, multiclass, top).uploads]
        assert {"1.png": {"rose"}} == carried(store, multiclass)
        assert ["rose"] == [tag.name for tag in store.tags.of_project(multiclass.id)]


def test_what_is_told_is_committed(store: Store, project: Project, drawn_image: Picture, tmp_path: Path) -> None:
    """Whoever is told of a stored image finds it from another connection, with its files, also if all ends then."""
    seen: list[tuple[int, bool]] = []

    def look(upload: Upload) -> None:
        sha256 = blobs.sha256(drawn_image(int(upload.name[0])))
        seen.append((Store(store.home).images.count(project.id), blobs.original_path(store.home, sha256).exists()))
        raise InterruptedError

    listing = datasets.entries(folder_of(tmp_path / "in", {f"a/{n}.png": drawn_image(n) for n in range(3)}), LIMITS)
    with pytest.raises(InterruptedError):
        imports.import_images(store, project, listing, limits=LIMITS, on_file=look)
    ((count, is_there),) = seen
    assert count >= 1
    assert is_there


def test_no_more_than_a_pupil_may_store(store: Store, project: Project, drawn_image: Picture, tmp_path: Path) -> None:
    """Of a batch as many images are stored as are allowed; the others are refused and leave neither file nor tag."""
    limits = Limits(home_images=2)
    listing = datasets.entries(folder_of(tmp_path / "in", {f"{n}/{n}.png": drawn_image(n) for n in range(5)}), LIMITS)
    result = imports.import_images(store, project, listing, limits=limits)
    assert ["stored"] * 2 + ["refused"] * 3 == [upload.status for upload in result.uploads]
    assert ["0", "1"] == [tag.name for tag in store.tags.of_project(project.id)]
    assert 2 == sum(path.is_file() for path in (store.home / "originals").rglob("*"))
    assert 2 == sum(path.is_file() for path in (store.home / "thumbnails").rglob("*"))


def test_a_locked_home_takes_nothing(store: Store, project: Project, drawn_image: Picture, tmp_path: Path) -> None:
    """Where a teacher has locked the home an import ends, and no file is written."""

    def lock() -> None:
        raise Locked("locked")

    locked = Store(store.home, guard=lock)
    with pytest.raises(Locked):
        bring_in(locked, project, folder_of(tmp_path / "in", {"rose/1.png": drawn_image(1)}))
    assert not (store.home / "originals").exists()


def test_the_sample_is_ready_to_train(store: Store) -> None:
    """Three schools of 40 paintings each, all stored and tagged, in a Multiclass project whose name was free."""
    projects.create(store, samples.SAMPLE, domain="Built-in")
    project = samples.make_sample(store, limits=LIMITS)
    assert (project.name, project.classification_type) == (f"{samples.SAMPLE} 2", MULTICLASS)
    assert project.domain_id == domains.BUILT_IN.id
    assert Counter(tag.image_count for tag in store.tags.of_project(project.id)) == {40: 3}
    assert store.images.count(project.id) == 120
    assert store.images.count(project.id, UNTAGGED) == 0
    assert [job.kind for job in store.jobs.active()] == ["embed"]


@pytest.mark.parametrize("top", ["", "flowers/"])
def test_a_test_folder_is_kept_for_testing(
    store: Store, multiclass: Project, drawn_image: Picture, tmp_path: Path, top: str
) -> None:
    """Beside train it holds the user's own test set; both sides' tags are the folders below."""
    files = {f"{top}{side}/{tag}/{side}.png" for side in ("train", "Test") for tag in ("daisy", "rose")}
    folder = folder_of(tmp_path / "in", {name: drawn_image(number) for number, name in enumerate(sorted(files))})
    assert 4 == bring_in(store, multiclass, folder).count("stored")
    assert ["daisy", "rose"] == [tag.name for tag in store.tags.of_project(multiclass.id)]
    kept = store.images.page(multiclass.id, tag_id=FOR_TESTING, take=9)
    assert ["Test.png", "Test.png"] == [image.name for image in kept]


@pytest.mark.parametrize("paths", [["train/a/1.png", "trail/a/3.png"], ["train/1.png", "bus/2.png", "car/3.png"]])
def test_a_train_may_be_a_tag(
    store: Store, multiclass: Project, drawn_image: Picture, tmp_path: Path, paths: list[str]
) -> None:
    """Where no other split is beside it, train is a tag like any other."""
    bring_in(store, multiclass, folder_of(tmp_path / "in", {name: drawn_image(n) for n, name in enumerate(paths)}))
    assert {path.split("/")[0] for path in paths} == {tag.name for tag in store.tags.of_project(multiclass.id)}
    assert 0 == store.images.count(multiclass.id, FOR_TESTING)


def test_remarks_before_an_import(store: Store, project: Project) -> None:
    """Tags that look like the project's own are pointed out, and so are images without tags where it has several."""
    tagging.create(store, project, "Cat", limits=LIMITS)
    tagging.create(store, project, "cat", limits=LIMITS)
    assert imports.remarks(store, project, ["dog"]) == []
    assert imports.remarks(store, project, ["dog", "dog "], 2) == [
        "The tags dog, dog  look alike. If they mean the same, give all their images one of them.",
        "2 images without tags will not be used to train: if an image shows none of the tags, give it the negative "
        "tag.",
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "this file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "run `git lfs pull`"),
        (b"/annex/objects/SHA256E-s1--0.jpg\n", "run `git annex get .`"),
        (b"\n<!DOCTYPE html><html>404", "this is a web page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "this is an SVG drawing: export it as PNG"),
        (b"\xff\x0a\xfa\x7f", "this is JPEG XL: save it as JPEG or PNG"),
    ],
)
def test_stand_ins_are_named(store: Store, project: Project, tmp_path: Path, data: bytes, reason: str) -> None:
    """A file that stands in for an image is refused with what it is and what to do."""
    (upload,) = bring_in(store, project, folder_of(tmp_path / "in", {"cat/1.jpg": data})).uploads
    assert upload.status == "refused"
    assert reason in upload.reason


def test_where_images_came_from(store: Store, multiclass: Project, drawn_image: Picture, tmp_path: Path) -> None:
    """Each new image keeps its upload and its folder inside of it; a duplicate keeps those of its first upload."""
    files = {"animals/cat/1.png": drawn_image(1), "animals/dog/2.png": drawn_image(2), "3.png": drawn_image(3)}
    listing = datasets.entries(zip_of(tmp_path / "in.zip", files), LIMITS)
    imports.import_images(store, multiclass, listing, limits=LIMITS, source="\x1bin.zip")
    bring_in(store, multiclass, folder_of(tmp_path / "secret", {"4.png": drawn_image(4), "new/5.png": drawn_image(1)}))
    facts = {
        image.name: store.image_facts.of_images([image.id])[image.id]
        for image in store.images.page(multiclass.id, take=9)
    }
    assert {"1.png": "animals/cat", "2.png": "animals/dog", "3.png": None, "4.png": None} == {
        name: of_image.get("folder") for name, of_image in facts.items()
    }
    uploads = {name: of_image["upload"].partition(", ") for name, of_image in facts.items()}
    assert {"1.png": "?in.zip", "2.png": "?in.zip", "3.png": "?in.zip", "4.png": "2 images"} == {
        name: what for name, (_, _, what) in uploads.items()
    }
    assert all(datetime.strptime(time, "%Y-%m-%d %H:%M") for time, _, _ in uploads.values())


def test_metadata_of_a_table_are_stored(
    store: Store, multiclass: Project, drawn_image: Picture, tmp_path: Path
) -> None:
    """The columns of a table are the images' metadata; another import adds to them, also to duplicates."""
    tables = ("file,labels,room,floor\n1.png,cat,12,3\n", "file,labels,room,day\n1.png,cat,13,Monday\n")
    for number, table in enumerate(tables):
        files = {"images/1.png": drawn_image(1), "labels.csv": table.encode()}
        bring_in(store, multiclass, zip_of(tmp_path / f"{number}.zip", files))
    (image,) = store.images.page(multiclass.id, take=9)
    assert {"room": "13", "floor": "3", "day": "Monday"} == store.metadata.of_images([image.id])[image.id]


def test_refusals_are_in_the_language_of_who_imports(store: Store, project: Project, tmp_path: Path) -> None:
    """Files are read in other threads, which say why one is refused in the same language."""
    top = folder_of(tmp_path / "in", {"rose/1.png": b"no image"})
    reasons = {}
    for code in ("en", "de"):
        with languages.using(code):
            (upload,) = bring_in(store, project, top).uploads
        reasons[code] = upload.reason
    assert "image" in reasons["en"]
    assert "Bild" in reasons["de"]
