"""The address by which the user's browser reached this server."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from cvcore import urls
from cvcore.languages import t


def show_hint(address: str) -> None:
    """Say that other computers need another address, if this one is local."""
    if is_own(address):
        st.caption(
            t(
                "This address works on this computer only. On another computer, open this page with this computer's "
                "name or IP address: then the page shows the address that works there."
            )
        )


def address() -> str:
    """Scheme, host and port of the page's own address, and the path that the app is below, if there is one."""
    if url := st.context.url:
        return root(url) + urls.below("")
    host = st.context.headers.get("Host") or f"{st.get_option('server.address')}:{st.get_option('server.port')}"
    return f"http://{host}{urls.below('')}"


def root(url: str) -> str:
    """An address without its path.

    >>> root("https://laptop.local:8501/publish?project=1")
    'https://laptop.local:8501'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_own(address: str) -> bool:
    """Whether an address means the own computer, as localhost does.

    >>> is_own("http://127.0.0.1:8501"), is_own("http://[::1]:8501"), is_own("http://laptop.local:8501")
    (True, True, False)
    """
    host = urlsplit(address).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
