"""The views of all pages, as parts of addresses, and when one is drawn; how far a page moves while it opens."""

from __future__ import annotations

from pathlib import Path

from cvcore import projects
from cvcore.store import Store

VIEWS = (
    "?",
    "images?images-view=Images&",
    "images?images-view=Suggested+tags&",
    "images?images-view=Quality&",
    "images?images-view=Upload&",
    "images?images-view=Tags&",
    "train?",
    "performance?view=Numbers&",
    "performance?view=Presenter&",
    "performance?view=Mistakes&",
    "performance?view=More+images%3F&",
    "performance?view=Slices&",
    "performance?view=Map&",
    "performance?view=Shortcuts&",
    "performance?view=Robustness&",
    "performance?view=Thresholds&",
    "performance?view=Compare&",
    "performance?view=Calibration&",
    "performance?view=Download&",
    "performance?view=Example&",
    "quick_test?",
    "predictions?",
    "publish?publish-view=Publish&",
    "publish?publish-view=Rekognition&",
    "publish?publish-view=Export&",
    "publish?publish-view=Many+images&",
    "class?",
)

# Where several tags per image are shown in another way.
MULTILABEL_VIEWS = (
    "images?images-view=Images&",
    "images?images-view=Suggested+tags&",
    "performance?view=Numbers&",
    "performance?view=Presenter&",
    "performance?view=Mistakes&",
    "performance?view=Compare&",
)

# Streamlit says when its script has run.
READY = """() => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning"
    && !document.querySelector("[data-testid=stSkeleton]") && document.querySelector("h1")"""

SHIFT_MOST = 0.1

# Sessions of shifts as in the definition: gaps of at most 1 s, at most 5 s long. https://web.dev/articles/cls
WATCH = """
window.shift = 0; let session = 0, first = 0, last = 0;
new PerformanceObserver((list) => { for (const { hadRecentInput, startTime, value } of list.getEntries()) {
    if (hadRecentInput) continue;
    if (startTime - last > 1000 || startTime - first > 5000) [session, first] = [0, startTime];
    last = startTime; session += value; window.shift = Math.max(window.shift, session);
} }).observe({ type: "layout-shift", buffered: true });
"""


def address_of(home: Path, name: str) -> str:
    """The part of an address that asks for the project of that name."""
    store = Store(home)
    try:
        return f"project={projects.find(store, name).id}"
    finally:
        store.close()
