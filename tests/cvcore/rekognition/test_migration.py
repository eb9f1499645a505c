"""Projects move in from Rekognition whole, once, and what differs is told."""

from __future__ import annotations

import collections
import contextlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cvcore import cli, projects
from cvcore.errors import FetchFailed, InvalidInput, NotFound
from cvcore.files import blobs
from cvcore.progress import Stopped
from cvcore.projects import tagging, uploads
from cvcore.records import Image, Project
from cvcore.rekognition import arns, migration
from cvcore.rekognition.migration import Counts, MigrationResult
from cvcore.settings import Limits
from cvcore.store import Store

ROOT = Path(__file__).resolve().parents[3]
LIMITS = Limits()
NO_SUCH_KEY = b"<Error><Code>NoSuchKey</Code></Error>"
SINGLE, BOXES = "groundtruth/image-classification", "groundtruth/object-detection"


class Aws:
    """As much of AWS as moving out takes: Rekognition and S3 on one port, lists in pages of two."""

    def __init__(self) -> None:
        self.projects: list[dict[str, Any]] = []
        self.lines: dict[str, list[str]] = {}
        self.versions: list[dict[str, Any]] = []
        self.objects: dict[str, bytes] = {}
        self.counted: dict[str, int] = {}
        self.fetched: collections.Counter[str] = collections.Counter()
        self.sends_left = 1000
        self.waiting = threading.Semaphore(0)
        self.is_over = threading.Event()
        self.lock = threading.Lock()
        self.refusal = ""

    def project(self, name: str = "flowers", **datasets: list[str]) -> str:
        """A new project's ARN; `train` and `test` are its datasets' lines."""
        number = len(self.projects)
        arn = f"arn:aws:rekognition:eu-west-1:123456789012:project/{name}/160000000000{number}"
        told = []
        for kind, lines in datasets.items():
            made = f"17000000000{len(told)}{number}"
            dataset = f"arn:aws:rekognition:eu-west-1:123456789012:project/{name}/dataset/{kind}/{made}"
            self.lines[dataset] = lines
            told.append({"DatasetArn": dataset, "DatasetType": kind.upper(), "Status": "CREATE_COMPLETE"})
        self.projects.append({"ProjectArn": arn, "Status": "CREATED", "Datasets": told})
        return arn

    def image(self, data: bytes, *labels: str, key: str = "", kind: str = SINGLE) -> str:
        """The line of a new image in the bucket `photos`."""
        key = key or f"garden/{len(self.objects)}.png"
        self.objects[f"/photos/{key}"] = data
        return line(f"s3://photos/{key}", *labels, kind=kind)

    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """What an operation of Rekognition answers."""
        if operation == "DescribeProjects":
            return {"ProjectDescriptions": self.projects}
        if operation == "DescribeProjectVersions":
            return {"ProjectVersionDescriptions": self.versions}
        lines = self.lines[asked["DatasetArn"]]
        counts: collections.Counter[str] = collections.Counter()
        for each in lines:
            counts.update(value["class-name"] for key, value in json.loads(each).items() if key.endswith("-metadata"))
        if operation == "DescribeDataset":
            total = self.counted.get(asked["DatasetArn"], len(lines))
            return {"DatasetDescription": {"DatasetStats": {"TotalEntries": total, "TotalLabels": len(counts)}}}
        if operation == "ListDatasetLabels":
            labels = [{"LabelName": name, "LabelStats": {"EntryCount": count}} for name, count in counts.items()]
            return {"DatasetLabelDescriptions": labels}
        assert operation == "ListDatasetEntries"
        start = int(asked.get("NextToken", 0))
        more = {"NextToken": str(start + 2)} if start + 2 < len(lines) else {}
        return {"DatasetEntries": lines[start : start + 2], **more}

    def do_question(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one question of Rekognition."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        operation = handler.headers["X-Amz-Target"].partition(".")[2]
        if self.refusal:
            send(handler, 400, json.dumps({"__type": self.refusal, "Message": "no"}).encode())
        else:
            send(handler, 200, json.dumps(self.answer(operation, json.loads(body))).encode())

    def do_object(self, handler: BaseHTTPRequestHandler) -> None:
        """Send one object, or wait for the test's end when enough were sent."""
        with self.lock:
            self.sends_left -= 1
            is_enough = self.sends_left < 0
        if is_enough:
            self.waiting.release()
            self.is_over.wait()
        data = self.objects.get(handler.path)
        with contextlib.suppress(OSError):  # whoever waited so long may be gone
            send(handler, 404 if data is None else 200, NO_SUCH_KEY if data is None else data)
            with self.lock:
                self.fetched[handler.path] += 1


def line(source: str, *labels: str, kind: str = SINGLE) -> str:
    """A line of a manifest."""
    fields: dict[str, Any] = {"source-ref": source}
    for number, label in enumerate(labels):
        fields[f"kind{number}"] = 1
        fields[f"kind{number}-metadata"] = {"class-name": label, "type": kind, "human-annotated": "yes"}
    return json.dumps(fields)


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An AWS without projects, on this machine, until the test is over."""
    made = Aws()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.do_question(self)

        def do_GET(self) -> None:
            made.do_object(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    yield made
    made.is_over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def move(store: Store, **options: Any) -> list[MigrationResult]:
    return migration.migrate(store, limits=LIMITS, **options)


def ours(moved: MigrationResult) -> Project:
    assert moved.project is not None
    return moved.project


def workspace(store: Store, project: Project) -> list[Image]:
    """The images, the oldest first."""
    return store.images.page(project.id, take=1000)[::-1]


def contents(store: Store, project: Project) -> dict[bytes, tuple[set[str], bool]]:
    """The names of each image's tags, and whether it is for testing, by its bytes."""
    names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    return {
        blobs.read(blobs.original_path(store.home, image.sha256)): (
            {names[tag_id] for tag_id in image.tag_ids},
            image.is_test,
        )
        for image in workspace(store, project)
    }


def test_a_project_moves_in(store: Store, there: Aws, drawn_image: Any) -> None:
    """Name, labels and all images come from every page, for training and for testing as they were."""
    train = [
        there.image(drawn_image(number), "rose" if number else "lily", key=f"a b/ü{number}.png") for number in (0, 1, 2)
    ]
    there.objects = {path.replace(" ", "%20").replace("ü", "%C3%BC"): data for path, data in there.objects.items()}
    test = [there.image(drawn_image(3), "rose"), there.image(drawn_image(4))]
    arn = there.project(train=train, test=test)
    (moved,) = move(store)
    counts = Counts(5, 2, 2, {"rose": 3, "lily": 1})
    assert moved == MigrationResult(arn, ours(moved), counts, counts, (), complete=True)
    project = ours(moved)
    assert (project.name, project.classification_type) == ("flowers", "Multiclass")
    assert contents(store, project) == {
        drawn_image(0): ({"lily"}, False),
        drawn_image(1): ({"rose"}, False),
        drawn_image(2): ({"rose"}, False),
        drawn_image(3): ({"rose"}, True),
        drawn_image(4): (set(), True),
    }
    assert workspace(store, project)[0].name == "ü0.png"
    assert arns.of_project(store, project) == arn
    assert arns.of_dataset(store, project, "TEST") == there.projects[0]["Datasets"][1]["DatasetArn"]
    images = [image.id for image in workspace(store, project)]
    assert list(store.rekognition_entries.sources(images).values())[3] == "s3://photos/garden/3.png"
    job = store.jobs.latest(project.id, "embed")
    assert job is not None
    assert job.status == "queued"


def test_several_labels_make_multilabel(store: Store, there: Aws, drawn_image: Any) -> None:
    """An image with two labels makes the project Multilabel, and keeps both."""
    there.project(train=[there.image(drawn_image(1), "red", "big"), there.image(drawn_image(2), "red")])
    (moved,) = move(store)
    assert (moved.complete, ours(moved).classification_type) == (True, "Multilabel")
    assert contents(store, ours(moved))[drawn_image(1)] == ({"red", "big"}, False)


def test_running_it_again_fetches_nothing(store: Store, there: Aws, drawn_image: Any) -> None:
    """What is here is not fetched or stored a second time, refused files and equal ones neither."""
    contents = (drawn_image(1), drawn_image(2), drawn_image(1), b"no picture")
    there.project(train=[there.image(data, "rose") for data in contents])
    first = move(store)
    before = workspace(store, ours(first[0]))
    assert move(store) == first
    assert workspace(store, ours(first[0])) == before
    assert set(there.fetched.values()) == {1}
    assert len(store.projects.all()) == 1
    assert first[0].notes[1] == (
        "image 's3://photos/garden/2.png': same content as 's3://photos/garden/0.png', so both are one image here"
    )


def test_stopped_half_way_it_goes_on(store: Store, there: Aws, drawn_image: Any) -> None:
    """A run that was stopped keeps what came, and the next fetches the rest only."""
    there.project(train=[there.image(drawn_image(number, 8), "rose") for number in range(20)])

    def stop(stage: str, fraction: float) -> None:
        if fraction >= 0.5:
            raise Stopped

    with pytest.raises(Stopped):
        move(store, progress=stop)
    (project,) = store.projects.all()
    assert 16 == store.images.count(project.id)
    (moved,) = move(store)
    assert (moved.complete, moved.here.per_tag) == (True, {"rose": 20})
    assert set(there.fetched.values()) == {1}


def test_killed_half_way_it_goes_on(store: Store, there: Aws, drawn_image: Any) -> None:
    """A process killed without warning leaves what it stored, and the next run fetches the rest only."""
    there.project(train=[there.image(drawn_image(number, 8), "rose") for number in range(20)])
    there.sends_left = 16
    command = [sys.executable, "-m", "cvcore.cli", "migrate", "--from", "rekognition"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        assert all(there.waiting.acquire(timeout=60) for _ in range(4))
        process.kill()
    assert sum(there.fetched.values()) == 16
    there.sends_left = 1000
    (moved,) = move(store)
    assert (moved.complete, moved.here.per_tag) == (True, {"rose": 20})
    assert max(there.fetched.values()) == 1


def test_what_was_changed_here_stays(store: Store, there: Aws, drawn_image: Any) -> None:
    """Renamed and with images changed here, a project is known again, and takes on what is new at AWS."""
    train = [there.image(drawn_image(number), "rose") for number in (1, 2, 3)]
    there.project(train=train)
    project = ours(move(store)[0])
    projects.update(store, Project(**{**vars(project), "name": "Garden"}))
    tags = {tag.name: tag for tag in store.tags.of_project(project.id)}
    tagging.rename(store, tags["rose"], "Rose", limits=LIMITS)
    first, second, third = workspace(store, project)
    uploads.delete(store, [first.id])
    tagging.remove_tags(store, project, [second.id], [tags["rose"].id])
    tagging.mark_for_testing(store, project, [third.id], True)
    uploads.add(store, project, "own.png", drawn_image(9), tag_ids=[], limits=LIMITS)
    train.append(there.image(drawn_image(4), "tulip"))
    (moved,) = move(store)
    assert not moved.complete
    assert len(moved.here.per_tag) == 2
    assert moved.notes == (
        "the project 'flowers' is called 'Garden' here",
        "the label 'rose' is called 'Rose' here",
        "image 's3://photos/garden/0.png': it was deleted here",
        "image 's3://photos/garden/1.png': it has other tags here",
        "image 's3://photos/garden/2.png': it is for testing here",
        "the tag 'Rose' has 3 images in AWS and 1 here",
        "the project has 1 image here that did not come from AWS",
    )


def test_what_cannot_come_is_told(store: Store, there: Aws, drawn_image: Any) -> None:
    """An image that is gone, one that is none, a strange address and a broken line are told each; the rest comes."""
    gone = there.image(b"", "rose", key="gone.png")
    del there.objects["/photos/gone.png"]
    lines = [there.image(drawn_image(1), "rose"), gone, line("http://photos/x.png", "rose"), "{}"]
    there.project(train=[*lines, there.image(b"no picture", "rose", key="text.png")])
    (moved,) = move(store)
    assert (moved.complete, moved.here.images) == (False, 1)
    assert [note.partition(":")[0] for note in moved.notes] == [
        "entry 4 of the training dataset",
        "image 's3",
        "image 'http",
        "image 's3",
        "the tag 'rose' has 4 images in AWS and 1 here",
    ]
    assert moved.notes[1] == "image 's3://photos/gone.png': AWS does not have it (NoSuchKey)"
    there.objects["/photos/gone.png"] = drawn_image(2)
    assert move(store)[0].here.images == 2


def test_an_image_in_both_datasets_is_for_testing(store: Store, there: Aws, drawn_image: Any) -> None:
    """No model may have seen a test image, so an address in both datasets is one image for testing here."""
    both = there.image(drawn_image(1), "rose")
    there.project(train=[both, there.image(drawn_image(2), "rose")], test=[both, there.image(drawn_image(2), "rose")])
    (moved,) = move(store)
    assert moved.complete
    assert contents(store, ours(moved)) == {drawn_image(1): ({"rose"}, True), drawn_image(2): ({"rose"}, True)}
    assert moved.notes[0] == "AWS lists 1 image twice: one that is in both datasets is for testing here"


def test_counts_that_changed_meanwhile_are_told(store: Store, there: Aws, drawn_image: Any) -> None:
    """Where AWS counts more entries than it lists, the copy is not called complete."""
    there.project(train=[there.image(drawn_image(1), "rose")])
    there.counted[there.projects[0]["Datasets"][0]["DatasetArn"]] = 2
    (moved,) = move(store)
    assert not moved.complete
    assert moved.notes == ("AWS' counts differ from its entries: run it again when nobody changes them there",)


def test_a_dataset_in_the_making_is_told(store: Store, there: Aws, drawn_image: Any) -> None:
    """A dataset that AWS has not finished is left out, and the copy is not called complete."""
    there.project(train=[there.image(drawn_image(1), "rose")], test=[there.image(drawn_image(2), "rose")])
    there.projects[0]["Datasets"][1]["Status"] = "CREATE_IN_PROGRESS"
    (moved,) = move(store)
    assert (moved.complete, moved.here.images) == (False, 1)
    assert moved.notes == ("the test dataset has the status CREATE_IN_PROGRESS at AWS: it was left out",)


def test_an_old_project_comes_by_its_newest_model(store: Store, there: Aws, drawn_image: Any) -> None:
    """A project without datasets has the images of the manifests that its newest trained model was made with."""
    there.project()
    manifests = {"train": there.image(drawn_image(1), "rose"), "test": there.image(drawn_image(2), "lily")}
    results = {}
    for name, text in manifests.items():
        there.objects[f"/out/{name}.json"] = text.encode() + b"\n\n"
        data = {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "out", "Name": f"{name}.json"}}}]}
        results[name] = {"Output": data}
    there.versions = [
        {"CreationTimestamp": 1.0, "Status": "TRAINING_COMPLETED"},
        {"CreationTimestamp": 2.0, "TrainingDataResult": results["train"], "TestingDataResult": results["test"]},
        {"CreationTimestamp": 3.0, "Status": "TRAINING_FAILED"},
    ]
    (moved,) = move(store)
    assert moved.complete
    assert contents(store, ours(moved)) == {drawn_image(1): ({"rose"}, False), drawn_image(2): ({"lily"}, True)}
    assert moved.notes == (
        "the project has no datasets: its training images are those of its newest model",
        "the project has no datasets: its test images are those of its newest model",
    )


