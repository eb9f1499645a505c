"""Handlers for predictions before version 3.0, which names an iteration by its id, not by a published name."""

from __future__ import annotations

from typing import Any

from cvcore.api.customvision.operations import iterations, predictions
from cvcore.api.customvision.protocol import request
from cvcore.api.customvision.protocol.request import Call
from cvcore.api.customvision.protocol.schemas import Json
from cvcore.errors import IterationNotFound
from cvcore.records import Iteration


def predict_image(call: Call) -> Any:
    """An iteration's prediction for the image in the request, stored for 30 days."""
    return _shaped(call, predictions.of_image(call, _iteration(call), is_stored=True))


def predict_image_with_no_store(call: Call) -> Any:
    """An iteration's prediction for the image in the request; nothing is stored."""
    return _shaped(call, predictions.of_image(call, _iteration(call), is_stored=False))


def predict_image_url(call: Call) -> Any:
    """An iteration's prediction for the image at an address, stored for 30 days."""
    return _shaped(call, predictions.of_url(call, _iteration(call), is_stored=True))


def predict_image_url_with_no_store(call: Call) -> Any:
    """An iteration's prediction for the image at an address; nothing is stored."""
    return _shaped(call, predictions.of_url(call, _iteration(call), is_stored=False))


def _iteration(call: Call) -> Iteration:
    """The iteration with the id in the parameter, or the default one, or the newest that is published.

    Raises:
        IterationNotFound: there is no such iteration, or none is published.
    """
    project = request.project(call)
    if iteration := request.snapshot(call, project):
        return predictions.trained(iteration)
    names = {each.name: each.iteration_id for each in call.store.publications.of_project(project.id)}
    wanted = (names[iterations.DEFAULT],) if iterations.DEFAULT in names else tuple(names.values())
    for iteration in call.store.iterations.of_project(project.id):
        if iteration.id in wanted:
            return iteration
    raise IterationNotFound(f"Invalid iteration: none of {project.name!r} is published: publish one, or name its id")


def _shaped(call: Call, answer: Json) -> Json:
    """The answer as the version has it: 1.x writes all names with capital letters, and a tag's name as Tag."""
    if call.version >= (2, 0):
        return answer
    shown = {name.capitalize(): value for name, value in answer.items()}
    shown["Predictions"] = [
        {"TagId": each["tagId"], "Tag": each["tagName"], "Probability": each["probability"]}
        for each in answer["predictions"]
    ]
    return shown
