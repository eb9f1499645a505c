"""The words that the style sheet of the pages puts on Streamlit's own controls, in the language spoken."""

from __future__ import annotations

import json

from cvcore.languages import marked, t

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


def script() -> str:
    """A script that hands the words to the style sheet."""
    words = json.dumps([(name, t(word)) for name, word in WORDS.items()]).replace("<", "\\u003c")
    return _SCRIPT.format(words=words)
