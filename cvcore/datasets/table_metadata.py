"""The metadata that the lines of tables give to images: of several lines about an image the first counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cvcore.annotations import Document, Matches, Parts, shown, shown_path
from cvcore.errors import InvalidInput
from cvcore.languages import t, tn


@dataclass
class TableMetadata:
    """The texts by key of each image, by its place; and keys with different texts, with the place of the first."""

    of_place: dict[int, dict[str, str]] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)

    def add(self, place: int, pairs: Iterable[tuple[str, str]]) -> None:
        """Add what a line says; a key that the image has already keeps its text."""
        known = self.of_place.setdefault(place, {})
        for key, text in pairs:
            if known.setdefault(key, text) != text:
                self.differing.setdefault(key, place)

    def pairs(self, place: int) -> tuple[tuple[str, str], ...]:
        """What is known of an image, as pairs of key and text."""
        return tuple(self.of_place.get(place, {}).items())

    def add_tables(self, documents: Mapping[Parts, Document], matches: Matches) -> list[str]:
        """Add what tables say that give no tags; returns their notes."""
        notes: list[str] = []
        for table, document in documents.items():
            places = [(row, place) for row in document.rows for place in _places(matches, row.path, table[:-1])]
            for row, place in places:
                self.add(place, row.metadata)
            told = [] if places else [_unread(table)]
            notes += told or document.notes
        return notes

    def notes(self, paths: Sequence[Parts]) -> list[str]:
        """A sentence where several lines give an image different texts for a key."""
        if not self.differing:
            return []
        key, place = next(iter(self.differing.items()))
        image = shown_path(paths[place])
        if others := len(self.differing) - 1:
            return [
                tn(
                    others,
                    "Several lines name {image} with different values of {key} and {n} other key: the first line "
                    "counts.",
                    "Several lines name {image} with different values of {key} and {n} other keys: the first line "
                    "counts.",
                    image=image,
                    key=shown(key),
                )
            ]
        return [
            t(
                "Several lines name {image} with different values of {key}: the first line counts.",
                image=image,
                key=shown(key),
            )
        ]


def _unread(table: Parts) -> str:
    return t("None of the lines of {table} names an image here: it is not read.", table=shown_path(table))


def _places(matches: Matches, path: Parts, below: Parts) -> Sequence[int]:
    try:
        return matches.find(path, below)
    except InvalidInput:
        return ()
