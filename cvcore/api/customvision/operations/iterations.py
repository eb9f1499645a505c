"""Handlers that train, list, rename, delete and publish iterations, and return their performance."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

from cvcore import domains, evaluation, training
from cvcore.api.customvision.operations import images
from cvcore.api.customvision.protocol import json_body, prediction_schemas, request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Answer, Call
from cvcore.errors import IterationNotFound, Published
from cvcore.metrics.reports import deviations
from cvcore.prediction import publishing
from cvcore.records import ADVANCED, EMBEDDING_KINDS, PLAIN, Image, Iteration, Prediction, Project, TrainingOptions
from cvcore.store import ImageSearch

# Before version 3.0 an iteration was not published: one was a project's default. It is published here by this name.
DEFAULT = "default"


def train_project(call: Call) -> Any:
    """Start a training and return its iteration at once; get_iteration says when its status is no longer Training.

    No e-mail is sent to notificationEmailAddress. If the base model is not an Advanced iteration, it is checked but not
    used: all such iterations of a domain have the same network.
    """
    project = request.project(call)
    fields = json_body.fields(call)
    options = _options(call, project, json_body.as_fields(fields.get("custombasemodelinfo"), "customBaseModelInfo"))
    selected = json_body.ids(fields, "selectedTags", 500)
    known = {tag.id for tag in call.store.tags.of_project(project.id)}
    if unknown := [tag_id for tag_id in selected if tag_id not in known]:
        raise Refusal(
            "BadRequestInvalidIds", f"selectedTags must be ids of the project's tags, {unknown[0][:80]!r} is not"
        )
    force = request.flag(call, "forceTrain")
    job = training.start(call.store, project, force=force, tag_ids=selected, options=options)
    return shown(call, call.store.iterations.get(job.iteration_id or ""))


def get_iterations(call: Call) -> Any:
    """A project's iterations, the newest first."""
    return [shown(call, iteration) for iteration in call.store.iterations.of_project(request.project(call).id)]


def get_iteration(call: Call) -> Any:
    """One iteration."""
    return shown(call, request.iteration(call, request.project(call)))


def update_iteration(call: Call) -> Any:
    """Rename an iteration, if the body has a name; before version 3.0, make it the default one or no longer that."""
    project = request.project(call)
    iteration = request.iteration(call, project)
    fields = json_body.fields(call)
    if name := json_body.text(fields, "name"):
        training.rename_iteration(call.store, iteration, name)
    if call.version < (3, 0) and fields.get("isdefault") is True:
        publishing.publish(call.store, iteration, DEFAULT, overwrite=True)
    elif call.version < (3, 0) and fields.get("isdefault") is False and _is_default(call, iteration):
        publishing.withdraw(call.store, project, DEFAULT)
    return shown(call, call.store.iterations.get(iteration.id))


def delete_iteration(call: Call) -> Any:
    """Delete an iteration and the images that only it uses; a published one must be unpublished first."""
    training.delete_iteration(call.store, request.iteration(call, request.project(call)))
    return Answer(204)


def publish_iteration(call: Call) -> Any:
    """Publish an iteration under a name. It can have several names; any prediction resource is accepted."""
    name = request.required(call, "publishName")
    iteration = request.iteration(call, request.project(call))
    overwrite = request.flag(call, "overwrite")
    try:
        publishing.publish(
            call.store, iteration, name, resource=request.text(call, "predictionId")[:2000], overwrite=overwrite
        )
    except Published as error:
        raise Refusal("BadRequestInvalidPublishName", str(error)) from error
    return True


def unpublish_iteration(call: Call) -> Any:
    """Remove all names under which an iteration is published."""
    iteration = request.iteration(call, request.project(call))
    if not publishing.unpublish(call.store, iteration):
        raise Refusal("BadRequestIterationNotPublished", f"{iteration.name} is not published: there is nothing to do")
    return Answer(204)


def get_iteration_performance(call: Call) -> Any:
    """Precision, recall and average precision at a threshold (default 0.5); undefined numbers are 0.

    Standard deviations are over the folds of the cross-validation. overlapThreshold, for object detection, is ignored.
    """
    iteration = request.iteration(call, request.project(call))
    threshold = request.fraction(call, "threshold", evaluation.DEFAULT_THRESHOLD)
    out_of_fold = evaluation.load(call.store, iteration)
    report = evaluation.report(call.store, iteration, threshold)
    spread = deviations(
        out_of_fold.truth,
        out_of_fold.probabilities,
        out_of_fold.folds,
        threshold,
        multilabel=out_of_fold.multilabel,
    )
    tags = evaluation.trained_tags(iteration, call.store.iterations.tags(iteration.id))
    return prediction_schemas.iteration_performance(report, spread, tags)