def test_object_detection_is_left_out(store: Store, there: Aws, drawn_image: Any) -> None:
    """Of several projects one with boxes is passed over with a sentence, alone it is refused."""
    there.project("boxes", train=[there.image(drawn_image(1), "rose", kind=BOXES)])
    there.project("flowers", train=[there.image(drawn_image(2), "rose")])
    skipped, moved = move(store)
    sentence = "Tagwise only classifies images, 'boxes' detects objects: it was left out"
    assert (skipped.project, skipped.notes, skipped.complete) == (None, (sentence,), True)
    assert [project.name for project in store.projects.all()] == [ours(moved).name] == ["flowers"]
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        move(store, project="boxes")


def test_one_project_can_be_chosen(store: Store, there: Aws) -> None:
    """By its name or its ARN that project alone moves in; where there is none, those there are get listed."""
    arn = there.project("trees")
    there.project("flowers")
    assert [ours(each).name for each in move(store, project="flowers")] == ["flowers"]
    assert [ours(each).name for each in move(store, project=arn)] == ["trees"]
    with pytest.raises(NotFound) as failure:
        move(store, project="x")
    assert str(failure.value) == "there is no project 'x' in this region: there are 'trees', 'flowers'"


def test_changed_names_stay_apart(store: Store, there: Aws, drawn_image: Any) -> None:
    """Labels and projects that cannot have their names here get others, again and again the same."""
    projects.create(store, "flowers")
    labels = ("a|b", "a-b", "x" * 200)
    there.project(train=[there.image(drawn_image(number), label) for number, label in enumerate(labels)])
    for _ in range(2):
        (moved,) = move(store)
        assert (moved.complete, ours(moved).name) == (True, "flowers (2)")
        assert moved.here.per_tag == {"a-b": 1, "a-b (2)": 1, "x" * 128: 1}
        assert moved.notes[1] == "the label 'a|b' is called 'a-b' here"


