"""Images come in whole, once, with their tags; and go out when nobody holds them any longer."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cvcore import imaging
from cvcore.errors import InvalidInput, NotFound
from cvcore.files import blobs
from cvcore.projects import tagging, uploads
from cvcore.projects.uploads import Upload
from cvcore.records import MULTICLASS, Project
from cvcore.settings import Limits
from cvcore.store import ImageSearch, Store
from tests.conftest import DrawImage

LIMITS = Limits()
ROOT = Path(__file__).resolve().parents[2]

Picture = Callable[[int], bytes]


def add(store: Store, project: Project, data: bytes, *tag_ids: str, name: str = "1.png") -> Upload:
    return uploads.add(store, project, name, data, tag_ids=tag_ids, limits=LIMITS)


def added(store: Store, project: Project, data: bytes, *tag_ids: str) -> str:
    """The id of an image that was just stored or is there."""
    image_id = add(store, project, data, *tag_ids).image_id
    assert image_id is not None
    return image_id


def tag(store: Store, project: Project, name: str) -> str:
    return tagging.create(store, project, name, limits=LIMITS).id


def files(home: Path) -> set[str]:
    """The names of all originals and thumbnails, and of whatever else lies beside them."""
    return {path.name for kind in ("originals", "thumbnails") for path in (home / kind).rglob("*") if path.is_file()}


def contents(store: Store) -> set[str]:
    """The SHA-256 of every image of every project's workspace."""
    return {sha256 for project in store.projects.all() for sha256 in store.images.digests(project.id)}


def lost(store: Store) -> set[str]:
    """The SHA-256 of every image whose original is missing or not whole."""

    def is_whole(sha256: str) -> bool:
        path = blobs.original_path(store.home, sha256)
        return path.exists() and blobs.sha256(path.read_bytes()) == sha256

    return {sha256 for sha256 in contents(store) if not is_whole(sha256)}


def test_a_picture_is_stored_with_its_files_and_tags(store: Store, project: Project, drawn_image: Picture) -> None:
    """The original is kept byte for byte, a thumbnail beside it, and the row says what it is and carries its tags."""
    data = drawn_image(1)
    before = project.modified_at
    rose = tag(store, project, "rose")
    upload = add(store, project, data, rose, name="C:\\holiday\\ro\u202ese.png")
    assert upload == Upload("rose.png", "stored", "", upload.image_id)
    (image,) = store.images.page(project.id, take=9)
    assert (image.id, image.sha256, image.name) == (upload.image_id, blobs.sha256(data), "rose.png")
    assert (image.width, image.height, image.size_bytes, image.tag_ids) == (48, 48, len(data), (rose,))
    assert blobs.original_path(store.home, image.sha256).read_bytes() == data
    assert blobs.thumbnail_path(store.home, image.sha256).read_bytes() == data
    assert store.projects.get(project.id).modified_at > before


def test_a_thumbnail_takes_space_only_where_it_differs(store: Store, project: Project, drawn_image: DrawImage) -> None:
    """A small plain image is its own thumbnail, the same file by a second name; a larger one has a WebP beside it."""
    for number, side in enumerate((48, 400)):
        digest = blobs.sha256(data := drawn_image(number, side))
        added(store, project, data)
        original, thumbnail = blobs.original_path(store.home, digest), blobs.thumbnail_path(store.home, digest)
        assert original.samefile(thumbnail) is (side == 48)
    assert thumbnail.read_bytes().startswith(b"RIFF")
    uploads.erase(store, [image.id for image in store.images.page(project.id, take=9)])
    assert files(store.home) == set()


