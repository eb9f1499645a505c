"""Tags that an iteration suggests for pictures of its project."""

from __future__ import annotations

from collections.abc import Sequence

from cvcore import backbones, blobs, evaluation, features, heads
from cvcore.progress import silent
from cvcore.records import Image, Iteration, Prediction
from cvcore.store import Store


def suggest(store: Store, iteration: Iteration, pictures: Sequence[Image]) -> dict[str, list[Prediction]]:
    """Every tag's probability for each picture by its id, the highest first; pictures without a file are left out.

    Embeddings that the worker has computed since the upload are used; the others are computed here and kept.

    Raises:
        NotTrained, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    judged = evaluation.load(store, iteration)
    tags = evaluation.tags(store, iteration)
    prepared = backbones.find(iteration.fingerprint, blobs.backbones_folder(store.home))
    digests = [each.sha256 for each in pictures]
    features.fill(store, prepared, digests, silent)
    embeddings = store.embeddings.get(prepared.fingerprint, digests)
    suggested = {}
    for each in pictures:
        if each.sha256 in embeddings:
            row = heads.probabilities(
                embeddings[each.sha256][None], judged.kernel, judged.bias, multilabel=judged.multilabel
            )[0]
            found = [
                Prediction(tag.name, tag.kind, float(value), tag.tag_id) for tag, value in zip(tags, row, strict=True)
            ]
            suggested[each.id] = sorted(found, key=lambda one: -one.probability)
    return suggested
