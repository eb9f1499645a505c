"""Languages that nobody speaks, for tests: they show which text is not translated, and what breaks when text is longer.

Source: Android's pseudolocales, https://developer.android.com/guide/topics/resources/pseudolocales.
"""

from __future__ import annotations

import re
from gettext import NullTranslations

BEGIN, END = "⟦", "⟧"
LONGER = 0.4

_ACCENTS = str.maketrans("aeiouyncsAEIOUYNCSrtlg", "àéîöûýñçšÅÉÎÖÛÝÑÇŠŕţļĝ")
_PADDING = " ~öñé ~ţŵö ~ţĥŕéé ~ƒöûŕ ~ƒîvé ~šîx ~šévéñ ~éîĝĥţ ~ñîñé ~ţéñ"
# What must stay: parts in braces, HTML, the target of a link, Streamlit's icons and colours, code.
_KEPT = re.compile(r"(\{[^{}]*\}|<[^<>]+>|\]\([^)]*\)|:[a-z]+/?[a-z_]*(?::|(?=\[))|&[a-z]+;|`[^`]*`)")


def accented(message: str) -> str:
    """A message with accents, in brackets and 40 % longer; what is no text in it stays.

    >>> accented("Delete {tag}")
    '⟦Ðéļéţé {tag} ~öñé⟧'
    """
    said = "".join(
        part if index % 2 else part.replace("D", "Ð").translate(_ACCENTS)
        for index, part in enumerate(_KEPT.split(message))
    )
    letters = round(LONGER * len(message))
    padding = (_PADDING * (letters // len(_PADDING) + 1))[: max(letters, 5)].rstrip()
    return f"{BEGIN}{said}{padding}{END}"


class Pseudo(NullTranslations):
    """A catalog that has every message: accented and longer."""

    def __init__(self, *, is_mirrored: bool) -> None:
        super().__init__()
        # Marks around make letters run from right to left, as those of Arabic do by themselves.
        self._marks = ("\u202e", "\u202c") if is_mirrored else ("", "")

    def gettext(self, message: str) -> str:
        """The message, accented."""
        return self._marks[0] + accented(message) + self._marks[1]

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form for the number, accented."""
        return self.gettext(msgid1 if n == 1 else msgid2)
