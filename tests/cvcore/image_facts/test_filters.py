"""A filter by what is known finds the images that the columns say, and says their numbers, without reading columns."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cvcore import image_facts
from cvcore.imaging import measures
from cvcore.records import Project
from cvcore.store import FileFacts, ImageSearch, Store

AddRows = Callable[[Project, int], list[str]]


def change_at_random(store: Store, project: Project, add_rows: AddRows, seed: int) -> None:
    """Facts come before and after their images, are changed and removed; images are deleted and brought back."""
    draw = random.Random(seed)
    known = add_rows(project, 8)
    for number in range(60):
        some = draw.sample(known, draw.randint(1, 3))
        file = FileFacts(draw.choice(["PNG", "JPEG"]), draw.choice(["", "Pixel 7"]), "", drawn_numbers(draw))
        room = draw.choice(["9", "12", "Hall"])
        draw.choice(
            [
                lambda some=some, room=room: store.metadata.put(some, {"room": room, "camera": "own"}),
                lambda some=some: store.metadata.remove(some, "room"),
                lambda some=some, room=room: store.image_facts.put(some, {"folder": room, "class": "x"}),
                lambda some=some, number=number: store.image_facts.put(some, {"upload": f"{number % 3}"}),
                lambda file=file: store.file_facts.put(measures.VERSION, {f"{draw.randrange(12):064x}": file}),
                lambda: store.images.measure(
                    f"{draw.randrange(12):064x}", width=draw.randint(1, 2000), height=300, signature=bytes(192)
                ),
                lambda some=some: store.images.mark_for_testing(some, True),
                lambda some=some: store.images.trash(some),
                lambda some=some: store.images.restore(some, datetime.now(UTC) - timedelta(days=1)),
                lambda: known.extend(add_rows(project, 1)),
            ]
        )()
    store.images.restore(known, datetime.now(UTC) - timedelta(days=1))
    store.images.trash(known[:2])


def drawn_numbers(draw: random.Random) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Measures, of which the sharpness can be infinite and undefined."""
    numbers = np.array([draw.random() for _ in measures.NAMES], np.float32)
    numbers[[measures.NAMES.index("edge_4"), measures.NAMES.index("edge_1")]] *= draw.choice([(1, 1), (0, 1), (0, 0)])
    return numbers


@pytest.mark.parametrize("seed", range(8))
def test_filters_and_columns_agree(store: Store, project: Project, add_rows: AddRows, seed: int) -> None:
    """Each key, each of its values and those without it: the images, their order and their number."""
    change_at_random(store, project, add_rows, seed)
    ids, columns = image_facts.of_workspace(store, project.id)
    assert list(columns) == image_facts.keys(store, project.id)
    for name, column in columns.items():
        texts = [column.values[code] if code >= 0 else "" for code in column.codes]
        counts = image_facts.values(store, project.id, name)
        assert dict(Counter(texts)) == counts
        assert list(column.values) == [value for value in counts if value]
        for value in (*counts, "", "no such value"):
            expected = [image_id for image_id, text in zip(ids, texts, strict=True) if text == value]
            search = image_facts.narrowed(ImageSearch(project.id), name, value)
            assert expected == store.searches.ids(search)
            assert len(expected) == store.searches.count(search)
            assert expected[1:3] == [image.id for image in store.searches.page(search, take=2, skip=1)]


@pytest.mark.parametrize("name", ["room", "folder", "camera", "size", "sharpness", "test image"])
def test_a_fact_limits_other_filters(store: Store, project: Project, add_rows: AddRows, name: str) -> None:
    """With tags, with those without tags, or with those for testing, the images are those of both."""
    change_at_random(store, project, add_rows, 3)
    rose, tulip = (store.tags.add(project.id, each).id for each in ("rose", "tulip"))
    ids, columns = image_facts.of_workspace(store, project.id)
    store.tags.attach(ids[::2], [rose])
    store.tags.attach(ids[::3], [tulip])
    column = columns[name]
    for search in (
        ImageSearch(project.id, tag_ids=(rose,)),
        ImageSearch(project.id, tag_ids=(rose, tulip), or_untagged=True),
        ImageSearch(project.id, tag_ids=(rose, tulip), has_all=True),
        ImageSearch(project.id, is_tagged=False),
        ImageSearch(project.id, is_test=True),
    ):
        others = set(store.searches.ids(search))
        for code, value in ((-1, ""), *enumerate(column.values)):
            both = [each for each, own in zip(ids, column.codes, strict=True) if own == code and each in others]
            narrowed = image_facts.narrowed(search, name, value)
            assert (both, len(both)) == (store.searches.ids(narrowed), store.searches.count(narrowed))


def test_nothing_of_another_project_is_counted(store: Store, project: Project, add_rows: AddRows) -> None:
    """Facts and metadata of another project's images are not listed."""
    store.metadata.put(add_rows(project, 2), {"room": "12"})
    other = store.projects.add("trees", description="", classification_type="Multiclass", domain_id="general")
    store.metadata.put(add_rows(other, 1), {"site": "3"})
    assert ["room", "size", "shape"] == image_facts.keys(store, project.id)
    assert {"3": 1} == image_facts.values(store, other.id, "site")
