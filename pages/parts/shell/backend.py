"""The store and the settings, opened once for all sessions."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cvcore import settings
from cvcore.settings import Limits, Settings
from cvcore.store import Store


def store() -> Store:
    """The home folder's store."""
    return _open(told().home)


def told() -> Settings:
    """What the environment says."""
    return settings.load()


def limits() -> Limits:
    """What an upload may be."""
    return told().limits


@st.cache_resource(show_spinner=False)
def _open(home: Path) -> Store:
    return Store(home)
