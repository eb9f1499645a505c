"""How far a project has come: the four steps from images to a tested model, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cvcore.records import Iteration, Job, Project
from cvcore.store import Store
from cvcore.store.caches import kept_with_store
from cvcore.training import lifecycle
from cvcore.training.readiness import IMAGES_TO_TRAIN

Step = Literal["images", "train", "performance", "quick_test", "publish"]
STEPS: tuple[Step, ...] = ("images", "train", "performance", "quick_test")


@dataclass(frozen=True)
class Progress:
    """How far a project has come.

    `tags` is how many tags have images, `missing` how many images each tag still lacks, by its name. `job` is the last
    training. `iteration` is the newest that is trained, of `iterations`; `is_changed` says whether what it was
    trained on changed after that.
    """

    images: int
    tags: int
    missing: dict[str, int]
    job: Job | None
    iteration: Iteration | None
    iterations: int
    is_changed: bool
    is_published: bool

    @property
    def is_trainable(self) -> bool:
        """Whether nothing prevents a training."""
        return self.tags >= 2 and not self.missing

    @property
    def is_training(self) -> bool:
        """Whether a training waits or runs."""
        return self.job is not None and self.job.is_active

    @property
    def done(self) -> set[Step]:
        """The steps that are done; a change of the images undoes the training."""
        done: set[Step] = {"images"} if self.is_trainable else set()
        if self.iteration:
            done |= {"performance"} if self.is_changed else {"train", "performance"}
        return done

    def next_step(self, at: Step | None = None) -> Step | None:
        """The step to take next by somebody who is at one; None if there is none.

        >>> Progress(0, 0, {}, None, None, 0, False, False).next_step()
        'images'
        """
        if not self.is_trainable:
            return "images"
        if self.iteration is None or self.is_changed:
            return "train"
        if at in ("images", "train", None):
            return "performance"
        if at == "performance":
            return "quick_test"
        return None if self.is_published or at == "publish" else "publish"


def progress(store: Store, project: Project) -> Progress:
    """How far a project has come, by a few indexed queries; once after each change by a look at all of its images."""
    counts = store.tags.training_counts(project.id)
    trained = store.iterations.newest_trained(project.id)
    return Progress(
        images=store.images.count(project.id),
        tags=len(counts),
        missing={name: IMAGES_TO_TRAIN - number for name, number in counts.items() if number < IMAGES_TO_TRAIN},
        job=store.jobs.latest(project.id, "train"),
        iteration=trained,
        iterations=store.iterations.count_trained(project.id),
        is_changed=trained is not None
        and project.modified_at > trained.created_at
        and _is_changed(store, project, trained.id),
        is_published=bool(store.publications.of_project(project.id)),
    )


# Every change of a project is in its time of change, so one answer holds until the next.
@kept_with_store(64)
def _is_changed(store: Store, project: Project, iteration_id: str) -> bool:
    return lifecycle.is_changed(store, project, store.iterations.get(iteration_id))
