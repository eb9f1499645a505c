"""The store and the settings, opened once for all sessions."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cvcore import settings
from cvcore.settings import Limits
from cvcore.store import Store


def store() -> Store:
    """The home folder's store."""
    return _open(settings.load().home)


def limits() -> Limits:
    """What an upload may be."""
    return settings.load().limits


@st.cache_resource(show_spinner=False)
def _open(home: Path) -> Store:
    return Store(home)
