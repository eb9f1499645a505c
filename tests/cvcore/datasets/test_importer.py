"""Images from a folder, a zip or the page get the same tags; what is left out is listed with its reason."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cvcore import datasets
from cvcore.datasets import Listing
from cvcore.errors import ArchiveRefused
from cvcore.settings import Limits

LIMITS = Limits(image_bytes=100, photo_bytes=100, archive_entries=20)

Files = dict[str, bytes]
Importer = Callable[[Files, Path], Listing]


def zip_at(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def folder_at(path: Path, files: Files) -> Path:
    for name, data in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def as_folder(files: Files, tmp_path: Path) -> Listing:
    return datasets.entries(folder_at(tmp_path / "images_folder", files), LIMITS)


def as_zip(files: Files, tmp_path: Path) -> Listing:
    return datasets.entries(zip_at(tmp_path / "images.zip", files), LIMITS)


def as_open_zip(files: Files, tmp_path: Path) -> Listing:
    return datasets.entries_in_zip(io.BytesIO(zip_at(tmp_path / "images.zip", files).read_bytes()), LIMITS)


def as_uploads(files: Files, _tmp_path: Path) -> Listing:
    return datasets.entries_from_uploads([(name, lambda data=data: data) for name, data in files.items()])


@pytest.fixture(params=[as_folder, as_zip, as_open_zip, as_uploads])
def importer(request: pytest.FixtureRequest) -> Importer:
    return request.param


def tagged(listing: Listing) -> list[tuple[str, tuple[str, ...], bytes]]:
    return sorted((entry.name, entry.tags, entry.read()) for entry in listing.entries)


def test_tags_are_folders(importer: Importer, tmp_path: Path) -> None:
    """Each folder is a tag for the images in and below it; images beside the folders have none."""
    listing = importer({"1.jpg": b"1", "daisy/2.jpg": b"2", "daisy/close/3.jpg": b"3", "rose/4": b"4"}, tmp_path)
    expected = [("1.jpg", (), b"1"), ("2.jpg", ("daisy",), b"2"), ("3.jpg", ("daisy",), b"3"), ("4", ("rose",), b"4")]
    assert (tagged(listing), listing.skipped) == (expected, ())


def test_wrapper_folders_are_skipped(importer: Importer, tmp_path: Path) -> None:
    """A folder that only wraps the tag folders is no tag, whatever litter lies beside it."""
    files = {"flowers5/daisy/1.jpg": b"1", "flowers5/rose/2.jpg": b"2", "__MACOSX/flowers5/._x": b"", ".DS_Store": b""}
    listing = importer(files, tmp_path)
    assert (tagged(listing), listing.skipped) == ([("1.jpg", ("daisy",), b"1"), ("2.jpg", ("rose",), b"2")], ())


def test_a_lone_folder_is_a_tag(importer: Importer, tmp_path: Path) -> None:
    """A single folder that holds images itself is a tag and no wrapper."""
    assert tagged(importer({"daisy/1.jpg": b"1"}, tmp_path)) == [("1.jpg", ("daisy",), b"1")]


def test_a_table_gives_the_tags(importer: Importer, tmp_path: Path) -> None:
    """Beside a folder images a table gives the tags; rows for one file add up, and files without a row have none."""
    rows = "file,labels\n1.jpg,apple|pear\nclose/2.jpg,pear\n1.jpg,pear|plum\n"
    files = {"images/1.jpg": b"1", "images/close/2.jpg": b"2", "images/3.jpg": b"3", "labels.csv": rows.encode()}
    listing = importer({f"fruit/{name}": data for name, data in files.items()}, tmp_path)
    expected = [("1.jpg", ("apple", "pear", "plum"), b"1"), ("2.jpg", ("pear",), b"2"), ("3.jpg", (), b"3")]
    assert (tagged(listing), listing.skipped) == (expected, ())


def test_a_table_leaves_nothing_out_in_silence(importer: Importer, tmp_path: Path) -> None:
    """Rows that are broken or name no image, and images that no row can name, are listed."""
    rows = b"file,labels\n1.jpg\n../1.jpg,apple\n"
    listing = importer({"images/1.jpg": b"1", "apple/2.jpg": b"2", "labels.csv": rows}, tmp_path)
    assert tagged(listing) == [("1.jpg", ("apple",), b"1"), ("2.jpg", (), b"2")]
    reason = "a row must have 2 columns like the first line, this one has 1: correct it"
    assert listing.skipped == (("labels.csv line 2", reason),)
    assert listing.notes == ("1 image without a line in labels.csv, first apple/2.jpg: no tag.",)
    assert listing.read_as == "labels.csv; 1 tag; 1 image without tags"


def test_what_is_no_image_is_listed(importer: Importer, tmp_path: Path) -> None:
    """Files of other kinds, zips inside and tables that cannot count are left out with the reason."""
    files = {"daisy/1.jpg": b"1", "daisy/notes.txt": b"", "labels.csv": b"", "more.zip": b"PK"}
    assert sorted(importer(files, tmp_path).skipped) == [
        ("daisy/notes.txt", "only images are imported, a .txt file is not an image: leave it out"),
        ("labels.csv", "only images are imported, a .csv file is not an image: leave it out"),
        ("more.zip", "archives inside a zip or folder are not opened, a .zip file is an archive: unpack it first"),
    ]


def test_hostile_names_are_listed_and_the_rest_is_imported(tmp_path: Path) -> None:
    """A file whose name leads out of the zip is left out and listed; all others are imported."""
    files = {"../1.jpg": b"", "/etc/2.jpg": b"", "C:\\3.jpg": b"", "daisy\\4.jpg": b"4", "rose/\x1b[2J.jpg": b""}
    listing = as_zip(files, tmp_path)
    assert tagged(listing) == [("4.jpg", ("daisy",), b"4")]
    assert [name for name, _ in listing.skipped] == ["../1.jpg", "/etc/2.jpg", "C:\\3.jpg", "rose/?[2J.jpg"]


def test_file_names_that_are_not_utf_8(tmp_path: Path) -> None:
    """A file whose name is not UTF-8 is imported under a name that can be written."""
    (tmp_path / os.fsdecode(b"cat\xff.jpg")).write_bytes(b"1")
    (entry,) = datasets.entries(tmp_path, LIMITS).entries
    assert (entry.name, entry.read()) == ("cat.jpg", b"1")


@pytest.mark.filterwarnings("ignore:Duplicate name")  # zipfile's, while it makes what we want
def test_the_same_name_twice(tmp_path: Path) -> None:
    """A zip that holds two files of one name gives both, and of two tables the first."""
    files = [("images/1.jpg", "1"), ("images/1.jpg", "2"), ("labels.csv", "file,labels\n1.jpg,a\n"), ("labels.csv", "")]
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    listing = datasets.entries(tmp_path / "images.zip", LIMITS)
    assert tagged(listing) == [("1.jpg", ("a",), b"1"), ("1.jpg", ("a",), b"2")]
    assert [name for name, _ in listing.skipped] == ["labels.csv"]


@pytest.mark.parametrize("importer", [as_folder, as_zip, as_open_zip])
def test_reading_stops_past_the_limit(importer: Importer, tmp_path: Path) -> None:
    """Of an image too large one byte past the limit is read, by which it is known; a table may be longer."""
    rows = b"file,labels\n" + b"1.jpg,apple\n" * 20
    listing = importer({"images/1.jpg": bytes(1000), "labels.csv": rows}, tmp_path)
    assert tagged(listing) == [("1.jpg", ("apple",), bytes(101))]


def test_links_in_a_zip_are_listed(tmp_path: Path) -> None:
    """A link in a zip is left out with the reason."""
    link = zipfile.ZipInfo("daisy/1.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    listing = datasets.entries(tmp_path / "images.zip", LIMITS)
    reason = "a zip must hold the images themselves, this is a link: replace it with its image"
    assert listing == Listing((), (("daisy/1.jpg", reason),))


def test_links_are_followed(tmp_path: Path) -> None:
    """A folder named on the command line may be made of links; circles and dead ends are listed."""
    top = folder_at(tmp_path / "images_folder", {"daisy/1.jpg": b"1"})
    store = folder_at(tmp_path / "blobs", {"0ab": b"2", "more/3.jpg": b"3"})
    links = {
        "daisy/2.jpg": store / "0ab",
        "rose": store / "more",
        "d": top / "nowhere",
        "e": top / "e",
        "f": top,
        "daisy/up": top,
    }
    for name, target in links.items():
        (top / name).symlink_to(target)
    os.mkfifo(top / "g")
    listing = datasets.entries(top, LIMITS)
    dead = "a link must lead to a file, this one leads nowhere or in a circle: replace it with the file"
    assert tagged(listing) == [("1.jpg", ("daisy",), b"1"), ("2.jpg", ("daisy",), b"2"), ("3.jpg", ("rose",), b"3")]
    assert sorted(listing.skipped) == [
        *((name, dead) for name in ("d", "daisy/up", "e", "f")),
        ("g", "only files are imported, this is none: leave it out"),
    ]


def test_folders_come_in_a_steady_order(tmp_path: Path) -> None:
    """However the disk orders its files, the same folder gives the same list."""
    folder_at(tmp_path, {f"{tag}/{number}.jpg": b"" for tag in "cab" for number in (2, 1, 3)})
    names = [(*entry.tags, entry.name) for entry in datasets.entries(tmp_path, LIMITS).entries]
    assert names == [(tag, f"{number}.jpg") for tag in "abc" for number in (1, 2, 3)]


def test_a_crowded_folder_is_refused(tmp_path: Path) -> None:
    """A folder with more images than a zip must hold at most is refused; litter and films are not counted."""
    folder_at(tmp_path, {f".git/{number}": b"" for number in range(30)})
    folder_at(tmp_path, {f"daisy/{number}": b"" for number in range(20)})
    folder_at(tmp_path, {f"daisy/._{number}": b"" for number in range(20)} | {"film.mp4": b""})
    assert len(datasets.entries(tmp_path, LIMITS).entries) == 20
    (tmp_path / "one more").touch()
    with pytest.raises(ArchiveRefused) as refusal:
        datasets.entries(tmp_path, LIMITS)
    assert str(refusal.value) == (
        "a folder must hold at most 20 images and tables, this one has more: split it, or raise the limit with "
        "TAGWISE_MAX_FILES"
    )


def test_a_folder_of_litter_has_a_limit_too(tmp_path: Path) -> None:
    """What does not count takes time as well: three times as many files are looked at."""
    folder_at(tmp_path, {f"daisy/._{number}": b"" for number in range(60)})
    with pytest.raises(ArchiveRefused) as refusal:
        datasets.entries(tmp_path, LIMITS)
    assert str(refusal.value) == "a folder must hold at most 60 files and folders, this one has more: split it"


def test_litter_does_not_count_in_a_zip(tmp_path: Path) -> None:
    """The twins that macOS writes beside each image do not count, so that 20 images come in where 20 may."""
    files = {f"daisy/{number}.jpg": b"1" for number in range(20)} | {
        f"__MACOSX/daisy/._{number}.jpg": b"" for number in range(20)
    }
    assert 20 == len(as_zip(files, tmp_path).entries)


def test_a_folder_must_be_named_in_utf_8(tmp_path: Path) -> None:
    """Linux takes any bytes as a name: such a folder cannot be a tag, and its images are listed with why."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "1.jpg").write_bytes(b"1")
    folder_at(tmp_path, {"rose/2.jpg": b"2"})
    listing = datasets.entries(tmp_path, LIMITS)
    reason = "the name of a folder must be UTF-8, this one is not (it may be 'café'): rename it"
    assert (tagged(listing), listing.skipped) == ([("2.jpg", ("rose",), b"2")], (("caf?/1.jpg", reason),))