def get_image_performances(call: Call) -> Any:
    """A page of the evaluated images, with probabilities by a model that was not trained on the image."""
    project = request.project(call)
    iteration = request.iteration(call, project)
    take = request.number(call, "take", request.TAKE, request.IDS)
    order = request.choice(request.text(call, "orderBy"), "orderBy", ("Newest", "Oldest"))
    predictions = _out_of_fold_predictions(call, iteration)
    found = call.store.searches.page(_search(call, project, iteration, order == "Oldest"), take=request.NUMBER_MAX)
    skip = request.number(call, "skip", 0)
    page: list[Image] = [image for image in found if image.id in predictions][skip : skip + take]
    names = images.tag_names(call, project, iteration)
    return [
        prediction_schemas.image_performance(image, names, predictions[image.id], server=call.server) for image in page
    ]


def get_image_performance_count(call: Call) -> Any:
    """The number of images that get_image_performances lists."""
    project = request.project(call)
    iteration = request.iteration(call, project)
    predictions = _out_of_fold_predictions(call, iteration)
    found = call.store.searches.page(_search(call, project, iteration, False), take=request.NUMBER_MAX)
    return sum(image.id in predictions for image in found)


def shown(call: Call, iteration: Iteration) -> Any:
    """An iteration's JSON, with its published name, training options and, if it still exists, base iteration."""
    options = call.store.trainings.options(iteration.id)
    base = None
    with contextlib.suppress(IterationNotFound):
        base = call.store.iterations.get(options.start_from) if options.start_from else None
    published = call.store.publications.of_iteration(iteration.id)
    answer = schemas.iteration(iteration, published, options, base)
    answer["exportableTo"] = [name for name in answer["exportableTo"] if name != "OpenVino" or call.version >= (3, 4)]
    return {**answer, "isDefault": _is_default(call, iteration)} if call.version < (3, 0) else answer


def _is_default(call: Call, iteration: Iteration) -> bool:
    return any(each.name == DEFAULT for each in call.store.publications.of_iteration(iteration.id))


def _search(call: Call, project: Project, iteration: Iteration, is_oldest_first: bool) -> ImageSearch:
    tag_ids = tuple(request.ids(call, "tagIds", request.TAGS))
    return ImageSearch(project.id, iteration.id, tag_ids=tag_ids, oldest_first=is_oldest_first)


def _out_of_fold_predictions(call: Call, iteration: Iteration) -> dict[str, list[Prediction]]:
    """The out-of-fold predictions of the evaluated images, by image id, the most probable tag first."""
    out_of_fold = evaluation.load(call.store, iteration)
    tags = evaluation.trained_tags(iteration, call.store.iterations.tags(iteration.id))
    by_image = {}
    for row, image in enumerate(call.store.iterations.images(iteration.id)):
        if out_of_fold.evaluated[row]:
            values = zip(tags, out_of_fold.probabilities[row], strict=True)
            predictions = [Prediction(tag.name, tag.kind, float(value), tag.tag_id) for tag, value in values]
            by_image[image.image_id] = sorted(predictions, key=lambda prediction: -prediction.probability)
    return by_image


def _options(call: Call, project: Project, base_model: json_body.Fields) -> TrainingOptions:
    """The training options in a request; a budget of 0 hours, which the SDK sends by default, means 10 minutes."""
    training_type = request.choice(request.text(call, "trainingType"), "trainingType", ("Regular", "Advanced"))
    hours = request.number(call, "reservedBudgetInHours", 0)
    named = {name.casefold(): is_on for name, is_on in project.settings.augmentation_methods}
    is_advanced = training_type == "Advanced"
    usual = ADVANCED.embedding if is_advanced else PLAIN
    kinds = [kind for kind in EMBEDDING_KINDS if named.get(kind, False)] or [usual if named.get(usual, True) else PLAIN]
    options = TrainingOptions(start_from=_base_model(call, project, base_model), embedding=kinds[-1])
    if not is_advanced and options.embedding == PLAIN:
        return options
    # A project can also store names of augmentations that Tagwise does not have: they are ignored.
    switchable = domains.TRANSFORM_NAMES if is_advanced else ("mirror",)
    ours = {name: is_on for name, is_on in named.items() if name in switchable}
    transforms = domains.switched(domains.find(project.domain_id).policy, ours)
    options = dataclasses.replace(options, is_advanced=is_advanced, transforms=transforms)
    return dataclasses.replace(options, budget_minutes=float(60 * hours)) if is_advanced and hours else options


def _base_model(call: Call, project: Project, fields: json_body.Fields) -> str:
    """The id of the iteration to start from; empty without one, or if its network is not fine-tuned."""
    if not fields:
        return ""
    base_project = call.store.projects.get(json_body.text(fields, "projectId").casefold())
    base = request.iteration(call, base_project, json_body.text(fields, "iterationId"))
    if base.status != "Completed":
        raise Refusal(
            "BadRequestCustomBaseModelIterationStatusNotCompleted", f"{base.name} is not trained: train it first"
        )
    if not domains.is_same_network(base.domain_id, project.domain_id):
        raise Refusal(
            "BadRequestCustomBaseModelDomainNotCompatible",
            f"{base.name} has another domain with another network: choose an iteration of this domain",
        )
    options = call.store.trainings.options(base.id)
    return base.id if options.is_advanced or options.start_from else ""
