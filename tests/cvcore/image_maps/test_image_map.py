"""A map: as true to its images as it says, the same each time, and without groups that are not there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as sklearn_trustworthiness

from cvcore import image_maps
from cvcore.array_types import Float32s
from cvcore.image_maps import ImageMap, features, image_map, layout


def drawn(images: int = 120, tags: int = 3, seed: int = 0) -> tuple[Float32s, Float32s, np.ndarray]:
    """Embeddings of three groups, probabilities that know them, and each image's group."""
    random = np.random.default_rng(seed)
    group = np.arange(images) % tags
    centres = np.random.default_rng(9).standard_normal((tags, 20))
    embeddings = (centres[group] + 0.8 * random.standard_normal((images, 20))).astype(np.float32)
    probabilities = (0.1 + 0.7 * np.eye(tags)[group]).astype(np.float32)
    return embeddings, probabilities, group


def near_of_same_group(positions: Float32s, group: np.ndarray) -> float:
    """The share of the five nearest on the map that are of the same group."""
    distances = np.square(positions[:, None] - positions[None]).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((group[np.argsort(distances, axis=1)[:, :5]] == group[:, None]).mean())


@pytest.fixture(scope="module", autouse=True)
def fewer_turns() -> Iterator[None]:
    """Enough for so few images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "EARLY", 50)
        patch.setattr(layout, "TURNS", 100)
        yield


@pytest.fixture(scope="module")
def made() -> ImageMap:
    """The map of 120 images in three groups."""
    return image_maps.make(*drawn()[:2])


def test_trustworthiness_is_sklearns(made: ImageMap) -> None:
    """It is scikit-learn's number, for a good map and for one by chance."""
    vectors = features.units(drawn()[0])
    for positions in (made.positions, np.random.default_rng(0).standard_normal((120, 2))):
        expected = sklearn_trustworthiness(vectors, positions, n_neighbors=10)
        assert expected == pytest.approx(image_maps.trustworthiness(vectors, positions), abs=1e-6)


def test_trustworthiness_by_hand() -> None:
    """The true places have 1; too few rows have none; of a sample it is nearly the same."""
    places = np.random.default_rng(0).standard_normal((400, 2)).astype(np.float32)
    assert 1 == image_maps.trustworthiness(places, places)
    assert np.isnan(image_maps.trustworthiness(places[:15], places[:15]))
    other = places + np.random.default_rng(1).standard_normal((400, 2)).astype(np.float32)
    whole, part = (image_maps.trustworthiness(places, other, sample=each) for each in (400, 200))
    assert whole == pytest.approx(part, abs=0.02)


def test_a_map_keeps_neighbours_and_groups(made: ImageMap) -> None:
    """It is truer than the first two principal components, and groups lie together."""
    embeddings, _, group = drawn()
    vectors = features.units(embeddings)
    plain = (vectors - vectors.mean(axis=0)) @ features.components(vectors - vectors.mean(axis=0), 2)
    assert float(made.trust) > image_maps.trustworthiness(vectors, plain)
    assert near_of_same_group(made.positions, group) > 0.9
    assert 1 == pytest.approx(float(np.abs(made.positions).max()))


def test_it_is_the_same_each_time(made: ImageMap) -> None:
    """Opened or made again, an image is where it was."""
    assert np.array_equal(made.positions, image_maps.make(*drawn()[:2]).positions)


def test_order_of_tags_and_lengths_do_not_matter(made: ImageMap) -> None:
    """Neither the tags' order nor the embeddings' lengths change who lies beside whom."""
    embeddings, probabilities, group = drawn()
    other = image_maps.make(3 * embeddings, probabilities[:, ::-1].copy())
    assert near_of_same_group(other.positions, group) > 0.9
    assert float(other.trust) == pytest.approx(float(made.trust), abs=0.03)


def test_what_is_not_there_is_not_shown() -> None:
    """With tags given by chance, and a classifier that cannot know them, the map shows no groups of them."""
    random = np.random.default_rng(4)
    embeddings, _, _ = drawn(300)
    group = random.integers(0, 3, 300)
    probabilities = random.dirichlet([2, 2, 2], 300).astype(np.float32)
    made = image_maps.make(embeddings, probabilities)
    assert near_of_same_group(made.positions, group) < 0.4


def test_later_images_lie_among_those_like_them(made: ImageMap) -> None:
    """A new image lies near its group, with or without probabilities, and a copy exactly among its neighbours."""
    embeddings, probabilities, group = drawn(30, seed=5)
    middles = np.stack([made.positions[drawn()[2] == each].mean(axis=0) for each in range(3)])
    for known in (probabilities, None):
        placed = image_maps.placed(made, embeddings, known)
        nearest = np.square(placed[:, None] - middles[None]).sum(axis=2).argmin(axis=1)
        assert (nearest == group).mean() > 0.9
    assert (0, 2) == image_maps.placed(made, embeddings[:0], None).shape


@pytest.mark.parametrize("images", [0, 1, 2, 5, 16])
def test_few_images(images: int) -> None:
    """A map of no image, or of a few, has a place for each."""
    embeddings, probabilities, _ = drawn(images)
    made = image_maps.make(embeddings, probabilities)
    assert (images, 2) == made.positions.shape
    assert np.isfinite(made.positions).all()
    assert np.isfinite(image_maps.placed(made, drawn(3)[0], None)).all()


def test_images_that_are_all_alike() -> None:
    """Copies of one image have places, too."""
    made = image_maps.make(np.ones((30, 8), np.float32), np.full((30, 2), 0.5, np.float32))
    assert np.isfinite(made.positions).all()


def test_one_tag() -> None:
    """With one tag the classifier says nothing, and the embeddings place the images."""
    made = image_maps.make(drawn()[0], np.ones((120, 1), np.float32))
    assert 0 == np.abs(made.head_axes).max()
    assert near_of_same_group(made.positions, drawn()[2]) > 0.8


def test_progress_is_told() -> None:
    """It goes from 0 towards 1."""
    heard: list[float] = []
    image_map.make(*drawn()[:2], on_progress=heard.append)
    assert heard == sorted(heard)
    assert 0.9 < heard[-1] <= 1
