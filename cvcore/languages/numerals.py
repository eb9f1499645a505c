"""Numbers and moments as a language writes them."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from cvcore.languages.choice import ENGLISH, PSEUDO, current

# How a language writes per cent: German, French and Spanish part the sign with a space that no line breaks at.
_PERCENT = {ENGLISH: "{} %", "ko": "{}%", "fr": "{}\u202f%"}


def number(value: int) -> str:
    """A whole number, its thousands grouped.

    >>> number(1200)
    '1,200'
    """
    code = _written()
    if code == ENGLISH:
        return f"{value:,}"
    from babel.numbers import format_decimal

    return format_decimal(value, locale=code)


def decimal(value: float | Decimal, digits: int = 1) -> str:
    """A number with that many decimals, rounded half up as browsers do, so that it looks the same on every page.

    >>> decimal(0.25), decimal(87.349, 2)
    ('0.3', '87.35')
    """
    text = str(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
    return text if _written() in (ENGLISH, "ko") else text.replace(".", ",")


def percent(digits: str) -> str:
    """A number, already written, in per cent.

    >>> percent("87.3")
    '87.3 %'
    """
    return _PERCENT.get(_written(), "{}\u00a0%").format(digits)


def percent_format() -> str:
    """Whole numbers in per cent, for sliders: printf's format, whose space no line breaks at.

    >>> percent_format() % 50 == "50\u00a0%"
    True
    """
    return f"{percent('%d')}%".replace(" ", "\u00a0")


def separators() -> str:
    """The decimal mark and the mark between thousands, as plotly's charts take them.

    >>> separators()
    '.,'
    """
    return {ENGLISH: ".,", "ko": ".,", "fr": ",\u202f"}.get(_written(), ",.")


def moment(at: datetime) -> str:
    """A moment on this machine's clock, as `22 Nov 2026, 14:03`."""
    local, code = at.astimezone(), _written()
    if code == ENGLISH:
        return f"{local:%d %b %Y, %H:%M}".lstrip("0")
    from babel.dates import format_date, format_time

    return f"{format_date(local, 'medium', locale=code)} {format_time(local, 'short', locale=code)}"


def _written() -> str:
    """The language whose numbers are written; the pseudo languages write those of English."""
    code = current()
    return ENGLISH if code in PSEUDO else code
