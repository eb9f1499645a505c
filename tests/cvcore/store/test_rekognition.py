"""What Rekognition's clients know a project by is kept as long as the project, its images and iterations are."""

from __future__ import annotations

from cvcore.records import Project
from cvcore.store import ArnRow, Entry, EntryFilter, EntryStats, Store, Version
from tests.conftest import Fill, Trained

PREFIX = "s3://images/"
ALL = EntryFilter()


def entries(store: Store, project_id: str, matching: EntryFilter = ALL, take: int = 2) -> list[Entry]:
    """All entries of a training set, read page after page."""
    found: list[Entry] = []
    while page := store.rekognition_entries.page(
        project_id,
        "TRAIN",
        prefix=PREFIX,
        matching=matching,
        after=found[-1].position if found else (),
        take=take,
    ):
        found += page
    return found


def add_dataset(store: Store, project: Project) -> None:
    store.rekognition_arns.add(ArnRow("arn:d", "dataset", 1, project.id, purpose="TRAIN"))
    store.rekognition_datasets.add(project.id, "TRAIN", "arn:d", status="CREATE_COMPLETE", message="")


def test_an_arns_number_is_its_own(store: Store, fill: Fill) -> None:
    """An ARN is found by kind and number, and the next free number is given where one is taken."""
    row = ArnRow("arn:1", "project", 7, fill().id)
    store.rekognition_arns.add(row)
    assert store.rekognition_arns.find("project", 7) == row
    assert store.rekognition_arns.find("dataset", 7) is None
    assert store.rekognition_arns.of_project(row.project_id) == row
    assert [store.rekognition_arns.free_ms("project", 7), store.rekognition_arns.free_ms("dataset", 7)] == [8, 7]


def test_everything_goes_with_the_project(store: Store, fill: Fill, trained: Trained) -> None:
    """A deleted iteration takes its version and the tags of its ARN along, a deleted project all the rest."""
    project = fill(a=5, b=5)
    iteration = trained(project)
    arns, datasets = store.rekognition_arns, store.rekognition_datasets
    arns.add(ArnRow("arn:p", "project", 1, project.id))
    arns.add(ArnRow("arn:d", "dataset", 1, project.id, purpose="TRAIN"))
    arns.add(ArnRow("arn:v", "version", 1, project.id, iteration_id=iteration.id))
    dataset = datasets.add(project.id, "TRAIN", "arn:d", status="CREATE_IN_PROGRESS", message="")
    datasets.add_pending(dataset, ["{}"])
    store.rekognition_entries.refuse(project.id, "TRAIN", "x", source="", labels=[], errors=[("E", "no")])
    store.rekognition_versions.put(Version(iteration.id, "arn:v", "first"))
    store.rekognition_policies.put(project.id, "copy", "1", "{}")
    arns.put_tags("arn:p", {"team": "garden"})
    arns.put_tags("arn:v", {"team": "garden"})
    store.iterations.delete(iteration.id)
    assert (arns.tags("arn:v"), arns.find("version", 1), store.rekognition_versions.all()) == ({}, None, [])
    assert (arns.tags("arn:p"), len(datasets.in_progress())) == ({"team": "garden"}, 1)
    store.projects.delete(project.id)
    assert (arns.tags("arn:p"), arns.find("project", 1), datasets.in_progress()) == ({}, None, [])
    assert datasets.pending(dataset, 9) == []
    assert entries(store, project.id) == []
    assert store.rekognition_policies.of_project(project.id) == []


def test_versions_and_policies_are_replaced(store: Store, fill: Fill, trained: Trained) -> None:
    """Storing one again keeps when it was created, and has the new values."""
    project = fill(a=5, b=5)
    iteration = trained(project)
    store.rekognition_arns.add(ArnRow("arn:v", "version", 1, project.id, iteration_id=iteration.id))
    store.rekognition_versions.put(Version(iteration.id, "arn:v", "first", details={"written": False}))
    (before,) = store.rekognition_versions.of_project(project.id)
    store.rekognition_versions.put(
        Version(**{**vars(before), "state": "RUNNING", "min_units": 2, "details": {"written": True}})
    )
    after = store.rekognition_versions.find(iteration.id)
    assert after == Version(**{**vars(before), "state": "RUNNING", "min_units": 2, "details": {"written": True}})
    for revision in "12":
        store.rekognition_policies.put(project.id, "copy", revision, "{}")
    (policy,) = store.rekognition_policies.of_project(project.id)
    assert (policy.revision_id, policy.created_at < policy.updated_at) == ("2", True)
    store.rekognition_policies.delete(project.id, "copy")
    assert store.rekognition_policies.find(project.id, "copy") is None


def test_tags_are_added_and_removed(store: Store, fill: Fill) -> None:
    """A key has one value; removing a key that is not there changes nothing."""
    store.rekognition_arns.add(ArnRow("arn:p", "project", 1, fill().id))
    store.rekognition_arns.put_tags("arn:p", {"a": "1", "b": "2"})
    store.rekognition_arns.put_tags("arn:p", {"b": "3"})
    store.rekognition_arns.remove_tags("arn:p", ["a", "z"])
    assert store.rekognition_arns.tags("arn:p") == {"b": "3"}


