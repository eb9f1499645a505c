"""Format numbers and texts for people, spreadsheets and JSON: per cent, counts, dates, undefined values."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from cvcore import languages
from cvcore.languages import t

# Where a formula would begin: in many countries a semicolon parts cells, and Japanese and Chinese spreadsheets also run
# the wide letters.
_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=\s*[=+\-@＝＋－＠]|[\t\r\n])")


def none_for_nan(value: float) -> float | None:
    """The number, or None for nan, which JSON cannot hold.

    >>> none_for_nan(float("nan")) is None
    True
    """
    return None if math.isnan(value) else float(value)


def inert(text: str) -> str:
    """Text of which a spreadsheet reads no part as a formula: it gets an apostrophe in front of what looks like one.

    Source: https://owasp.org/www-community/attacks/CSV_Injection.

    >>> inert("=1+1"), inert(" ＝1+1"), inert("a;=1"), inert("rose=1")
    ("'=1+1", "' ＝1+1", "a;'=1", 'rose=1')
    """
    return _FORMULA.sub("'", text)


def csv_line(texts: Iterable[str], numbers: Iterable[float | int] = ()) -> str:
    """A line of a CSV table, which no spreadsheet runs: texts, each by `inert`, then numbers.

    A number is written with all its digits, so that reading it gives the same number.

    >>> csv_line(["rose", "a, b"], [0.1])
    'rose,"a, b",0.1\\n'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([*map(inert, texts), *map(repr, numbers)])
    return line.getvalue()


def percent(rate: float | None) -> str:
    """A rate in per cent, or a dash if it is undefined.

    >>> percent(0.873), percent(float("nan")), percent(None)
    ('87.3 %', '–', '–')
    """
    if rate is None or math.isnan(rate):
        return "–"
    return languages.percent(languages.decimal(100 * float(rate)))


def whole_percent(rate: float) -> str:
    """A rate in whole per cent.

    >>> whole_percent(0.873)
    '87 %'
    """
    return languages.percent(f"{100 * rate:.0f}")


def with_interval(rate: float, interval: tuple[float, float]) -> str:
    """A rate in per cent with its interval, or a dash if it is undefined.

    >>> with_interval(0.812, (0.781, 0.84))
    '81.2 % (78 to 84)'
    """
    low, high = interval
    if math.isnan(rate):
        return "–"
    return t("{rate} ({low} to {high})", rate=percent(rate), low=f"{100 * low:.0f}", high=f"{100 * high:.0f}")


def points(difference: float) -> str:
    """A difference of two rates in percentage points, with its sign, or a dash if it is undefined.

    >>> points(0.0213), points(-0.007), points(-0.0001), points(float("nan"))
    ('+2.1', '−0.7', '0.0', '–')
    """
    if math.isnan(difference):
        return "–"
    rounded = Decimal(100 * float(difference)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    sign = "−" if rounded < 0 else "+" if rounded else ""
    return sign + languages.decimal(abs(rounded))


def count(number: int, noun: str) -> str:
    """A number with its English noun, in the plural unless the number is 1; what pages show is said by `languages.tn`.

    >>> count(1, "image"), count(1200, "image")
    ('1 image', '1,200 images')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def day(moment: datetime) -> str:
    """A moment on this machine's clock, as `22 Nov 2026, 14:03`."""
    return languages.moment(moment)