def test_without_its_images_it_stops(store: Store, there: Aws, drawn_image: Any, monkeypatch: Any) -> None:
    """Where sixteen images in a row are refused, the run ends instead of trying thousands."""
    there.project(train=[there.image(drawn_image(1, 8), "rose") for _ in range(20)])
    monkeypatch.setattr(
        there, "do_object", lambda handler: send(handler, 403, b"<Error><Code>AccessDenied</Code></Error>")
    )
    with pytest.raises(FetchFailed) as failure:
        move(store)
    assert str(failure.value) == (
        "images must be downloadable, 16 in a row were not (AWS must answer, GetObject failed with 'AccessDenied': "
        "check the keys and their permissions): run it again, images copied before are kept"
    )


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("UnrecognizedClientException", "check the keys and their permissions"),
        ("AccessDeniedException", "check the keys and their permissions"),
        ("InvalidPaginationTokenException", "try again later"),
    ],
)
def test_a_refusal_is_told(store: Store, there: Aws, code: str, advice: str) -> None:
    """What AWS refuses is told with its own word for it, and no key."""
    there.refusal = code
    with pytest.raises(FetchFailed) as failure:
        move(store)
    assert str(failure.value) == f"AWS must answer, DescribeProjects failed with {code!r}: {advice}"


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("AWS_ACCESS_KEY_ID", "AWS must be set up here, boto3 finds no keys: run aws configure"),
        ("AWS_DEFAULT_REGION", "AWS must be set up here, boto3 says 'You must specify a region.': run aws configure"),
    ],
)
def test_what_is_not_set_up_is_told(
    store: Store, there: Aws, monkeypatch: pytest.MonkeyPatch, missing: str, message: str
) -> None:
    """Without keys or region nothing is asked, and it is said how to set them up."""
    monkeypatch.delenv(missing)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    with pytest.raises(InvalidInput) as failure:
        move(store)
    assert str(failure.value) == message


