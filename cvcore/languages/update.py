"""`python -m cvcore.languages.update`: brings the catalogs up to date with the messages that stand in the sources.

New messages come without a translation, messages that nothing says any more go, and translations that were there stay.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from cvcore.languages import sources
from cvcore.languages.catalogs import FOLDER
from cvcore.languages.choice import ENGLISH, LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
# What editors of catalogs need; Babel's own header has dates, and would change with every run.
HEADER = """msgid ""
msgstr ""
"Language: {code}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plural_forms}\\n"

"""


def template(root: Path = ROOT) -> Catalog:
    """All messages of the sources, each with the files that say it."""
    catalog = Catalog(project="Tagwise", fuzzy=False)
    for path, message in sources.of_tree(root):
        catalog.add(message, locations=[(path.relative_to(root).as_posix(), 0)])
    return catalog


def main(codes: list[str]) -> None:
    """Write the catalogs of those languages, or of all."""
    messages = template()
    for code in codes or [each for each in LANGUAGES if each != ENGLISH]:
        path = FOLDER / f"{code}.po"
        catalog = Catalog(locale=code, fuzzy=False)
        if path.exists():
            with path.open("rb") as file:
                catalog = read_po(file, locale=code)
        catalog.update(messages, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        with path.open("wb") as file:
            file.write(HEADER.format(code=code, plural_forms=catalog.plural_forms).encode())
            write_po(file, catalog, omit_header=True, width=120, include_lineno=False, sort_output=True)
        missing = sum(1 for each in catalog if each.id and not all(_texts(each.string)))
        sys.stdout.write(f"{code}: {len(catalog)} messages, {missing} without a translation\n")


def _texts(said: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [said or ""] if said is None or isinstance(said, str) else list(said)


if __name__ == "__main__":
    main(sys.argv[1:])
