"""Many images at once: the same answers as one by one, in order, with few in memory, and a table to take along."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cvcore import imaging, prediction
from cvcore.errors import ArchiveRefused, InvalidInput, NotTrained
from cvcore.prediction import batch_images, batches
from cvcore.prediction.batch_images import BatchImage
from cvcore.prediction.batches import ImageAnswer
from cvcore.records import Iteration, Prediction, Project
from cvcore.settings import Limits
from cvcore.store import Store

LIMITS = Limits()

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]
Draw = Callable[[int], bytes]


@pytest.mark.parametrize("classification_type", ["Multiclass", "Multilabel"])
def test_answers_are_those_given_one_by_one(
    store: Store, fill: Fill, trained: Trained, drawn_image: Draw, classification_type: str
) -> None:
    """Every probability is the page's to the last bit, the answer follows the thresholds, and the order is kept."""
    iteration = trained(fill(classification_type=classification_type, rose=5, tulip=5))
    at = {"rose": 0.3, "tulip": 0.7}
    pictures = [BatchImage(str(number), lambda number=number: drawn_image(number)) for number in range(30)]
    found = list(batches.predict(store, iteration, pictures, at, limits=LIMITS))
    assert [str(number) for number in range(30)] == [each.image for each in found]
    multilabel = classification_type == "Multilabel"
    for number, each in enumerate(found):
        alone = prediction.predict(store, iteration, drawn_image(number), limits=LIMITS)
        assert alone == list(each.predictions)
        assert prediction.answer(alone, at, multilabel=multilabel) == list(each.answer)


def test_one_that_cannot_be_read_is_told(store: Store, fill: Fill, trained: Trained, drawn_image: Draw) -> None:
    """Broken bytes and what raises when it is read have their reason in place of an answer, and the others go on."""
    iteration = trained(fill(rose=5, tulip=5))

    def gone() -> bytes:
        raise InvalidInput("it is gone")

    pictures = [
        BatchImage("broken", lambda: b"Dear Sir"),
        BatchImage("gone", gone),
        BatchImage("good", lambda: drawn_image(1)),
    ]
    broken, missing, good = batches.predict(store, iteration, pictures, 0.5, limits=LIMITS)
    assert ("broken", (), ()) == (broken.image, broken.answer, broken.predictions)
    assert broken.refusal.startswith("an image must be JPEG, PNG")
    assert ImageAnswer("gone", refusal="it is gone") == missing
    assert ("good", ("tulip",), "") == (good.image, good.answer, good.refusal)


def test_thumbnails_come_with_the_answers(store: Store, fill: Fill, trained: Trained, drawn_image: Draw) -> None:
    """Each is a small WebP of its own image; unasked, and for an image that cannot be read, there is none."""
    iteration = trained(fill(rose=5, tulip=5))
    pictures = [BatchImage(str(number), lambda number=number: drawn_image(number)) for number in range(20)]
    pictures.insert(7, BatchImage("broken", lambda: b"Dear Sir"))
    for asked, answered in zip(
        pictures, batches.predict(store, iteration, pictures, 0.5, limits=LIMITS, thumbnail_px=32), strict=True
    ):
        expected = b"" if asked.name == "broken" else imaging.rendition(asked.read(), 32)
        assert expected == answered.thumbnail
    assert {b""} == {each.thumbnail for each in batches.predict(store, iteration, pictures, 0.5, limits=LIMITS)}


def test_few_pictures_are_in_memory(store: Store, fill: Fill, trained: Trained, drawn_image: Draw) -> None:
    """However many there are, images are asked for as answers are taken; whoever stops asking ends the threads."""
    iteration = trained(fill(rose=5, tulip=5))
    asked_for = 0

    def endless() -> Iterator[BatchImage]:
        nonlocal asked_for
        while True:
            asked_for += 1
            yield BatchImage(str(asked_for), lambda: drawn_image(1))

    found = batches.predict(store, iteration, endless(), 0.5, limits=LIMITS)
    taken = [next(found) for _ in range(50)]
    assert [str(number) for number in range(1, 51)] == [each.image for each in taken]
    cores = sum(thread.name.startswith("embed") for thread in threading.enumerate())
    assert asked_for <= 50 + 4 * cores
    found.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("embed")]


def test_an_untrained_iteration_is_told_at_once(store: Store, fill: Fill, trained: Trained) -> None:
    """Before any image is read."""
    iteration = trained(fill(rose=5, tulip=5))
    store.iterations.fail(iteration.id, "no reason")
    with pytest.raises(NotTrained):
        batches.predict(store, store.iterations.get(iteration.id), [], 0.5, limits=LIMITS)


def test_what_is_in_a_folder(tmp_path: Path, drawn_image: Draw) -> None:
    """Its images and those below it by name, without hidden files, caches and what is no image by its name."""
    for path in ("b/2.png", "b/1.JPG", "a.png", "notes.txt", "Thumbs.db", ".git/3.png"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(drawn_image(1))
    found = batch_images.images_at(tmp_path, LIMITS)
    assert [str(tmp_path / path) for path in ("a.png", "b/1.JPG", "b/2.png")] == [each.name for each in found]
    assert drawn_image(1) == found[0].read()


def test_what_is_uploaded(drawn_image: Draw) -> None:
    """Files as they are, zips opened, each image by its path in its zip; one too large is read no further."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/1.png", drawn_image(1))
        archive.writestr("__MACOSX/a/._1.png", b"")
        archive.writestr("a/readme.md", b"")
    files = [("more.ZIP", packed), ("2\n.png", io.BytesIO(drawn_image(2)))]
    first, second = batch_images.images_uploaded(files, LIMITS)
    assert [("more.ZIP/a/1.png", drawn_image(1)), ("2?.png", drawn_image(2))] == [
        (each.name, each.read()) for each in (first, second)
    ]
    _, small = batch_images.images_uploaded(files, Limits(image_bytes=10, photo_bytes=10))
    assert drawn_image(2)[:11] == small.read()
    with pytest.raises(ArchiveRefused, match="is not a zip"):
        batch_images.images_uploaded([("a.zip", io.BytesIO(drawn_image(1)))], LIMITS)


def test_no_two_images_have_one_name(drawn_image: Draw) -> None:
    """Images of several zips go by their zip, and what has one name even so by a number; each keeps its own bytes."""
    zips = []
    for number in (1, 2):
        zips.append(io.BytesIO())
        with zipfile.ZipFile(zips[-1], "w") as archive:
            archive.writestr("cat/1.png", drawn_image(number))
    again = io.BytesIO(drawn_image(3))
    files = [("a.zip", zips[0]), ("b.zip", zips[1]), ("1.png", again), ("1.png", again)]
    images = batch_images.images_uploaded(files, LIMITS)
    assert ["a.zip/cat/1.png", "b.zip/cat/1.png", "1.png", "1.png (2)"] == [image.name for image in images]
    assert [drawn_image(number) for number in (1, 2, 3, 3)] == [image.read() for image in images]
    assert ["cat/1.png"] == [image.name for image in batch_images.images_uploaded(files[:1], LIMITS)]


def test_a_probability_is_written_in_full() -> None:
    """Read back from the table it is the same number, so that it is reached where it is the threshold."""
    probability = float(np.float32(0.9911669))
    answer = ImageAnswer("a.png", ("rose",), (Prediction("rose", "Regular", probability),))
    assert probability == float(batches.csv_row(answer, ["rose"]).split(",")[-1])
