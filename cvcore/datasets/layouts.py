"""Recognise the layout of labelled images from the paths of the images alone.

- Each folder at the top is a tag, for the images in it and below it; images beside the folders have no tag.
- Where folders are named after splits (`train`, `val`, `test`, in many languages), the folders in them are the tags,
  and the images of the test split are test images. Within tag folders such folders say the same.
- A single folder at the top is a wrapper, also if a few images lie beside the folders in it: the rules apply inside.

The paths are untrusted: they are shown and compared, and never used to open a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from cvcore.annotations import Parts, parts, shown, splits
from cvcore.annotations.splits import Split
from cvcore.wording import count

PATH_LETTERS, PATH_PARTS = 1000, 32

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
# What Windows, macOS, NAS boxes, photo programs and notebooks leave in folders, in small letters.
LITTER = {
    "__macosx", "desktop.ini", "thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "icon\r",
    "icon", "@eadir", "@tmp", "@recycle", "@recently-snapshot", "@sharebin", "@syno", "#recycle", "#snapshot",
    "$recycle.bin", "recycler", "system volume information", "lost+found", "lost.dir", "network trash folder",
    "temporary items", "picasa.ini", "zbthumbnail.info", "__pycache__", "ntuser.dat", "syno_readme.txt",
}  # fmt: skip
LITTER_STARTS = (".", "~$", "synophoto_", "synofile_")


def is_litter(path: Parts) -> bool:
    """Whether a system or a NAS box made the file: hidden files and folders, thumbnail caches, trash, `__MACOSX`.

    >>> is_litter(("__MACOSX", "daisy", "._1.jpg")), is_litter(("cat", "@eaDir", "0.jpg")), is_litter(("1.jpg",))
    (True, True, False)
    """
    plain = [part.casefold() for part in path if part != ".."]
    return any(part.startswith(LITTER_STARTS) or part in LITTER for part in plain)


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


@dataclass(frozen=True)
class Place:
    """What the folders of an image say: its tag if there is one, and its split."""

    tag: str = ""
    split: Split | None = None


@dataclass(frozen=True)
class Layout:
    """What the folders say: the layout's name for people, each image's place, and sentences about what is unclear."""

    name: str
    places: tuple[Place, ...]
    notes: tuple[str, ...] = ()


def read(paths: Sequence[Parts]) -> Layout:
    """The layout of images by their paths.

    >>> read([("train", "cat", "1.jpg"), ("val", "cat", "2.jpg"), ("test", "cat", "3.jpg")]).places[2]
    Place(tag='cat', split='test')
    >>> read([("set", "cat", "1.jpg"), ("set", "dog", "2.jpg"), ("set", "preview.jpg")]).places[2]
    Place(tag='', split=None)
    """
    top = root(paths)
    inside = [path[len(top) :] if path[: len(top)] == top else path[-1:] for path in paths]
    if sides := _split_folders(inside):
        return _by_splits(paths, inside, sides)
    notes = _strays(paths, inside)
    if within := _splits_within(inside):
        places = tuple(Place(_tag(path), splits.of(path[1]) if len(path) > 2 else None) for path in inside)
        return Layout(f"a folder for each tag, in each the splits {_listed(within)}", places, notes)
    own = next((split for folder in reversed(top) if (split := splits.of(folder))), None)
    places = tuple(Place(_tag(path), own) for path in inside)
    return Layout("a folder for each tag" if any(map(_tag, inside)) else "images without folders", places, notes)


def root(paths: Sequence[Parts]) -> Parts:
    """The folder inside all wrappers: a folder that holds all others, with fewer images beside them than in them.

    >>> root([("flowers", "daisy", "1.jpg"), ("flowers", "rose", "close", "2.jpg")])
    ('flowers',)
    >>> root([("daisy", "1.jpg"), ("daisy", "close", "2.jpg")])
    ()
    """
    top: Parts = ()
    while True:
        below = [path[len(top) :] for path in paths if path[: len(top)] == top]
        folders = {path[0] for path in below if len(path) > 1}
        if len(folders) != 1:
            return top
        inner = [path[1:] for path in below if len(path) > 1]
        deeper = Counter(path[0] for path in inner if len(path) > 1)
        beside = len(below) - deeper.total()
        # What lies beside several folders is a preview or two, not the images of a tag.
        if not deeper or (beside and (len(deeper) == 1 or beside >= deeper.total())):
            return top
        top = (*top, *folders)


def _tag(path: Parts) -> str:
    return path[0].strip() if len(path) > 1 else ""


def _split_folders(inside: Sequence[Parts]) -> dict[str, Split]:
    """The folders at the top that are splits, with the split of each; empty if they are tags like the others."""
    folders = {path[0] for path in inside if len(path) > 1}
    sides = {folder: split for folder in sorted(folders) if (split := splits.of(folder))}
    # One alone may be a tag, as a train among other vehicles; several are not, unless most folders are others.
    return sides if len(set(sides.values())) > 1 and 2 * len(sides) >= len(folders) else {}


def _by_splits(paths: Sequence[Parts], inside: Sequence[Parts], sides: dict[str, Split]) -> Layout:
    tops = {side: root([path[1:] for path in inside if path[0] == side and len(path) > 1]) for side in sides}
    tags = [_tag_below(path, tops) for path in inside]
    # Images of a test folder without any tags are there to be predicted, not to test with.
    labelled = {path[0] for path, tag in zip(inside, tags, strict=True) if tag}
    places: list[Place] = []
    untagged: dict[str, list[Parts]] = {}
    for entire, path, tag in zip(paths, inside, tags, strict=True):
        side, below = path[0], path[1:]
        places.append(Place(tag, sides[side] if side in labelled and below else None))
        if not tag and below:
            untagged.setdefault(side, []).append(entire)
    if untagged and not any(place.tag for place in places):
        return Layout(f"images in splits {_listed(sides)}, without folders for tags", tuple(places))
    notes = [
        f"{count(len(images), 'image')} in {shown(side)} in no folder of a tag, first {_shown(images[0])}: no tag."
        for side, images in untagged.items()
    ]
    return Layout(f"folders in splits {_listed(sides)}", tuple(places), (*notes, *_strays(paths, inside)))


def _tag_below(path: Parts, tops: dict[str, Parts]) -> str:
    """The tag of an image by its folder in a split, below the wrappers there; empty if it is in no split."""
    top = tops.get(path[0])
    if top is None or path[1 : 1 + len(top)] != top:
        return ""
    return _tag(path[1 + len(top) :])


def _splits_within(inside: Sequence[Parts]) -> dict[str, Split]:
    """The folders within tag folders, if all of these are splits, and not only one."""
    second = {path[1] for path in inside if len(path) > 2}
    found = {folder: split for folder in sorted(second) if (split := splits.of(folder))}
    return found if len(found) == len(second) and len(set(found.values())) > 1 else {}


def _strays(paths: Sequence[Parts], inside: Sequence[Parts]) -> tuple[str, ...]:
    """A note about images beside the folders, where there are folders."""
    stray = [path for path, below in zip(paths, inside, strict=True) if len(below) == 1]
    if not stray or len(stray) == len(paths):
        return ()
    return (f"{count(len(stray), 'image')} beside the folders, first {_shown(stray[0])}: no tag.",)


def _shown(path: Parts) -> str:
    return shown("/".join(path))


def _listed(folders: dict[str, Split]) -> str:
    order: tuple[Split, ...] = ("train", "valid", "test")
    return ", ".join(shown(folder) for folder in sorted(folders, key=lambda folder: order.index(folders[folder])))
