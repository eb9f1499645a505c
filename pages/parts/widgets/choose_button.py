"""Names Streamlit's buttons to choose files, for those who hear the page, as the style sheet names them for the eye."""

from __future__ import annotations

import streamlit as st

_SCRIPT = """<script>
if (!window.tagwiseChooseButtons) {
    const name = () => {
        for (const text of document.querySelectorAll(
            "[data-testid=stFileUploaderDropzone] > span button:not([aria-label]) [data-testid=stMarkdownContainer]"
        )) {
            const shown = getComputedStyle(text, "::after").content.replaceAll('"', "");
            if (shown.startsWith("Choose")) text.closest("button").setAttribute("aria-label", shown);
        }
    };
    window.tagwiseChooseButtons = new MutationObserver(name);
    window.tagwiseChooseButtons.observe(document.body, { childList: true, subtree: true });
    name();
}
</script>"""


def name_all() -> None:
    """Name those on this page and, from now on, on every page of this window."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)
