"""Finds the images that a file names: paths are written on one computer and read on another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from urllib.parse import unquote

from cvcore.annotations import splits
from cvcore.annotations.documents import Parts, shown_path, suffix
from cvcore.errors import InvalidInput
from cvcore.languages import t

_SUFFIXES = ".jpg .jpeg .jpe .jfif .png .webp .bmp .gif .tif .tiff .heic .heif .avif .jp2 .pgm .ppm .dcm"
SUFFIXES = frozenset(_SUFFIXES.split())
# How addresses in the buckets of Google and Amazon begin.
BUCKETS = ("gs://", "s3://")

# Label Studio puts eight letters and a dash before the name of an uploaded file.
_UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")


def is_image(text: str) -> bool:
    """Whether a text is a path or an address that ends like that of an image, or an address in a bucket.

    >>> is_image("s3://b/1"), is_image("https://b/1.JPG?size=9"), is_image("jpg")
    (True, True, False)
    """
    text = text.strip()
    return text.startswith(BUCKETS) or suffix(text.partition("?")[0].rstrip("/")) in SUFFIXES


class Matches:
    """The images that paths name: those whose own path shares the longest end with it.

    Where none does, upper and lower case and the suffix of an image are passed over, if that leaves one image.
    """

    def __init__(self, paths: Sequence[Parts]) -> None:
        self._paths = paths

    @cached_property
    def _exact(self) -> _Ends:
        return _Ends(self._paths, lambda path: path)

    @cached_property
    def _cased(self) -> _Ends:
        return _Ends(self._paths, _cased)

    @cached_property
    def _stems(self) -> _Ends:
        return _Ends(self._paths, _stem)

    def find(self, reference: Parts, below: Parts = ()) -> list[int]:
        """The indices of the image among the paths: several if the same path is there several times.

        below: the folder of the file that names the image; an image in it is preferred.

        Raises:
            InvalidInput: no image matches, or several different ones do.

        >>> Matches([("a", "1.jpg"), ("b", "1.jpg")]).find(("s3:", "roses", "b", "1.jpg"))
        [1]
        >>> Matches([("images", "1.jpg")]).find(("1",)), Matches([("images", "A.JPG")]).find(("a.jpg",))
        ([0], [0])
        """
        name = shown_path(reference)
        for spelling in _spellings(reference):
            found = self._found(spelling, below)
            if len({self._paths[index] for index in found}) == 1:
                return found
            if found:
                raise InvalidInput(
                    t(
                        "a line must name one image, {name} matches several: give the path with its folders",
                        name=repr(name),
                    )
                )
        raise InvalidInput(
            t(
                "a line must name an image in the folder or zip, {name} is not there: add it or correct the name",
                name=repr(name),
            )
        )

    def _found(self, reference: Parts, below: Parts) -> list[int]:
        ways: tuple[Callable[[], list[int]], ...] = (
            lambda: self._exact.find(reference),
            lambda: self._cased.find(_cased(reference)),
            lambda: self._stems.find(_stem(reference)),
        )
        for find in ways:
            if found := [index for index in find() if not self._is_other_split(index, reference, below)]:
                return self._nearest(found, reference, below)
        return []

    def _nearest(self, found: Sequence[int], reference: Parts, below: Parts) -> list[int]:
        """Of images that share the same end: the one of that path; those beside the file; those that are all end."""
        for entire in ((*below, *reference), reference):
            if whole := [index for index in found if self._paths[index] == entire]:
                return whole
        near = [index for index in found if self._paths[index][: len(below)] == below] or list(found)
        return [index for index in near if reference[-len(self._paths[index]) :] == self._paths[index]] or near

    def _is_other_split(self, index: int, reference: Parts, below: Parts) -> bool:
        """Whether the file or the reference stands in one split and the image in another: equal names by chance."""
        path = self._paths[index]
        named = splits.first(reversed((*below, *reference[:-1])))
        own = splits.first(reversed(path[:-1]))
        return path != reference and None not in (named, own) and named != own


class _Ends:
    """Which paths end with which parts, all of them written in one way."""

    def __init__(self, paths: Sequence[Parts], write: Callable[[Parts], Parts]) -> None:
        self._indices: dict[Parts, list[int]] = {}
        for index, path in enumerate(paths):
            written = write(path)
            for start in range(len(written)):
                self._indices.setdefault(written[start:], []).append(index)
        self._longest = max(map(len, self._indices), default=0)

    def find(self, reference: Parts) -> list[int]:
        """The indices of the paths that share the longest end with a reference; none if not even the name is there."""
        lengths = range(min(len(reference), self._longest), 0, -1)
        return next((self._indices[end] for length in lengths if (end := reference[-length:]) in self._indices), [])


def _spellings(reference: Parts) -> Iterator[Parts]:
    """A reference as it is, and as an address or an upload may have changed it."""
    if not reference:
        return
    yield reference
    *folders, last = reference
    plain = unquote(last.partition("?")[0])
    if last.startswith("?d="):
        yield tuple(unquote(last[3:]).split("/"))
    if plain and plain != last:
        yield (*map(unquote, folders), plain)
    if _UPLOADED.match(plain):
        yield (*folders, _UPLOADED.sub("", plain, count=1))


def _cased(path: Parts) -> Parts:
    return tuple(part.casefold() for part in path)


def _stem(path: Parts) -> Parts:
    if not path:
        return path
    *folders, name = _cased(path)
    own = suffix(name)
    return (*folders, name.removesuffix(own) if own in SUFFIXES else name)
