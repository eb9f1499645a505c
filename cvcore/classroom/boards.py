"""The board of a class: what each pupil has, how their iteration does on the test set, and whom it can tell apart."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cvcore.array_types import Integers
from cvcore.classroom import class_tests, works
from cvcore.classroom.class_tests import ClassTest
from cvcore.classroom.works import Work
from cvcore.metrics import intervals
from cvcore.metrics.paired_comparison import SIGNIFICANT, adjusted, mcnemar
from cvcore.store import ClassResult, SchoolClass, Store

# So long all who look see the same board, which is made once.
KEPT_S = 2.5


@dataclass(frozen=True)
class Row:
    """A pupil's row: `place` and `score`, the share of test images with all tags right, and its 95 % interval.

    place: 1 for those who cannot be told apart from the best, and so on. They and the score are None for a pupil who
    has not trained, whose newest iteration is not tested yet (`is_waiting`), or could not be (`result` says why).
    """

    work: Work
    result: ClassResult | None = None
    is_waiting: bool = False
    place: int | None = None
    right: int = 0
    score: float | None = None
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Board:
    """The rows, the best first and those without a score last, and how many images the test set has; 0 without one."""

    rows: tuple[Row, ...]
    test_images: int
    is_marked: bool


_boards: dict[tuple[Store, str], tuple[float, Board]] = {}
_making = threading.Lock()


def board(store: Store, school_class: SchoolClass) -> Board:
    """The board of a class as it was at most `KEPT_S` ago; made once for all who look.

    Raises:
        NotFound: the class was deleted meanwhile.
    """
    key = store, school_class.id
    with _making:
        made_at, made = _boards.get(key, (0.0, None))
        if made is None or time.monotonic() - made_at > KEPT_S:
            made = make(store, store.classes.get(school_class.id))
            _boards[key] = time.monotonic(), made
    return made


def make(store: Store, school_class: SchoolClass) -> Board:
    """The board of a class as it is now."""
    test, results = class_tests.find(store, school_class), store.class_results.of_class(school_class.id)
    all_works = works.works(store, school_class.id)
    if test is None:
        return Board(tuple(Row(work) for work in all_works), 0, False)
    scored = {
        pupil_id: result.is_right
        for pupil_id, result in results.items()
        if result.test_set == test.digest and result.is_right
    }
    places = _places(tuple(scored.items()), tuple(test.groups.tolist()))
    rows = [_row(work, results.get(work.pupil.id), test, places) for work in all_works]
    rows.sort(key=lambda row: (row.score is None, -(row.score or 0), row.work.pupil.nickname.casefold()))
    return Board(tuple(rows), len(test.digests), test.is_marked)


def _row(work: Work, result: ClassResult | None, test: ClassTest, places: Mapping[str, int]) -> Row:
    is_waiting = work.trainings > 0 and (result is None or result.test_set != test.digest)
    if result is None or result.test_set != test.digest or not result.is_right:
        return Row(work, result, is_waiting)
    right = sum(result.is_right)
    score = right / len(result.is_right)
    sizes = np.bincount(test.groups)
    independent = sizes.sum() ** 2 / (sizes**2).sum()
    low, high = intervals.share_interval(score, independent)
    place = places.get(work.pupil.id)
    return Row(work, result, False, place, right, score, float(low), float(high))


@functools.lru_cache(maxsize=8)
def _places(scored: tuple[tuple[str, bytes], ...], groups: tuple[int, ...]) -> dict[str, int]:
    """Each pupil's place by their right answers to the same images; results that did not change are not compared again.

    The best and all whose difference to the best may be chance share place 1; the best of the others leads the next
    place, and so on.

    >>> _places((("a", b"\\1" * 20), ("b", b"\\1" * 19 + b"\\0"), ("c", b"\\0" * 20)), tuple(range(20)))
    {'a': 1, 'b': 1, 'c': 3}
    """
    order = sorted(scored, key=lambda each: -sum(each[1]))
    p_values = _p_values([right for _, right in order], np.array(groups, np.int64))
    places: dict[str, int] = {}
    leader = 0
    for position, (pupil_id, _) in enumerate(order):
        if p_values[leader, position] < SIGNIFICANT:
            leader = position
        places[pupil_id] = leader + 1
    return places


def _p_values(rights: list[bytes], groups: Integers) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """McNemar's p-value of every two, over groups of near duplicates, adjusted for how many are compared, (n, n)."""
    found = np.ones((len(rights), len(rights)))
    pairs = list(combinations(range(len(rights)), 2))
    if not pairs:
        return found
    sums = np.stack([np.bincount(groups, np.frombuffer(right, np.uint8)) for right in rights])
    values = []
    for one, other in pairs:
        ahead = sums[one] - sums[other]
        values.append(mcnemar(int((ahead > 0).sum()), int((ahead < 0).sum())))
    rows, columns = zip(*pairs, strict=True)
    found[rows, columns] = found[columns, rows] = adjusted(np.array(values))
    return found