def test_entries_are_images_and_refused_lines(store: Store, fill: Fill) -> None:
    """Every source of an image is an entry, an image without one too, and each page begins where the last ended."""
    project = fill(a=2, b=1)
    add_dataset(store, project)
    rows = store.rekognition_entries
    first, second, third = reversed(store.images.page(project.id, take=9))
    store.images.mark_for_testing([third.id], True)
    rows.put_source(project.id, "s3://b/1.png", first.id, "{}")
    rows.put_source(project.id, "s3://b/copy.png", first.id, "{}")
    rows.refuse(project.id, "TRAIN", "bad", source="", labels=[], errors=[("E", "no JSON")])
    rows.refuse(project.id, "TRAIN", "x", source="s3://b/x.png", labels=["a", "c"], errors=[("E", "no image")])
    rows.refuse(project.id, "TRAIN", "y", source="s3://b/x.png", labels=["c"], errors=[("F", "no image")])
    for take in (1, 2, 3, 9):
        found = entries(store, project.id, take=take)
        assert [(entry.source, entry.image.id if entry.image else entry.line, entry.errors) for entry in found] == [
            ("s3://b/1.png", first.id, ()),
            ("s3://b/copy.png", first.id, ()),
            ("", second.id, ()),
            ("", "bad", (("E", "no JSON"),)),
            ("s3://b/x.png", "y", (("F", "no image"),)),
        ]
    assert rows.stats(project.id, "TRAIN") == EntryStats(total=5, labeled=4, errors=2, labels=2)
    assert rows.stats(project.id, "TEST") == EntryStats(total=1, labeled=1, errors=0, labels=1)
    assert rows.label_counts(project.id, "TRAIN") == {"a": 3, "c": 1}
    assert rows.sources([first.id, second.id]) == {first.id: "s3://b/1.png"}


def test_entries_are_filtered(store: Store, fill: Fill) -> None:
    """By labels, with or without labels, with or without errors, and by a part of the source."""
    project = fill(a=1, b=1)
    add_dataset(store, project)
    rows = store.rekognition_entries
    first, second = reversed(store.images.page(project.id, take=9))
    store.tags.detach([second.id])
    rows.put_source(project.id, "s3://b/1.png", first.id, "{}")
    rows.refuse(project.id, "TRAIN", "x", source="s3://b/%.png", labels=["c"], errors=[("E", "no image")])

    def positions(**conditions: object) -> list[str]:
        return [entry.source for entry in entries(store, project.id, EntryFilter(**conditions))]  # type: ignore[arg-type]

    assert positions(labels=("a", "z")) == ["s3://b/1.png"]
    assert positions(labels=("c",)) == ["s3://b/%.png"]
    assert positions(is_labeled=True) == ["s3://b/1.png", "s3://b/%.png"]
    assert positions(is_labeled=False) == [""]
    assert positions(has_errors=True) == ["s3://b/%.png"]
    assert positions(has_errors=False) == ["s3://b/1.png", ""]
    assert positions(source_contains="%") == ["s3://b/%.png"]
    assert positions(source_contains=f"{PREFIX}{second.sha256}/2.png") == [""]
    assert positions(source_contains="B/1") == []


def test_a_source_leads_to_the_image_that_is_there(store: Store, fill: Fill) -> None:
    """A source whose image left the workspace names none, until the image is back."""
    project = fill(a=1)
    (image,) = store.images.page(project.id, take=9)
    store.rekognition_entries.put_source(project.id, "s3://b/1.png", image.id, "{}")
    assert store.rekognition_entries.image_id(project.id, "s3://b/1.png") == image.id
    store.images.trash([image.id])
    assert store.rekognition_entries.image_id(project.id, "s3://b/1.png") is None
    assert entries(store, project.id) == []


def test_pending_lines_are_read_once(store: Store, fill: Fill) -> None:
    """Lines wait in their order until they are settled, or all are dropped."""
    project = fill()
    store.rekognition_arns.add(ArnRow("arn:d", "dataset", 1, project.id, purpose="TEST"))
    datasets = store.rekognition_datasets
    dataset = datasets.add(project.id, "TEST", "arn:d", status="CREATE_IN_PROGRESS", message="busy", work="{}")
    datasets.add_pending(dataset, ["one", "two", "three"])
    (first, line), (second, _) = datasets.pending(dataset, 2)
    assert (line, datasets.settle(first), datasets.settle(first)) == ("one", True, False)
    assert [line for _, line in datasets.pending(dataset, 9)] == ["two", "three"]
    assert datasets.in_progress() == [dataset]
    datasets.set_status(dataset, "CREATE_FAILED", "boxes", code="CLIENT_ERROR")
    datasets.drop_pending(dataset)
    after = datasets.find(project.id, "TEST")
    assert after is not None
    assert (after.status, after.message, after.code, after.work) == ("CREATE_FAILED", "boxes", "CLIENT_ERROR", "")
    assert (datasets.pending(dataset, 9), datasets.in_progress(), second > first) == ([], [], True)
