"""What prevents a training from starting, and advice that would improve it, in words."""

from __future__ import annotations

import streamlit as st

from cvcore.languages import tn
from cvcore.training.readiness import Readiness
from pages.parts.shell.text import plain

SHOWN = 5


def show(ready: Readiness) -> None:
    """Show the obstacles in one box, at most the first few, and then the advice."""
    if ready.obstacles:
        shown = [plain(obstacle) for obstacle in ready.obstacles[:SHOWN]]
        if len(ready.obstacles) > SHOWN:
            shown.append(tn(len(ready.obstacles) - SHOWN, "And {n} more like these.", "And {n} more like these."))
        st.warning("\n\n".join(shown))
    for advice in ready.advice:
        st.caption(plain(advice))
