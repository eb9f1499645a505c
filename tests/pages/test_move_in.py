"""Moving in from the page: whom it may ask, and what it says when that fails."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cvcore.errors import InvalidInput
from cvcore.settings import Settings
from cvcore.store import Store
from pages.parts.projects import azure_import
from tests.pages.conftest import button, checked, choose, texts, whole_app


@pytest.mark.parametrize(
    "endpoint", ["https://roses.cognitiveservices.azure.com/", "https://northeurope.api.cognitive.microsoft.com"]
)
def test_azure_may_be_asked(home: Path, endpoint: str) -> None:
    """Azure's own hosts are asked."""
    azure_import.check(endpoint, "0123", Settings(home))


@pytest.mark.parametrize(
    "endpoint", ["https://10.0.0.1/", "https://evil.example", "https://cognitiveservices.azure.com.evil.example"]
)
def test_no_other_host_may_be_asked(home: Path, endpoint: str) -> None:
    """The page makes this machine ask nobody else, unless the settings open its own network."""
    with pytest.raises(InvalidInput, match=r"the endpoint must be Azure's, .* is not: for other servers use `tagwise"):
        azure_import.check(endpoint, "0123", Settings(home))
    azure_import.check(endpoint, "0123", Settings(home, fetch_private=True))


def test_a_refusal_is_told(store: Store) -> None:
    """What stops a move is kept for the page to say."""
    run = azure_import.start(store, "https://roses.cognitiveservices.azure.com", "no\nkey", Settings(store.home))
    for thread in threading.enumerate():
        if thread.name == "azure-import":
            thread.join()
    assert run.is_done
    assert "key" in run.stopped


def test_the_dialog_opens(store: Store) -> None:
    """The Projects page leads to it."""
    assert "continues where it stopped" in texts(choose(whole_app().run(), "Import", "From Azure Custom Vision"))


def test_the_dialog_wants_both(store: Store) -> None:
    """Sent without the training key it says what is missing, and imports nothing."""

    def script() -> None:
        from pages.parts.projects import azure_import
        from pages.parts.shell import backend

        azure_import.form(backend.store(), backend.settings())

    app = AppTest.from_function(script, default_timeout=30).run()
    app.text_input[0].set_value("https://roses.cognitiveservices.azure.com/")
    button(app, "Import").click().run()
    assert "An import needs an endpoint and a training key, one is missing" in texts(checked(app))
    assert "move" not in app.session_state
