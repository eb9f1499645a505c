"""Copies projects, tags and images from Azure Custom Vision, while the service still runs.

`store.origins` records what has been copied: an interrupted run continues where it stopped, even if the project was
renamed meanwhile, and an image that was deleted here is not copied again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from cvcore import domains, names, projects
from cvcore.azure import client, transport, verification
from cvcore.azure.transport import Endpoint
from cvcore.azure.verification import MigrationResult, SourceSnapshot
from cvcore.errors import Conflict, FetchFailed, InvalidInput, NotFound, TagwiseError, UrlRefused
from cvcore.languages import carried, t
from cvcore.progress import Progress, share, silent
from cvcore.projects import naming, tagging, uploads
from cvcore.projects.moving_in import BATCH, check_connection
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.settings import Limits
from cvcore.store import Store


def migrate(
    store: Store,
    endpoint: str,
    training_key: str,
    *,
    project_id: str | None = None,
    limits: Limits,
    progress: Progress = silent,
    sleep: Callable[[float], None] = time.sleep,
) -> list[MigrationResult]:
    """Copy all classification projects of an Azure resource, or the one with that id, and verify the result.

    A second run continues the first: nothing is downloaded or stored twice.

    Raises:
        InvalidInput: the endpoint or key is invalid or refused, or the project with that id is for object detection.
        NotFound: the resource has no such project.
        FetchFailed: the endpoint does not answer, answers unlike Custom Vision, or stops sending images.
        StorageFull, HomeUnusable, Stopped: what was copied before is kept.
    """
    source = transport.training(endpoint, training_key, sleep=sleep)
    progress(t("Asking {host}", host=source.host), 0.0)
    azure_domains = {domain.id: domain for domain in client.domains(source)}
    azure_projects = _azure_projects(source, project_id)
    results = []
    for position, azure_project in enumerate(azure_projects):
        domain = azure_domains.get(azure_project.domain_id)
        if domain and domain.is_detection:
            results.append(_not_copied(azure_project, is_only_one=project_id is not None))
            continue
        project = _project(store, azure_project, domain)
        part = share(progress, position / len(azure_projects), (position + 1) / len(azure_projects))
        snapshot = _copy_images(store, project, source, azure_project, limits=limits, progress=part)
        store.jobs.embed_soon(project.id)
        results.append(verification.verify(store, project, snapshot))
    return results


def _azure_projects(source: Endpoint, project_id: str | None) -> list[client.Project]:
    present = client.projects(source)
    if project_id is None:
        return present
    chosen = [project for project in present if project.id.casefold() == project_id.strip().casefold()]
    if not chosen:
        listed = ", ".join(f"{project.id!r} ({project.name!r})" for project in present[:10]) or "none"
        raise NotFound(
            t(
                "there is no project {project_id!r} at {host}: there are {projects}",
                project_id=project_id[:80],
                host=source.host,
                projects=listed,
            )
        )
    return chosen


def _not_copied(azure_project: client.Project, *, is_only_one: bool) -> MigrationResult:
    """The result for an object detection project, which is left out; an error if it was asked for by its id."""
    sentence = t(
        "Tagwise only classifies images, {project!r} detects objects: it was left out", project=azure_project.name[:80]
    )
    if is_only_one:
        raise InvalidInput(sentence)
    nothing = verification.NOTHING
    return MigrationResult(azure_project.name, None, nothing, nothing, (sentence,), complete=True)


def _project(store: Store, azure_project: client.Project, domain: client.Domain | None) -> Project:
    """Our project for one of Azure's: the one that an earlier run created, else a new one."""
    with store.transaction():
        if known := store.origins.project_id(azure_project.id):
            return store.projects.get(known)
        name = naming.allowed(azure_project.name, partial(names.clean, "project"), projects.NAME_LETTERS)
        taken = {project.name for project in store.projects.all()}
        project = projects.create(
            store,
            next(free for free in naming.variants(name, projects.NAME_LETTERS) if free not in taken),
            description=azure_project.description[: names.DESCRIPTION_LETTERS],
            classification_type=MULTICLASS if azure_project.classification_type == MULTICLASS else MULTILABEL,
            domain=_nearest(azure_project.domain_id, domain).id,
        )
        store.origins.add(project.id, "project", azure_project.id, project.id)
        return project


