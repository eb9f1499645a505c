"""Move in from Azure Custom Vision: projects, tags and images, while it still answers.

What has come is remembered beside it (`store.origins`), so that a run which broke off, however it did, goes on where
it stopped, whatever the project is called by then, and no picture that was deleted here comes back.
"""

from __future__ import annotations

import contextlib
import itertools
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from cvcore import domains, names, projects
from cvcore.azure import client, transport, verification
from cvcore.azure.transport import Endpoint
from cvcore.azure.verification import MigrationResult, SourceSnapshot
from cvcore.errors import Conflict, FetchFailed, InvalidInput, NotFound, TagwiseError, UrlRefused
from cvcore.progress import Progress, share, silent
from cvcore.projects import tagging, uploads
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.settings import Limits
from cvcore.store import Store

# So many pictures are fetched side by side, and are in memory at a time.
BATCH = 16

# No longer on offer, and so no longer listed, yet projects have them: Food, Landmarks and Retail (compact).
RETIRED_COMPACT = (
    "8882951b-82cd-4c32-970b-d5f8cb8bf6d7",
    "b5cfd229-2ac7-4b2b-8d0a-2b0661344894",
    "6b4faeda-8396-481b-9f8b-177b9fa3097f",
)


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
    """Bring in every classification project of an Azure resource, or the one of that id, and check what came.

    Running it again continues: what has come is neither fetched nor stored a second time.

    Raises:
        InvalidInput: the endpoint or key cannot be one or is refused, or the project asked for is object detection.
        NotFound: the resource has no such project.
        FetchFailed: the endpoint does not answer, not as Custom Vision does, or sends no pictures any longer.
        StorageFull, HomeUnusable, Stopped: what has come is kept.
    """
    source = transport.training(endpoint, training_key, sleep=sleep)
    progress(f"Asking {source.host}", 0.0)
    known = {domain.id: domain for domain in client.domains(source)}
    chosen = _chosen(source, project_id)
    migrated = []
    for place, theirs in enumerate(chosen):
        domain = known.get(theirs.domain_id)
        if domain and domain.is_detection:
            migrated.append(_left_out(theirs, is_asked_for=project_id is not None))
            continue
        project = _project(store, theirs, domain)
        part = share(progress, place / len(chosen), (place + 1) / len(chosen))
        arrival = _bring_in(store, project, source, theirs, limits=limits, progress=part)
        store.jobs.embed_soon(project.id)
        migrated.append(verification.verify(store, project, arrival))
    return migrated


def _chosen(source: Endpoint, project_id: str | None) -> list[client.Project]:
    there = client.projects(source)
    if project_id is None:
        return there
    chosen = [theirs for theirs in there if theirs.id.casefold() == project_id.strip().casefold()]
    if not chosen:
        listed = ", ".join(f"{theirs.id!r} ({theirs.name!r})" for theirs in there[:10]) or "none"
        raise NotFound(f"there is no project {project_id[:80]!r} at {source.host}: there are {listed}")
    return chosen


def _left_out(theirs: client.Project, *, is_asked_for: bool) -> MigrationResult:
    sentence = f"Tagwise only classifies pictures, {theirs.name[:80]!r} finds objects in them: it was left out"
    if is_asked_for:
        raise InvalidInput(sentence)
    return MigrationResult(theirs.name, None, verification.NOTHING, verification.NOTHING, (sentence,), complete=True)


def _project(store: Store, theirs: client.Project, domain: client.Domain | None) -> Project:
    """Our project for one of Azure's: what it became before, else a new one."""
    with store.transaction():
        if known := store.origins.project_id(theirs.id):
            return store.projects.get(known)
        name = _acceptable(theirs.name, partial(names.clean, "project"), projects.NAME_LETTERS)
        taken = {project.name for project in store.projects.all()}
        project = projects.create(
            store,
            next(free for free in _variants(name, projects.NAME_LETTERS) if free not in taken),
            description=theirs.description[: names.DESCRIPTION_LETTERS],
            classification_type=MULTICLASS if theirs.classification_type == MULTICLASS else MULTILABEL,
            domain=_nearest(theirs.domain_id, domain).id,
        )
        store.origins.add(project.id, "project", theirs.id, project.id)
        return project


def _nearest(domain_id: str, domain: client.Domain | None) -> domains.Domain:
    """Our domain of that id, else General or, for one that could be exported, General (compact)."""
    try:
        return domains.find(domain_id)
    except InvalidInput:
        is_compact = domain_id in RETIRED_COMPACT or (domain is not None and domain.is_compact)
        return domains.find("General (compact)" if is_compact else "General")


