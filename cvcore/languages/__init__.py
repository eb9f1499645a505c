"""Says sentences in the language of whoever reads them: English, Korean, Spanish, German or French.

A sentence is written in English where it is used, whole and with named parts, and is its own name in the catalogs:

    t("Delete {tag}?", tag=tag)
    tn(number, "{n} image", "{n} images")

Whoever serves a person says which language it is (`use_source` for pages, `using` for a request); elsewhere, so in
commands, logs and the API, it is English. Imports nothing else of Tagwise.
"""

from cvcore.languages.catalogs import marked, messages_for, t, tn
from cvcore.languages.choice import (
    COOKIE,
    ENGLISH,
    LANGUAGES,
    PSEUDO,
    RIGHT_TO_LEFT,
    carried,
    current,
    direction,
    fitting,
    of_request,
    use_source,
    using,
)
from cvcore.languages.numerals import decimal, moment, number, percent, percent_format, separators
from cvcore.languages.stored import said_again

__all__ = [
    "COOKIE",
    "ENGLISH",
    "LANGUAGES",
    "PSEUDO",
    "RIGHT_TO_LEFT",
    "carried",
    "current",
    "decimal",
    "direction",
    "fitting",
    "marked",
    "messages_for",
    "moment",
    "number",
    "of_request",
    "percent",
    "percent_format",
    "said_again",
    "separators",
    "t",
    "tn",
    "use_source",
    "using",
]
