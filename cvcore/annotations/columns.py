"""Which columns of a table name the image, its tags and its split, by their names and by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cvcore.annotations import cells, metadata_columns, splits
from cvcore.annotations.documents import shown
from cvcore.annotations.matches import is_image
from cvcore.annotations.parsing.json_lines import Record
from cvcore.languages import marked, t

# The names of columns as `plain` writes them; of images the surest first.
FILES = (
    "file_name", "filename", "file", "image_file", "image_name", "image_filename", "image_path", "img_path", "filepath",
    "file_path", "image", "img", "path", "gcs_file_path", "image_uri", "image_url", "uri", "url", "s3_uri", "source",
    "picture", "photo", "image_id", "imageid", "img_id", "fname", "name", "id",
)  # fmt: skip
# Names of columns that many a table has without being about images.
_WEAK = frozenset({"uri", "url", "source", "name", "id"})
_LABELS = """
    label labels tag tags class classes class_name class_names classname category categories category_name label_name
    labelname label_names choice choices annotation annotations target targets species breed ground_truth
    etiqueta etiquetas etiquette etiquettes etichetta klasse klassen kategorie kategorien categoria categorie rotulo
    标签 类别 標籤 ラベル метка класс
"""
_CAPTIONS = "text caption captions description prompt sentence sentences title alt alt_text comment"
_SPLITS = "split splits subset set partition ml_use usage phase dataset data_set dataset_split train_test traintest"
_TESTS = "test is_test testing is_testing for_testing istest test_set"
_TRAINS = "train is_train training is_training for_training istrain"
_VALIDS = "is_valid is_val valid val is_validation validation"
LABELS, CAPTIONS, SPLITS = (frozenset(words.split()) for words in (_LABELS, _CAPTIONS, _SPLITS))
TESTS, TRAINS, VALIDS = (frozenset(words.split()) for words in (_TESTS, _TRAINS, _VALIDS))
# Columns that say other things of an image; numbers are no tags even where all of them are 0 or 1.
_MEASURES = """
    width height w h size file_size filesize bytes md5 sha1 sha256 hash phash date time timestamp created_at updated_at
    lead_time annotator author license confidence score probability agreement latitude longitude lat lon x y
    xmin ymin xmax ymax x_min y_min x_max y_max bbox bounding_box url
