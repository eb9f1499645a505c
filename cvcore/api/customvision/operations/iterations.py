"""Trainings, what came of them, and the names under which they answer."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

from cvcore import domains, evaluation, training
from cvcore.api.customvision.operations import images
from cvcore.api.customvision.protocol import request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Answer, Call
from cvcore.errors import IterationNotFound, Published
from cvcore.metrics.reports import deviations
from cvcore.prediction import publishing
from cvcore.records import Image, Iteration, Prediction, Project, TrainingOptions
from cvcore.store import ImageSearch


def train_project(call: Call) -> Any:
    """Training begins, and the iteration is told at once; ask for it until its status is no longer Training.

    No e-mail is written to the address to notify. A base model of a Regular training is checked and not needed: the
    network under all of these in a domain is the same.
    """
    project = request.project(call)
    given = request.fields(call)
    options = _options(call, project, request.as_fields(given.get("custombasemodelinfo"), "customBaseModelInfo"))
    selected = request.id_list_field(given, "selectedTags", 500)
    known = {tag.id for tag in call.store.tags.of_project(project.id)}
    if unknown := [tag_id for tag_id in selected if tag_id not in known]:
        raise Refusal("BadRequestInvalidIds", f"selectedTags must be the project's, {unknown[0][:80]!r} is none")
    force = request.flag(call, "forceTrain")
    job = training.start(call.store, project, force=force, tag_ids=selected, options=options)
    return shown(call, call.store.iterations.get(job.iteration_id or ""))


def get_iterations(call: Call) -> Any:
    """A project's iterations, the newest first."""
    return [shown(call, each) for each in call.store.iterations.of_project(request.project(call).id)]


def get_iteration(call: Call) -> Any:
    """One iteration."""
    return shown(call, request.iteration(call, request.project(call)))


def update_iteration(call: Call) -> Any:
    """A new name, where the body has one."""
    iteration = request.iteration(call, request.project(call))
    if name := request.text_field(request.fields(call), "name"):
        training.rename_iteration(call.store, iteration, name)
    return shown(call, call.store.iterations.get(iteration.id))


def delete_iteration(call: Call) -> Any:
    """An iteration goes, with the pictures that only it held; one that is published must be unpublished first."""
    training.delete_iteration(call.store, request.iteration(call, request.project(call)))
    return Answer(204)


def publish_iteration(call: Call) -> Any:
    """The iteration answers to a name. It may have several; any prediction resource will do."""
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
    """The iteration answers to none of its names any longer."""
    iteration = request.iteration(call, request.project(call))
    if not publishing.unpublish(call.store, iteration):
        raise Refusal("BadRequestIterationNotPublished", f"{iteration.name} is not published")
    return Answer(204)


def get_iteration_performance(call: Call) -> Any:
    """Precision, recall and average precision at a threshold, 0.5 if none is given; undefined numbers are null.

    Deviations are over the folds of the cross-validation. overlapThreshold is for object detection, and not read.
    """
    iteration = request.iteration(call, request.project(call))
    threshold = request.fraction(call, "threshold", evaluation.DEFAULT_THRESHOLD)
    judged = evaluation.load(call.store, iteration)
    report = evaluation.report(call.store, iteration, threshold)
    spread = deviations(judged.truth, judged.probabilities, judged.folds, threshold, multilabel=judged.multilabel)
    tags = evaluation.trained_tags(iteration, call.store.iterations.tags(iteration.id))
    return schemas.performance(report, spread, tags)


def get_image_performances(call: Call) -> Any:
    """The evaluated pictures, each with the probabilities of the fold that did not train on it."""
    project = request.project(call)
    iteration = request.iteration(call, project)
    take = request.number(call, "take", request.TAKE, request.IDS)
    order = request.choice(request.text(call, "orderBy"), "orderBy", ("Newest", "Oldest"))
    told = _evaluated(call, iteration)
    found = call.store.searches.page(_search(call, project, iteration, order == "Oldest"), take=request.NUMBER_MAX)
    skip = request.number(call, "skip", 0)
    there: list[Image] = [each for each in found if each.id in told][skip : skip + take]
    names = images.tag_names(call, project, iteration)
    return [schemas.image_performance(each, names, told[each.id], server=call.server) for each in there]


