"""Projects move in from Azure whole, once, and what differs is told."""

from __future__ import annotations

import collections
import contextlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cvcore import azure, cli, domains, projects
from cvcore.azure import Counts, MigrationResult, client, transport
from cvcore.errors import FetchFailed, InvalidInput, NotFound, UrlRefused
from cvcore.files import blobs
from cvcore.progress import Stopped
from cvcore.projects import tagging, uploads
from cvcore.records import Image, Project
from cvcore.settings import Limits
from cvcore.store import Store

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789abcdef"
LIMITS = Limits()
GENERAL = domains.DEFAULT.id
DETECTION = "da2e3a8a-40a5-4171-82f4-58522f70fbc1"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
NEW_COMPACT = "00000000-0000-4000-8000-000000000001"
DOMAINS = [
    {"id": GENERAL.upper(), "name": "General", "type": "Classification", "exportable": False},
    {"id": NEW_COMPACT, "name": "Moths (compact)", "type": "Classification", "exportable": True},
    {"id": DETECTION, "name": "General", "type": "ObjectDetection", "exportable": False},
]


class Azure:
    """As much of Custom Vision's training API as moving out takes, and a host of images beside it."""

    def __init__(self) -> None:
        self.url = ""
        self.pictures_url = ""
        self.projects: list[dict[str, Any]] = []
        self.tags: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
        self.images: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
        self.pictures: dict[str, bytes] = {}
        self.counts: dict[str, int] = {}
        self.pages: list[tuple[int, int]] = []
        self.fetched: collections.Counter[str] = collections.Counter()
        self.keys_at_pictures: set[str | None] = set()
        self.pictures_left = 1000
        self.waiting = threading.Semaphore(0)
        self.is_over = threading.Event()
        self.lock = threading.Lock()

    def project(self, name: str = "Flowers", **settings: Any) -> str:
        """A new project's id."""
        project_id = f"10000000-0000-4000-8000-{len(self.projects):012}"
        told = {"domainId": GENERAL, "classificationType": "Multiclass", **settings}
        self.projects.append({"id": project_id, "name": name, "description": "From the garden", "settings": told})
        return project_id

    def tag(self, project_id: str, name: str, kind: str = "Regular") -> str:
        """A new tag's id."""
        tag_id = f"20000000-0000-4000-8000-{sum(map(len, self.tags.values())):012}"
        self.tags[project_id].append({"id": tag_id, "name": name, "type": kind, "imageCount": 0})
        return tag_id

    def image(self, project_id: str, data: bytes, *tag_ids: str, **fields: Any) -> str:
        """A new image's id."""
        image_id = f"30000000-0000-4000-8000-{len(self.pictures):012}"
        self.pictures[f"/{image_id}"] = data
        tags = [{"tagId": tag_id, "tagName": "", "created": "2020-01-02T03:04:05Z"} for tag_id in tag_ids]
        for tag in self.tags[project_id]:
            tag["imageCount"] += tag["id"] in tag_ids
        uri = f"{self.pictures_url}/{image_id}?sv=2020&sig=a%2Fb%3D"
        self.images[project_id].append({"id": image_id, "originalImageUri": uri, "tags": tags, "regions": [], **fields})
        return image_id

    def answer(self, path: str, query: dict[str, list[str]]) -> Any:
        """What an operation answers."""
        if path == "/domains":
            return DOMAINS
        if path == "/projects":
            return self.projects
        _, _, project_id, noun, *rest = path.split("/")
        if noun == "tags":
            return self.tags[project_id]
        if rest == ["count"]:
            return self.counts.get(project_id, len(self.images[project_id]))
        take, skip = int(query["take"][0]), int(query["skip"][0])
        assert take <= 256
        assert (query["orderBy"], query["taggingStatus"]) == (["Oldest"], ["All"])
        page = self.images[project_id][skip : skip + take]
        self.pages.append((skip, len(page)))
        return page

    def do_training(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one question of the training API."""
        parts = urlsplit(handler.path)
        status, body = 200, b""
        if handler.headers["Training-Key"] == KEY:
            path = parts.path.removeprefix("/customvision/v3.3/training")
            body = json.dumps(self.answer(path, parse_qs(parts.query))).encode()
        else:
            status = 401
        send(handler, status, body)

    def do_picture(self, handler: BaseHTTPRequestHandler) -> None:
        """Send one image, or wait for the test's end when enough were sent."""
        self.keys_at_pictures.add(handler.headers["Training-Key"])
        with self.lock:
            self.pictures_left -= 1
            is_enough = self.pictures_left < 0
        if is_enough:
            self.waiting.release()
            self.is_over.wait()
        data = self.pictures.get(urlsplit(handler.path).path)
        with contextlib.suppress(OSError):  # whoever waited so long may be gone
            send(handler, 404 if data is None else 200, data or b"")
            with self.lock:
                self.fetched[handler.path[1:].partition("?")[0]] += 1

    def twice(self) -> list[str]:
        """The images that were sent more than once."""
        return [path for path, times in self.fetched.items() if times > 1]


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextlib.contextmanager
def served(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """The address of a server on this machine that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def there() -> Iterator[Azure]:
    """An Azure without projects, on this machine, until the test is over."""
    made = Azure()
    with served(made.do_training) as made.url, served(made.do_picture) as made.pictures_url:
        yield made
        made.is_over.set()


@pytest.fixture
def move(store: Store, there: Azure) -> Callable[..., list[MigrationResult]]:
    """Migrates from there into the store, without real pauses."""

    def migrate(**options: Any) -> list[MigrationResult]:
        told = {"limits": LIMITS, "sleep": lambda pause_s: None, **options}
        return azure.migrate(store, there.url, KEY, **told)

    return migrate


def contents(store: Store, project: Project) -> dict[bytes, list[str]]:
    """What lies in a project's workspace: the names of its tags by an image's bytes."""
    names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    return {
        blobs.read(blobs.original_path(store.home, image.sha256)): [names[tag_id] for tag_id in image.tag_ids]
        for image in workspace(store, project)
    }


def workspace(store: Store, project: Project) -> list[Image]:
    return store.images.page(project.id, take=1000)


def ours(moved: MigrationResult) -> Project:
    assert moved.project is not None
    return moved.project


def test_a_project_moves_in(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """Name, description, type, domain, tags and all images come, tagged as they were or untagged."""
    project_id = there.project()
    rose, tulip = there.tag(project_id, "rose"), there.tag(project_id, "tulip")
    there.tag(project_id, "lily")
    there.image(project_id, drawn_image(1), rose)
    there.image(project_id, drawn_image(2), tulip)
    there.image(project_id, drawn_image(3), rose)
    there.image(project_id, drawn_image(4))
    (moved,) = move()
    counts = Counts(4, 3, {"rose": 2, "tulip": 1, "lily": 0})
    assert moved == MigrationResult("Flowers", ours(moved), counts, counts, (), complete=True)
    project = ours(moved)
    assert (project.name, project.description) == ("Flowers", "From the garden")
    assert (project.classification_type, project.domain_id) == ("Multiclass", GENERAL)
    expected = {drawn_image(1): ["rose"], drawn_image(2): ["tulip"], drawn_image(3): ["rose"], drawn_image(4): []}
    assert contents(store, project) == expected
    job = store.jobs.latest(project.id, "embed")
    assert job is not None
    assert job.status == "queued"


def test_several_tags_and_nothing_at_all(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """A Multilabel project's images keep all their tags, and its negative tag stays negative."""
    project_id = there.project(classificationType="Multilabel")
    red, big, nothing = (
        there.tag(project_id, "red"),
        there.tag(project_id, "big"),
        there.tag(project_id, "-", "Negative"),
    )
    there.image(project_id, drawn_image(1), red, big)
    there.image(project_id, drawn_image(2), nothing)
    (moved,) = move()
    assert (moved.complete, moved.notes) == (True, ())
    assert {each: set(names) for each, names in contents(store, ours(moved)).items()} == {
        drawn_image(1): {"red", "big"},
        drawn_image(2): {"-"},
    }
    kinds = {tag.name: tag.kind for tag in store.tags.of_project(ours(moved).id)}
    assert kinds == {"red": "Regular", "big": "Regular", "-": "Negative"}


@pytest.mark.parametrize("told", [None, "", "Multilabel", "SomethingNew"])
def test_a_type_that_is_not_told_is_multilabel(there: Azure, move: Any, told: str | None) -> None:
    """Azure's default is Multilabel, under which no image loses a tag."""
    there.project(classificationType=told)
    assert ours(move()[0]).classification_type == "Multilabel"


def test_many_images_come_in_pages(
    store: Store, there: Azure, move: Any, drawn_image: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More images than one answer holds are asked for page after page."""
    monkeypatch.setattr(client, "TAKE", 8)
    project_id = there.project()
    tag = there.tag(project_id, "rose")
    small = drawn_image(1, 8)
    for number in range(12):
        there.image(project_id, small + number.to_bytes(2), tag)
    (moved,) = move()
    assert moved.complete
    assert moved.here == Counts(12, 1, {"rose": 12})
    assert there.pages == [(0, 8), (8, 4), (12, 0)]


def test_the_key_stays_with_its_host(there: Azure, move: Any, drawn_image: Any) -> None:
    """Whoever keeps the images never sees the key."""
    there.image(there.project(), drawn_image(1))
    move()
    assert there.keys_at_pictures == {None}


def test_running_it_again_fetches_nothing(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """What is here is not fetched or stored a second time, refused files and equal ones neither."""
    project_id = there.project()
    tag = there.tag(project_id, "rose")
    for data in (drawn_image(1), drawn_image(2), drawn_image(1), b"no picture"):
        there.image(project_id, data, tag)
    first = move()
    before = workspace(store, ours(first[0]))
    assert move() == first
    assert workspace(store, ours(first[0])) == before
    assert there.twice() == []
    assert len(store.projects.all()) == 1


def test_stopped_half_way_it_goes_on(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """A run that was stopped keeps what came, and the next fetches the rest only."""
    project_id = there.project()
    tag = there.tag(project_id, "rose")
    for number in range(40):
        there.image(project_id, drawn_image(number, 8), tag)

    def stop(stage: str, fraction: float) -> None:
        if fraction >= 0.5:
            raise Stopped

    with pytest.raises(Stopped):
        move(progress=stop)
    (project,) = store.projects.all()
    assert 16 <= store.images.count(project.id) < 40
    (moved,) = move()
    assert moved.complete
    assert moved.here == Counts(40, 1, {"rose": 40})
    assert there.twice() == []


def test_killed_half_way_it_goes_on(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """A process killed without warning leaves what it stored, and the next run fetches the rest only."""
    project_id = there.project()
    tag = there.tag(project_id, "rose")
    for number in range(40):
        there.image(project_id, drawn_image(number, 8), tag)
    there.pictures_left = 32
    command = [sys.executable, "-m", "cvcore.cli", "migrate", "--endpoint", there.url, "--training-key", KEY]
    with subprocess.Popen(command, cwd=ROOT) as process:
        assert all(there.waiting.acquire(timeout=60) for _ in range(8))
        process.kill()
    assert sum(there.fetched.values()) == 32
    there.pictures_left = 1000
    (moved,) = move()
    assert moved.complete
    assert moved.here == Counts(40, 1, {"rose": 40})
    assert there.twice() == []


def test_what_was_changed_here_stays(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """Renamed and with images deleted here, a project is known again, and takes on what is new in Azure."""
    project_id = there.project()
    rose, tulip = there.tag(project_id, "rose"), there.tag(project_id, "tulip")
    gone, kept = there.image(project_id, drawn_image(1), rose), there.image(project_id, drawn_image(2), rose)
    project = ours(move()[0])
    projects.update(store, Project(**{**vars(project), "name": "Garden"}))
    tags = {tag.name: tag for tag in store.tags.of_project(project.id)}
    tagging.rename(store, tags["rose"], "Rose", limits=LIMITS)
    images = {image.name: image.id for image in workspace(store, project)}
    uploads.delete(store, [images[gone]])
    tagging.add_tags(store, project, [images[kept]], [tags["tulip"].id])
    uploads.add(store, project, "own.png", drawn_image(9), tag_ids=[], limits=LIMITS)
    there.image(project_id, drawn_image(3), tulip)
    (moved,) = move()
    assert not moved.complete
    assert contents(store, project) == {drawn_image(2): ["tulip"], drawn_image(3): ["tulip"], drawn_image(9): []}
    assert moved.notes == (
        "the project 'Flowers' is called 'Garden' here",
        "the tag 'rose' is called 'Rose' here",
        f"image '{gone}': it was deleted here",
        f"image '{kept}': it has other tags here",
        "the tag 'Rose' has 2 images in Azure and 0 here",
        "the tag 'tulip' has 1 image in Azure and 2 here",
        "the project has 1 image here that did not come from Azure",
    )


def test_a_deleted_project_comes_anew(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """A project that was deleted here moves in again from the start."""
    there.image(there.project(), drawn_image(1))
    first = ours(move()[0])
    projects.delete(store, first)
    (moved,) = move()
    assert moved.complete
    assert ours(moved).id != first.id
    assert contents(store, ours(moved)) == {drawn_image(1): []}


def test_a_taken_name_gets_a_number(store: Store, there: Azure, move: Any) -> None:
    """A project never goes into another that only has its name, be it from here or from Azure."""
    projects.create(store, "Flowers")
    there.project("Flowers")
    there.project("Flowers")
    moved = move()
    assert [ours(each).name for each in moved] == ["Flowers (2)", "Flowers (3)"]
    assert moved[0].notes == ("the project 'Flowers' is called 'Flowers (2)' here",)
    assert moved[0].complete


@pytest.mark.parametrize(
    ("theirs", "here"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("red|green", "red-green"),
        ("two\r\nlines", "two lines"),
        ("\x1b[31mred", "[31mred"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("half \ud800 letter", "half  letter"),
        ("x" * 10_000, "x" * 128),
        ("\u0958" * 128, "\u0915\u093c" * 64),
        ("\u200b", "unnamed"),
        ("   ", "unnamed"),
    ],
)
def test_names_are_changed_as_little_as_it_takes(
    store: Store, there: Azure, move: Any, drawn_image: Any, theirs: str, here: str
) -> None:
    """What cannot be a name here becomes one, for projects and tags alike where it is no bar, and is told."""
    project_id = there.project(theirs)
    there.image(project_id, drawn_image(1), there.tag(project_id, theirs))
    (moved,) = move()
    assert moved.complete
    assert contents(store, ours(moved)) == {drawn_image(1): [here]}
    assert ours(moved).name == (theirs if "|" in theirs else here)
    told = theirs.encode("utf-8", "ignore").decode()
    expected = () if told == here else (f"the tag {told[:80]!r} is called {here!r} here",)
    assert moved.notes[-1:] == expected


def test_changed_names_stay_apart(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """Tags whose changed names are equal get a number, again and again the same."""
    project_id = there.project()
    for number, name in enumerate(("a|b", "a-b", "a\0-b", "x" * 200, "x" * 300)):
        there.image(project_id, drawn_image(number), there.tag(project_id, name))
    expected = {"a-b": 1, "a-b (2)": 1, "a-b (3)": 1, "x" * 128: 1, "x" * 124 + " (2)": 1}
    for _ in range(2):
        (moved,) = move()
        assert moved.here.per_tag == expected


def test_tags_of_equal_name_meet(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """A tag that someone has made here already takes on the images of Azure's tag of that name."""
    project_id = there.project()
    project = ours(move()[0])
    tagging.ensure(store, project, ["rose"], limits=LIMITS)
    there.image(project_id, drawn_image(1), there.tag(project_id, "rose"))
    (moved,) = move()
    assert moved.here == Counts(1, 1, {"rose": 1})


def test_a_second_negative_tag_is_regular(store: Store, there: Azure, move: Any) -> None:
    """Where another tag was made the negative one here, Azure's becomes a regular one, and that is told."""
    project_id = there.project()
    project = ours(move()[0])
    tagging.create(store, project, "none", limits=LIMITS, kind="Negative")
    there.tag(project_id, "nothing", "Negative")
    (moved,) = move()
    assert moved.notes == ("the tag 'nothing' is negative in Azure only",)


def test_hostile_ids_are_only_texts(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """An image's id is not a path, and one of a project stays one part of an address."""
    project_id = there.project()
    there.projects[0]["id"] = "a b"
    there.images["a%20b"] = there.images[project_id]
    there.image(project_id, drawn_image(1), id="../../etc/passwd\n")
    there.image(project_id, drawn_image(2), id="../../etc/passwd")
    for _ in range(2):
        (moved,) = move()
        assert moved.complete
        assert [image.name for image in workspace(store, ours(moved))] == ["passwd", "passwd"]
    assert there.twice() == []


@pytest.mark.parametrize(
    ("domain_id", "name"),
    [
        ("2E37D7FB-3A54-486A-B4D6-CFC369AF0018", "General [A2]"),
        ("c151d5b5-dd07-472a-acc8-15d29dea8518", "Food"),
        ("8882951b-82cd-4c32-970b-d5f8cb8bf6d7", "Food (compact)"),
        ("b5cfd229-2ac7-4b2b-8d0a-2b0661344894", "Landmarks (compact)"),
        ("6b4faeda-8396-481b-9f8b-177b9fa3097f", "Retail (compact)"),
        (NEW_COMPACT, "General (compact)"),
        (UNKNOWN, "General"),
        (None, "General"),
    ],
)
def test_the_nearest_domain_is_taken(there: Azure, move: Any, domain_id: str | None, name: str) -> None:
    """A domain is known by its id; in place of one that is not here comes General, compact as it was, and is told."""
    there.project(domainId=domain_id)
    (moved,) = move()
    ours_here = domains.find(name)
    assert ours(moved).domain_id == ours_here.id
    told = (domain_id or "").casefold()
    assert moved.notes == (() if told == ours_here.id else (f"the domain {told!r} is {name} here",))


def test_object_detection_is_left_out(store: Store, there: Azure, move: Any) -> None:
    """Of several projects one for object detection is passed over with a sentence, alone it is refused."""
    detection = there.project("Boxes", domainId=DETECTION, classificationType=None)
    there.project("Flowers")
    skipped, moved = move()
    sentence = "Tagwise only classifies images, 'Boxes' detects objects: it was left out"
    assert skipped == MigrationResult("Boxes", None, Counts(0, 0, {}), Counts(0, 0, {}), (sentence,), complete=True)
    assert moved.project is not None
    assert [project.name for project in store.projects.all()] == ["Flowers"]
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        move(project_id=detection)


def test_one_project_can_be_chosen(store: Store, there: Azure, move: Any) -> None:
    """With an id, in any case, that project alone moves in."""
    there.project("Trees")
    there.projects[0]["id"] = "abcdef00-0000-4000-8000-000000000000"
    there.project("Flowers")
    (moved,) = move(project_id=" ABCDEF00-0000-4000-8000-000000000000 ")
    assert [project.name for project in store.projects.all()] == [ours(moved).name] == ["Trees"]


def test_an_unknown_project_is_told(there: Azure, move: Any) -> None:
    """Where no project has the id, those there are get listed."""
    project_id = there.project()
    with pytest.raises(NotFound) as failure:
        move(project_id="x")
    assert str(failure.value) == f"there is no project 'x' at 127.0.0.1: there are '{project_id}' ('Flowers')"


def test_equal_images_are_one_here(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """Images with equal content are told as such; nothing is missing for it."""
    project_id = there.project(classificationType="Multilabel")
    red, big = there.tag(project_id, "red"), there.tag(project_id, "big")
    first, second = there.image(project_id, drawn_image(1), red), there.image(project_id, drawn_image(1), red, big)
    (moved,) = move()
    assert moved.complete
    assert moved.azure == Counts(2, 2, {"red": 2, "big": 1})
    assert moved.here == Counts(1, 2, {"red": 1, "big": 1})
    assert moved.notes == (
        f"image '{second}': same content as '{first}', so both are one image here",
        "the tag 'red' has 2 images in Azure and 1 here",
    )


def test_refused_files_are_told(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """A file that is no image here is told with the reason; the others come."""
    project_id = there.project()
    bad = there.image(project_id, b"GIF89a")
    there.image(project_id, drawn_image(1))
    (moved,) = move()
    assert not moved.complete
    (note,) = moved.notes
    assert note.startswith(f"image '{bad}': ")
    assert moved.here.images == 1


def test_images_that_do_not_come_are_tried_again(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """An image that cannot be fetched is told with the reason, and comes with the next run if it can."""
    project_id = there.project()
    late = there.image(project_id, drawn_image(1))
    data = there.pictures.pop(f"/{late}")
    pauses: list[float] = []
    (moved,) = move(sleep=pauses.append)
    assert not moved.complete
    start = f"image '{late}': an address must answer with an image, 127.0.0.1 answered with status 404: "
    assert moved.notes == (start + "open it in a browser",)
    assert pauses == [0.5, 2.0]
    there.pictures[f"/{late}"] = data
    assert move()[0].complete


def test_a_lost_network_ends_the_run(there: Azure, move: Any, drawn_image: Any) -> None:
    """When a whole batch of images does not come, the thousands behind it are not tried."""
    project_id = there.project()
    for number in range(40):
        there.image(project_id, drawn_image(number))
    there.pictures.clear()
    with pytest.raises(FetchFailed) as failure:
        move()
    assert str(failure.value) == (
        "images must be downloadable, 16 in a row were not (an address must answer with an image, 127.0.0.1 "
        "answered with status 404: open it in a browser): run it again, images copied before are kept"
    )
    assert len(there.fetched) == 16


def test_the_smaller_copy_will_do(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """Where Azure has no original any longer, its smaller copy comes, and that is told; its metadata come along."""
    project_id = there.project()
    there.pictures["/small"] = drawn_image(1)
    copy = {"originalImageUri": None, "resizedImageUri": f"{there.pictures_url}/small"}
    there.image(project_id, b"", **copy, metadata={"camera": "2"})
    (moved,) = move()
    assert moved.complete
    assert contents(store, ours(moved)) == {drawn_image(1): []}
    assert moved.notes == ("Azure has only smaller copies of 1 image: Tagwise has these copies",)
    (image,) = store.images.page(ours(moved).id, take=10)
    assert store.metadata.of_images([image.id]) == {image.id: {"camera": "2"}}


@pytest.mark.parametrize("uri", [None, "", 7, "file:///etc/passwd", "http://10.0.0.1/1.png", "http://[::1/"])
def test_addresses_that_are_none(store: Store, there: Azure, move: Any, drawn_image: Any, uri: object) -> None:
    """An image without an address, or with one that may not be fetched, is told of; the others come."""
    project_id = there.project()
    there.image(project_id, drawn_image(1), originalImageUri=uri)
    there.image(project_id, drawn_image(2))
    (moved,) = move()
    assert not moved.complete
    assert "an address must" in moved.notes[0]
    assert contents(store, ours(moved)) == {drawn_image(2): []}


def test_azure_may_not_point_into_this_network(there: Azure) -> None:
    """Only an endpoint on this machine may name images on this machine."""
    endpoint = transport.training("https://north.api.cognitive.microsoft.com", KEY)
    image = client.Image("1", f"{there.pictures_url}/1", False, False, ())
    with pytest.raises(UrlRefused, match="is in this machine's own network and cannot be opened"):
        client.download_image(endpoint, image, limit_bytes=1000)
    assert there.fetched == {}


def test_two_tags_on_one_image_of_a_multiclass_project(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """An image that carries more tags than its project allows comes untagged, with the reason."""
    project_id = there.project()
    image_id = there.image(project_id, drawn_image(1), there.tag(project_id, "rose"), there.tag(project_id, "tulip"))
    (moved,) = move()
    assert not moved.complete
    assert contents(store, ours(moved)) == {drawn_image(1): []}
    assert moved.notes == (
        f"image '{image_id}': its tags were not changed: an image of a Multiclass project must have one tag, "
        "got 'rose', 'tulip': choose one",
        "the tag 'rose' has 1 image in Azure and 0 here",
        "the tag 'tulip' has 1 image in Azure and 0 here",
    )


def test_tags_made_meanwhile_wait_for_the_next_run(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """An image whose tag was not listed a moment ago is left for the next run, so that it comes tagged."""
    project_id = there.project()
    image_id = there.image(project_id, drawn_image(1), "20000000-0000-4000-8000-000000000000")
    (moved,) = move()
    assert not moved.complete
    assert moved.notes == (f"image '{image_id}': one of its tags was created during this run: run it again",)
    there.tag(project_id, "rose")
    there.tags[project_id][0]["imageCount"] = 1
    (moved,) = move()
    assert moved.complete
    assert contents(store, ours(moved)) == {drawn_image(1): ["rose"]}


@pytest.mark.parametrize("what", ["images", "tag"])
def test_counts_are_verified(there: Azure, move: Any, drawn_image: Any, what: str) -> None:
    """Where Azure counts more than it lists, something is missing."""
    project_id = there.project()
    there.image(project_id, drawn_image(1), there.tag(project_id, "rose"))
    if what == "images":
        there.counts[project_id] = 5
    else:
        there.tags[project_id][0]["imageCount"] = 5
    (moved,) = move()
    assert not moved.complete
    assert moved.notes[0] == (
        "Azure's counts differ from its list of images: run it again when nobody changes them there"
    )


@pytest.mark.parametrize(
    "rows", ["text", {"id": "x"}, [1], [{"name": "no id"}], [{"id": None}], [{"id": 7}], None, True, 3.5]
)
def test_answers_of_another_shape(there: Azure, move: Any, rows: Any) -> None:
    """JSON that is none of Custom Vision's is told as such."""
    there.projects = rows
    with pytest.raises(FetchFailed, match=r"must answer like Custom Vision, .* sent something else"):
        move()


@pytest.mark.parametrize("count", ["3", None, 1.5, [1]])
def test_counts_of_another_shape(there: Azure, move: Any, count: Any) -> None:
    """A number of images is a whole number."""
    there.counts[there.project()] = count
    with pytest.raises(FetchFailed, match="sent something else"):
        move()


def test_fields_may_be_missing(store: Store, there: Azure, move: Any, drawn_image: Any) -> None:
    """Null, missing and unknown fields are read as nothing, as the official clients do."""
    project_id = there.project()
    there.projects[0] = {"id": project_id, "name": None, "settings": None, "news": {}}
    there.image(project_id, drawn_image(1), tags=None, metadata=None)
    there.image(project_id, drawn_image(2), tags=[None, "x"])
    there.tags[project_id] = [{"id": "t"}, {"id": "u", "name": "rose", "type": "GeneralProduct", "imageCount": None}]
    (moved,) = move()
    assert (ours(moved).name, moved.complete) == ("unnamed", True)
    assert moved.here == Counts(2, 2, {"rose": 0, "unnamed": 0})


def test_a_wrong_key_is_told(store: Store, there: Azure) -> None:
    """A key that Azure refuses ends the run before anything is made."""
    there.project()
    with pytest.raises(InvalidInput) as refusal:
        azure.migrate(store, there.url, "wrong-secret", limits=LIMITS)
    assert "the training key must belong to the endpoint" in str(refusal.value)
    assert "wrong-secret" not in str(refusal.value)
    assert store.projects.all() == []


def test_progress_is_told(there: Azure, move: Any, drawn_image: Any) -> None:
    """Whoever watches reads which project it is and how many images have come, from 0 towards 1."""
    for name in ("Flowers", "Trees"):
        project_id = there.project(name)
        for number in range(20):
            there.image(project_id, drawn_image(number, 8))
    told: list[tuple[str, float]] = []
    move(progress=lambda stage, fraction: told.append((stage, fraction)))
    assert told == [
        ("Asking 127.0.0.1", 0.0),
        ("Flowers: 0 of 20 images", 0.0),
        ("Flowers: 16 of 20 images", 0.4),
        ("Trees: 0 of 20 images", 0.5),
        ("Trees: 16 of 20 images", 0.9),
    ]


def test_the_command(store: Store, there: Azure, drawn_image: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The command tells both sides' counts and what differs; its status is 1 while something is missing."""
    project_id = there.project()
    there.image(project_id, drawn_image(1), there.tag(project_id, "rose"))
    command = ["migrate", "--endpoint", there.url, "--training-key", KEY]
    assert cli.main(command) == 0
    expected = "Flowers: 1 images and 1 tags here, 1 and 1 in Azure, complete\n"
    assert capsys.readouterr() == (expected, "")
    bad = there.image(project_id, b"no picture")
    assert cli.main([*command, "--project", project_id]) == 1
    out, err = capsys.readouterr()
    assert out == "Flowers: 1 images and 1 tags here, 2 and 1 in Azure, incomplete\n"
    assert err.startswith(f"  Flowers: image '{bad}': ")


def test_the_command_in_json(store: Store, there: Azure, drawn_image: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json everything is told for scripts."""
    project_id = there.project()
    there.image(project_id, drawn_image(1), there.tag(project_id, "rose"))
    there.project("Boxes", domainId=DETECTION)
    assert cli.main(["migrate", "--endpoint", there.url, "--training-key", KEY, "--json"]) == 0
    moved, left_out = json.loads(capsys.readouterr().out)
    counts = {"images": 1, "tags": 1, "per_tag": {"rose": 1}}
    assert (moved["azure_name"], moved["azure"], moved["here"]) == ("Flowers", counts, counts)
    assert (moved["notes"], moved["complete"], moved["project"]["name"]) == ([], True, "Flowers")
    assert (left_out["azure_name"], left_out["project"], len(left_out["notes"])) == ("Boxes", None, 1)
