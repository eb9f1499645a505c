"""Recognise the layout of labelled images from their paths.

- In a folder with `images/` and `labels.csv` (header `file,labels`, tags separated by `|`) that table gives the tags;
  a third column `test` says `yes` for test images.
- Else `metadata.jsonl` or `metadata.csv` gives them, if there is one: `cvcore.datasets.hugging_face`.
- Else `….manifest` or `….jsonl` of SageMaker Ground Truth, if there is one: `cvcore.datasets.ground_truth`.
- Else each folder at the top is a tag, for the images in it and below it; images beside the folders have no tag.
- If the only folders at the top are `train` and `test`, with tags in both, the images in `test` are test images.
- A single folder at the top without images of its own is a wrapper: the rules apply inside it.

The paths are untrusted: they are shown and compared, and never used to open a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from itertools import takewhile
from pathlib import PurePosixPath

IMAGES, LABELS = "images", "labels.csv"
TRAIN, TEST = "train", "test"
MANIFESTS = (".manifest", ".jsonl")
METADATA = ("metadata.jsonl", "metadata.csv")
PATH_LETTERS, PATH_PARTS = 1000, 32
SHOWN_LETTERS = 200

# A file's content decides whether it is an image; for these file types the name gives a clearer reason.
ARCHIVES = {".7z", ".bz2", ".gz", ".jar", ".rar", ".tar", ".tgz", ".xz", ".zip", ".zst"}
OTHERS = (
    {
        ".csv",
        ".htm",
        ".html",
        ".ini",
        ".json",
        ".jsonl",
        ".log",
        ".manifest",
        ".md",
        ".tsv",
        ".txt",
        ".xml",
        ".yaml",
        ".yml",
    }
    | {".doc", ".docx", ".odt", ".pdf", ".pptx", ".rtf", ".xls", ".xlsx"}
    | {".avi", ".mkv", ".mov", ".mp3", ".mp4", ".wav", ".webm"}
    | {".h5", ".keras", ".npy", ".npz", ".onnx", ".pkl", ".pt", ".tflite"}
    | {".css", ".ipynb", ".js", ".py"}
)
LITTER = {"__macosx", "desktop.ini", "thumbs.db"}

Parts = tuple[str, ...]


def parts(path: str) -> Parts:
    """The folders and the file in a path, NFC; separated by slashes or, as in old Windows zips, backslashes.

    >>> parts("flowers\\\\daisy/./1.jpg")
    ('flowers', 'daisy', '1.jpg')
    """
    slashed = unicodedata.normalize("NFC", path).replace("\\", "/")
    return tuple(part for part in slashed.split("/") if part not in ("", "."))


def shown(path: str) -> str:
    """A path to show: on one line, at most its last 200 letters.

    >>> shown("daisy/1\\n.jpg")
    'daisy/1?.jpg'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in path[-SHOWN_LETTERS:])


def is_litter(path: Parts) -> bool:
    """Whether the operating system made the file: hidden files and folders, thumbnail caches, `__MACOSX`.

    >>> is_litter(("__MACOSX", "daisy", "._1.jpg")), is_litter(("daisy", "1.jpg"))
    (True, False)
    """
    return any(part.startswith(".") or part.casefold() in LITTER for part in path if part != "..")


def path_refusal(path: str) -> str:
    """Why a file with this path is refused; empty if it is accepted.

    >>> path_refusal("../1.jpg")
    'a path must stay inside its folder, this one leaves it: rename the file and create the zip again'
    >>> path_refusal("daisy/1.jpg")
    ''
    """
    pieces = parts(path)
    if len(path) > PATH_LETTERS or len(pieces) > PATH_PARTS:
        return (
            f"a path must have at most {PATH_LETTERS:,} letters and {PATH_PARTS} folders, this one has more: shorten it"
        )
    if path.startswith(("/", "\\")) or re.match("[A-Za-z]:", path) or ".." in pieces:
        return "a path must stay inside its folder, this one leaves it: rename the file and create the zip again"
    if any(unicodedata.category(letter) == "Cc" for letter in path):
        return "a path must be one line of plain text, this one has control characters: rename the file"
    return ""


def kind_refusal(path: str) -> str:
    """Why a file is refused by its name alone; empty if it can be an image.

    >>> kind_refusal("daisy/notes.TXT")
    'only images are imported, a .txt file is not an image: leave it out'
    >>> kind_refusal("daisy/1.jpg"), kind_refusal("daisy/1")
    ('', '')
    """
    suffix = PurePosixPath(path).suffix.casefold()
    if suffix in ARCHIVES:
        return f"archives inside a zip or folder are not opened, a {suffix} file is an archive: unpack it first"
    return f"only images are imported, a {suffix} file is not an image: leave it out" if suffix in OTHERS else ""


def is_table(path: Parts) -> bool:
    """Whether a file can be a table of tags, by its name.

    >>> is_table(("fruit", "Labels.csv")), is_table(("output.manifest",)), is_table(("1.jpg",))
    (True, True, False)
    """
    name = path[-1].casefold()
    return name in (LABELS, *METADATA) or name.endswith(MANIFESTS)


def root(paths: Sequence[Parts], tables: Collection[Parts]) -> tuple[Parts, bool]:
    """The folder inside all wrappers, and whether a `labels.csv` in it gives the tags.

    `tables` are the folders with a `labels.csv`. Without paths the folder is the top itself.

    >>> root([("flowers", "daisy", "1.jpg"), ("flowers", "rose", "close", "2.jpg")], ())
    (('flowers',), False)
    >>> root([("daisy", "1.jpg"), ("daisy", "close", "2.jpg")], ())
    ((), False)
    >>> root([("fruit", "images", "1.jpg")], {("fruit",)})
    (('fruit',), True)
    """
    folders = [path[:-2] for path in paths] or [()]
    # Folders that the smallest and the largest path share are shared by all paths.
    pairs = zip(min(folders), max(folders), strict=False)
    innermost = tuple(first for first, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    for depth in range(len(innermost) + 1):
        folder = innermost[:depth]
        if folder in tables and any(is_in_images(path, folder) for path in paths):
            return folder, True
    return innermost, False


def folder_tag(path: Parts, below: Parts) -> Parts:
    """An image's tag by its folder, the one directly below `below`; empty if the image is directly in `below`.

    >>> folder_tag(("flowers", " daisy ", "close", "1.jpg"), ("flowers",)), folder_tag(("1.jpg",), ())
    (('daisy',), ())
    """
    return tuple(tag for folder in path[len(below) : -1][:1] if (tag := folder.strip()))


def is_split(paths: Sequence[Parts], below: Parts) -> bool:
    """Whether all images are in the folders `train` and `test` directly below `below`, with tags in both.

    >>> is_split([("train", "daisy", "1.jpg"), ("Test", "daisy", "2.jpg"), ("train", "3.jpg")], ())
    True
    >>> is_split([("train", "1.jpg"), ("test", "2.jpg")], ())
    False
    """
    inside = [path[len(below) :] for path in paths]
    sides = {path[0].casefold() for path in inside if len(path) > 2}
    return sides == {TRAIN, TEST} and all(len(path) > 1 and path[0].casefold() in sides for path in inside)


def is_in_images(path: Parts, below: Parts) -> bool:
    """Whether a file is in the folder `images` directly below `below`, or in a folder inside it.

    >>> is_in_images(("Images", "1.jpg"), ()), is_in_images(("images",), ())
    (True, False)
    """
    return [folder.casefold() for folder in folder_tag(path, below)] == [IMAGES]
