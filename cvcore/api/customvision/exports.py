"""Iterations as files to run elsewhere."""

from __future__ import annotations

from typing import Any

from cvcore.api.customvision import calls
from cvcore.api.customvision.calls import Call
from cvcore.api.customvision.refusals import Refusal


def get_exports(call: Call) -> Any:
    """There are none yet."""
    calls.iteration(call, calls.project(call))
    return []


def export_iteration(call: Call) -> Any:
    """Not yet."""
    calls.iteration(call, calls.project(call))
    calls.required(call, "platform")
    raise Refusal("BadRequestNotSupported", "exports are made with `tagwise export`")
