"""Creates sample projects of painted images: a plain one, and one with a trap. Training them needs no download."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cvcore import domains, image_facts, imaging
from cvcore.files import blobs
from cvcore.imaging import lamplight, paintings
from cvcore.languages import marked, t
from cvcore.projects import registry, tagging, uploads
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store

SAMPLE = marked("Sample: three schools of painting")
SAMPLE_DESCRIPTION = marked("Drawn images in the style of three schools of painting; two of them are easily confused.")
IMAGES = 120
TRAP = marked("Sample with a trap: two schools of painting")
TRAP_DESCRIPTION = marked(
    "Train, and the numbers are splendid. See why under Performance, Shortcuts. Then train again, evaluated on your "
    "own test images, which are fair."
)


@dataclass(frozen=True)
class Kind:
    """A kind of sample: its project's name and description, its tags, and what draws its images.

    Texts are said in the language of whoever makes one. Tags must have the same alphabetical order in every language:
    a training splits images by it, and lessons print the numbers.
    """

    name: str
    description: str
    tags: tuple[str, ...]
    draw: Callable[[], Iterator[paintings.Sample]]


PLAIN = Kind(
    SAMPLE,
    SAMPLE_DESCRIPTION,
    paintings.TAGS,
    lambda: paintings.paintings(per_school=IMAGES // len(paintings.TAGS)),
)
WITH_TRAP = Kind(TRAP, TRAP_DESCRIPTION, lamplight.TAGS, lamplight.paintings)

_drawing = threading.Lock()


@dataclass(frozen=True)
class _Painting:
    sample: paintings.Sample
    digest: str
    info: imaging.ImageInfo

    @property
    def is_fair(self) -> bool:
        """Whether it is one of the images for testing of the sample with a trap."""
        return isinstance(self.sample, lamplight.LitSample) and self.sample.is_fair


def make_sample(
    store: Store, kind: Kind = PLAIN, *, limits: Limits, on_image: Callable[[int], None] = lambda number: None
) -> Project:
    """Create a project of drawn paintings that can be trained offline, because its domain needs no download.

    It appears complete or not at all, so that nobody trains with a part of it. `on_image` is called with the number
    of images that are done, from 1; the plain sample has `IMAGES`.

    Raises:
        StorageFull, HomeUnusable: it cannot be stored.
    """
    painted = _painted(kind)
    numbers = itertools.count(1)

    def keep(painting: _Painting) -> None:
        _keep(store, painting)
        on_image(next(numbers))

    try:
        # Outside of the transaction, because writing takes longest, and other writers would wait for it.
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(keep, painted))
        with store.transaction():
            return _record(store, kind, painted, limits)
    except BaseException:
        uploads.forget(store, [painting.digest for painting in painted])
        raise


def draw_ahead() -> None:
    """Draw the plain sample in a thread, if it is not drawn yet, so that `make_sample` only has to store it."""
    threading.Thread(target=_painted, args=(PLAIN,), name="sample", daemon=True).start()


def _painted(kind: Kind) -> tuple[_Painting, ...]:
    """The images, drawn once in a process: they take 4 MB and, the first time, 2 s."""
    with _drawing:
        return _paint(kind)


@functools.cache
def _paint(kind: Kind) -> tuple[_Painting, ...]:
    drawn = [_Painting(each, blobs.sha256(each.data), imaging.read(each.data, Limits())) for each in kind.draw()]
    fair, others = ([each for each in drawn if each.is_fair is is_fair] for is_fair in (True, False))
    return (*_in_turn(fair, kind.tags), *_in_turn(others, kind.tags))


def _in_turn(drawn: Sequence[_Painting], tags: Sequence[str]) -> Iterator[_Painting]:
    """As many images of each tag, the tags in turn: a gallery shows the newest images first, and should show all."""
    of_tags = [[each for each in drawn if each.sample.tag == tag] for tag in tags]
    return itertools.chain.from_iterable(zip(*of_tags, strict=True))


def _record(store: Store, kind: Kind, painted: Sequence[_Painting], limits: Limits) -> Project:
    """Create the project with all images, inside a transaction."""
    project = registry.create(
        store, _free_name(store, t(kind.name)), description=t(kind.description), domain=domains.BUILT_IN.id
    )
    ids = tagging.ensure_ids(store, project, [t(tag) for tag in kind.tags], limits=limits)
    tagged: dict[str, list[str]] = {tag: [] for tag in kind.tags}
    fair: list[str] = []
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
        if painting.is_fair:
            fair.append(image_id)
    store.images.mark_for_testing(fair, True)
    for image_ids, tag_id in zip(tagged.values(), ids, strict=True):
        store.tags.attach(image_ids, [tag_id])
    store.jobs.embed_soon(project.id)
    return project


def _free_name(store: Store, name: str) -> str:
    taken = {project.name for project in store.projects.all()}
    names = itertools.chain([name], (f"{name} {number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def _keep(store: Store, painting: _Painting) -> None:
    original = blobs.original_path(store.home, painting.digest)
    thumbnail = blobs.thumbnail_path(store.home, painting.digest)
    if not original.exists():
        blobs.write(original, painting.sample.data)
    if not thumbnail.exists():
        blobs.write(thumbnail, painting.info.thumbnail, durable=False)
