"""Changes names from other services to names that Tagwise allows."""

from __future__ import annotations

import contextlib
import itertools
import unicodedata
from collections.abc import Callable, Iterator

from cvcore.errors import InvalidInput


def allowed(name: str, check: Callable[..., str], letters: int) -> str:
    """The name as `check` returns it; if `check` refuses it, the name with as few changes as needed.

    >>> from cvcore import names
    >>> allowed("red|green\\n\\0", names.tag, 128), allowed("blue", names.tag, 3), allowed("", names.tag, 9)
    ('red-green', 'blu', 'unnamed')
    """
    line = " ".join(name.split()).replace("|", "-")
    plain = "".join(letter for letter in line if unicodedata.category(letter)[0] != "C")
    for candidate in (name, plain, unicodedata.normalize("NFC", plain)[:letters]):
        with contextlib.suppress(InvalidInput):
            return check(candidate, letters=letters)
    return "unnamed"


def variants(name: str, letters: int) -> Iterator[str]:
    """Yield the name, then endless alternatives to use if it is taken.

    >>> flowers = variants("flowers", 9)
    >>> next(flowers), next(flowers), next(flowers)
    ('flowers', 'flowe (2)', 'flowe (3)')
    """
    yield name
    for number in itertools.count(2):
        ending = f" ({number})"
        yield name[: letters - len(ending)].rstrip() + ending