"""
_NUMBERS = "id ids index idx unnamed_0 annotation_id class_id label_id category_id image_id fold"
MEASURES, NUMBERS = frozenset(_MEASURES.split()), frozenset(_NUMBERS.split())
NO_BOXES = marked("Boxes are not kept: each image is tagged with what is in it.")
_BOXES = frozenset({"xmin", "x_min", "bbox", "bounding_box"})
COLUMNS, SHOWN_COLUMNS, LOOKED_AT, SENTENCE_WORDS, SEVERAL = 2000, 5, 1000, 5, 2

_UNASSIGNED = frozenset({"unassigned", "unlabeled", "none", ""})
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """The columns of a table. The tags are in `labels`, or are the names of the columns `one_hot` that say yes.

    `metadata` are the keys of metadata by the names of their columns.
    """

    file: str
    labels: tuple[str, ...] = ()
    one_hot: tuple[str, ...] = ()
    split: str | None = None
    notes: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


def find(records: Sequence[Record], header: Sequence[str] = ()) -> Columns | None:
    """The columns of a table by its records, whose values are text or JSON; None if none names an image.

    >>> find([{"filename": "1.jpg", "cat": "1", "dog": "0"}]).one_hot
    ('cat', 'dog')
    >>> find([{"id": "1", "class": "0", "class_name": "cat"}]).labels
    ('class_name',)
    """
    values = by_column(records, header)
    names = list(values)
    # Columns that say that they are metadata are nothing else, whatever is in them.
    own = [name for name in names if not name.startswith(metadata_columns.PREFIX)]
    by_content = [name for name in own if _are_images(values[name])]
    file = next((name for wanted in FILES for name in by_content or own if plain(name) == wanted), None)
    file = file or next(iter(by_content), None)
    if file is None:
        return None
    split, notes = _split(own, file, values)
    others = [name for name in own if name not in (file, split) and name.strip()]
    labels, one_hot = _tags(others, values)
    if not labels and len(one_hot) < SEVERAL and not by_content and plain(file) in _WEAK:
        return None
    if labels:
        labels, told = _names_not_numbers(labels, values)
        notes += told
    taken = {file, split, *labels, *one_hot}
    rest = {name: plain(name) for name in names if name.strip() and name not in taken and plain(name) not in LABELS}
    kept = metadata_columns.choose(rest, values)
    notes += [*kept.notes, *([t(NO_BOXES)] if _BOXES & set(rest.values()) else [])]
    return Columns(file, tuple(labels), tuple(one_hot), split, tuple(notes), kept.keys)


def for_metadata(key: str, values: Sequence[str]) -> str:
    """The name of a column from which `find` reads these metadata, whose table has other columns for image and tags.

    >>> for_metadata("room", ["12"]), for_metadata("class", ["4b"]), for_metadata("phase", ["test"])
    ('room', 'metadata: class', 'metadata: phase')
    """
    words = (FILES, LABELS, CAPTIONS, SPLITS, TESTS, TRAINS, VALIDS, metadata_columns.OWN)
    name = re.sub(r"_?\d+$", "", plain(key))
    is_read = any(each in kind for kind in words for each in (name, plain(key))) or key.startswith(
        metadata_columns.PREFIX
    )
    return metadata_columns.PREFIX + key if is_read or _each(values, _is_split) or _are_images(values) else key


def plain(name: str) -> str:
    """The name of a column in small letters without accents, its words joined by _.

    >>> plain("ImageID"), plain("Train/Test"), plain(" Étiquette "), plain("GCS_FILE_PATH")
    ('image_id', 'train_test', 'etiquette', 'gcs_file_path')
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", splits.plain(parted)).strip("_")


def by_column(records: Sequence[Record], header: Sequence[str] = ()) -> dict[str, list[Any]]:
    """The values of each column, in the records that have it; of columns without a header the first `COLUMNS`.

    >>> by_column([{"file": "1.jpg"}, {"file": "2.jpg", "label": "cat"}], ["split"])
    {'split': [], 'file': ['1.jpg', '2.jpg'], 'label': ['cat']}
    """
    values: dict[str, list[Any]] = {name: [] for name in header}
    most = max(len(values), COLUMNS)
    for record in records:
        for name, value in record.items():
            if name in values:
                values[name].append(value)
            elif len(values) < most:
                values[name] = [value]
    return values


def _tags(others: Sequence[str], values: dict[str, list[Any]]) -> tuple[list[str], list[str]]:
    """Of the columns beside the image and the split those with tags, and those that are a tag each."""
    labels = [name for name in others if re.sub(r"_?\d+$", "", plain(name)) in LABELS]
    if labels:
        return labels, []
    captions = {name for name in others if plain(name) in CAPTIONS}
    rest = [name for name in others if name not in captions and not _is_measure(plain(name), values[name])]
    yes = [name for name in rest if _is_yes_or_no(values[name]) and _says_yes(values[name])]
    if yes and all(_is_mostly_yes_or_no(values[name]) for name in rest):
        return [], rest
    return (rest if len(rest) == 1 and not captions and _can_be_tags(values[rest[0]]) else []), []


def _is_measure(name: str, values: Sequence[Any]) -> bool:
    if name in NUMBERS:
        return not _each(values, lambda text: not text.isdecimal())
    return name == "annotator" or (name in MEASURES and not _is_yes_or_no(values))


