"""Lets a double click or double Enter send a dialog's form once.

Streamlit runs a dialog as a part of its page. If the first press opens another page, the second press would still
belong to the page before and stop the change of pages.
"""

from __future__ import annotations

import streamlit as st

_SCRIPT = """<script>
if (!window.tagwiseSingleSubmit) {
    window.tagwiseSingleSubmit = true;
    let until = 0;
    const guard = (event) => {
        const form = event.target.closest?.("[role=dialog] [data-testid=stForm]");
        if (!form) return;
        if (event.type === "input") until = 0;
        const isSent = event.type === "click" ? event.target.closest("[data-testid=stFormSubmitButton]")
            : event.key === "Enter" && event.target.matches("input:not([role=combobox])");
        if (!isSent) return;
        if (performance.now() > until) until = performance.now() + 1500;
        else { event.preventDefault(); event.stopImmediatePropagation(); }
    };
    for (const type of ["keydown", "click", "input"]) document.addEventListener(type, guard, true);
}
</script>"""


def guard() -> None:
    """Guard the forms in dialogs of this page, until something is typed or 1.5 s have passed."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)
