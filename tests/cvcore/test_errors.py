"""The tree of errors that is drawn is the tree there is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from cvcore import errors
from cvcore.errors import ImageRefused, TagwiseError


def real_tree(error: type[TagwiseError], depth: int = 0) -> Iterator[tuple[int, str]]:
    """Every class below an error, in the order they are defined in, with its depth."""
    yield depth, error.__name__
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from real_tree(child, depth + 1)


def test_the_drawing_is_the_tree() -> None:
    """The module's docstring shows every error, below its parent and in order."""
    lines = re.findall(r"^    ([│├└─ ]*)([A-Z]\w+)", errors.__doc__ or "", flags=re.MULTILINE)
    assert [(len(branch) // 4, name) for branch, name in lines] == list(real_tree(TagwiseError))


def test_every_error_is_in_the_tree() -> None:
    """No class of the module stands beside the tree, and each says what it is for."""
    classes = [each for each in vars(errors).values() if inspect.isclass(each)]
    assert {each.__name__ for each in classes} == {name for _, name in real_tree(TagwiseError)}
    assert all(each.__doc__ for each in classes)


def test_a_refused_image_names_its_rule() -> None:
    """Beside its message a refused image carries the rule's name, for those who must not read messages."""
    error = ImageRefused("bytes", "an image must be at most 6 MB")
    assert (error.reason, str(error)) == ("bytes", "an image must be at most 6 MB")