def test_a_phones_photo_is_stored_smaller(store: Store, project: Project, drawn_image: DrawImage) -> None:
    """A photo above the limit is stored smaller, under its own name, which is said; a second time it is a duplicate."""
    limits = Limits(image_bytes=60_000)
    data = drawn_image(1, 2000) + bytes(60_000)
    first, again = (uploads.add(store, project, "IMG_1.png", data, tag_ids=[], limits=limits) for _ in range(2))
    (image,) = store.images.page(project.id, take=9)
    assert ("IMG_1.png", 1024, 1024) == (image.name, image.width, image.height)
    assert ("stored", "duplicate", image.id) == (first.status, again.status, again.image_id)
    assert first.note == again.note
    assert first.note.startswith("stored smaller: 0.1 MB to 0.1 MB (TAGWISE_MAX_IMAGE_MB is")
    stored = blobs.original_path(store.home, image.sha256).read_bytes()
    assert (image.size_bytes, b"\xff\xd8\xff") == (len(stored), stored[:3])


def test_heic_is_stored_as_jpeg(store: Store, project: Project) -> None:
    """A browser shows what is stored: the conversion is the original, under the name that the photo came with."""
    upload = add(store, project, (ROOT / "data" / "drawn.heic").read_bytes(), name="IMG_2.HEIC")
    assert ("stored", "converted from HEIC") == (upload.status, upload.note)
    (image,) = store.images.page(project.id, take=9)
    assert ("IMG_2.HEIC", 96, 64) == (image.name, image.width, image.height)
    assert "image/jpeg" == imaging.media_type(blobs.original_path(store.home, image.sha256).read_bytes())


def test_what_is_no_picture_leaves_nothing(store: Store, project: Project, drawn_image: Picture) -> None:
    """A refused file is told with its reason, and neither row nor file of it is kept."""
    for data in (b"", b"no picture", drawn_image(1)[:60]):
        upload = add(store, project, data)
        assert (upload.status, upload.image_id) == ("refused", None)
        assert "image must" in upload.reason
    assert store.images.count(project.id) == 0
    assert files(store.home) == set()


def test_the_same_file_twice_is_a_duplicate(store: Store, project: Project, drawn_image: Picture) -> None:
    """The same content again is told to be here already, and the image keeps its name."""
    first = add(store, project, drawn_image(1))
    again = add(store, project, drawn_image(1), name="2.png")
    assert again == Upload("2.png", "duplicate", "the project has this image already", first.image_id)
    assert [image.name for image in store.images.page(project.id, take=9)] == ["1.png"]


def test_a_duplicate_takes_on_tags(store: Store, project: Project, drawn_image: Picture) -> None:
    """In Multilabel the image that is here gets the new tags beside its own, and that is told."""
    rose, red = tag(store, project, "rose"), tag(store, project, "red")
    image_id = added(store, project, drawn_image(1), rose)
    again = add(store, project, drawn_image(1), red, rose)
    assert again == Upload(
        "1.png", "duplicate", "the project has this image already, the tags were added to it", image_id
    )
    assert store.images.get(image_id).tag_ids == (rose, red)


def test_a_duplicate_says_why_it_takes_no_tag(store: Store, project: Project, drawn_image: Picture) -> None:
    """In Multiclass the image that is here keeps its tag, and the reason is told; an untagged one takes it."""
    store.projects.update(dataclasses.replace(project, classification_type=MULTICLASS))
    rose, tulip = tag(store, project, "rose"), tag(store, project, "tulip")
    tagged, plain = added(store, project, drawn_image(1), rose), added(store, project, drawn_image(2))
    assert add(store, project, drawn_image(1), tulip) == Upload(
        "1.png",
        "duplicate",
        "its tags were not changed: an image of a Multiclass project must have one tag, "
        "got 'rose', 'tulip': choose one",
        tagged,
    )
    assert add(store, project, drawn_image(2), tulip).status == "duplicate"
    assert [store.images.get(image_id).tag_ids for image_id in (tagged, plain)] == [(rose,), (tulip,)]


