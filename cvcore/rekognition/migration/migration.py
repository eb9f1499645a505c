"""Copies projects, their labels and images from Amazon Rekognition Custom Labels.

`store.origins` records what has been copied: an interrupted run continues where it stopped, even if the project was
renamed meanwhile, and an image that was deleted here is not copied again. Projects, datasets and images keep their ARNs
and addresses. Models stay at AWS, which does not give them out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from cvcore import buckets, names, projects
from cvcore.errors import FetchFailed, InvalidInput, NotFound, TagwiseError
from cvcore.progress import Progress, share, silent
from cvcore.projects import naming, tagging, uploads
from cvcore.projects.moving_in import BATCH, check_connection
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.rekognition import arns
from cvcore.rekognition.migration import client, verification
from cvcore.rekognition.migration.client import Account
from cvcore.rekognition.migration.snapshot import SHOWN_LETTERS, Counts, Entry, Snapshot, take
from cvcore.rekognition.migration.verification import MigrationResult
from cvcore.settings import Limits
from cvcore.store import Store


def migrate(
    store: Store,
    *,
    project: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    limits: Limits,
    progress: Progress = silent,
) -> list[MigrationResult]:
    """Copy all classification projects of an AWS account's region, or the one of that name or ARN, and verify them.

    A second run continues the first: nothing is downloaded or stored twice.

    Raises:
        InvalidInput: boto3 is missing or not set up, or the one project is for object detection.
        NotFound: there is no such project.
        FetchFailed: AWS does not answer, or refuses to.
        StorageFull, HomeUnusable, Stopped: what was copied before is kept.
    """
    account = client.connect(profile=profile, region=region)
    progress("Asking AWS", 0.0)
    found = _chosen(client.projects(account), project)
    results = []
    for position, each in enumerate(found):
        part = share(progress, position / len(found), (position + 1) / len(found))
        part(f"{each.name}: listing its images", 0.0)
        snapshot = take(account, each)
        if snapshot.is_detection:
            results.append(_not_copied(snapshot, is_only_one=project is not None))
        else:
            results.append(_copy(store, account, snapshot, limits=limits, progress=part))
    return results


def _chosen(found: list[client.Project], wanted: str | None) -> list[client.Project]:
    if wanted is None:
        return found
    chosen = [project for project in found if wanted.strip() in (project.name, project.arn)]
    if not chosen:
        listed = ", ".join(repr(project.name) for project in found[:10]) or "none"
        raise NotFound(f"there is no project {wanted[:SHOWN_LETTERS]!r} in this region: there are {listed}")
    return chosen


def _not_copied(snapshot: Snapshot, *, is_only_one: bool) -> MigrationResult:
    """The result for an object detection project, which is left out; an error if it was asked for."""
    name = snapshot.project.name[:SHOWN_LETTERS]
    sentence = f"Tagwise only classifies images, {name!r} detects objects: it was left out"
    if is_only_one:
        raise InvalidInput(sentence)
    nothing = Counts(0, 0, 0, {})
    return MigrationResult(snapshot.project.arn, None, nothing, nothing, (sentence,), complete=True)


def _copy(store: Store, account: Account, snapshot: Snapshot, *, limits: Limits, progress: Progress) -> MigrationResult:
    project = _project(store, snapshot)
    tag_ids = _tags(store, project, snapshot.labels, limits)
    done = store.origins.of_project(project.id, "image").keys()
    pending = [entry for entry in snapshot.entries if entry.source not in done]
    total, failures = len(snapshot.entries), dict[str, str]()
    fetch = partial(_fetched, account, limits.image_bytes)
    with ThreadPoolExecutor(BATCH) as pool:
        for start in range(0, len(pending), BATCH):
            ready = total - len(pending) + start
            progress(f"{project.name}: {ready} of {total} images", ready / total)
            batch = pending[start : start + BATCH]
            fetched = list(pool.map(fetch, batch))
            check_connection(fetched)
            for entry, data in zip(batch, fetched, strict=True):
                if isinstance(data, bytes):
                    _store(store, project, entry, data, [tag_ids[label] for label in entry.labels], limits)
                else:
                    failures[entry.source] = str(data)
    store.jobs.embed_soon(project.id)
    return verification.verify(store, project, snapshot, tag_ids=tag_ids, failures=failures)


def _project(store: Store, snapshot: Snapshot) -> Project:
    """Our project for one of AWS': the one that an earlier run created, else a new one."""
    arn = snapshot.project.arn
    with store.transaction():
        if known := store.origins.project_id(arn):
            return store.projects.get(known)
        several = any(len(entry.labels) > 1 for entry in snapshot.entries)
        name = naming.allowed(snapshot.project.name, partial(names.clean, "project"), projects.NAME_LETTERS)
        project = projects.create(
            store, projects.free_name(store, name), classification_type=MULTILABEL if several else MULTICLASS
        )
        store.origins.add(project.id, "project", arn, project.id)
        _keep_arns(store, project, snapshot.project)
        return project


def _keep_arns(store: Store, project: Project, source: client.Project) -> None:
    """Let scripts that name the project and its datasets by their ARNs at AWS find them here."""
    with contextlib.suppress(InvalidInput):
        arns.keep(store, project, source.arn)
        for dataset in source.datasets:
            arns.keep(store, project, dataset.arn, "TEST" if dataset.is_test else "TRAIN")


def _tags(store: Store, project: Project, labels: Sequence[str], limits: Limits) -> Mapping[str, str]:
    """Our tags' ids by AWS' labels; missing tags are created, those of equal name taken."""
    with store.transaction():
        ids = {tag.name: tag.id for tag in store.tags.of_project(project.id)}
        origins = store.origins.of_project(project.id, "tag").items()
        ours = {label: origin.local_id for label, origin in origins if origin.local_id in ids.values()}
        for label in labels:
            if label in ours:
                continue
            name = naming.allowed(label, names.tag, limits.tag_letters)
            variants = naming.variants(name, limits.tag_letters)
            free = next(variant for variant in variants if ids.get(variant) not in ours.values())
            ids[free] = ids.get(free) or tagging.create(store, project, free, limits=limits).id
            ours[label] = ids[free]
            store.origins.add(project.id, "tag", label, ids[free])
    return {label: tag_id for label, tag_id in ours.items() if tag_id}


def _fetched(account: Account, limit_bytes: int, entry: Entry) -> bytes | TagwiseError:
    try:
        return client.image(account, entry.source, limit_bytes=limit_bytes)
    except (FetchFailed, InvalidInput, NotFound) as error:
        return error


def _store(store: Store, project: Project, entry: Entry, data: bytes, tag_ids: Sequence[str], limits: Limits) -> None:
    # If the program stops between the two writes, the next run downloads the image again and recognises it by its
    # content.
    came = uploads.came("Amazon Rekognition", buckets.parse(entry.source)[1].rpartition("/")[0])
    upload = uploads.add(store, project, entry.source, data, tag_ids=tag_ids, limits=limits, came=came)
    note = "" if upload.status == "duplicate" else upload.reason
    with store.transaction():
        if upload.image_id and entry.is_test:
            tagging.mark_for_testing(store, project, [upload.image_id], True)
        if upload.image_id:
            store.rekognition_entries.put_source(project.id, entry.source, upload.image_id, entry.line)
        store.origins.add(project.id, "image", entry.source, upload.image_id, note)
