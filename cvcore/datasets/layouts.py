"""Recognise the layout of labelled images from the paths of the images alone.

- Each folder at the top is a tag, for the images in it and below it; images beside the folders have no tag.
- Where folders are named after splits (`train`, `val`, `test`, in many languages), the folders in them are the tags,
  and the images of the test split are test images. Within tag folders such folders say the same.
- A single folder at the top is a wrapper, also if a few images lie beside the folders in it: the rules apply inside.

The paths are untrusted: they are shown and compared, and never used to open a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cvcore.annotations import Parts, shown, shown_path, splits
from cvcore.annotations.splits import Split
from cvcore.languages import t, tn

# Folders that say that there are images in them, and not which.
_CONTAINERS = """
    image images img imgs jpg jpeg jpegs png pngs jpegimages photo photos pic pics picture pictures data dataset all
    unlabeled unlabelled bilder fotos imagenes imágenes immagini imagens 图片 图像 圖片 画像 이미지 фото изображения
"""
CONTAINERS = frozenset(_CONTAINERS.split())
NAMED = 3


@dataclass(frozen=True)
class Place:
    """What the folders of an image say: its tag if there is one, and its split."""

    tag: str = ""
    split: Split | None = None


@dataclass(frozen=True)
class Layout:
    """What the folders say: the layout's name for people, each image's place, and sentences about what is unclear."""

    name: str
    places: tuple[Place, ...]
    notes: tuple[str, ...] = ()


def read(paths: Sequence[Parts]) -> Layout:
    """The layout of images by their paths.

    >>> read([("train", "cat", "1.jpg"), ("val", "cat", "2.jpg"), ("test", "cat", "3.jpg")]).places[2]
    Place(tag='cat', split='test')
    >>> read([("set", "cat", "1.jpg"), ("set", "dog", "2.jpg"), ("set", "preview.jpg")]).places[2]
    Place(tag='', split=None)
    """
    top = root(paths)
    inside = [path[len(top) :] if path[: len(top)] == top else path[-1:] for path in paths]
    if sides := _split_folders(inside):
        return _by_splits(paths, inside, sides)
    if beside := _beside_tags(inside):
        return _by_tags_and_split(paths, inside, *beside)
    strays = _strays(paths, inside)
    if within := _splits_within(inside):
        places = tuple(Place(_tag(path), splits.of(path[1]) if len(path) > 2 else None) for path in inside)
        about = _about_folders([(path[0], *path[2:]) for path in inside if len(path) > 2])
        return Layout(
            t("a folder for each tag, in each the splits {folders}", folders=_listed(within)), places, (*strays, *about)
        )
    folders = _within(inside).keys()
    if len(folders) == 1 and all(map(_is_container, folders)):
        (folder,) = folders
        note = t("The folder {folder} names no tag, so its images have none.", folder=shown(folder))
        return Layout(t("images without folders for tags"), (Place(),) * len(paths), (*strays, note))
    own = splits.first(reversed(top))
    notes = (*strays, *_about_folders(inside))
    if own == "test":
        told = t("All images are in a folder of test images: they are kept for testing and do not train.")
        notes = (*notes, told)
    places = tuple(Place(_tag(path), own) for path in inside)
    name = t("a folder for each tag") if any(map(_tag, inside)) else t("images without folders")
    return Layout(name, places, notes)


def root(paths: Sequence[Parts]) -> Parts:
    """The folder inside all wrappers: a folder that holds all others, with fewer images beside them than in them.

    >>> root([("flowers", "daisy", "1.jpg"), ("flowers", "rose", "close", "2.jpg")])
    ('flowers',)
    >>> root([("daisy", "1.jpg"), ("daisy", "close", "2.jpg")])
    ()
    """
    top: Parts = ()
    while True:
        below = [path[len(top) :] for path in paths if path[: len(top)] == top]
        folders = {path[0] for path in below if len(path) > 1}
        if len(folders) != 1:
            return top
        inner = [path[1:] for path in below if len(path) > 1]
        deeper = Counter(path[0] for path in inner if len(path) > 1)
        beside = len(below) - deeper.total()
        # What lies beside several folders is a preview or two, and not the images of a tag.
        if not deeper or (beside and len(deeper) == 1 and max(map(len, inner)) < 3):
            return top
        top = (*top, *folders)


def _tag(path: Parts) -> str:
    return path[0].strip() if len(path) > 1 else ""


def _within(inside: Sequence[Parts]) -> dict[str, set[str]]:
    """The folders at the top, with the folders in each."""
    within: dict[str, set[str]] = {}
    for path in inside:
        if len(path) > 1:
            within.setdefault(path[0], set()).update(path[1:-1][:1])
    return within


def _split_folders(inside: Sequence[Parts]) -> dict[str, Split]:
    """The folders at the top that are splits, with the split of each; empty if they are tags like the others."""
    within = _within(inside)
    sides = {folder: split for folder in sorted(within) if (split := splits.of(folder))}
    if len(set(sides.values())) > 1 and (_repeat(within, sides) or 2 * len(sides) >= len(within)):
        return sides
    # flowers_train and flowers_test: words beside that of the split, and the same folders in both.
    named = {folder: split for folder in sorted(within) if (split := splits.named_in(folder))}
    return named if len(named) == len(within) and len(set(named.values())) > 1 and _repeat(within, named) else {}


def _repeat(within: dict[str, set[str]], sides: Iterable[str]) -> bool:
    """Whether some folder is in all of the sides."""
    return bool(set.intersection(*(within[side] for side in sides)))


def _beside_tags(inside: Sequence[Parts]) -> tuple[str, Split] | None:
    """The only folder of a split among folders of tags, if it is no tag itself: a train may be one of the vehicles.

    It repeats the tags beside it, or is called test and has no folders: images to be predicted.
    """
    within = _within(inside)
    sides = [(folder, split) for folder in within if (split := splits.of(folder))]
    if len(sides) != 1:
        return None
    (folder, split), others = sides[0], within.keys() - {sides[0][0]}
    repeats = within[folder] and within[folder] <= others
    return sides[0] if repeats or (split == "test" and not within[folder] and len(others) > 1) else None


def _by_splits(paths: Sequence[Parts], inside: Sequence[Parts], sides: dict[str, Split]) -> Layout:
    tops = {side: _top_of(side, inside) for side in sides}
    tags = [_tag_below(path, tops) for path in inside]
    # Images of a test folder without any tags are there to be predicted, not to test with.
    labelled = {path[0] for path, tag in zip(inside, tags, strict=True) if tag}
    places: list[Place] = []
    untagged: dict[str, list[Parts]] = {}
    for entire, path, tag in zip(paths, inside, tags, strict=True):
        side, below = path[0], path[1:]
        places.append(Place(tag, sides[side] if side in labelled and below else None))
        if not tag and below:
            untagged.setdefault(side, []).append(entire)
    if untagged and not any(place.tag for place in places):
        name = t("images in splits {folders}, without folders for tags", folders=_listed(sides))
        return Layout(name, tuple(places))
    notes = [_untagged(side, images) for side, images in list(untagged.items())[:NAMED]]
    if len(untagged) > NAMED:
        notes.append(
            tn(
                len(untagged) - NAMED,
                "{n} more folder in no split: its images have no tag.",
                "{n} more folders in no split: their images have no tag.",
            )
        )
    notes += _only_for_testing(places)
    name = t("folders in splits {folders}", folders=_listed(sides))
    return Layout(name, tuple(places), (*notes, *_strays(paths, inside)))


def _untagged(side: str, images: Sequence[Parts]) -> str:
    return tn(
        len(images),
        "{n} image in {folder} in no folder of a tag, first {image}: no tag.",
        "{n} images in {folder} in no folder of a tag, first {image}: no tag.",
        folder=shown(side),
        image=shown_path(images[0]),
    )


def _top_of(side: str, inside: Sequence[Parts]) -> Parts:
    """The folder inside all wrappers of a split; train/train/1.jpg and test/images/1.jpg have no tag."""
    below = [path[1:] for path in inside if path[0] == side and len(path) > 1]
    top = root(below)
    folders = {path[len(top)] for path in below if len(path) > len(top) + 1}
    only = next(iter(folders)) if len(folders) == 1 else ""
    return (*top, only) if only and (_is_container(only) or splits.of(only)) else top


def _is_container(folder: str) -> bool:
    return folder.strip().casefold() in CONTAINERS


def _only_for_testing(places: Sequence[Place]) -> list[str]:
    trained = {place.tag for place in places if place.split != "test"}
    only = sorted({place.tag for place in places} - trained)
    return [t("The tag {tag} has images for testing only, and none to train.", tag=shown(tag)) for tag in only[:NAMED]]


def _by_tags_and_split(paths: Sequence[Parts], inside: Sequence[Parts], side: str, split: Split) -> Layout:
    places = []
    untagged = []
    for entire, path in zip(paths, inside, strict=True):
        is_in = path[0] == side and len(path) > 1
        tag = _tag(path[1:] if is_in else path)
        places.append(Place(tag, split if is_in and tag else None))
        untagged += [entire] if is_in and not tag else []
    notes = _strays(paths, inside)
    if untagged:
        notes = (_untagged(side, untagged), *notes)
    name = t("a folder for each tag, beside them the split {folder}", folder=shown(side))
    return Layout(name, tuple(places), notes)


def _tag_below(path: Parts, tops: dict[str, Parts]) -> str:
    """The tag of an image by its folder in a split, below the wrappers there; empty if it is in no split."""
    top = tops.get(path[0])
    if top is None or path[1 : 1 + len(top)] != top:
        return ""
    return _tag(path[1 + len(top) :])


def _splits_within(inside: Sequence[Parts]) -> dict[str, Split]:
    """The folders within tag folders, if all of these are splits, and not only one."""
    second = {path[1] for path in inside if len(path) > 2}
    found = {folder: split for folder in sorted(second) if (split := splits.of(folder))}
    return found if len(found) == len(second) and len(set(found.values())) > 1 else {}


def _strays(paths: Sequence[Parts], inside: Sequence[Parts]) -> tuple[str, ...]:
    """A note about images beside the folders, where there are folders."""
    stray = [path for path, below in zip(paths, inside, strict=True) if len(below) == 1]
    if not stray or len(stray) == len(paths):
        return ()
    told = tn(
        len(stray),
        "{n} image beside the folders, first {image}: no tag.",
        "{n} images beside the folders, first {image}: no tag.",
        image=shown_path(stray[0]),
    )
    return (told,)


def _about_folders(inside: Sequence[Parts]) -> list[str]:
    """Notes about folders whose names could mean something else than what is read: splits as tags, tags in tags."""
    folders = sorted(_within(inside))
    notes = [
        t(
            "The folder {folder} is read as a tag, not as a split, because there is no other split beside it.",
            folder=shown(folder),
        )
        for folder in folders
        if splits.of(folder)
    ]
    containers = [shown(folder) for folder in folders if _is_container(folder)]
    notes += [t("The folder {folder} is read as a tag.", folder=folder) for folder in containers]
    if deeper := next((path for path in inside if len(path) > 2), None):
        notes.append(
            t(
                "Folders inside the folders of tags, first {folder}, are no tags: their images get the outer folder's.",
                folder=shown_path(deeper[:2]),
            )
        )
    return notes


def _listed(folders: dict[str, Split]) -> str:
    order: tuple[Split, ...] = ("train", "valid", "test")
    return ", ".join(shown(folder) for folder in sorted(folders, key=lambda folder: order.index(folders[folder])))
