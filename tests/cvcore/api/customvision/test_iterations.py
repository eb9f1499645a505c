"""Training options from Microsoft's client reach the training, and come back with the iteration."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training import models as m
from msrest.authentication import ApiKeyCredentials
from starlette.responses import PlainTextResponse

from cvcore import domains, projects, training
from cvcore.api.customvision.middleware import CustomVision
from cvcore.files.api_keys import Keys
from cvcore.records import ADVANCED, QUICK, Iteration, Project, ProjectSettings, TrainingOptions
from cvcore.settings import Settings
from cvcore.store import Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]
Trainer = CustomVisionTrainingClient


@pytest.fixture
def trainer(store: Store) -> Iterator[Trainer]:
    """Microsoft's training client, before an API whose trainings all wait: there is no worker."""
    middleware = CustomVision(
        PlainTextResponse(""), store=store, settings=Settings(home=store.home), keys=Keys("t", "p")
    )
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(middleware, log_level="error", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        client = CustomVisionTrainingClient(
            f"http://127.0.0.1:{listening.getsockname()[1]}", ApiKeyCredentials(in_headers={"Training-key": "t"})
        )
        client.config.retry_policy.policy.total = 0
        try:
            yield client
        finally:
            client.close()
            server.should_exit = True
            thread.join()


@pytest.fixture
def tuned(store: Store, fill: Fill, trained: Trained) -> Iteration:
    """An iteration of another project that Advanced training made."""
    iteration = trained(fill("Garden", rose=5, tulip=5))
    store.trainings.add(iteration.id, TrainingOptions(is_advanced=True))
    return iteration


def options(store: Store, iteration: m.Iteration) -> TrainingOptions:
    return store.trainings.options(iteration.id)


def base(iteration: Iteration) -> m.CustomBaseModelInfo:
    return m.CustomBaseModelInfo(project_id=iteration.project_id, iteration_id=iteration.id)


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(m.CustomVisionErrorException) as refused:
        call()
    return refused.value.response.status_code, refused.value.error.code


def test_regular_is_quick(store: Store, trainer: Trainer, fill: Fill) -> None:
    """The SDK names no type and a budget of 0 hours: that is Quick, whatever is noted of augmentation."""
    project = fill(rose=5, tulip=5)
    noted = ProjectSettings(augmentation_methods=(("mirror", False),))
    projects.update(store, dataclasses.replace(project, settings=noted))
    started = trainer.train_project(project.id)
    assert QUICK == options(store, started)
    assert ("Regular", 0, None) == (
        started.training_type,
        started.reserved_budget_in_hours,
        started.custom_base_model_info,
    )


@pytest.mark.parametrize(
    ("methods", "embedding", "transforms"),
    [
        ({"Views": True}, "views", None),
        (
            {"views": True, "views-and-built-in": True, "mirror": False},
            "views-and-built-in",
            domains.ANYTHING.transforms[1:],
        ),
        ({"views": False, "zoom": False}, "plain", None),
    ],
)
def test_views_of_the_project(
    store: Store,
    trainer: Trainer,
    fill: Fill,
    methods: dict[str, bool],
    embedding: str,
    transforms: tuple[str, ...] | None,
) -> None:
    """A training has the kind of embedding that the project's settings switch on, and their mirror switch."""
    project = fill(rose=5, tulip=5)
    noted = ProjectSettings(augmentation_methods=tuple(methods.items()))
    projects.update(store, dataclasses.replace(project, settings=noted))
    started = options(store, trainer.train_project(project.id))
    assert (embedding, transforms, False) == (started.embedding, started.transforms, started.is_advanced)
    training.cancel(store, store.jobs.active()[0])
    off = {"views-and-built-in": False} if embedding == "plain" else {}
    noted = ProjectSettings(augmentation_methods=tuple((methods | off).items()))
    projects.update(store, dataclasses.replace(project, settings=noted))
    assert embedding == options(store, trainer.train_project(project.id, training_type="Advanced")).embedding


@pytest.mark.parametrize(("hours", "minutes"), [(0, 10), (2, 120), (24, 1440)])
def test_advanced_has_its_budget(store: Store, trainer: Trainer, fill: Fill, hours: int, minutes: float) -> None:
    """Its hours become minutes, none of them our own ten; the answer has the same hours."""
    project = fill(rose=5, tulip=5)
    started = trainer.train_project(project.id, training_type="Advanced", reserved_budget_in_hours=hours)
    assert dataclasses.replace(ADVANCED, budget_minutes=minutes) == options(store, started)
    again = trainer.get_iteration(project.id, started.id)
    assert ("Advanced", hours) == (again.training_type, again.reserved_budget_in_hours)


def test_a_budget_of_more_than_a_day(trainer: Trainer, fill: Fill) -> None:
    """It is refused, and nothing is trained."""
    project = fill(rose=5, tulip=5)
    train = trainer.train_project
    refused = refusal(lambda: train(project.id, training_type="Advanced", reserved_budget_in_hours=25))
    assert (400, "BadRequestInvalid") == refused
    assert [] == trainer.get_iterations(project.id)


def test_augmentation_of_the_project(store: Store, trainer: Trainer, fill: Fill) -> None:
    """Transforms of ours that the project's settings name are off or on; names of other programs are only kept."""
    project = fill(rose=5, tulip=5)
    methods = {"Mirror": False, "light": True, "colour": True, "jitter": False}
    processing = m.ImageProcessingSettings(augmentation_methods=methods)
    trainer.update_project(
        project.id,
        m.Project(
            name=project.name,
            description="",
            settings=m.ProjectSettings(target_export_platforms=[], image_processing_settings=processing),
        ),
    )
    started = trainer.train_project(project.id, training_type="Advanced")
    assert ("turn", "zoom", "shift", "light", "colour") == options(store, started).transforms


def test_a_tuned_base_model(store: Store, trainer: Trainer, fill: Fill, tuned: Iteration) -> None:
    """Training starts from an Advanced iteration, of another project too, and tells so while that is there."""
    project = fill(rose=5, tulip=5)
    started = trainer.train_project(project.id, training_type="Advanced", custom_base_model_info=base(tuned))
    assert tuned.id == options(store, started).start_from
    info = started.custom_base_model_info
    assert (tuned.project_id, tuned.id) == (info.project_id, info.iteration_id)
    trainer.delete_iteration(tuned.project_id, tuned.id)
    assert trainer.get_iteration(project.id, started.id).custom_base_model_info is None


def test_a_regular_base_model(store: Store, trainer: Trainer, fill: Fill, trained: Trained) -> None:
    """One that Quick made has the domain's own network: it is taken, and changes nothing."""
    project = fill(rose=5, tulip=5)
    first = trained(project)
    started = trainer.train_project(project.id, force_train=True, custom_base_model_info=base(first))
    assert QUICK == options(store, started)


def test_base_models_that_will_not_do(store: Store, trainer: Trainer, fill: Fill, tuned: Iteration) -> None:
    """One that is not there, not trained, or of another network is refused by its own code."""
    project = fill(rose=5, tulip=5)

    def train(base_model: m.CustomBaseModelInfo) -> tuple[int, str]:
        return refusal(lambda: trainer.train_project(project.id, custom_base_model_info=base_model))

    elsewhere = m.CustomBaseModelInfo(project_id=project.id, iteration_id=tuned.id)
    assert (404, "NotFoundIteration") == train(elsewhere)
    waiting = store.iterations.get(trainer.train_project(tuned.project_id, force_train=True).id)
    assert (400, "BadRequestCustomBaseModelIterationStatusNotCompleted") == train(base(waiting))
    projects.change(store, project, domain=domains.DEFAULT.name)
    assert (400, "BadRequestCustomBaseModelDomainNotCompatible") == train(base(tuned))
