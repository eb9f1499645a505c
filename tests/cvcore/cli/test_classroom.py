"""A forgotten teacher's password is replaced on the laptop."""

from __future__ import annotations

import io
import os
import pty
import sys
from pathlib import Path

import pytest

from cvcore import classroom, cli
from cvcore.store import Store
from tests.cvcore.cli.test_cli import started


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The home folder that commands use, with a class."""
    monkeypatch.setenv("TAGWISE_HOME", str(tmp_path / "home"))
    store = Store(tmp_path / "home")
    classroom.set_password(store, "chalk and sponge")
    classroom.open_class(store, "4b")
    return store


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    return cli.main(["class", "password"])


def test_a_forgotten_password_is_replaced(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old one is not asked for; its browsers are out, pupils stay in."""
    teacher = classroom.sign_in(store, "chalk and sponge")
    pupil, cookie = classroom.join(store, store.classes.all()[0].code, "Anna")
    assert 0 == give(monkeypatch, "new and better\n")
    assert "The teacher's password is changed" in capsys.readouterr().out
    assert (None, pupil.id) == (classroom.viewer(store, teacher), getattr(classroom.viewer(store, cookie), "id", None))
    assert classroom.TEACHER == classroom.viewer(store, classroom.sign_in(store, "new and better"))


def test_a_short_password_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, with status 1; the old one stays."""
    assert 1 == give(monkeypatch, "short\n")
    assert "the password must have at least 8 letters, this one has 5" in capsys.readouterr().err
    assert classroom.sign_in(store, "chalk and sponge")


@pytest.mark.slow
def test_at_a_terminal_it_is_asked_for_twice(store: Store) -> None:
    """Nothing of it is shown; if the two differ, nothing is changed."""
    for again, status in (("new and better", 0), ("new and worse", 1)):
        terminal, theirs = pty.openpty()
        # In a session of its own: otherwise it would ask at the terminal that the tests were started from.
        process = started(
            store.home, "class", "password", stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        shown = b""
        for prompt, typed in ((b"teacher: ", "new and better"), (b"more: ", again)):
            while not shown.endswith(prompt):
                shown += os.read(terminal, 100)
            os.write(terminal, f"{typed}\n".encode())
        assert status == process.wait(60)
        assert b"new and" not in shown
        os.close(terminal)
    assert classroom.sign_in(store, "new and better")
