"""The store, opened once for all sessions, and the settings."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cvcore import settings as environment
from cvcore.settings import Limits, Settings
from cvcore.store import Store


def store() -> Store:
    """The home folder's store."""
    return _open(settings().home)


def settings() -> Settings:
    """The settings in the environment."""
    return environment.load()


def limits() -> Limits:
    """The limits of an upload."""
    return settings().limits


@st.cache_resource(show_spinner=False)
def _open(home: Path) -> Store:
    return Store(home)
