"""Creates the sample project of painted images, which can be trained without any download."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cvcore import domains, image_facts, imaging
from cvcore.files import blobs
from cvcore.imaging import paintings
from cvcore.projects import registry, tagging, uploads
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store

SAMPLE = "Sample: three schools of painting"
SAMPLE_DESCRIPTION = "Drawn images in the style of three schools of painting; two of them are easily confused."
IMAGES = 120

_drawing = threading.Lock()


@dataclass(frozen=True)
class _Painting:
    sample: paintings.Sample
    digest: str
    info: imaging.ImageInfo


def make_sample(store: Store, *, limits: Limits, on_image: Callable[[int], None] = lambda number: None) -> Project:
    """Create a project of drawn paintings that can be trained offline, because its domain needs no download.

    It appears complete or not at all, so that nobody trains with a part of it. `on_image` is called with the number
    of images that are done, 1..`IMAGES`.

    Raises:
        StorageFull, HomeUnusable: it cannot be stored.
    """
    painted = _painted()
    numbers = itertools.count(1)

    def keep(painting: _Painting) -> None:
        _keep(store, painting)
        on_image(next(numbers))

    try:
        # Outside of the transaction, because writing takes longest, and other writers would wait for it.
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(keep, painted))
        with store.transaction():
            return _record(store, painted, limits)
    except BaseException:
        uploads.forget(store, [painting.digest for painting in painted])
        raise


def draw_ahead() -> None:
    """Draw the images in a thread, if they are not drawn yet, so that `make_sample` only has to store them."""
    threading.Thread(target=_painted, name="sample", daemon=True).start()


def _painted() -> tuple[_Painting, ...]:
    """The images, drawn once in a process: they take 4 MB and, the first time, 2 s."""
    with _drawing:
        return _paint()


@functools.cache
def _paint() -> tuple[_Painting, ...]:
    per_school = IMAGES // len(paintings.TAGS)
    drawn = list(paintings.paintings(per_school=per_school))
    # The schools in turn: a gallery shows the newest images first, and should show all three.
    mixed = (each for number in range(per_school) for each in drawn[number::per_school])
    return tuple(_Painting(each, blobs.sha256(each.data), imaging.read(each.data, Limits())) for each in mixed)


def _record(store: Store, painted: Sequence[_Painting], limits: Limits) -> Project:
    """Create the project with all images, inside a transaction."""
    project = registry.create(store, _free_name(store), description=SAMPLE_DESCRIPTION, domain=domains.BUILT_IN.id)
    ids = tagging.ensure_ids(store, project, paintings.TAGS, limits=limits)
    tagged: dict[str, list[str]] = {tag: [] for tag in paintings.TAGS}
    image_facts.keep(store, {each.digest: (imaging.origin(each.sample.data), each.info.measures) for each in painted})
    for painting in painted:
        # Another sample with the same files can have been deleted before this transaction had the write lock.
        _keep(store, painting)
        image_id, _ = store.images.add(
            project.id,
            painting.digest,
            name=painting.sample.name,
            width=painting.info.width,
            height=painting.info.height,
            size_bytes=len(painting.sample.data),
            signature=painting.info.signature,
        )
        tagged[painting.sample.tag].append(image_id)
    for image_ids, tag_id in zip(tagged.values(), ids, strict=True):
        store.tags.attach(image_ids, [tag_id])
    store.jobs.embed_soon(project.id)
    return project


def _free_name(store: Store) -> str:
    taken = {project.name for project in store.projects.all()}
    names = itertools.chain([SAMPLE], (f"{SAMPLE} {number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def _keep(store: Store, painting: _Painting) -> None:
    original = blobs.original_path(store.home, painting.digest)
    thumbnail = blobs.thumbnail_path(store.home, painting.digest)
    if not original.exists():
        blobs.write(original, painting.sample.data)
    if not thumbnail.exists():
        blobs.write(thumbnail, painting.info.thumbnail, durable=False)
