"""The words that the style sheet of the pages puts on Streamlit's own controls, in the language spoken."""

from __future__ import annotations

import json

from cvcore.languages import marked, t
from pages.parts.shell import page_address

# By the names that shell/style.css has for them, which also has the English ones.
WORDS = {
    "choose-file": marked("Choose a file"),
    "choose-images": marked("Choose images"),
    "choose-folder": marked("Choose a folder"),
    "drop-file": marked("or drop it here"),
    "drop-images": marked("or drop them here"),
    "pages": marked("Pages"),
}
_SCRIPT = """
    for (const [name, word] of {words})
        document.documentElement.style.setProperty(`--tagwise-${{name}}`, JSON.stringify(word));
"""


def show() -> None:
    """Hand the words to the style sheet. Takes no room on the page."""
    words = json.dumps([(name, t(word)) for name, word in WORDS.items()]).replace("<", "\\u003c")
    page_address.run_script("style-words", _SCRIPT.format(words=words))