def test_an_unknown_profile_is_told(store: Store, there: Aws) -> None:
    """A profile that the files of `aws configure` do not have is named."""
    with pytest.raises(InvalidInput, match="The config profile \\(nobody\\) could not be found"):
        move(store, profile="nobody")


def test_without_a_network_it_is_told(store: Store, there: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nobody answers is told after some tries."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(migration.client, "ATTEMPTS", 1)
    with pytest.raises(FetchFailed, match="AWS must be reachable, it is not \\(EndpointConnectionError\\)"):
        move(store)


def test_without_boto3_it_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, the line to install it is told."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(InvalidInput, match="not installed: pip install boto3"):
        move(store)


def test_the_command(home: Path, there: Aws, drawn_image: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """One line per project, as JSON too; the status is 1 while something is missing."""
    there.project(train=[there.image(drawn_image(1), "rose"), line("s3://photos/gone.png", "rose")])
    assert cli.main(["migrate", "--from", "rekognition", "--region", "eu-west-1"]) == 1
    told = capsys.readouterr()
    assert told.out == "flowers: 1 images and 1 tags here, 2 and 1 at AWS, incomplete\n"
    assert "  flowers: image 's3://photos/gone.png': AWS does not have it (NoSuchKey)\n" in told.err
    assert cli.main(["migrate", "--from", "rekognition", "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["project"]["name"], row["aws"]["images"], row["here"]["images"]) == ("flowers", 2, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: --endpoint, --training-key"),
        (["--endpoint", "https://x"], "the following arguments are required: --training-key"),
        (["--from", "rekognition", "--endpoint", "x"], "--endpoint is only for --from custom-vision: leave it out"),
        (["--endpoint", "x", "--training-key", "y", "--region", "z"], "--region is only for --from rekognition"),
    ],
)
def test_misuse_is_told(home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    """An option that is missing, or of the other service, ends the command as any misuse does."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["migrate", *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
