"""Whether the map of images is true to them, and how fast it and "More like this" are.

    python tests/bench/map.py similar FOLDER_OF_SETS [--images 100000]
    python tests/bench/map.py layout FOLDER_OF_SETS
    python tests/bench/map.py speed FOLDER_OF_SETS [--images 100000]

`layout`: trustworthiness at 10 neighbours, and how often the tag of most of the ten nearest on the map is an image's
own, beside the first two principal components and the classifier. A fifth of the images is then taken out of all that
makes the map, and placed later. With the tags shuffled nothing may be above chance. Sets with one tag an image only.
`speed`: the seconds and the memory of a map of 600 and of so many images.

`similar`: the 50 nearest images by the index beside those of an exact search, in a project with so many images: made of
the sets' embeddings by mixing three of a set each, with noise. Recall is the share of the exact 50 that are found.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from backbones import read

from cvcore import domains, image_maps, imaging, projects, similar_images
from cvcore.image_maps import features
from cvcore.networks import backbones, builtin, feature_extraction, heads
from cvcore.records import Project
from cvcore.store import Store

QUERIES, NEAREST = 60, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["similar", "layout", "speed"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--kept", type=Path, help="an npz file that keeps the sets' embeddings")
    arguments = parser.parse_args()
    sets = embedded(arguments.folder, arguments.kept)
    if arguments.what == "similar":
        similar(sets, arguments.images)
    elif arguments.what == "layout":
        layout(sets)
    else:
        speed(sets, arguments.images)


def embedded(folder: Path, kept: Path | None) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, bool]]:
    """Each set's embeddings by the built-in network, its tags, its folds, and whether an image may have several."""
    if kept and kept.exists():
        arrays = np.load(kept)
        names = sorted({name.partition("/")[0] for name in arrays.files})
        return {name: tuple(arrays[f"{name}/{part}"] for part in "etfm") for name in names}  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as temporary:
        network = backbones.prepare(domains.BUILT_IN.backbone, domains.BUILT_IN.side, Path(temporary))
        extract = feature_extraction.load(network, Path(temporary))
    sets = {}
    for path in sorted(each for each in folder.iterdir() if each.is_dir()):
        one = read(path)
        vectors = np.concatenate([extract(imaging.pixels(data, network.side)[None]) for data in one.files])
        sets[path.name] = (vectors, one.truth, one.folds, one.multilabel)
    if kept:
        pairs = (
            (f"{name}/{part}", value) for name, one in sets.items() for part, value in zip("etfm", one, strict=True)
        )
        np.savez(kept, **{key: np.asarray(value) for key, value in pairs})
    return sets


def mixed(sets: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, bool]], count: int) -> np.ndarray:
    """So many embeddings: each a mixture of three of one set, with noise as large as a tenth of what differs there."""
    random = np.random.default_rng(0)
    parts = []
    for vectors, *_ in sets.values():
        number = -(-count // len(sets))
        rows, weights = random.integers(0, len(vectors), (number, 3)), random.dirichlet([0.5] * 3, number)
        part = np.einsum("nk,nkd->nd", weights, vectors[rows]).astype(np.float32)
        parts.append(part + 0.1 * vectors.std() * random.standard_normal(part.shape, np.float32))
    return np.concatenate(parts)[:count]


def similar(sets: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, bool]], count: int) -> None:
    """Print recall, and milliseconds of the first and of later questions."""
    print("| images | recall of 50, mean | least | ms, median | ms, most | exact by numpy, ms | first, s | MB more |")
    print("|---|---|---|---|---|---|---|---|")
    everything = np.concatenate([one[0] for one in sets.values()])
    for vectors in (everything, mixed(sets, count)):
        with tempfile.TemporaryDirectory() as home:
            store = Store(Path(home))
            project = projects.create(store, "bench", domain="Built-in")
            add(store, project, vectors)
            _show_similar(store, project, vectors)


def add(store: Store, project: Project, vectors: np.ndarray) -> None:
    """Rows of images with those embeddings, without files."""
    fingerprint = backbones.built_in().fingerprint
    for start in range(0, len(vectors), 5000):
        with store.transaction():
            part = {f"{number:064x}": vectors[number] for number in range(start, min(start + 5000, len(vectors)))}
            part = {digest[::-1]: vector for digest, vector in part.items()}
            store.embeddings.put(fingerprint, part)
            for digest in part:
                store.images.add(
                    project.id, digest, name="a.png", width=64, height=64, size_bytes=99, signature=bytes(192)
                )