def test_a_picture_whose_tags_clash_is_stored_without(store: Store, project: Project, drawn_image: Picture) -> None:
    """Tags that cannot be together keep no image out: it is stored untagged, and that is told."""
    nothing = tagging.create(store, project, "nothing", limits=LIMITS, kind="Negative").id
    upload = add(store, project, drawn_image(1), tag(store, project, "rose"), nothing)
    assert upload.status == "stored"
    assert upload.reason.startswith("its tags were not changed: a negative tag must be an image's only tag")
    assert store.images.page(project.id, tag_id="untagged", take=9) != []


@pytest.mark.parametrize("what", ["tag", "project"])
def test_what_is_gone_takes_no_picture(store: Store, project: Project, drawn_image: Picture, what: str) -> None:
    """When tag or project was deleted meanwhile, the upload is refused and leaves no file behind."""
    rose = tag(store, project, "rose")
    if what == "tag":
        store.tags.delete(rose)
    else:
        store.projects.delete(project.id)
    with pytest.raises(InvalidInput if what == "tag" else NotFound):
        add(store, project, drawn_image(1), rose)
    assert contents(store) == files(store.home) == set()


def test_a_failed_upload_spares_what_others_hold(store: Store, project: Project, drawn_image: Picture) -> None:
    """The files of an image that is here stay, when uploading it again ends in an error."""
    image_id = added(store, project, drawn_image(1))
    with pytest.raises(InvalidInput):
        add(store, project, drawn_image(1), "no tag")
    assert lost(store) == set()
    assert store.images.get(image_id).tag_ids == ()


def test_a_deleted_picture_is_gone_for_good(store: Store, project: Project, drawn_image: Picture) -> None:
    """Row, files and embeddings go; others stay; deleting again is fine."""
    first, second = added(store, project, drawn_image(1)), added(store, project, drawn_image(2))
    digests = [image.sha256 for image in store.images.with_ids([first, second])]
    store.embeddings.put("f1", {digest: np.zeros(1, np.float32) for digest in digests})
    uploads.delete(store, [first])
    uploads.delete(store, [first, "unknown"])
    assert files(store.home) == contents(store) == {digests[1]}
    assert store.embeddings.missing("f1", digests) == digests[:1]


def test_a_picture_comes_back_after_it_was_deleted(store: Store, project: Project, drawn_image: Picture) -> None:
    """Uploaded again, a deleted image is stored as new, whether an iteration held it or not."""
    free, held = added(store, project, drawn_image(1)), added(store, project, drawn_image(2))
    store.iterations.add(project, "digest", [], store.images.with_ids([held]))
    uploads.delete(store, [free, held])
    assert files(store.home) == {blobs.sha256(drawn_image(2))}
    for number in (1, 2):
        assert add(store, project, drawn_image(number)).status == "stored"
    assert store.images.count(project.id) == 2
    assert lost(store) == set()


def test_an_erased_picture_leaves_iterations_too(store: Store, project: Project, drawn_image: Picture) -> None:
    """Its file goes and searches of the iteration no longer find it; its row in the arrays stays, others stay whole."""
    first, second = added(store, project, drawn_image(1)), added(store, project, drawn_image(2))
    iteration = store.iterations.add(project, "digest", [], store.images.with_ids([first, second]))
    uploads.erase(store, [first])
    assert files(store.home) == {blobs.sha256(drawn_image(2))}
    search = ImageSearch(project.id, iteration.id)
    assert [second] == [each.id for each in store.searches.page(search, take=9)]
    assert 2 == len(store.iterations.images(iteration.id))
    assert add(store, project, drawn_image(1)).status == "stored"
    assert 2 == store.searches.count(search)
    assert lost(store) == set()


