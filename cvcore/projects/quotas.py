"""How much may be stored in a pupil's home folder, in all projects together."""

from __future__ import annotations

from collections.abc import Mapping

from cvcore.languages import number, t
from cvcore.settings import MEBIBYTE, Limits
from cvcore.store import Store


def refusal(store: Store, sizes: Mapping[str, int], limits: Limits) -> str:
    """Why contents, their sizes by SHA-256, do not fit into the home folder together; or an empty text."""
    if not _is_limited(limits):
        return ""
    new = [size for digest, size in sizes.items() if not store.images.is_known(digest)]
    if not new:
        return ""
    images, stored_bytes = store.images.usage()
    if limits.home_images and images + len(new) > limits.home_images:
        return t(
            "you may store {most} images, you have {images}: delete some, or ask the teacher for more",
            most=number(limits.home_images),
            images=number(images),
        )
    if limits.home_bytes and stored_bytes + sum(new) > limits.home_bytes:
        return t(
            "your images may take {megabytes} MB, with this one they take more: delete some, or ask the teacher",
            megabytes=number(limits.home_bytes // MEBIBYTE),
        )
    return ""


def is_trash_full(store: Store, limits: Limits) -> bool:
    """Whether the trash makes up for as much as may be stored: it is emptied then, so that nobody fills the disk."""
    if not _is_limited(limits):
        return False
    images, stored_bytes = store.images.usage(with_trash=True)
    most_images, most_bytes = limits.home_images or images + 1, limits.home_bytes or stored_bytes + 1
    return images >= 2 * most_images or stored_bytes >= 2 * most_bytes


def _is_limited(limits: Limits) -> bool:
    """Whether it matters how much there is: to count it takes the longer the more there is."""
    return bool(limits.home_images or limits.home_bytes)
