"""Handlers that start and list exports of iterations."""

from __future__ import annotations

from typing import Any

from cvcore import urls
from cvcore.api.customvision.protocol import request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Call
from cvcore.errors import Unavailable
from cvcore.exports import background, flavors
from cvcore.exports.background import ExportJob
from cvcore.exports.flavors import Flavor
from cvcore.records import Iteration


def get_exports(call: Call) -> Any:
    """An iteration's exports; a finished one has the address of its zip for a plain GET.

    Each is listed under the names that it was asked for with, as clients look for them; others under the first.
    """
    iteration = request.iteration(call, request.project(call))
    asked = flavors.remembered(call.store.home, iteration.id)
    return [
        _json(call, iteration, job, flavor)
        for job in background.find(call.store, iteration)
        for flavor in _names(job.format, asked)
    ]


def export_iteration(call: Call) -> Any:
    """Start an export, or return the finished one; get_exports says when it is no longer Exporting."""
    iteration = request.iteration(call, request.project(call))
    asked = _flavor(request.required(call, "platform"), request.text(call, "flavor"))
    under_way = [job.format for job in background.find(call.store, iteration) if job.status == "Exporting"]
    if asked.format in under_way and asked in flavors.remembered(call.store.home, iteration.id):
        raise Refusal(
            "BadRequestExportAlreadyInProgress", f"{iteration.id} is already queued for export: call get_exports"
        )
    try:
        job = background.start(call.store, iteration, asked.format)
    except Unavailable as error:
        raise Refusal("BadRequestProjectUnsupportedExportPlatform", str(error)) from error
    flavors.remember(call.store.home, iteration.id, asked)
    return _json(call, iteration, job, asked)


def _flavor(platform: str, flavor: str) -> Flavor:
    if found := flavors.find(platform, flavor):
        return found
    choices = ", ".join(str(each) for each in flavors.FLAVORS)
    got = f"{platform} {flavor}".strip()[:80]
    raise Refusal("BadRequestNotSupported", f"platform and flavor must be one of {choices}, got {got!r}")


def _names(name: str, asked: list[Flavor]) -> list[Flavor]:
    """The names to list a format's export under: none if Custom Vision has no such format."""
    first = flavors.of_format(name)
    return [flavor for flavor in asked if flavor.format == name] or ([first] if first else [])


def _json(call: Call, iteration: Iteration, job: ExportJob, flavor: Flavor) -> schemas.Json:
    return {
        "platform": flavor.platform,
        "status": job.status,
        "downloadUri": call.server + urls.EXPORT.format(iteration_id=iteration.id, file=job.file) if job.file else None,
        "flavor": flavor.flavor,
        "newerVersionAvailable": False,
    }