def test_a_picture_in_two_projects_has_one_file(store: Store, project: Project, drawn_image: Picture) -> None:
    """The same bytes in two projects are two images over one file, which goes with the last of them."""
    other = store.projects.add("trees", description="", classification_type=MULTICLASS, domain_id="general")
    first, second = add(store, project, drawn_image(1)), add(store, other, drawn_image(1))
    assert (first.status, second.status) == ("stored", "stored")
    assert first.image_id != second.image_id
    assert len(files(store.home)) == 1
    for upload, left in ((first, {blobs.sha256(drawn_image(1))}), (second, set())):
        assert upload.image_id is not None
        uploads.delete(store, [upload.image_id])
        assert files(store.home) == left


def test_a_deletion_that_is_undone_keeps_files(store: Store, project: Project, drawn_image: Picture) -> None:
    """When the transaction around a deletion fails, the rows come back and the files have never gone."""
    image_id = added(store, project, drawn_image(1))

    def fail() -> None:
        with store.transaction():
            uploads.delete(store, [image_id])
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert contents(store) == {blobs.sha256(drawn_image(1))}
    assert lost(store) == set()


def test_forgetting_looks_before_it_deletes(store: Store, project: Project, drawn_image: Picture) -> None:
    """Only contents that no project holds are deleted, whatever is asked for."""
    image_id = added(store, project, drawn_image(1))
    uploads.forget(store, [store.images.get(image_id).sha256, "0" * 64])
    assert lost(store) == set()


def test_a_file_deleted_while_its_uploader_waits_is_written_again(
    store: Store, project: Project, drawn_image: Picture
) -> None:
    """Who found a content's files there and must wait for a deleter of them stores them anew."""
    image_id = added(store, project, drawn_image(1))
    uploader = threading.Thread(target=add, args=(store, project, drawn_image(1)))
    with store.transaction():
        uploader.start()
        uploader.join(timeout=0.3)
        assert uploader.is_alive()
        uploads.delete(store, [image_id])
    uploader.join()
    assert contents(store) == files(store.home) == {blobs.sha256(drawn_image(1))}