def _nearest(domain_id: str, domain: client.Domain | None) -> domains.Domain:
    """Our domain with that id, else General (compact) for a domain with exportable models, else General."""
    try:
        return domains.find(domain_id)
    except InvalidInput:
        is_compact = domain is not None and domain.is_compact
        return domains.find("General (compact)" if is_compact else "General")


def _copy_images(
    store: Store,
    project: Project,
    source: Endpoint,
    azure_project: client.Project,
    *,
    limits: Limits,
    progress: Progress,
) -> SourceSnapshot:
    """Create the tags and store the images that are not here yet; returns Azure's lists and the failed images."""
    tags = client.tags(source, azure_project.id)
    tag_ids = _tags(store, project, tags, limits)
    count = client.image_count(source, azure_project.id)
    done = store.origins.of_project(project.id, "image").keys()
    listed: list[client.Image] = []
    failures: dict[str, str] = {}
    fetch = carried(partial(_fetched, source, tag_ids, limits.image_bytes))
    with ThreadPoolExecutor(BATCH) as pool:
        for batch in _batches(client.images(source, azure_project.id)):
            stage = t("{project}: {done} of {total} images", project=project.name, done=len(listed), total=count)
            progress(stage, min(1.0, len(listed) / max(1, count)))
            pending = [image for image in batch if image.id not in done]
            fetched = list(pool.map(fetch, pending))
            check_connection(fetched)
            for image, data in zip(pending, fetched, strict=True):
                if isinstance(data, bytes):
                    _store(store, project, image, data, [tag_ids[tag_id] for tag_id in image.tag_ids], limits)
                else:
                    failures[image.id] = str(data)
            listed += batch
    return SourceSnapshot(azure_project, tags, tag_ids, count, listed, failures)


def _batches(pages: Iterable[list[client.Image]]) -> Iterator[list[client.Image]]:
    return (page[start : start + BATCH] for page in pages for start in range(0, len(page), BATCH))


def _fetched(
    source: Endpoint, tag_ids: Mapping[str, str], limit_bytes: int, image: client.Image
) -> bytes | TagwiseError:
    if not tag_ids.keys() >= set(image.tag_ids):
        return Conflict(t("one of its tags was created during this run: run it again"))
    try:
        return client.download_image(source, image, limit_bytes=limit_bytes)
    except (FetchFailed, UrlRefused) as error:
        return error


def _store(
    store: Store, project: Project, image: client.Image, data: bytes, tag_ids: Sequence[str], limits: Limits
) -> None:
    # Azure gives no file names, so the id is used. If the program stops between the two writes, the next run downloads
    # the image again and recognises it by its content.
    came = uploads.came("Azure Custom Vision")
    upload = uploads.add(store, project, image.id, data, tag_ids=tag_ids, limits=limits, came=came)
    note = "" if upload.status == "duplicate" else upload.reason
    with store.transaction():
        if upload.image_id:
            store.metadata.put([upload.image_id], image.metadata)
        store.origins.add(project.id, "image", image.id, upload.image_id, note)


def _tags(store: Store, project: Project, azure_tags: Sequence[client.Tag], limits: Limits) -> dict[str, str]:
    """Our tags' ids by Azure's; missing tags are created."""
    with store.transaction():
        present = {tag.id for tag in store.tags.of_project(project.id)}
        origins = store.origins.of_project(project.id, "tag").items()
        ours = {azure_id: origin.local_id for azure_id, origin in origins if origin.local_id in present}
        for tag in azure_tags:
            if tag.id not in ours:
                ours[tag.id] = _tag(store, project, tag, set(ours.values()), limits)
                store.origins.add(project.id, "tag", tag.id, ours[tag.id])
    return ours


def _tag(store: Store, project: Project, azure_tag: client.Tag, claimed: set[str], limits: Limits) -> str:
    """The id of a tag for one of Azure's: our tag with that name, else a new one.

    `claimed` are the ids of our tags that stand for other tags of Azure's.
    """
    present = store.tags.of_project(project.id)
    ids = {tag.name: tag.id for tag in present}
    name = naming.allowed(azure_tag.name, names.tag, limits.tag_letters)
    free = next(variant for variant in naming.variants(name, limits.tag_letters) if ids.get(variant) not in claimed)
    if free in ids:
        return ids[free]
    is_negative = azure_tag.is_negative and not any(tag.kind == "Negative" for tag in present)
    return tagging.create(store, project, free, limits=limits, kind="Negative" if is_negative else "Regular").id
