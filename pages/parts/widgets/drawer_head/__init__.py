"""The heading of the drawer with its close button; it takes the focus and gives it back, and keeps the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cvcore.languages import t
from pages.parts.widgets import component

KEY = "drawer-close"


def _html() -> str:
    return f"""
<header class="head">
  <h2 tabindex="-1"></h2>
  <button type="button" class="close" aria-label="{t("Close")}" title="{t("Close (Esc)")}">
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M3 3l10 10M13 3L3 13"/></svg>
  </button>
  <p class="told" aria-live="polite"></p>
</header>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


def show(
    heading: Sequence[tuple[str, bool]], *, parameter: str, address: str, opening: int, on_close: Callable[[], None]
) -> None:
    """Draw the heading of a drawer; `on_close` is called when the user closes it.

    heading: texts, True for a name of a tag. The page's address gets `parameter` with the value `address`. The heading
    takes the focus whenever `opening` has another value.
    """
    data = {"heading": [list(part) for part in heading], "parameter": parameter, "address": address, "opening": opening}
    _WIDGET(key=KEY, data=data, on_closed_change=on_close)