def test_guessed_names_are_told(tmp_path: Path) -> None:
    """Where a zip does not say in which code page its names are, the guess stands among the notes."""
    raw = "кот/1.jpg".encode("cp866")
    data = zip_at(tmp_path / "a.zip", {"?" * len(raw): b"1"}).read_bytes().replace(b"?" * len(raw), raw)
    listing = datasets.entries_in_zip(io.BytesIO(data), LIMITS)
    assert [("1.jpg", ("кот",), b"1")] == tagged(listing)
    assert "were read as cp866 (Cyrillic, DOS), for example 'кот/1.jpg'" in listing.notes[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every folder, so none can be closed to it")
def test_a_closed_folder_is_listed(tmp_path: Path) -> None:
    """A folder that may not be opened is told, and the rest comes in."""
    folder_at(tmp_path, {"daisy/1.jpg": b"1", "rose/2.jpg": b"2"})
    (tmp_path / "rose").chmod(0)
    listing = datasets.entries(tmp_path, LIMITS)
    (tmp_path / "rose").chmod(0o700)
    reason = "a folder must be readable, this one is not (Permission denied): change who may open it"
    assert (tagged(listing), listing.skipped) == ([("1.jpg", ("daisy",), b"1")], (("rose", reason),))


def test_a_file_gone_since_is_listed(tmp_path: Path) -> None:
    """An image that can no longer be read when its turn comes is refused with the reason."""
    (entry,) = as_folder({"daisy/1.jpg": b"1"}, tmp_path).entries
    (tmp_path / "images_folder" / "daisy" / "1.jpg").unlink()
    with pytest.raises(ArchiveRefused) as refusal:
        entry.read()
    expected = "a file must be readable, '1.jpg' is not (No such file or directory): check its permissions"
    assert str(refusal.value) == expected


def test_a_path_to_nothing_is_refused(tmp_path: Path) -> None:
    """A path that leads nowhere is refused as such."""
    path = tmp_path / "nowhere"
    with pytest.raises(ArchiveRefused) as refusal:
        datasets.entries(path, LIMITS)
    expected = f"the path must be of a folder or a zip, {str(path)!r} is neither: check the path"
    assert expected == str(refusal.value)


def test_a_path_to_a_picture_is_refused(tmp_path: Path) -> None:
    """A path to a single image is refused as no zip."""
    folder_at(tmp_path, {"1.jpg": b"\xff\xd8\xff"})
    with pytest.raises(ArchiveRefused, match="this file is not a zip"):
        datasets.entries(tmp_path / "1.jpg", LIMITS)


def test_a_path_to_a_table_is_refused(tmp_path: Path) -> None:
    """Who names the table itself is told to name its folder."""
    folder_at(tmp_path, {"labels.csv": b"file,labels\n"})
    with pytest.raises(ArchiveRefused) as refusal:
        datasets.entries(tmp_path / "labels.csv", LIMITS)
    expected = "'labels.csv' is a table: give the folder that it is in, with its images"
    assert expected in str(refusal.value)


def test_an_empty_folder_is_empty(tmp_path: Path) -> None:
    """A folder without files gives no images and no complaint."""
    (tmp_path / "daisy").mkdir()
    assert datasets.entries(tmp_path, LIMITS) == Listing((), ())


def test_flowers_by_folder(shared: Path) -> None:
    """The flowers come in by their folders: 600 images under 5 tags."""
    listing = datasets.entries(shared / "datasets" / "flowers5", Limits())
    tags = {entry.tags for entry in listing.entries}
    assert tags == {("daisy",), ("dandelion",), ("roses",), ("sunflowers",), ("tulips",)}
    assert (len(listing.entries), listing.skipped) == (600, ())


def test_fruit_by_table(shared: Path) -> None:
    """The fruit comes in by its table: 300 images under 3 tags, none without."""
    listing = datasets.entries(shared / "datasets" / "fruit_ml3", Limits())
    assert {tag for entry in listing.entries for tag in entry.tags} == {"apple", "banana", "orange"}
    assert all(entry.tags for entry in listing.entries)
    assert (len(listing.entries), listing.skipped) == (300, ())


def test_a_zip_gives_what_its_folder_gives(shared: Path, tmp_path: Path) -> None:
    """The same images zipped, wrapper and all, come in with the same tags and bytes."""
    folder = shared / "datasets" / "fruit_ml3"
    files = {f"fruit/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    from_zip = datasets.entries(zip_at(tmp_path / "fruit.zip", files), Limits())
    assert tagged(from_zip) == tagged(datasets.entries(folder, Limits()))
