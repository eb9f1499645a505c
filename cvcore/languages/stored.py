"""Says in the language spoken what was stored in English: progress and errors of work done for nobody in particular."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from cvcore.languages.catalogs import t
from cvcore.languages.choice import ENGLISH, current

_PART = re.compile(r"\{(\w+)(?:![rs])?\}")


class _Written(str):
    """A part as it stands in the text, which no conversion changes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def said_again(text: str, messages: Iterable[str]) -> str:
    """A text that was made of one of those messages, in the language spoken; any other text as it is.

    Its parts stay as they were written, unless they were made of one of the messages themselves.

    >>> from cvcore.languages import using
    >>> with using("en-XA"):
    ...     said_again("Loading fold 2 of 5", ["Loading fold {number} of {folds}"]), said_again("Other", [])
    ('⟦Löàdîñĝ föļd 2 öf 5 ~öñé ~ţŵö ~ţ⟧', 'Other')
    """
    if current() == ENGLISH:
        return text
    known = tuple(messages)
    for message in known:
        if found := _pattern(message).fullmatch(text):
            return t(message, **{name: _Written(said_again(part, known)) for name, part in found.groupdict().items()})
    return text


@functools.cache
def _pattern(message: str) -> re.Pattern[str]:
    """What a text that was made of the message looks like."""
    pieces = _PART.split(message)
    return re.compile(
        "".join(f"(?P<{piece}>.+?)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces)), re.DOTALL
    )
