"""Which columns of a table name the image, its tags and its split, by their names and by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cvcore.annotations import cells, splits
from cvcore.annotations.documents import shown
from cvcore.annotations.json_lines import Record

# The names of columns in small letters, with _ for spaces and dashes; of images the surest first.
FILES = (
    "file_name", "filename", "file", "image_file", "image_name", "image_filename", "image_path", "img_path", "filepath",
    "file_path", "image", "img", "path", "gcs_file_path", "image_uri", "image_url", "uri", "url", "s3_uri", "source",
    "picture", "photo", "image_id", "img_id", "fname", "name", "id",
)  # fmt: skip
_LABELS = """
    label labels tag tags class classes class_name class_names classname category categories category_name label_name
    labelname label_names choice choices annotation annotations target targets species breed
    etiqueta etiquetas etiquette etichetta klasse klassen kategorie categoria categorie rotulo 标签 类别 標籤 ラベル
    метка класс
"""
_CAPTIONS = "text caption captions description prompt sentence sentences title alt alt_text comment"
_SPLITS = "split subset set partition ml_use usage phase dataset data_set dataset_split fold_name"
LABELS, CAPTIONS, SPLITS = (frozenset(words.split()) for words in (_LABELS, _CAPTIONS, _SPLITS))
TESTS = frozenset({"test", "is_test", "testing", "for_testing", "istest"})
TRAINS = frozenset({"is_train", "is_training", "istrain"})
COLUMNS = 2000

_UNASSIGNED = frozenset({"unassigned", "unlabeled", "none", ""})
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """The columns of a table. The tags are in `labels`, or are the names of the columns `one_hot` that say yes."""

    file: str
    labels: tuple[str, ...] = ()
    one_hot: tuple[str, ...] = ()
    split: str | None = None
    notes: tuple[str, ...] = ()


def find(records: Sequence[Record]) -> Columns | None:
    """The columns of a table by its records, whose values are text or JSON; None if none names an image.

    >>> find([{"filename": "1.jpg", "cat": "1", "dog": "0"}]).one_hot
    ('cat', 'dog')
    >>> find([{"id": "1", "class": "0", "class_name": "cat"}]).labels
    ('class_name',)
    """
    names = list(dict.fromkeys(name for record in records for name in list(record)[:COLUMNS]))
    plain = {name: re.sub(r"[\s\-]+", "_", name.strip().casefold()) for name in names}
    file = next((name for wanted in FILES for name in names if plain[name] == wanted), None)
    if file is None:
        return None
    split = next((name for name in names if name != file and is_split(plain[name], _values(records, name))), None)
    others = [name for name in names if name not in (file, split) and name.strip()]
    known = [name for name in others if plain[name] in LABELS]
    labels, notes = _names_not_numbers(known, records)
    if labels:
        return Columns(file, tuple(labels), (), split, tuple(notes))
    captions = [name for name in others if plain[name] in CAPTIONS]
    rest = [name for name in others if name not in captions]
    if rest and all(_is_yes_or_no(_values(records, name)) for name in rest):
        return Columns(file, (), tuple(rest), split)
    if len(rest) == 1 and not captions and _can_be_tags(_values(records, rest[0])):
        return Columns(file, (rest[0],), (), split)
    return Columns(file, split=split)


def is_split(name: str, values: Sequence[Any]) -> bool:
    """Whether a column says for which split an image is, by its name in small letters and its values."""
    texts = [value.strip() for value in values if isinstance(value, str)]
    if name in TESTS or name in TRAINS:
        return True
    return name in SPLITS and all(splits.of(text) or text.casefold() in _UNASSIGNED for text in texts)


def split_of(name: str, value: Any) -> tuple[splits.Split | None, bool]:
    """The split that a cell of the split column names, and whether the cell is understood.

    >>> split_of("test", "TRUE"), split_of("test", "maybe"), split_of("split", "val"), split_of("is_train", "0")
    (('test', True), (None, False), ('valid', True), ('test', True))
    """
    plain = re.sub(r"[\s\-]+", "_", name.strip().casefold())
    text = value if isinstance(value, str) else "" if value is None else str(value)
    named = splits.of(text)
    if named or text.strip().casefold() in _UNASSIGNED:
        return named, True
    yes = cells.is_yes(text)
    if plain not in (*TESTS, *TRAINS) or yes is None:
        return None, False
    return ("test" if yes == (plain in TESTS) else None), True


def _values(records: Sequence[Record], name: str) -> list[Any]:
    return [record.get(name) for record in records]


def _names_not_numbers(known: list[str], records: Sequence[Record]) -> tuple[list[str], list[str]]:
    """Of columns that may have the tags those with names, if there are any: numbers beside names are their codes."""
    numbers = [name for name in known if _each(_values(records, name), lambda text: text.isdecimal())]
    if not numbers or len(numbers) == len(known):
        return known, []
    names = [name for name in known if name not in numbers]
    listed = ", ".join(map(shown, numbers))
    return names, [
        f"The tags are from the column {', '.join(map(shown, names))}; the numbers in {listed} are not read."
    ]


def _each(values: Sequence[Any], holds: Callable[[str], bool]) -> bool:
    """Whether something holds for all values that are not missing, and there are some."""
    texts = [str(value).strip() for value in values if value is not None and not isinstance(value, dict | list)]
    texts = [text for text in texts if not cells.is_missing(text)]
    return bool(texts) and all(map(holds, texts))


def _is_yes_or_no(values: Sequence[Any]) -> bool:
    return not any(isinstance(value, dict | list) for value in values) and _each(
        values, lambda text: cells.is_yes(text) is not None
    )


def _can_be_tags(values: Sequence[Any]) -> bool:
    """Whether values can be tags although their column is not called so: not measures, objects or sentences."""
    if any(isinstance(value, dict | float) for value in values) or not any(values):
        return not any(isinstance(value, dict | float) for value in values)
    return not _each(values, lambda text: _NUMBER.fullmatch(text) is not None)
