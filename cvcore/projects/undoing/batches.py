"""One kind of change made on any number of images, in batches, and undone in batches.

Each batch is a transaction of its own, so that others write meanwhile, and what undoing needs takes little memory. If a
batch is refused, those before it are undone. If the process is killed, those before it stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from cvcore.languages import number as written
from cvcore.languages import t, tn
from cvcore.progress import Progress, silent
from cvcore.store import Store

BATCH = 5000
Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Change:
    """A change that was made: what it did, as a sentence, and the function that undoes it and says what that did.

    `undo_long` does the same and reports its progress, where the change can be of very many images.
    """

    message: str
    undo: Callable[[], str]
    undo_long: Callable[[Progress], str] | None = None


@dataclass(frozen=True)
class Kind(Generic[Kept]):
    """What is done with each batch of ids, and said of all of them.

    do: returns how many images it changed, and what undoing needs. undo: returns numbers that are added up. said,
    undone: the sentences about these numbers. finish: what is done when all is undone, also after a refusal.
    """

    do: Callable[[Sequence[str]], tuple[int, Kept]]
    undo: Callable[[Kept], tuple[int, ...]]
    said: Callable[[int], str]
    undone: Callable[..., str]
    finish: Callable[[], object] = lambda: None


def change(store: Store, kind: Kind[Kept], image_ids: Sequence[str], progress: Progress = silent) -> Change:
    """Make a change on images; raises what `kind` raises, and then nothing is changed."""
    kept: list[Kept] = []
    changed = 0

    def undo(progress: Progress = silent) -> str:
        sums: tuple[int, ...] = ()
        for place, each in enumerate(reversed(kept)):
            _report(progress, place * BATCH, len(image_ids))
            with store.transaction():
                numbers = kind.undo(each)
            sums = tuple(map(sum, zip(sums, numbers, strict=True))) if sums else numbers
        kind.finish()
        return kind.undone(*sums)

    try:
        for start in range(0, max(len(image_ids), 1), BATCH):
            _report(progress, start, len(image_ids))
            with store.transaction():
                number, needed = kind.do(image_ids[start : start + BATCH])
            kept.append(needed)
            changed += number
    except BaseException:
        if kept:
            undo()
        else:
            kind.finish()
        raise
    return Change(kind.said(changed), undo, undo)


def told(message: str, left: int) -> str:
    """The sentence about an undoing, with how many images it left as they are.

    >>> told("Tags restored on 3 images.", 1)
    'Tags restored on 3 images. 1 image was changed or deleted meanwhile and stays as it is.'
    """
    if not left:
        return message
    stay = tn(
        left,
        "{n} image was changed or deleted meanwhile and stays as it is.",
        "{n} images were changed or deleted meanwhile and stay as they are.",
    )
    return f"{message} {stay}"


def joined(image_ids: Sequence[str]) -> str:
    """Ids as one text, which takes a third of a list's memory.

    >>> ids_of(joined(["a", "b"])), ids_of(joined([]))
    (['a', 'b'], [])
    """
    return ",".join(image_ids)


def ids_of(kept: str) -> list[str]:
    """The ids that `joined` joined."""
    return kept.split(",") if kept else []


def _report(progress: Progress, done: int, number: int) -> None:
    if number > BATCH:
        progress(t("{done} of {number} images", done=written(done), number=written(number)), done / number)
