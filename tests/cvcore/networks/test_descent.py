"""Descents end at the minimum, a tag that depends on no other goes its own way, and a second descent is shorter."""

from __future__ import annotations

import numpy as np

from cvcore.networks.large_sets.descent import Conditioner, Path, descend

COLUMNS, TAGS = 30, 3


def curvatures(seed: int) -> np.ndarray:
    """Second derivatives of a quadratic loss a tag, (tags, columns, columns), each on a scale of its own."""
    rng = np.random.default_rng(seed)
    bases = np.linalg.qr(rng.normal(size=(TAGS, COLUMNS, COLUMNS)))[0]
    spreads = 10 ** rng.uniform(-1.5, 1.5, (TAGS, 1, COLUMNS)) * np.array([1, 30, 900])[:, None, None]
    return bases * spreads @ bases.swapaxes(1, 2)


def passes_of(path: Path, second: np.ndarray, target: np.ndarray, *, goal: float) -> int:
    """Descend on `second`, (tags, columns, columns), to `target`, (columns, tags); returns the passes, 300 at most."""
    passes = []

    def gradients(heads: np.ndarray, at: np.ndarray) -> np.ndarray:
        passes.append(heads)
        return np.einsum("tcd,hdt->hct", second, at - target).astype(np.float32)

    descend([path], gradients=gradients, goals=np.array([goal]), passes_most=300)
    return len(passes)


def identity(tags: int) -> Conditioner:
    """A conditioner that changes nothing."""
    return Conditioner(np.ones((COLUMNS, 1), np.float32), np.zeros((COLUMNS, tags), np.float32))


def test_a_conditioner_undoes_its_second_derivatives() -> None:
    """Along the axes and along each tag's slope, to rounding."""
    rng = np.random.default_rng(0)
    along, slopes, gradient = rng.uniform(0.5, 2, (5, 1)), rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    grown = [np.diag(1 / along[:, 0]) + np.outer(slope, slope) for slope in slopes.T]
    found = Conditioner(along.astype(np.float32), slopes.astype(np.float32)).apply(gradient.astype(np.float32))
    by_hand = np.column_stack([np.linalg.solve(*each) for each in zip(grown, gradient.T, strict=True)])
    np.testing.assert_allclose(found, by_hand, rtol=1e-4)


def test_tags_that_are_apart_go_their_own_way() -> None:
    """A tag takes the very steps that it takes alone, however steep the others' losses are."""
    second, target = curvatures(1), np.random.default_rng(2).normal(size=(COLUMNS, TAGS))
    together = Path(np.zeros((COLUMNS, TAGS), np.float32), apart=True)
    together.begin(identity(TAGS))
    lone = [Path(np.zeros((COLUMNS, 1), np.float32), apart=True) for _ in range(TAGS)]
    for path in lone:
        path.begin(identity(1))
    for _ in range(6):
        together.go_on(gradient(together, second, target), np.ones((1, TAGS), bool))
        for tag, path in enumerate(lone):
            path.go_on(gradient(path, second[[tag]], target[:, [tag]]), np.ones((1, 1), bool))
            np.testing.assert_allclose(together.kernel[:, tag], path.kernel[:, 0], rtol=1e-3, atol=1e-5)
    passes_of(together, second, target, goal=1e-2)
    np.testing.assert_allclose(together.kernel, target, atol=0.05)


def gradient(path: Path, second: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The gradient where the path is, float32 (columns, tags)."""
    return np.einsum("tcd,dt->ct", second, path.kernel - target).astype(np.float32)


def test_apart_takes_fewer_passes_than_together() -> None:
    """One step for losses on scales of their own is too short for some and too long for others."""
    second, target = curvatures(1), np.random.default_rng(2).normal(size=(COLUMNS, TAGS))
    passes = []
    for apart in (True, False):
        path = Path(np.zeros((COLUMNS, TAGS), np.float32), apart=apart)
        path.begin(identity(TAGS))
        passes.append(passes_of(path, second, target, goal=1e-2))
    assert passes[0] < passes[1] / 2


def test_what_a_descent_remembers_shortens_the_next() -> None:
    """Over four times as many rows, from where the first one ended, to a minimum near by."""
    second, target = curvatures(3) * np.array([1, 1 / 30, 1 / 900])[:, None, None], np.zeros((COLUMNS, TAGS))
    path = Path(np.ones((COLUMNS, TAGS), np.float32), apart=True)
    path.begin(identity(TAGS))
    passes_of(path, second, target, goal=1e-2)
    anew = Path(path.kernel, apart=True)
    for each, growth in ((path, 4), (anew, 1)):
        each.begin(identity(TAGS), growth)
    near = target + 0.01
    assert passes_of(path, 4 * second, near, goal=1e-3) < passes_of(anew, 4 * second, near, goal=1e-3)


def test_a_tag_that_is_there_goes_on_where_rounding_says_that_it_is_not() -> None:
    """Its kernel does not change while others move, and nothing wrong is remembered of a step that was not taken."""
    rng = np.random.default_rng(6)
    second, target = curvatures(5), rng.normal(size=(COLUMNS, TAGS))
    path = Path(np.zeros((COLUMNS, TAGS), np.float32), apart=True)
    path.begin(identity(TAGS))
    for turn, moves in enumerate([False] * 5 + [True]):
        gradient = np.einsum("tcd,dt->ct", second, path.kernel - target)
        assert not path.kernel[:, 1].any()
        path.go_on(np.float32(gradient * (1 - turn * 1e-6)), np.array([[True, moves, True]]))
    np.testing.assert_allclose(path.kernel[:, 1], -gradient[:, 1], rtol=1e-4)
