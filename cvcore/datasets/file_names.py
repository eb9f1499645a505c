"""Which files are read at all, by their names: no litter, no ways out of the folder, nothing that cannot be an image.

The paths are untrusted: they are shown and compared, and never used to open a file.
"""

from __future__ import annotations

import re
import unicodedata

from cvcore.annotations import Parts, parts, suffix
from cvcore.languages import number, t

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
    "__macosx", "desktop.ini", "thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db",
    "@eadir", "@__thumb", "@tmp", "@recycle", "@recently-snapshot", "@sharebin", "@syno", "#recycle", "#snapshot",
    "$recycle.bin", "recycler", "system volume information", "lost+found", "lost.dir", "found.000",
    "network trash folder", "temporary items", "picasa.ini", "zbthumbnail.info", "__pycache__", "ntuser.dat",
    "syno_readme.txt",
}  # fmt: skip
LITTER_STARTS = (".", "~$", "synophoto_", "synofile_")
# How a folder looks on a Mac: the name of that file ends with a carriage return, which is lost on the way.
LITTER_FILES = {"icon", "icon\r", "icon_", "icon?"}


def is_litter(path: Parts) -> bool:
    """Whether a system or a NAS box made the file: hidden files and folders, thumbnail caches, trash, `__MACOSX`.

    >>> is_litter(("__MACOSX", "daisy", "._1.jpg")), is_litter(("cat", "@eaDir", "0.jpg")), is_litter(("1.jpg",))
    (True, True, False)
    """
    plain = [part.casefold() for part in path if part != ".."]
    is_litter_file = bool(plain) and plain[-1] in LITTER_FILES
    return is_litter_file or any(part.startswith(LITTER_STARTS) or part in LITTER for part in plain)


def path_refusal(path: str) -> str:
    """Why a file with this path is refused; empty if it is accepted.

    >>> path_refusal("../1.jpg")
    'a path must stay inside its folder, this one leaves it: rename the file and create the zip again'
    >>> path_refusal("daisy/1.jpg")
    ''
    """
    pieces = parts(path)
    if len(path) > PATH_LETTERS or len(pieces) > PATH_PARTS:
        return t(
            "a path must have at most {letters} letters and {folders} folders, this one has more: shorten it",
            letters=number(PATH_LETTERS),
            folders=PATH_PARTS,
        )
    if path.startswith(("/", "\\")) or re.match("[A-Za-z]:", path) or ".." in pieces:
        return t("a path must stay inside its folder, this one leaves it: rename the file and create the zip again")
    if any(unicodedata.category(letter) == "Cc" for letter in path):
        return t("a path must be one line of plain text, this one has control characters: rename the file")
    return ""


def kind_refusal(path: str) -> str:
    """Why a file is refused by its name alone; empty if it can be an image.

    >>> kind_refusal("daisy/notes.TXT")
    'only images are imported, a .txt file is not an image: leave it out'
    >>> kind_refusal("daisy/1.jpg"), kind_refusal("daisy/1")
    ('', '')
    """
    kind = suffix(path)
    if kind in ARCHIVES:
        return t(
            "archives inside a zip or folder are not opened, a {kind} file is an archive: unpack it first", kind=kind
        )
    if kind in OTHERS:
        return t("only images are imported, a {kind} file is not an image: leave it out", kind=kind)
    return ""
