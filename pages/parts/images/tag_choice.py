"""A control to choose tags or type new ones. Its list closes as soon as a tag is chosen, so that it covers nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from cvcore.languages import t
from pages.parts.shell import page_address

# Streamlit leaves a multiselect's list open after each choice: it covers what comes next, and the next click only
# closes it. It closes at the Tab key, so that key is sent; the focus stays, and the next tag can be typed at once.
_SCRIPT = """
    const watch = (input, box) => {{
        let chosen = box.querySelectorAll("[data-tag]").length;
        new MutationObserver(() => {{
            const now = box.querySelectorAll("[data-tag]").length;
            if (now > chosen && input.getAttribute("aria-expanded") === "true") {{
                // Only as far as the control: a dialog would move the focus.
                const stop = (event) => event.stopPropagation();
                document.documentElement.addEventListener("keydown", stop, {{ once: true }});
                input.dispatchEvent(new KeyboardEvent("keydown", {{ key: "Tab", bubbles: true }}));
                document.documentElement.removeEventListener("keydown", stop);
            }}
            chosen = now;
        }}).observe(box, {{ childList: true, subtree: true }});
        box.dataset.watched = "";
    }};
    if (!window.tagwiseChoices) {{
        window.tagwiseChoices = new Set();
        document.addEventListener("focusin", ({{ target }}) => {{
            const box = target.closest("[data-testid=stMultiSelect]");
            const known = box && [...window.tagwiseChoices].some((name) => box.closest("." + name));
            if (known && target.role === "combobox" && !("watched" in box.dataset)) watch(target, box);
        }});
    }}
    window.tagwiseChoices.add({name});
"""


def show(
    names: Sequence[str],
    *,
    several: bool,
    key: str,
    label: str = "",
    placeholder: str = "",
    label_visibility: Literal["visible", "hidden", "collapsed"] = "visible",
    width: int | Literal["stretch"] = "stretch",
) -> list[str]:
    """Show the control and return the names chosen, at most one unless `several`; a name can be of no tag yet.

    names: of the tags offered, in this order. label, placeholder: others than the usual. key: the widget's, a selectbox
    or, for several, a multiselect.
    """
    label, placeholder = label or t("Tags"), placeholder or t("Choose or type a tag")
    if not several:
        name = st.selectbox(
            label,
            list(names),
            index=None,
            accept_new_options=True,
            placeholder=placeholder,
            key=key,
            label_visibility=label_visibility,
            width=width,
        )
        return [name] if name and name.strip() else []
    chosen = st.multiselect(
        label,
        list(names),
        accept_new_options=True,
        placeholder=placeholder,
        select_all=False,
        key=key,
        label_visibility=label_visibility,
        width=width,
    )
    close_list(key)
    return chosen


def close_list(key: str) -> None:
    """Make the list of the multiselect with that key close as soon as something is chosen."""
    # The class that Streamlit gives to the element of a widget with that key.
    name = "st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key.strip())
    page_address.run_script(f"close-{key}", _SCRIPT.format(name=json.dumps(name)))
