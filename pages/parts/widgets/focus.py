"""Puts the cursor into a field, so that the user can type at once."""

from __future__ import annotations

import json

import streamlit as st

# A dialog takes the focus itself when it opens, so the script tries for a second from when the field is there, which on
# a busy computer comes seconds later; it stops when the user acts. The comment with the turn makes a later turn run it
# again.
_SCRIPT = """<script>{{ // {turn}
    const acts = ["pointerdown", "keydown"];
    const stop = () => {{ clearInterval(timer); acts.forEach((act) => removeEventListener(act, stop, true)); }};
    let [waits, tries] = [400, 20];
    const timer = setInterval(() => {{
        const field = document.querySelector({selector});
        if (field && document.activeElement !== field) field.focus();
        if ((field ? --tries : --waits) < 0) stop();
    }}, 50);
    acts.forEach((act) => addEventListener(act, stop, true));
}}</script>"""


def move_to(selector: str, *, turn: int = 0) -> None:
    """Focus the first element that the CSS selector finds; again only with another `turn`."""
    st.html(_SCRIPT.format(turn=turn, selector=json.dumps(selector)), unsafe_allow_javascript=True)
