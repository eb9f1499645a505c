"""Writes the report on an iteration: one HTML file that needs only a browser.

Imports the analyses, `evaluation`, `store`, `files`, `imaging`, `metrics`, `validation` and the modules beside the
packages.
"""

from cvcore.html_report.document import page

__all__ = [
    "page",
]