def _bring_in(
    store: Store,
    project: Project,
    source: Endpoint,
    theirs: client.Project,
    *,
    limits: Limits,
    progress: Progress,
) -> SourceSnapshot:
    """Make the tags and store the pictures that have not come yet; what Azure said and what did not come."""
    tags = client.tags(source, theirs.id)
    tag_ids = _tags(store, project, tags, limits)
    count = client.image_count(source, theirs.id)
    done = store.origins.of_project(project.id, "image").keys()
    listed: list[client.Image] = []
    failures: dict[str, str] = {}
    fetch = partial(_fetched, source, tag_ids, limits.image_bytes)
    with ThreadPoolExecutor(BATCH) as pool:
        for batch in _batches(client.images(source, theirs.id)):
            progress(f"{project.name}: {len(listed)} of {count} images", min(1.0, len(listed) / max(1, count)))
            pending = [image for image in batch if image.id not in done]
            fetched = list(pool.map(fetch, pending))
            _check_some_came(fetched)
            for image, data in zip(pending, fetched, strict=True):
                if isinstance(data, bytes):
                    _keep(store, project, image, data, [tag_ids[each] for each in image.tag_ids], limits)
                else:
                    failures[image.id] = str(data)
            listed += batch
    return SourceSnapshot(theirs, tags, tag_ids, count, listed, failures)


def _batches(pages: Iterable[list[client.Image]]) -> Iterator[list[client.Image]]:
    return (page[start : start + BATCH] for page in pages for start in range(0, len(page), BATCH))


def _fetched(
    source: Endpoint, tag_ids: Mapping[str, str], limit_bytes: int, image: client.Image
) -> bytes | TagwiseError:
    if not tag_ids.keys() >= set(image.tag_ids):
        return Conflict("it carries a tag that was made just now: run it again")
    try:
        return client.download_image(source, image, limit_bytes=limit_bytes)
    except (FetchFailed, UrlRefused) as error:
        return error


def _check_some_came(fetched: Sequence[bytes | TagwiseError]) -> None:
    """Do not go through thousands of pictures when the network is gone."""
    failures = [each for each in fetched if isinstance(each, FetchFailed)]
    if len(failures) == BATCH:
        raise FetchFailed(
            f"pictures must come, {BATCH} in a row did not ({failures[-1]}): what came before is kept, run it again"
        )


def _keep(
    store: Store, project: Project, image: client.Image, data: bytes, tag_ids: Sequence[str], limits: Limits
) -> None:
    # Azure tells no file names, so the id serves. If the machine stops between storing and remembering, the picture
    # is fetched once more and known by its content.
    upload = uploads.add(store, project, image.id, data, tag_ids=tag_ids, limits=limits)
    note = "" if upload.status == "duplicate" else upload.reason
    with store.transaction():
        if upload.image_id:
            store.metadata.put([upload.image_id], image.metadata)
        store.origins.add(project.id, "image", image.id, upload.image_id, note)


def _tags(store: Store, project: Project, theirs: Sequence[client.Tag], limits: Limits) -> dict[str, str]:
    """Our tags' ids by Azure's, made where they are missing."""
    with store.transaction():
        present = {tag.id for tag in store.tags.of_project(project.id)}
        origins = store.origins.of_project(project.id, "tag").items()
        ours = {azure_id: origin.local_id for azure_id, origin in origins if origin.local_id in present}
        for tag in theirs:
            if tag.id not in ours:
                ours[tag.id] = _tag(store, project, tag, set(ours.values()), limits)
                store.origins.add(project.id, "tag", tag.id, ours[tag.id])
    return ours


def _tag(store: Store, project: Project, theirs: client.Tag, claimed: set[str], limits: Limits) -> str:
    """The id of a new tag, or of one that someone has made here and that none of Azure's became."""
    present = store.tags.of_project(project.id)
    there = {tag.name: tag.id for tag in present}
    name = _acceptable(theirs.name, names.tag, limits.tag_letters)
    free = next(each for each in _variants(name, limits.tag_letters) if there.get(each) not in claimed)
    if free in there:
        return there[free]
    is_negative = theirs.is_negative and not any(tag.kind == "Negative" for tag in present)
    return tagging.create(store, project, free, limits=limits, kind="Negative" if is_negative else "Regular").id


def _acceptable(name: str, check: Callable[..., str], letters: int) -> str:
    """The name as `check` keeps it, changed as little as it takes where `check` refuses it.

    >>> _acceptable("red|green\\n\\0", names.tag, 128), _acceptable("blue", names.tag, 3), _acceptable("", names.tag, 9)
    ('red-green', 'blu', 'unnamed')
    """
    line = " ".join(name.split()).replace("|", "-")
    plain = "".join(letter for letter in line if unicodedata.category(letter)[0] != "C")
    for candidate in (name, plain, unicodedata.normalize("NFC", plain)[:letters]):
        with contextlib.suppress(InvalidInput):
            return check(candidate, letters=letters)
    return "unnamed"


def _variants(name: str, letters: int) -> Iterator[str]:
    """The name and, without end, those to take in its place where it is taken.

    >>> variants = _variants("flowers", 9)
    >>> next(variants), next(variants), next(variants)
    ('flowers', 'flowe (2)', 'flowe (3)')
    """
    yield name
    for number in itertools.count(2):
        ending = f" ({number})"
        yield name[: letters - len(ending)].rstrip() + ending
