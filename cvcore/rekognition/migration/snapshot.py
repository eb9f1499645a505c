"""What AWS has of a project at one moment: its images' addresses and labels, and AWS' own counts of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cvcore.annotations import ground_truth
from cvcore.annotations.parsing import json_lines
from cvcore.rekognition.migration import client
from cvcore.rekognition.migration.client import Account, Project
from cvcore.wording import count

BOXES = "groundtruth/object-detection"
SHOWN_LETTERS = 80
READY = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED")


@dataclass(frozen=True)
class Counts:
    """Counts of a project's images, of those for testing, and of its labels; `per_tag` has the images of each."""

    images: int
    for_testing: int
    tags: int
    per_tag: dict[str, int]


@dataclass(frozen=True)
class Entry:
    """An image as a dataset's line names it; `reason` says which of its labels cannot be read, and why."""

    source: str
    labels: tuple[str, ...]
    is_test: bool
    line: str
    reason: str = ""
    has_boxes: bool = False


@dataclass(frozen=True)
class Snapshot:
    """A project as AWS lists it: every address once, all labels, and both AWS' counts and those of the lines.

    `losses` are sentences about lines and datasets that could not be read, `remarks` about what is otherwise unusual.
    """

    project: Project
    entries: tuple[Entry, ...]
    labels: tuple[str, ...]
    counts: Counts
    listed: Counts
    losses: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def is_detection(self) -> bool:
        """Whether its labels are boxes around objects, none for an entire image."""
        return any(entry.has_boxes for entry in self.entries) and not any(entry.labels for entry in self.entries)


def take(account: Account, project: Project) -> Snapshot:
    """List all entries of a project's datasets; without datasets, of the manifests of its newest model.

    Raises:
        InvalidInput, NotFound, FetchFailed: AWS does not list them.
    """
    losses: list[str] = []
    entries: list[Entry] = []
    counted: list[tuple[bool, client.DatasetCounts]] = []
    for dataset in project.datasets:
        noun = _noun(dataset.is_test)
        if dataset.status not in READY:
            losses.append(f"the {noun} dataset has the status {dataset.status[:SHOWN_LETTERS]} at AWS: it was left out")
            continue
        counted.append((dataset.is_test, client.dataset_counts(account, dataset.arn)))
        entries += _read(client.dataset_lines(account, dataset.arn), dataset.is_test, losses)
    remarks: list[str] = []
    if not project.datasets:
        for is_test, address in client.trained_manifests(account, project).items():
            entries += _read(client.manifest_lines(account, address), is_test, losses)
            remarks.append(f"the project has no datasets: its {_noun(is_test)} images are those of its newest model")
    listed = _counts(entries, counted)
    merged = _merged(entries)
    if doubled := len(entries) - len(merged):
        remarks.append(f"AWS lists {count(doubled, 'image')} twice: one that is in both datasets is for testing here")
    counts = _told(counted) if counted else listed
    return Snapshot(project, merged, tuple(listed.per_tag), counts, listed, tuple(losses), tuple(remarks))


def _read(lines: Iterable[str], is_test: bool, losses: list[str]) -> Iterator[Entry]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        record = json_lines.record(line)
        document = ground_truth.read([(number, record)])
        reason = "; ".join(dict.fromkeys(reason for _, reason in document.broken))
        if isinstance(record, str) or not document.rows:
            losses.append(f"entry {number} of the {_noun(is_test)} dataset: {reason}")
            continue
        has_boxes = any(isinstance(each, dict) and each.get("type") == BOXES for each in record.values())
        yield Entry(str(record[ground_truth.SOURCE]), document.rows[0].tags, is_test, line, reason, has_boxes)


def _merged(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Each address once, with all its labels; in both datasets it is for testing, so that no model has seen it."""
    merged: dict[str, Entry] = {}
    for entry in entries:
        if known := merged.get(entry.source):
            entry = Entry(
                entry.source,
                tuple(dict.fromkeys((*known.labels, *entry.labels))),
                known.is_test or entry.is_test,
                entry.line,
                known.reason or entry.reason,
                known.has_boxes or entry.has_boxes,
            )
        merged[entry.source] = entry
    return tuple(merged.values())


def _told(counted: Iterable[tuple[bool, client.DatasetCounts]]) -> Counts:
    images, per_tag = Counter[bool](), Counter[str]()
    for is_test, counts in counted:
        images[is_test] += counts.entries
        per_tag.update(counts.labels)
    return Counts(images.total(), images[True], len(per_tag), dict(per_tag))


def _counts(entries: Iterable[Entry], counted: Iterable[tuple[bool, client.DatasetCounts]]) -> Counts:
    """The counts of the entries; labels that no entry has are counted too."""
    images = Counter(entry.is_test for entry in entries)
    per_tag = Counter({label: 0 for _, counts in counted for label in counts.labels})
    per_tag.update(label for entry in entries for label in entry.labels)
    return Counts(images.total(), images[True], len(per_tag), dict(per_tag))


def _noun(is_test: bool) -> str:
    return "test" if is_test else "training"
