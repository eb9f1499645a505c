"""The report's section with the map of the images."""

from __future__ import annotations

import html

import numpy as np

from cvcore import evaluation, image_maps, languages
from cvcore.array_types import Float32s
from cvcore.html_report.section import Chart, Section
from cvcore.languages import t
from cvcore.records import Iteration, Thresholds
from cvcore.store import Store

POINTS, NAMES = 2000, 30
WIDTH, HEIGHT, EDGE = 640, 480, 24

# Okabe and Ito's, as on the page; names stand beside them, so that nothing is said by colour alone.
TONES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b3a400", "#7a6ff0")


def section(store: Store, iteration: Iteration, thresholds: Thresholds) -> Section | None:
    """The map as a picture, with the tags' names where most of their images lie; None if it was not made."""
    image_map = image_maps.load(store, iteration)
    if image_map is None or not len(image_map.positions):
        return None
    truth = evaluation.load(store, iteration).truth
    columns = np.where(truth.any(axis=1), truth.argmax(axis=1), -1)
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    caption = t("Images that look alike to the model lie together, each placed without its own tag.")
    if not np.isnan(image_map.trust):
        caption += " " + t("Trustworthiness {trust} of 1.", trust=languages.decimal(float(image_map.trust), 2))
    return Section(t("Map of the images"), charts=[Chart(_svg(image_map.positions, columns, names), caption)])


def _svg(positions: Float32s, columns: np.ndarray, names: list[str]) -> str:
    reach = np.maximum(np.abs(positions).max(axis=0), 1e-6)
    places = (positions / reach * [1, -1] + 1) / 2 * [WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE] + EDGE
    chosen = np.unique(np.linspace(0, len(places) - 1, min(POINTS, len(places))).round().astype(int))
    dots = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="{TONES[column % len(TONES)] if column >= 0 else "#8a8f98"}"/>'
        for (x, y), column in zip(places[chosen], columns[chosen], strict=True)
    )
    most = np.argsort(-np.bincount(columns[columns >= 0], minlength=len(names)), kind="stable")[:NAMES]
    labels = "".join(
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle" font-size="14" fill="currentColor">'
        f"{html.escape(names[column])}</text>"
        for column in most
        if (columns == column).any()
        for x, y in [np.median(places[columns == column], axis=0)]
    )
    label = html.escape(t("Map of the images by tag"))
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{dots}{labels}</svg>'
