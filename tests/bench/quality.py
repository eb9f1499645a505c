"""How often good images are called dark, pale, empty or blurred, and how often images that were made so are found.

    python tests/bench/quality.py FOLDER_OF_SETS [--photos PHOTOS.tar] [--images 300]

Of every set at most so many images are taken, at random. Each is measured as it is, and after it was darkened or
blurred by known amounts and saved as JPEG of quality 85. `drawn` are drawings, digits, icons, pages of text, photos of
a small thing before a blurred ground and dark photos with a lamp: none of them is bad. A set of which more than a
quarter is of one kind is told once, not image by image; the table says what the rules say without that.
"""

from __future__ import annotations

import argparse
import io
import random
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from cvcore import imaging
from cvcore.image_quality import rules
from cvcore.imaging import paintings
from cvcore.imaging.measures import measures

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
Change = Callable[[Image.Image], Image.Image]


def exposed(stops: float) -> Change:
    """The image with so many stops more light, in linear light with gamma 2.2."""
    table = [min(255, round(255 * (2**stops * (level / 255) ** 2.2) ** (1 / 2.2))) for level in range(256)]
    return lambda image: image.point(table * 3)


def paled(share: float) -> Change:
    """The image with so small a share of its darkness."""
    return lambda image: image.point([round(255 - (255 - level) * share) for level in range(256)] * 3)


def blurred(share: float) -> Change:
    """The image after a Gaussian blur whose sigma is so large a share of the shorter side."""
    return lambda image: image.filter(ImageFilter.GaussianBlur(share * min(image.size)))


CHANGES: dict[str, tuple[str, Change]] = {
    "4 stops too dark": (rules.DARK, exposed(-4)),
    "3 stops too dark": (rules.DARK, exposed(-3)),
    "contrast a quarter, light": (rules.PALE, paled(0.25)),
    "blur 0.5 % of the side": (rules.BLURRED, blurred(0.005)),
    "blur 1 %": (rules.BLURRED, blurred(0.01)),
    "blur 2 %": (rules.BLURRED, blurred(0.02)),
}
FALSE = (rules.DARK, rules.PALE, rules.EMPTY, rules.BLURRED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--images", type=int, default=300)
    arguments = parser.parse_args()
    print(f"| set | images | {' | '.join(f'called {kind}' for kind in FALSE)} | {' | '.join(CHANGES)} |")
    print(f"|{'---|' * (2 + len(FALSE) + len(CHANGES))}")
    show("drawn", drawn())
    if arguments.photos:
        show(arguments.photos.name, of_tar(arguments.photos, arguments.images))
    for folder in sorted(path for path in arguments.folder.iterdir() if path.is_dir()):
        show(folder.name, of_folder(folder, arguments.images))


def show(name: str, images: Iterable[Image.Image]) -> None:
    """Print a set's line: false alarms of its images, and how many of the changed ones are found; tiny ones not."""
    kept = [image for image in images if min(image.size) >= rules.TINY_BELOW_PX]
    as_they_are = found(kept)
    false = [f"{as_they_are[kind].mean():.1%}" for kind in FALSE]
    right = [f"{found([change(image) for image in kept])[kind].mean():.0%}" for kind, change in CHANGES.values()]
    print(f"| {name} | {len(kept)} | {' | '.join([*false, *right])} |", flush=True)


def found(images: list[Image.Image]) -> dict[str, np.ndarray]:
    """Which images are of which kind, after they were saved as JPEG and read as on upload."""
    numbers = []
    for image in images:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=85)
        small = imaging.upright(file.getvalue(), at_least_px=imaging.THUMBNAIL_PX)
        small.thumbnail((imaging.THUMBNAIL_PX, imaging.THUMBNAIL_PX))
        numbers.append(measures(small))
    return rules.kinds(np.stack(numbers), np.array([image.size for image in images]))


def of_tar(path: Path, images: int) -> Iterator[Image.Image]:
    """So many images of a tar file."""
    with tarfile.open(path) as tar:
        members = [member for member in tar.getmembers() if member.isfile()]
        for member in random.Random(1).sample(members, min(images, len(members))):
            file = tar.extractfile(member)
            assert file
            yield imaging.upright(file.read())


def of_folder(folder: Path, images: int) -> Iterator[Image.Image]:
    """So many images of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    for path in random.Random(1).sample(files, min(images, len(files))):
        yield imaging.upright(path.read_bytes())


def drawn() -> Iterator[Image.Image]:
    """Images that no one took as a photo, or that are dark or out of focus by intention."""
    yield from (imaging.upright(each.data) for each in paintings.paintings(per_school=20))
    for seed in range(20):
        draw = random.Random(seed)
        yield digit(draw, "black", "white", 96)
        yield digit(draw, "white", "black", 280)
        yield icon(draw)
        yield page(draw)
        yield macro(draw)
        yield lamp(draw)


def digit(draw: random.Random, ink: str, paper: str, side: int) -> Image.Image:
    """A written digit."""
    image = Image.new("RGB", (side, side), paper)
    points = [(draw.uniform(0.25, 0.75) * side, (0.2 + 0.15 * step) * side) for step in range(5)]
    ImageDraw.Draw(image).line(points, ink, max(3, side // 14), joint="curve")
    return image


def icon(draw: random.Random) -> Image.Image:
    """A flat shape on a flat ground."""
    colours = [tuple(draw.randrange(256) for _ in range(3)) for _ in range(2)]
    while sum(abs(one - other) for one, other in zip(*colours, strict=True)) < 150:
        colours = [tuple(draw.randrange(256) for _ in range(3)) for _ in range(2)]
    image = Image.new("RGB", (128, 128), colours[0])
    ImageDraw.Draw(image).regular_polygon((64, 64, draw.randint(20, 50)), draw.randint(3, 8), fill=colours[1])
    return image


def page(draw: random.Random) -> Image.Image:
    """A scanned page of text."""
    image = Image.new("RGB", (1200, 1600), "#f6f4ee")
    pen = ImageDraw.Draw(image)
    for line in range(draw.randint(10, 50)):
        words = " ".join("".join(draw.choices("abcdefghi", k=draw.randint(2, 9))) for _ in range(12))
        pen.text((120, 120 + 28 * line), words, "#222222", font_size=22)
    return image.filter(ImageFilter.GaussianBlur(0.8))


def macro(draw: random.Random) -> Image.Image:
    """A small thing in focus before a blurred ground."""
    ground = Image.effect_noise((900, 600), 120).convert("RGB").filter(ImageFilter.GaussianBlur(25))
    x, y, radius = draw.randint(300, 600), draw.randint(200, 400), draw.randint(40, 90)
    pen = ImageDraw.Draw(ground)
    pen.regular_polygon((x, y, radius), 9, fill="#d8452b")
    pen.circle((x, y), radius / 3, "#f4d35e")
    return ground.filter(ImageFilter.GaussianBlur(0.7))


def lamp(draw: random.Random) -> Image.Image:
    """A dark room with a lamp that lights a thing."""
    image = Image.new("RGB", (600, 400), "#0b0a0c")
    pen = ImageDraw.Draw(image)
    x = draw.randint(150, 450)
    pen.rectangle((x - 50, 200, x + 50, 330), fill="#4a2f1c")
    pen.circle((x, 150), draw.randint(25, 45), "#ffe9b0")
    return image


if __name__ == "__main__":
    main()
