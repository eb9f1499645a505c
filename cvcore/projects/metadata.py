"""Changes of images' metadata that can be undone, within the limits of Custom Vision's API.

Undoing restores what is still as the change left it, as in `changes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cvcore.annotations import metadata_columns
from cvcore.annotations.metadata_columns import KEY_LETTERS, KEYS, VALUE_LETTERS
from cvcore.errors import Conflict, InvalidInput
from cvcore.languages import t, tn
from cvcore.projects.undoing import Change, told
from cvcore.records import Project
from cvcore.store import Store


def put(store: Store, project: Project, image_ids: Sequence[str], key: str, value: str) -> Change:
    """Set a key of images to a value; both lose control characters and spaces around.

    Raises:
        InvalidInput: the key or the value is empty or too long.
        Conflict: an image would have too many keys; nothing is changed.
        NotFound: the project was deleted meanwhile.
    """
    key, value = metadata_columns.line(key), metadata_columns.text_of(value)
    if not 1 <= len(key) <= KEY_LETTERS:
        raise InvalidInput(
            t(
                "a key must have 1 to {most} letters, got {number}: choose another",
                most=KEY_LETTERS,
                number=len(key),
            )
        )
    if not 1 <= len(value) <= VALUE_LETTERS:
        if not value:
            raise InvalidInput(
                t("a value must have 1 to {most} letters, got 0: type one, or remove the key", most=VALUE_LETTERS)
            )
        raise InvalidInput(
            t("a value must have 1 to {most} letters, got {number}: shorten it", most=VALUE_LETTERS, number=len(value))
        )
    with store.transaction():
        present = _present(store, project, image_ids)
        before = store.metadata.of_images(present)
        full = sum(key not in known and len(known) >= KEYS for known in before.values())
        if full:
            raise Conflict(
                tn(
                    full,
                    "an image can have at most {most} keys, {n} image would have more: remove some",
                    "an image can have at most {most} keys, {n} images would have more: remove some",
                    most=KEYS,
                )
            )
        changed = [image_id for image_id in present if before.get(image_id, {}).get(key) != value]
        store.metadata.put(changed, {key: value})
        store.projects.touch(project.id)
    message = tn(
        len(changed),
        "{key} set to {value} on {n} image.",
        "{key} set to {value} on {n} images.",
        key=key,
        value=value,
    )
    return _change(store, project, changed, before, key, message)


def remove(store: Store, project: Project, image_ids: Sequence[str], key: str) -> Change:
    """Remove a key from images.

    Raises:
        NotFound: the project was deleted meanwhile.
    """
    with store.transaction():
        present = _present(store, project, image_ids)
        before = store.metadata.of_images(present)
        changed = [image_id for image_id in present if key in before.get(image_id, {})]
        store.metadata.remove(changed, key)
        store.projects.touch(project.id)
    message = tn(len(changed), "{key} removed from {n} image.", "{key} removed from {n} images.", key=key)
    return _change(store, project, changed, before, key, message)


def _change(
    store: Store,
    project: Project,
    changed: Sequence[str],
    before: Mapping[str, Mapping[str, str]],
    key: str,
    message: str,
) -> Change:
    left = {image_id: texts.get(key) for image_id, texts in _texts(store, changed).items()}

    def undo() -> str:
        with store.transaction():
            now = _texts(store, _present(store, project, changed))
            back = [image_id for image_id, texts in now.items() if texts.get(key) == left[image_id]]
            by_value: dict[str | None, list[str]] = {}
            for image_id in back:
                by_value.setdefault(before.get(image_id, {}).get(key), []).append(image_id)
            store.metadata.remove(by_value.pop(None, []), key)
            for value, image_ids in by_value.items():
                store.metadata.put(image_ids, {key: str(value)})
            store.projects.touch(project.id)
        restored = tn(len(back), "{key} restored on {n} image.", "{key} restored on {n} images.", key=key)
        return told(restored, len(changed) - len(back))

    return Change(message, undo)


def _texts(store: Store, image_ids: Sequence[str]) -> dict[str, Mapping[str, str]]:
    known = store.metadata.of_images(image_ids)
    return {image_id: known.get(image_id, {}) for image_id in image_ids}


def _present(store: Store, project: Project, image_ids: Sequence[str]) -> list[str]:
    """The ids of those images that are in the project's workspace."""
    store.projects.get(project.id)
    present = store.images.present(image_ids)
    return [
        image.id for image in store.images.with_ids(image_ids) if image.id in present and image.project_id == project.id
    ]
