"""The language of the pages: the browser's own at first, then what was chosen, which the browser keeps in a cookie."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cvcore.languages import COOKIE, ENGLISH, LANGUAGES, direction, fitting, t, use_source
from pages.parts.language import style_words
from pages.parts.shell import page_address

KEY = "language"
KEPT_S = 365 * 24 * 3600

# The server reads the cookie when a window connects. Screen readers speak in the language of the document.
_SCRIPT = """
    document.cookie = "{cookie}={code}; path=/; max-age={kept_s}; samesite=lax";
    Object.assign(document.documentElement, {{ lang: "{code}", dir: "{direction}" }});
"""


def spoken() -> str | None:
    """The language of the session that runs this page; None where no page runs."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    code = st.session_state.get(KEY)
    if code is None:
        chosen = st.context.cookies.get(COOKIE, "")
        code = st.session_state[KEY] = fitting([chosen] if chosen else [st.context.locale or ENGLISH])
    return str(code)


def show() -> None:
    """Show the choice beside the links at the top. It redraws the page and is remembered by the browser."""
    code = spoken()
    with st.container(key="language", width="content"):
        chosen = st.menu_button(
            str(code).upper(),
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            type="tertiary",
            icon=":material/translate:",
            key="language-choice",
            help=t("Language"),
        )
    if chosen and chosen != code:
        st.session_state[KEY] = chosen
        st.rerun()
    _remember(str(code))


def _remember(code: str) -> None:
    """Let the browser remember the language, and speak it. Takes no room on the page."""
    script = _SCRIPT.format(cookie=COOKIE, code=code, kept_s=KEPT_S, direction=direction())
    page_address.run_script(KEY, script + style_words.script())


use_source(spoken)
