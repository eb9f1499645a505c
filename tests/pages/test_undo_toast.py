"""The toast says what happened, undoes it once, and goes when the page does."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from cvcore.prediction import history
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.shell import undo_toast
from tests.conftest import DrawImage, Fill, Trained
from tests.pages.conftest import button, checked, open_page, texts


def script() -> None:
    """A page with a button whose effect can be undone once a second button has been pressed."""
    from typing import Any, cast

    import streamlit as st

    from cvcore.errors import NameTaken
    from pages.parts.shell import undo_toast

    class Project:
        id = "1"

    project = cast("Any", Project())
    undo_toast.show(project)
    st.session_state.setdefault("undone", 0)

    def undo() -> str:
        if "free" not in st.session_state:
            raise NameTaken("tag", "the name is taken")
        st.session_state["undone"] += 1
        return "Undone."

    if st.button("Act"):
        undo_toast.offer(project, "Done to **a** ![b](http://c) </script><img src=x>", undo)
        st.rerun()
    if st.button("Free"):
        st.session_state["free"] = True


def acted() -> AppTest:
    """The page after its first button was pressed."""
    return press(checked(AppTest.from_function(script, default_timeout=30).run()), "Act")


def press(app: AppTest, label: str) -> AppTest:
    return checked(button(app, label).click().run())


def keys(app: AppTest) -> list[str | None]:
    """The keys of the toast's buttons that are shown."""
    return [each.key for each in app.button if each.key in ("undo", "close-toast")]


def test_says_and_undoes() -> None:
    """The message stays for reruns; Undo undoes it and says what that did, without another Undo."""
    app = checked(acted().run())
    assert "Done to **a**" in texts(app)
    assert ["undo", "close-toast"] == keys(app)
    press(press(app, "Free"), "Undo")
    assert "Undone." in texts(app)
    assert (["close-toast"], 1) == (keys(app), app.session_state["undone"])


def test_refused_and_tried_again() -> None:
    """Why it cannot be undone is said, and Undo works once the reason is gone."""
    app = press(acted(), "Undo")
    assert "The name is taken." in texts(app)
    press(press(app, "Free"), "Undo")
    assert "Undone." in texts(app)


def test_closes() -> None:
    """The button closes it for good."""
    assert [] == keys(checked(press(acted(), "Close").run()))


def test_hostile_messages_are_text() -> None:
    """Neither Markdown nor a script's end in a name has an effect."""
    app = acted()
    assert not any("**a**" in each.value for each in app.markdown)
    (live,) = [each.proto.body for each in app.get("html") if "tagwise-status" in each.proto.body]
    assert 1 == live.count("</script>")
    assert "<img" not in live


def test_a_double_click_undoes_once() -> None:
    """The second press finds nothing to undo."""
    undone = []

    def undo() -> str:
        undone.append(1)
        return "Undone."

    offer = undo_toast._Offer("1", "", "Done.", undo)
    undo_toast._undo(offer)
    undo_toast._undo(offer)
    assert ([1], "Undone.", None) == (undone, offer.message, offer.undo)


def test_goes_with_the_page(store: Store, fill: Fill, trained: Trained, drawn_image: DrawImage) -> None:
    """Neither another page nor another project shows it, and coming back does not bring it back."""
    project, other = fill(rose=5, tulip=5), fill("Other", rose=1)
    iteration = trained(project)

    def deleted() -> AppTest:
        kept = history.predict_and_keep(store, iteration, drawn_image(50), application="", limits=Limits())
        app = open_page("predictions", project)
        turn = app.session_state["predictions-turn"]
        app.session_state[f"predictions-{project.id}-1"] = {"selection": {"revision": turn, "ids": [kept.id]}}
        app = press(checked(app.run()), "Delete")
        assert ["undo", "close-toast"] == keys(app)
        return app

    app = deleted()
    checked(app.switch_page("train.py").run())
    assert [] == keys(app)
    app.query_params["project"] = project.id
    assert [] == keys(checked(app.switch_page("predictions.py").run()))
    app = deleted()
    app.query_params["project"] = other.id
    assert [] == keys(checked(app.run()))
