"""Handlers that start and list exports of iterations."""

from __future__ import annotations

from typing import Any

from cvcore import urls
from cvcore.api.customvision.protocol import request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Call
from cvcore.errors import Unavailable
from cvcore.exports import background
from cvcore.exports.background import ExportJob
from cvcore.records import Iteration

# Our format for each platform and flavor; without a flavor the platform's first one is used.
FORMATS = {
    ("TensorFlow", "TensorFlowNormal"): "savedmodel",
    ("TensorFlow", "TensorFlowLite"): "tflite",
    ("ONNX", "ONNX12"): "onnx",
    ("ONNX", "ONNX10"): "onnx",
    ("OpenVino", ""): "openvino",
    ("DockerFile", "Linux"): "container",
}


def get_exports(call: Call) -> Any:
    """An iteration's exports; a finished one has the address of its zip for a plain GET."""
    iteration = request.iteration(call, request.project(call))
    return [_json(call, iteration, job) for job in background.find(call.store, iteration) if _names(job.format)]


def export_iteration(call: Call) -> Any:
    """Start an export, or return the finished one; get_exports says when it is no longer Exporting."""
    iteration = request.iteration(call, request.project(call))
    wanted = _format(request.required(call, "platform"), request.text(call, "flavor"))
    under_way = [job.format for job in background.find(call.store, iteration) if job.status == "Exporting"]
    if wanted in under_way:
        raise Refusal(
            "BadRequestExportAlreadyInProgress", f"{iteration.id} is already queued for export: call get_exports"
        )
    try:
        return _json(call, iteration, background.start(call.store, iteration, wanted))
    except Unavailable as error:
        raise Refusal("BadRequestProjectUnsupportedExportPlatform", str(error)) from error


def _format(platform: str, flavor: str) -> str:
    for (known, kind), name in FORMATS.items():
        if known.casefold() == platform.casefold() and flavor.casefold() in ("", kind.casefold()):
            return name
    choices = ", ".join(f"{known} {kind}".strip() for known, kind in FORMATS)
    got = f"{platform} {flavor}".strip()[:80]
    raise Refusal("BadRequestNotSupported", f"platform and flavor must be one of {choices}, got {got!r}")


def _names(name: str) -> tuple[str, str] | None:
    return next((names for names, known in FORMATS.items() if known == name), None)


def _json(call: Call, iteration: Iteration, job: ExportJob) -> schemas.Json:
    platform, flavor = _names(job.format) or ("", "")
    return {
        "platform": platform,
        "status": job.status,
        "downloadUri": call.server + urls.export(iteration.id, job.file) if job.file else None,
        "flavor": flavor or None,
        "newerVersionAvailable": False,
    }
