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
@supports (grid-template-columns: subgrid) {
  .tagwise-numbers.names-above {container-type: inline-size}
  @container (max-width: 32rem) {
    .names-above table {display: grid; grid-template-columns: repeat(var(--numbers), auto)}
    .names-above :is(thead, tbody, tr) {display: grid; grid-column: 1 / -1; grid-template-columns: subgrid}
    .names-above tr {border-bottom: 1px solid rgb(128 128 128 / 25%); padding-block: .35rem}
    .names-above :is(th, td) {border: 0; padding: 0 0 0 .5rem}
    .names-above th:first-child {grid-column: 1 / -1}
    .names-above th:nth-child(2), .names-above td:nth-child(2) {padding-inline-start: 0; text-align: start}
    .names-above table .text {white-space: nowrap}
    .names-above thead th {font-size: .75rem}
    .names-above tbody th {font-weight: 600}
  }
}
</style>"""


def of(
    columns: Mapping[str, Sequence[str]],
    *,
    label: str,
    texts: Collection[str] = (),
    sums: int = 0,
    images: Sequence[str] = (),
    names_above: bool = False,
) -> str:
    """The table as escaped HTML, for `st.html`; the first column names the rows.

    label: what the table holds, for screen readers. texts: the columns that hold words, which stand to the left.
    sums: how many of the last rows sum up the others. images: an address of a thumbnail for each row, from ourselves.
    names_above: on a phone each row's name stands above its cells, which are narrower than the screen then.

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
    names = " names-above" if names_above else ""
    return (
        f'{_STYLE}<div class="tagwise-numbers{names}" style="--numbers: {len(columns) - 1}" tabindex="0" role="region" '
        f'aria-label="{html.escape(label)}"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _kind(name: str, texts: Collection[str]) -> str:
    return ' class="text"' if name in texts else ""