def test_racing_uploader_and_deleter_leave_no_row_without_its_file(
    store: Store, project: Project, drawn_image: Picture
) -> None:
    """While one uploads a content and another deletes it, in one project or two, rows and files agree in the end."""
    other = store.projects.add("trees", description="", classification_type=MULTICLASS, domain_id="general")
    for turn in range(40):
        image_id = added(store, project, drawn_image(1))
        start = threading.Barrier(2)

        def upload(start: threading.Barrier = start, turn: int = turn) -> None:
            start.wait()
            add(store, (project, other)[turn % 2], drawn_image(1))

        def delete(start: threading.Barrier = start, image_id: str = image_id) -> None:
            start.wait()
            uploads.delete(store, [image_id])

        threads = [threading.Thread(target=target) for target in (upload, delete)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert lost(store) == set()
        assert files(store.home) == contents(store)


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[Callable[[str, Path], subprocess.Popen[bytes]]]:
    """Starts a script that finds `store` and `project` of a home, to be killed; it is dead at the test's end."""
    started: list[subprocess.Popen[bytes]] = []
    opening = """
import sys; from pathlib import Path; from cvcore.projects import uploads; from cvcore.settings import Limits
from cvcore.store import Store
store = Store(Path(sys.argv[1])); (project,) = store.projects.all()
"""

    def start(script: str, home: Path) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", opening + script, str(home), str(tmp_path)], cwd=ROOT))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def kill_once(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Kill a process as soon as something holds."""
    while not condition() and process.poll() is None:
        pass
    process.kill()
    assert process.wait() in (0, -signal.SIGKILL)


def test_a_deletion_cut_short_leaves_no_row_without_its_file(
    store: Store, project: Project, killable: Callable[[str, Path], subprocess.Popen[bytes]]
) -> None:
    """After kill -9 in the middle of deleting files every image that is still shown has its own."""
    data = [str(number).encode() for number in range(1200)]
    with store.transaction():
        for each in data:
            digest = blobs.sha256(each)
            path = blobs.original_path(store.home, digest)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(each)
            store.images.add(project.id, digest, name="1.png", width=1, height=1, size_bytes=1, signature=b"")
    script = "uploads.delete(store, [image.id for image in store.images.page(project.id, take=9999)])"
    kill_once(lambda: len(files(store.home)) < len(data), killable(script, store.home))
    assert lost(store) == set()


def test_an_upload_cut_short_leaves_no_row_without_its_file(
    store: Store, project: Project, drawn_image: Picture, killable: Callable[[str, Path], subprocess.Popen[bytes]]
) -> None:
    """After kill -9 in the middle of an upload what was told to be stored is whole, and the rest can come again."""
    script = """
import io
from PIL import Image
for number in range(100_000):
    file = io.BytesIO()
    Image.new("RGB", (16, 16), number).save(file, "PNG")
    uploads.add(store, project, "1.png", file.getvalue(), tag_ids=[], limits=Limits())
"""
    kill_once(lambda: store.images.count(project.id) >= 10, killable(script, store.home))
    assert store.images.count(project.id) >= 10
    assert lost(store) == set()
    assert add(store, project, drawn_image(1)).status == "stored"


def test_an_import_cut_short_keeps_what_it_told_of(
    store: Store, project: Project, tmp_path: Path, killable: Callable[[str, Path], subprocess.Popen[bytes]]
) -> None:
    """After kill -9 in the middle of an import all that was told as stored is there, with whole files."""
    script = """
import io
from PIL import Image
from cvcore import datasets
from cvcore.projects import imports
def image(number):
    file = io.BytesIO()
    Image.new("RGB", (16, 16), number).save(file, "PNG")
    return file.getvalue()
entries = [(f"{number % 9}/{number}.png", lambda number=number: image(number)) for number in range(100_000)]
told = open(sys.argv[2] + "/told", "w", buffering=1)
imports.import_images(store, project, datasets.entries_from_uploads(entries), limits=Limits(),
    on_file=lambda upload: print(upload.name, file=told))
"""
    told = tmp_path / "told"
    kill_once(lambda: told.exists() and len(told.read_text().splitlines()) >= 20, killable(script, store.home))
    names = {image.name for image in store.images.page(project.id, take=100_000)}
    assert names >= set(told.read_text().split("\n")[:-1])
    assert lost(store) == set()
    written = [path for path in (store.home / "originals").rglob("*") if path.is_file() and path.name[0] != "."]
    assert [blobs.sha256_of(path) for path in written] == [path.name for path in written]


def test_a_full_disk_keeps_rows_and_files_together(
    on_small_disk: Callable[[str, str], list[str]],
) -> None:
    """However little room is left, an image is stored with all that belongs to it or not at all; then all goes on."""
    told = on_small_disk(
        "size=1m",
        """
import io
import numpy as np
from PIL import Image
from cvcore.files import blobs
from cvcore.projects import uploads
from cvcore.settings import Limits
from cvcore.store import Store

def image(number):
    file = io.BytesIO()
    noise = np.random.default_rng(number).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()

store = Store(disk / "home")
project = store.projects.add("flowers", description="", classification_type="Multilabel", domain_id="general")
told = set()
for free in range(0, 64, 4):
    (disk / "room").write_bytes(bytes(4096 * (free // 4)))
    fill()
    (disk / "room").unlink()
    try:
        upload = uploads.add(store, project, "1.png", image(free), tag_ids=[], limits=Limits())
        told.add(upload.status)
    except TagwiseError as error:
        told.add(str(error))
    (disk / "filler").unlink()
    kept = {path.split("/")[-1] for path in files() if "originals" in path or "thumbnails" in path}
    assert kept == set(store.images.digests(project.id)), free
print(sorted(told))
print(uploads.add(store, project, "1.png", image(99), tag_ids=[], limits=Limits()).status)
""",
    )
    assert told == [
        "['stored', 'the disk that holds the home folder is full: free some space on it and try again']",
        "stored",
    ]
