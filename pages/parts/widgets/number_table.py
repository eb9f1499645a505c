"""A table of texts and numbers as HTML: rounded for everyone, screen readers too, with numbers to the right."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping, Sequence

_STYLE = """<style>
.tagwise-numbers {overflow-x: auto}
.tagwise-numbers table {border-collapse: collapse; width: 100%; font-size: .875rem; line-height: 1.35}
.tagwise-numbers :is(th, td) {padding: .35rem .6rem; border-bottom: 1px solid rgb(128 128 128 / 25%); font-weight: 400;
  text-align: end; vertical-align: middle; white-space: nowrap; font-variant-numeric: tabular-nums}
.tagwise-numbers thead th {vertical-align: bottom; white-space: normal}
.tagwise-numbers :is(th:first-child, .text) {text-align: start; white-space: normal; overflow-wrap: anywhere}
.tagwise-numbers thead th.text {overflow-wrap: break-word}
.tagwise-numbers th:first-child {padding-inline-start: 0; min-width: 6rem}
.tagwise-numbers .sum > * {font-weight: 600}
.tagwise-numbers img {display: block; width: 3rem; height: 3rem; object-fit: cover; border-radius: .375rem}
.tagwise-numbers .with-image {display: flex; align-items: center; gap: .75rem}
</style>"""


def of(
    columns: Mapping[str, Sequence[str]],
    *,
    label: str,
    texts: Collection[str] = (),
    sums: int = 0,
    images: Sequence[str] = (),
) -> str:
    """The table as escaped HTML, for `st.html`; the first column names the rows.

    label: what the table holds, for screen readers. texts: the columns that hold words, which stand to the left.
    sums: how many of the last rows sum up the others. images: an address of a thumbnail for each row, from ourselves.

    >>> of({"Tag": ["<b>"], "Images": ["3"]}, label="Tags").count("<b>")
    0
    """
    heads = "".join(f'<th scope="col"{_kind(name, texts)}>{html.escape(name)}</th>' for name in columns)
    rows = list(zip(*columns.values(), strict=True))
    lines = []
    for place, row in enumerate(rows):
        first = f"<bdi>{html.escape(row[0])}</bdi>"
        if images:
            source = html.escape(images[place])
            first = f'<span class="with-image"><img src="{source}" alt="" loading="lazy">{first}</span>'
        cells = "".join(
            f"<td{_kind(name, texts)}>{html.escape(cell)}</td>"
            for name, cell in zip(list(columns)[1:], row[1:], strict=True)
        )
        kind = ' class="sum"' if place >= len(rows) - sums else ""
        lines.append(f'<tr{kind}><th scope="row">{first}</th>{cells}</tr>')
    return (
        f'{_STYLE}<div class="tagwise-numbers" tabindex="0" role="region" aria-label="{html.escape(label)}"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _kind(name: str, texts: Collection[str]) -> str:
    return ' class="text"' if name in texts else ""
