"""A page of HTML that stands alone and prints well: its frame, its look, and how numbers are shown on it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cvcore import __version__


def page(title: str, sections: Sequence[str]) -> str:
    """The whole file as text; `title` is escaped here, the sections are HTML already.

    Its policy forbids it to fetch anything or to run a script, whatever it came to hold.
    """
    return _SHEET.format(title=escape(title), body="\n".join(filter(None, sections)), version=escape(__version__))


_SHEET = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>
@page {{ size: A4; margin: 14mm; }}
:root {{ color-scheme: light; --ink: #1c2326; --soft: #5d686c; --line: #d5dcde; --first: #0f766e; --second: #b45309; }}
* {{ box-sizing: border-box; }}
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; background: #fff; color: var(--ink);
  font: 14px/1.45 system-ui, sans-serif; print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
h1 {{ margin: 0; font-size: 1.6rem; overflow-wrap: anywhere; }}
h2 {{ margin: 0 0 .4rem; font-size: 1rem; }}
p {{ margin: .3rem 0; overflow-wrap: anywhere; }}
header p, footer, figcaption, td span, .figures span {{ color: var(--soft); }}
header i {{ display: inline-block; width: 14rem; margin-right: 1.5rem; border-bottom: 1px solid var(--ink); }}
section {{ margin: 1.2rem 0; break-inside: avoid; }}
.note {{ padding: .5rem .8rem; border-left: 4px solid var(--second); background: #fdf6ec; }}
.figures {{ display: grid; grid-template-columns: repeat(4, 1fr); gap: .6rem; }}
.figures div {{ padding: .6rem .8rem; border: 1px solid var(--line); border-radius: 8px; }}
.figures h2 {{ font-weight: 400; font-size: .85rem; margin: 0; }}
.figures b {{ display: block; font-size: 1.5rem; }}
.figures span, td span {{ font-size: .72rem; white-space: nowrap; }}
.charts, .strip {{ display: grid; gap: .8rem; grid-template-columns: repeat(2, 1fr); }}
.strip {{ grid-template-columns: repeat(6, 1fr); }}
figure {{ margin: 0; min-width: 0; }}
figcaption {{ font-size: .78rem; overflow-wrap: anywhere; }}
.strip img, .gone {{ width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 6px; background: #eef1f2; }}
.gone {{ display: grid; place-items: center; font-size: .75rem; }}
.chart {{ width: 100%; }} .chart text {{ font-size: 9px; fill: var(--soft); }}
.chart path {{ fill: none; stroke-width: 2; }}
path.precision {{ stroke: var(--first); }} path.recall {{ stroke: var(--second); stroke-dasharray: 5 4; }}
.grid {{ stroke: var(--line); }} .chosen {{ stroke: var(--ink); opacity: .55; }} .dot {{ fill: var(--ink); }}
.key {{ display: inline-block; width: 1.4rem; margin: 0 .3rem .25rem 0; border-top: 2px solid var(--first); }}
.key.recall {{ margin-left: .8rem; border-top: 2px dashed var(--second); }}
table {{ width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .25rem .4rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }}
th {{ font-weight: 600; font-size: .82rem; overflow-wrap: break-word; }}
tbody th {{ max-width: 11rem; }}
tr > th:first-child {{ text-align: left; }} thead {{ display: table-header-group; }} tr {{ break-inside: avoid; }}
td.rate {{ width: 16%; }} td span {{ display: block; }} .bar {{ display: block; width: 100%; height: 8px; }}
.ground {{ fill: var(--line); }} .reach {{ fill: var(--first); opacity: .35; }} .value {{ fill: var(--ink); }}
.matrix thead th {{ max-width: 6rem; text-align: center; vertical-align: bottom; }}
.matrix td {{ text-align: center; vertical-align: middle; border: 1px solid var(--line); }}
.matrix .right {{ background: rgb(15 118 110 / calc(var(--share) * 55%)); }}
.matrix .wrong {{ background: rgb(180 83 9 / calc(var(--share) * 55%)); }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }}
dt {{ font-weight: 600; max-width: 10rem; }} dd {{ margin: 0; }}
footer {{ margin-top: 1.5rem; padding-top: .5rem; border-top: 1px solid var(--line); font-size: .78rem; }}
@media print {{ body {{ margin: 0; padding: 0; max-width: none; font-size: 11px; }} }}
@media (max-width: 600px) {{ .figures, .charts {{ grid-template-columns: 1fr 1fr; }}
  .strip {{ grid-template-columns: repeat(3, 1fr); }} }}
</style></head><body>
{body}
<footer>Made by Tagwise {version} on this machine. All of it is in this one file.</footer>
</body></html>
"""