def _show_similar(store: Store, project: Project, vectors: np.ndarray) -> None:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    similar_images.nearest(store, project, vectors[0], NEAREST)
    first, more = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    digests = [f"{number:064x}"[::-1] for number in range(len(vectors))]
    ids = store.images.ids_of(project.id, digests)
    recalls, seconds, exact_s = [], [], []
    for row in np.random.default_rng(1).choice(len(vectors), QUERIES, replace=False):
        started = time.perf_counter()
        found = similar_images.nearest(store, project, vectors[row], NEAREST)
        seconds.append(time.perf_counter() - started)
        started = time.perf_counter()
        true = np.argsort(-(units @ units[row]))[:NEAREST]
        exact_s.append(time.perf_counter() - started)
        recalls.append(len({each.image_id for each in found} & {ids[digests[each]] for each in true}) / NEAREST)
    print(
        f"| {len(vectors):,} | {np.mean(recalls):.3f} | {np.min(recalls):.2f} | {1000 * np.median(seconds):.0f} "
        f"| {1000 * np.max(seconds):.0f} | {1000 * np.median(exact_s):.0f} | {first:.1f} | {more / 1024:.0f} |",
        flush=True,
    )


def layout(sets: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, bool]]) -> None:
    """Print how true each set's map is, and how well tags can be told on it."""
    print(
        "| set | images | trust | of 2 components | tag by neighbours | later images | classifier | shuffled | chance |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, (vectors, truth, folds, multilabel) in sets.items():
        if multilabel or len(vectors) < 40:
            continue
        whole = image_maps.make(vectors, fitted(vectors, truth, folds))
        units = features.units(vectors)
        plain = (units - units.mean(axis=0)) @ features.components(units - units.mean(axis=0), 2)
        classifier = fitted(vectors, truth, folds)
        later, place = np.arange(len(vectors)) % 5 == 0, truth.argmax(axis=1)
        part = image_maps.make(vectors[~later], fitted(vectors[~later], truth[~later], folds[~later]))
        head = heads.fit(vectors[~later], truth[~later], folds[~later], multilabel=False, l2=builtin.L2)
        known = heads.probabilities(vectors[later], head.kernel, head.bias, multilabel=False)
        placed = image_maps.placed(part, vectors[later], known)
        shuffled = truth[np.random.default_rng(0).permutation(len(truth))]
        none = image_maps.make(vectors, fitted(vectors, shuffled, folds))
        print(
            f"| {name} | {len(vectors)} | {float(whole.trust):.3f} | {image_maps.trustworthiness(units, plain):.3f} "
            f"| {told(whole.positions, place, whole.positions, place):.1%} "
            f"| {told(part.positions, place[~later], placed, place[later]):.1%} "
            f"| {np.mean(classifier.argmax(axis=1) == place):.1%} "
            f"| {told(none.positions, shuffled.argmax(axis=1), none.positions, shuffled.argmax(axis=1)):.1%} "
            f"| {truth.mean(axis=0).max():.1%} |",
            flush=True,
        )


def fitted(vectors: np.ndarray, truth: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Each image's probabilities by a classifier that was not trained on it; an even share if every one was."""
    return np.nan_to_num(
        heads.fit(vectors, truth, folds, multilabel=False, l2=builtin.L2).out_of_fold, nan=1 / truth.shape[1]
    )


def told(known: np.ndarray, tags: np.ndarray, asked: np.ndarray, wanted: np.ndarray) -> float:
    """How often the tag that most of the ten nearest known places have is the wanted one; a place is no neighbour."""
    distances = np.square(asked[:, None].astype(np.float64) - known[None]).sum(axis=2)
    if known is asked:
        np.fill_diagonal(distances, np.inf)
    near = tags[np.argsort(distances, axis=1)[:, :10]]
    votes = (near[:, :, None] == np.arange(tags.max() + 1)).sum(axis=1)
    return float(np.mean(votes.argmax(axis=1) == wanted))


def speed(sets: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, bool]], count: int) -> None:
    """Print the seconds of two maps, and the most memory."""
    for images in (600, count):
        vectors = mixed(sets, images)
        scores = np.exp(vectors[:, :100] / vectors[:, :100].std())
        started = time.perf_counter()
        made = image_maps.make(vectors, (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32))
        seconds = time.perf_counter() - started
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{images:,} images: {seconds:.1f} s, trustworthiness {float(made.trust):.3f}, {most:,.0f} MB", flush=True
        )


if __name__ == "__main__":
    main()
