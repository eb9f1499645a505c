"""Trains the student: every step cuts fresh crops, asks all teachers about them, and moves the student towards them.

Photos, teachers and student stay on the device; no pixel crosses the bus during the training. A checkpoint is written
at least every two minutes with all that the run depends on, random numbers included: a run that was stopped goes on
from there and ends as if it had not been stopped.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvcore.distillation import course, crops, student, teachers
from cvcore.distillation.crops import Tensor
from cvcore.distillation.photos import Photos
from cvcore.distillation.teachers import Answer, Standards, Teacher
from cvcore.networks.builtin.network import CURRENT, Edition

BATCH = 512
DECAY = 0.02
GRADIENT_MOST = 2.0
BATCHES_MEASURED = 12
CHECKPOINT_S = 100
PRINT_STEPS = 100
CHECKPOINT = "student.pt"

# Photos that are not trained on; the loss on them is printed with each checkpoint.
HELD_BACK, HELD_SHARE = 1024, 0.1


@dataclass(eq=False)
class _Run:
    """What a checkpoint holds, and what the run was started with."""

    teachers: Sequence[Teacher]
    edition: Edition
    batch: int
    layers: Any
    averaged: Any
    optimiser: Any
    generator: Any
    standards: dict[str, Standards]
    step: int = 0


def train(
    photos: Photos,
    work: Path,
    asked: Sequence[Teacher],
    *,
    count: int,
    batch: int = BATCH,
    edition: Edition = CURRENT,
    device: str = "cpu",
    checkpoint_s: float = CHECKPOINT_S,
    watch: Callable[[int], None] = lambda step: None,
) -> Path:
    """Train a student on `count` crops in all, or go on with the one in `work`; the path of its last checkpoint.

    `watch` is called after every step with the number of steps done.

    Raises:
        SystemExit: the checkpoint in `work` is of another batch size, to which the course is bound.
    """
    import torch

    pool = torch.tensor(photos, device=device)
    held = min(HELD_BACK, int(HELD_SHARE * len(pool)))
    run, path = _begin(device, asked, edition, batch), work / CHECKPOINT
    if path.exists():
        _resume(run, path)
    else:
        _measure(run, pool[held:])
    steps, saved_at = -(-count // batch), time.monotonic()
    while run.step < steps:
        loss = _step(run, pool[held:], steps)
        if run.step % PRINT_STEPS == 0:
            print(f"{run.step / steps:.1%}, {run.step * batch:,} crops, loss {loss:.3f}", flush=True)
        if time.monotonic() - saved_at >= checkpoint_s or run.step == steps:
            _save(run, path)
            saved_at = time.monotonic()
            print(f"{run.step / steps:.1%}, loss {_held_loss(run, pool[:held]):.3f} on photos held back", flush=True)
        watch(run.step)
    return path


def _begin(device: str, asked: Sequence[Teacher], edition: Edition, batch: int) -> _Run:
    """A run at its beginning."""
    import torch

    torch.manual_seed(0)
    layers = student.build(edition, teachers.dimensions(asked)).to(device, memory_format=torch.channels_last)
    kernels = [parameter for parameter in layers.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in layers.parameters() if parameter.ndim <= 1]
    groups = [{"params": kernels, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    generator = torch.Generator(device).manual_seed(1)
    averaged = copy.deepcopy(layers).eval().requires_grad_(False)
    optimiser = torch.optim.AdamW(groups, course.RATE, betas=(0.9, 0.99))
    return _Run(asked, edition, batch, layers, averaged, optimiser, generator, {})


def _measure(run: _Run, pool: Tensor) -> None:
    """Measure how each teacher's answers spread."""
    for teacher in run.teachers:
        run.standards[teacher.name] = teachers.measure(_answers(run, teacher, pool))


def _answers(run: _Run, teacher: Teacher, pool: Tensor) -> Iterator[Answer]:
    for _ in range(BATCHES_MEASURED):
        yield teachers.ask(teacher, _drawn(run, pool))


def _drawn(run: _Run, pool: Tensor) -> Tensor:
    """Crops of randomly drawn photos."""
    import torch

    rows = torch.randint(len(pool), (run.batch,), device=pool.device, generator=run.generator)
    return crops.cut(pool[rows], teachers.SIDE, run.generator)


def _step(run: _Run, pool: Tensor, steps: int) -> Tensor:
    """Take one step; the loss stays on the device until somebody reads it."""
    import torch

    for group in run.optimiser.param_groups:
        group["lr"] = course.rate(run.step, steps)
    loss = _loss(run, run.layers, _drawn(run, pool))
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(run.layers.parameters(), GRADIENT_MOST)
    run.optimiser.step()
    _average(run.averaged, run.layers, course.averaged(run.step))
    run.step += 1
    return loss.detach()


def _loss(run: _Run, layers: Any, seen: Tensor) -> Tensor:
    """The sum of the losses for each teacher, by its weight."""
    import torch

    names = [teacher.name for teacher in run.teachers]
    given = {teacher.name: teachers.ask(teacher, seen) for teacher in run.teachers}
    pixels = student.view(seen, run.edition.side)
    with torch.autocast(seen.device.type, torch.bfloat16, enabled=seen.device.type == "cuda"):
        said = student.answers(layers, pixels, names, run.edition)
    return sum(
        each.weight * teachers.loss(said[each.name], given[each.name], run.standards[each.name], each.classifier)
        for each in run.teachers
    )


def _held_loss(run: _Run, held: Tensor) -> float:
    """The averaged student's loss on whole photos that it was not trained on; nan if there are none."""
    import torch
    from torch.nn import functional

    losses = []
    with torch.no_grad():
        for part in held.split(run.batch):
            whole = functional.interpolate(part.permute(0, 3, 1, 2).float(), (teachers.SIDE,) * 2, mode="bilinear")
            losses.append(float(_loss(run, run.averaged, whole)))
    return sum(losses) / len(losses) if losses else float("nan")


def _average(averaged: Any, layers: Any, share: float) -> None:
    """Move the running average of weights and normalisation towards what they are now."""
    import torch

    with torch.no_grad():
        for mean, new in zip(averaged.state_dict().values(), layers.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(new, 1 - share)


def _save(run: _Run, path: Path) -> None:
    """Write the checkpoint beside the last one, then replace it, so that there is always a whole one."""
    import torch

    state = {name: getattr(run, name).state_dict() for name in ("layers", "averaged", "optimiser")}
    state |= {"standards": {name: vars(each) for name, each in run.standards.items()}}
    state |= {"generator": run.generator.get_state(), "step": run.step, "batch": run.batch}
    new = path.with_suffix(".new")
    torch.save(state, new)
    new.replace(path)


def _resume(run: _Run, path: Path) -> None:
    """Go on from a checkpoint.

    Raises:
        SystemExit: it is of another batch size.
    """
    import torch

    state = torch.load(path, map_location=run.generator.device, weights_only=True)
    if state["batch"] != run.batch:
        raise SystemExit(f"--batch must be that of the run in {path.parent}, {state['batch']}, got {run.batch}")
    for name in ("layers", "averaged", "optimiser"):
        getattr(run, name).load_state_dict(state[name])
    run.standards.update({name: Standards(**each) for name, each in state["standards"].items()})
    run.generator.set_state(state["generator"].cpu())
    run.step = state["step"]
