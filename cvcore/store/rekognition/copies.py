"""Copies a trained iteration into a project: its rows and those of its images, which are not in the workspace there."""

from __future__ import annotations

from collections.abc import Sequence

from cvcore.store.database import Connections, Row, new_id, now

_COPIED = (
    "status, classification_type, domain_id, snapshot, backbone, fingerprint, note, evaluation, scores, seconds, "
    "error, trained_at"
)


def copy_iteration(connections: Connections, iteration_id: str, project_id: str) -> str:
    """Copy an iteration into a project, which may be its own; returns the copy's id.

    An image that the project has already is not copied. The copy's files are still to be written.
    """
    copy_id = new_id()
    with connections.transaction():
        image_ids = _copy_images(connections, iteration_id, project_id)
        number = 1 + connections.value(
            "select coalesce(max(number), 0) from iterations where project_id = ?", [project_id]
        )
        # The copy's id as its name, which is free, until it gets another.
        connections.write(
            f"""insert into iterations (id, project_id, number, name, created_at, {_COPIED})
                select ?, ?, ?, ?, ?, {_COPIED} from iterations where id = ?""",
            [copy_id, project_id, number, copy_id, now(), iteration_id],
        )
        _copy_snapshot(connections, iteration_id, copy_id, image_ids)
        for table, columns in (
            ("iteration_test_images", "position"),
            ("thresholds", "chosen"),
            ("trainings", "options, outcome, wrap_up"),
            ("tuning_rounds", "position, told"),
        ):
            connections.write(
                f"""insert into {table} (iteration_id, {columns})
                    select ?, {columns} from {table} where iteration_id = ?""",
                [copy_id, iteration_id],
            )
    return copy_id


def _copy_images(connections: Connections, iteration_id: str, project_id: str) -> list[str]:
    """The ids of the iteration's images in the project, in their order; those that it does not have are added."""
    held = connections.rows(
        """select images.*, exists (select 1 from erased_images where image_id = images.id) as is_erased
           from iteration_images join images on images.id = image_id where iteration_id = ? order by position""",
        [iteration_id],
    )
    rows = connections.rows("select sha256, id from images where project_id = ?", [project_id])
    known: dict[str, str] = {row["sha256"]: row["id"] for row in rows}
    for row in held:
        if row["sha256"] not in known:
            known[row["sha256"]] = _add_image(connections, row, project_id)
    return [known[row["sha256"]] for row in held]


def _add_image(connections: Connections, row: Row, project_id: str) -> str:
    original_id, image_id = row["id"], new_id()
    is_erased = row.pop("is_erased")
    connections.insert("images", {**row, "id": image_id, "project_id": project_id, "in_workspace": 0})
    if is_erased:
        connections.insert("erased_images", {"image_id": image_id})
    connections.write(
        """insert or ignore into rekognition_sources (project_id, source, image_id, line)
           select ?, source, ?, line from rekognition_sources where image_id = ?""",
        [project_id, image_id, original_id],
    )
    return image_id


def _copy_snapshot(connections: Connections, iteration_id: str, copy_id: str, image_ids: Sequence[str]) -> None:
    project_id = connections.value("select project_id from iterations where id = ?", [copy_id])
    tags = connections.rows(
        """select position, name, kind,
               (select id from tags where project_id = ? and tags.name = iteration_tags.name) as known
           from iteration_tags where iteration_id = ? order by position""",
        [project_id, iteration_id],
    )
    for tag in tags:
        tag_id = tag.pop("known") or new_id()
        connections.insert("iteration_tags", {"iteration_id": copy_id, "tag_id": tag_id, **tag})
    held = connections.rows(
        "select position, tag_positions from iteration_images where iteration_id = ? order by position", [iteration_id]
    )
    connections.connection.executemany(
        "insert into iteration_images values (?, ?, ?, ?)",
        [
            (copy_id, row["position"], image_id, row["tag_positions"])
            for row, image_id in zip(held, image_ids, strict=True)
        ],
    )