def _split(names: Sequence[str], file: str, values: dict[str, list[Any]]) -> tuple[str | None, list[str]]:
    """The column that says for which split an image is, by its name or its words; and columns that only seem to."""
    others = [name for name in names if name != file]
    named = [name for kind in (TESTS, TRAINS, SPLITS, VALIDS) for name in others if plain(name) in kind]
    worded = [
        name for name in others if plain(name) not in LABELS and _each(values[name], lambda text: _is_split(text))
    ]
    chosen = next(iter([*worded, *(name for name in named if _says_split(name, values[name]))]), None)
    unclear = [name for name in named if chosen is None and plain(name) in SPLITS]
    return chosen, [
        t(
            "The column {column} names no split that Tagwise knows (train, valid, test): all its images are for "
            "training.",
            column=shown(name),
        )
        for name in unclear
    ]


def _is_split(text: str) -> bool:
    return splits.of(text) is not None


def _says_split(name: str, values: Sequence[Any]) -> bool:
    if plain(name) in SPLITS:
        return any(_is_split(value) for value in values if isinstance(value, str))
    return True


def split_of(name: str, value: Any) -> tuple[splits.Split | None, bool]:
    """The split that a cell of the split column names, and whether the cell is understood.

    >>> split_of("test", "TRUE"), split_of("test", "maybe"), split_of("split", "val"), split_of("is_train", "0")
    (('test', True), (None, False), ('valid', True), ('test', True))
    """
    column = plain(name)
    text = value if isinstance(value, str) else "" if value is None else str(value)
    named = splits.of(text)
    if named or cells.is_missing(text) or text.strip().casefold() in _UNASSIGNED:
        return named, True
    yes = cells.is_yes(text)
    if column not in (*TESTS, *TRAINS, *VALIDS) or yes is None:
        return None, False
    if column in VALIDS:
        return ("valid" if yes else None), True
    return ("test" if yes == (column in TESTS) else None), True


def _names_not_numbers(known: list[str], values: dict[str, list[Any]]) -> tuple[list[str], list[str]]:
    """Of columns that may have the tags those with names, if there are any: numbers beside names are their codes."""
    numbers = [name for name in known if _each(values[name], lambda text: text.isdecimal())]
    if numbers and len(numbers) < len(known):
        names = [name for name in known if name not in numbers]
        listed, codes = ", ".join(map(shown, names)), ", ".join(map(shown, numbers))
        told = t(
            "The tags are from the column {column}; the numbers in {others} are not read.", column=listed, others=codes
        )
        return names, [told]
    if len(known) > 1:
        return known, [t("The tags are from several columns: {columns}.", columns=", ".join(map(shown, known)))]
    return known, []


def _texts(values: Sequence[Any]) -> list[str]:
    """The values that are not missing, as text, without lists and objects."""
    texts = [str(value).strip() for value in values if value is not None and not isinstance(value, dict | list)]
    return [text for text in texts if not cells.is_missing(text)]


def _each(values: Sequence[Any], holds: Callable[[str], bool]) -> bool:
    """Whether something holds for all values that are not missing, and there are some."""
    texts = _texts(values)
    return bool(texts) and all(map(holds, texts))


def _are_images(values: Sequence[Any]) -> bool:
    texts = _texts(values[:LOOKED_AT])
    images = [text for text in texts if is_image(text)]
    return len(images) * 2 > len(texts)


def _is_yes_or_no(values: Sequence[Any]) -> bool:
    return not any(isinstance(value, dict | list) for value in values) and _each(
        values, lambda text: cells.is_yes(text) is not None
    )


def _says_yes(values: Sequence[Any]) -> bool:
    return any(cells.is_yes(text) for text in _texts(values))


def _is_mostly_yes_or_no(values: Sequence[Any]) -> bool:
    texts = _texts(values)
    return sum(cells.is_yes(text) is not None for text in texts) * 2 >= len(texts)


def _can_be_tags(values: Sequence[Any]) -> bool:
    """Whether values can be tags although their column is not called so: not measures, objects or sentences."""
    if any(isinstance(value, dict | float) for value in values):
        return False
    texts = _texts(values)
    long = sum(len(text.split()) >= SENTENCE_WORDS for text in texts)
    return long * 2 <= len(texts) and not _each(values, lambda text: _NUMBER.fullmatch(text) is not None)