def get_image_performance_count(call: Call) -> Any:
    """How many pictures get_image_performances gives in all."""
    project = request.project(call)
    iteration = request.iteration(call, project)
    told = _evaluated(call, iteration)
    found = call.store.searches.page(_search(call, project, iteration, False), take=request.NUMBER_MAX)
    return sum(each.id in told for each in found)


def shown(call: Call, iteration: Iteration) -> Any:
    """An iteration with its published name, how it is trained, and where it starts from while that is there."""
    options = call.store.trainings.options(iteration.id)
    base = None
    with contextlib.suppress(IterationNotFound):
        base = call.store.iterations.get(options.start_from) if options.start_from else None
    return schemas.iteration(iteration, call.store.publications.of_iteration(iteration.id), options, base)


def _search(call: Call, project: Project, iteration: Iteration, is_oldest_first: bool) -> ImageSearch:
    tag_ids = tuple(request.ids(call, "tagIds", request.TAGS))
    return ImageSearch(project.id, iteration.id, tag_ids=tag_ids, oldest_first=is_oldest_first)


def _evaluated(call: Call, iteration: Iteration) -> dict[str, list[Prediction]]:
    """The out-of-fold predictions of every evaluated picture by its id, the most probable first."""
    judged = evaluation.load(call.store, iteration)
    tags = evaluation.trained_tags(iteration, call.store.iterations.tags(iteration.id))
    told = {}
    for row, image in enumerate(call.store.iterations.images(iteration.id)):
        if judged.evaluated[row]:
            values = zip(tags, judged.probabilities[row], strict=True)
            predictions = [Prediction(tag.name, tag.kind, float(value), tag.tag_id) for tag, value in values]
            told[image.image_id] = sorted(predictions, key=lambda each: -each.probability)
    return told


def _options(call: Call, project: Project, base_model: request.Fields) -> TrainingOptions:
    """How to train, as Custom Vision says it; of 0 hours, which the SDK sends of itself, our own default is made."""
    way = request.choice(request.text(call, "trainingType"), "trainingType", ("Regular", "Advanced"))
    hours = request.number(call, "reservedBudgetInHours", 0)
    options = TrainingOptions(start_from=_base_model(call, project, base_model))
    if way == "Regular":
        return options
    named = {name.casefold(): is_on for name, is_on in project.settings.augmentation_methods}
    # What other programs call theirs is kept with the project, and is nothing that is done here.
    ours = {name: is_on for name, is_on in named.items() if name in domains.TRANSFORM_NAMES}
    return dataclasses.replace(
        options,
        is_advanced=True,
        budget_minutes=float(60 * hours) or options.budget_minutes,
        transforms=domains.switched(domains.find(project.domain_id).policy, ours),
    )


def _base_model(call: Call, project: Project, given: request.Fields) -> str:
    """The id of the iteration to start from; empty where none is named, or its network is the domain's own."""
    if not given:
        return ""
    base_project = call.store.projects.get(request.text_field(given, "projectId").casefold())
    base = request.iteration(call, base_project, request.text_field(given, "iterationId"))
    if base.status != "Completed":
        raise Refusal("BadRequestCustomBaseModelIterationStatusNotCompleted", f"{base.name} is not trained")
    if not domains.is_same_network(base.domain_id, project.domain_id):
        raise Refusal(
            "BadRequestCustomBaseModelDomainNotCompatible", f"{base.name} is of a domain with another network"
        )
    made = call.store.trainings.options(base.id)
    return base.id if made.is_advanced or made.start_from else ""
