"""Pictures are judged by their bytes, shown upright, and stripped of what they tell about their maker."""

from __future__ import annotations

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFile, ImageOps

from cvcore.errors import ImageRefused
from cvcore.imaging import images
from cvcore.settings import Limits

LIMITS = Limits()
ORIENTATION, GPS = 0x0112, 0x8825

# The transposition that a camera held that way makes: the inverse of the one that brings it upright.
AS_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def drawn(width: int = 96, height: int = 64) -> Image.Image:
    """A picture unlike any turn or mirror image of itself."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2, height // 2), fill="red")
    draw.rectangle((width // 2, height // 2, width, height), fill="blue")
    draw.ellipse((0, height // 2, width // 4, height), fill="green")
    return image


def encoded(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    """The picture as a file of that format."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def decoded(data: bytes) -> Image.Image:
    """The picture in a file, by Pillow alone."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One piece of a PNG file, its length and checksum right."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *extra: bytes) -> bytes:
    """A PNG whose header promises that size and whose data hold 8 rows, with more chunks before them."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = png_chunk(b"IDAT", zlib.compress(bytes(8 * (8 + 1))))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + rows + png_chunk(b"IEND", b"")


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures of one size are apart, in levels of 255 a channel."""
    assert one.size == other.size
    return float(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).mean())


def refusal(data: bytes, limits: Limits = LIMITS) -> tuple[str, str]:
    """The reason and the sentence with which a file is refused."""
    with pytest.raises(ImageRefused) as caught:
        images.read(data, limits)
    return caught.value.reason, str(caught.value)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF"])
def test_reads_every_format(file_format: str) -> None:
    """Each accepted format is told from its bytes, with its size and a WebP thumbnail that looks like it."""
    picture = images.read(encoded(drawn(), file_format), LIMITS)

    assert (file_format, 96, 64) == (picture.format, picture.width, picture.height)
    thumbnail = decoded(picture.thumbnail)
    assert thumbnail.format == "WEBP"
    assert difference(drawn(), thumbnail.convert("RGB")) < 8


def test_reads_mpo() -> None:
    """A 3-D camera's file of two JPEGs is its first."""
    second = Image.new("RGB", (96, 64))

    picture = images.read(encoded(drawn(), "MPO", save_all=True, append_images=[second]), LIMITS)

    assert (picture.format, picture.width, picture.height) == ("MPO", 96, 64)
    assert difference(drawn(), decoded(picture.thumbnail)) < 8


@pytest.mark.parametrize(
    ("size", "expected"), [((1600, 1200), (320, 240)), ((600, 3000), (64, 320)), ((90, 60), (90, 60))]
)
def test_thumbnail_size(size: tuple[int, int], expected: tuple[int, int]) -> None:
    """A thumbnail's longer side is 320 pixels, and a smaller picture is not enlarged."""
    picture = images.read(encoded(drawn(*size), "JPEG"), LIMITS)

    assert size == (picture.width, picture.height)
    assert expected == decoded(picture.thumbnail).size


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int, file_format: str) -> None:
    """However the camera was held, the picture is stored, shown and given to the network upright."""
    stored = drawn().transpose(AS_STORED[orientation]) if orientation > 1 else drawn()
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = encoded(stored, file_format, exif=exif)

    picture = images.read(data, LIMITS)

    assert (picture.width, picture.height) == (96, 64)
    assert difference(drawn(), decoded(picture.thumbnail)) < 8
    assert difference(drawn(), images.upright(data)) < 8
    expected = images.pixels(encoded(drawn()), 16)
    assert difference(Image.fromarray(expected), Image.fromarray(images.pixels(data, 16))) < 8


def test_large_jpeg_turned_upright() -> None:
    """The faster, reduced decoding of a large JPEG keeps its size as told and its turn."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = encoded(drawn(2400, 1600).transpose(AS_STORED[6]), "JPEG", exif=exif)

    picture = images.read(data, LIMITS)

    assert (picture.width, picture.height) == (2400, 1600)
    assert difference(drawn(320, 213), decoded(picture.thumbnail)) < 4


def test_xmp_orientation() -> None:
    """A PNG whose orientation stands in its XMP alone is turned as well."""
    xmp = '<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    packet = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp.encode())
    plain = encoded(drawn().transpose(AS_STORED[6]))
    data = plain.replace(plain[-12:], packet + plain[-12:])

    assert difference(drawn(), images.upright(data)) == 0


@pytest.mark.parametrize("block", [b"II*\0\x08\0\0\0\xff\xff\x12\x01", b"no TIFF header at all", b"MM\0*"])
def test_broken_exif(block: bytes) -> None:
    """A broken EXIF block costs the orientation, not the picture, and warns nobody."""
    picture = images.read(encoded(drawn(), "JPEG", exif=b"Exif\0\0" + block), LIMITS)

    assert (picture.width, picture.height) == (96, 64)


@pytest.mark.parametrize(
    ("image", "options", "expected"),
    [
        (Image.new("1", (9, 9), 1), {}, (255, 255, 255)),
        (Image.new("L", (9, 9), 77), {}, (77, 77, 77)),
        (Image.new("L", (9, 9), 77), {"transparency": 77}, (255, 255, 255)),
        (Image.new("LA", (9, 9), (0, 128)), {}, (127, 127, 127)),
        (Image.new("RGB", (9, 9), (1, 2, 3)), {"transparency": (1, 2, 3)}, (255, 255, 255)),
        (Image.new("RGBA", (9, 9), (255, 0, 0, 128)), {}, (255, 127, 127)),
        (Image.new("P", (9, 9), 0), {"transparency": 0}, (255, 255, 255)),
        (Image.new("P", (9, 9), 0), {"transparency": b"\x80\xff"}, (127, 127, 127)),
    ],
    ids=["1-bit", "grey", "grey-key", "grey-alpha", "colour-key", "alpha", "palette-key", "palette-alphas"],
)
def test_modes_become_rgb(image: Image.Image, options: dict[str, Any], expected: tuple[int, int, int]) -> None:
    """Bilevel, grey and palette pictures become RGB, and what is see-through stands on white."""
    if image.mode == "P":
        image.putpalette([0, 0, 0, 255, 255, 255])

    shown = images.upright(encoded(image, **options))

    assert shown.mode == "RGB"
    assert pytest.approx(expected, abs=1) == shown.getpixel((4, 4))


def test_16_bit_grey_is_scaled() -> None:
    """16-bit grey keeps its tones: it is scaled to 8 bits, not clipped."""
    tones = np.array([[0, 300, 32768, 65535]] * 8, np.uint16).repeat(2, axis=1)

    shown = images.upright(encoded(Image.fromarray(tones)))

    assert np.asarray(shown)[0, ::2, 0].tolist() == [0, 1, 128, 255]


def test_cmyk() -> None:
    """A CMYK JPEG from a print shop keeps its colours."""
    shown = images.upright(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"))

    assert shown.getpixel((8, 8)) == pytest.approx((255, 0, 0), abs=8)


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_animation_is_its_first_frame(file_format: str) -> None:
    """Of an animation the first frame counts."""
    frames = [Image.new("RGB", (96, 64), colour) for colour in ("black", "white")]

    picture = images.read(encoded(drawn(), file_format, save_all=True, append_images=frames), LIMITS)

    assert difference(drawn(), decoded(picture.thumbnail).convert("RGB")) < 8


def test_reduced_decoding() -> None:
    """A JPEG may come smaller, as long as both its sides keep the pixels asked for."""
    data = encoded(drawn(1700, 900), "JPEG")

    assert images.upright(data, at_least_px=224).size == (425, 225)
    assert images.upright(data, at_least_px=901).size == (1700, 900)
    assert images.upright(data).size == (1700, 900)


def test_pixels_are_the_whole_picture() -> None:
    """The network sees the whole picture, squeezed: nothing is cut off."""
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (150, 0, 300, 100))

    square = images.pixels(encoded(image), 20)

    assert ((20, 20, 3), np.uint8) == (square.shape, square.dtype)
    assert square[10, [0, 19]].tolist() == [[255, 0, 0], [0, 0, 255]]


def test_pixels_are_a_few_calls_of_pillow() -> None:
    """A script with Pillow alone repeats the preprocessing to the last bit."""
    exif = Image.Exif()
    exif[ORIENTATION] = 8
    data = encoded(drawn(1700, 900), "JPEG", exif=exif)

    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (64, 64))
        square = ImageOps.exif_transpose(image).convert("RGB").resize((32, 32), Image.Resampling.BILINEAR)

    assert np.array_equal(np.asarray(square), images.pixels(data, 32))


def test_rendition_size() -> None:
    """A rendition is a WebP file no longer than asked for."""
    shown = decoded(images.rendition(encoded(drawn(900, 600), "JPEG"), 450))

    assert (shown.format, shown.size) == ("WEBP", (450, 300))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_metadata_is_not_passed_on(file_format: str) -> None:
    """Where a picture was taken shows in nothing that is served."""
    exif = Image.Exif()
    exif[GPS] = {1: "N", 2: (43.0, 28.0, 2.8)}
    data = encoded(drawn(), file_format, exif=exif, icc_profile=b"a profile", xmp=b"<xmp/>")

    for shown in (images.read(data, LIMITS).thumbnail, images.rendition(data, 64)):
        assert {"exif", "icc_profile", "xmp"}.isdisjoint(decoded(shown).info)
    assert images.upright(data).info == {}


def test_signature() -> None:
    """A smaller, re-encoded copy keeps nearly the same signature; another picture's is far away."""

    def signature(image: Image.Image, file_format: str) -> np.ndarray:
        return np.frombuffer(images.read(encoded(image, file_format), LIMITS).signature, np.uint8).astype(int)

    original = signature(drawn(640, 480), "PNG")
    copy = signature(drawn(640, 480).resize((200, 150)), "JPEG")
    other = signature(ImageOps.mirror(drawn(640, 480)), "PNG")

    assert len(original) == 192
    assert np.abs(original - copy).mean() < 2
    assert np.abs(original - other).mean() > 40


SAVE_AGAIN = "open it in a picture editor and save it again"
REFUSED = {
    "empty": (b"", "bytes", "an image must have at least 1 byte, this file is empty: choose another"),
    "heavy": (bytes(7_549_747), "bytes", "an image must be at most 6 MB, this one is 7.2 MB: save it smaller"),
    "a byte over": (
        bytes(6 * 2**20 + 1),
        "bytes",
        "an image must be at most 6 MB, this one is 6.1 MB: save it smaller",
    ),
    "a dot": (
        png(1, 1),
        "pixels",
        "an image must be at least 8 pixels wide and high, this one is 1 × 1: choose a larger one",
    ),
    "long": (
        png(10_241, 8),
        "pixels",
        "an image must be at most 10,240 pixels wide and high, this one is 10,241 × 8: save it smaller",
    ),
    "vast": (
        png(10_000, 9_500),
        "pixels",
        "an image must have at most 60 million pixels, this one is 10,000 × 9,500, 95 million: save it smaller",
    ),
    "bomb": (
        png(30_000, 30_000),
        "pixels",
        "an image must have at most 60 million pixels, this one has more than 178 million: save it smaller",
    ),
    "thin": (
        png(260, 10),
        "aspect",
        "an image's longer side must be at most 25 times its shorter, this one is 260 × 10, 26 times: crop it",
    ),
    "torn": (
        png(8, 8)[:-26],
        "damaged",
        f"an image must be readable to its end, this PNG is damaged or of a rare kind: {SAVE_AGAIN}",
    ),
    "full of profiles": (
        png(8, 8, *[png_chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(2**20)))] * 65),
        "damaged",
        f"a PNG may hold at most 64 colour profiles and packed texts, this one holds more: {SAVE_AGAIN}",
    ),
    "prose": (
        b"neither fish nor fowl",
        "format",
        "an image must be JPEG, PNG, GIF, BMP, WebP or AVIF, this one is none of them: save it as JPEG or PNG",
    ),
}


@pytest.mark.parametrize(("data", "reason", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals(data: bytes, reason: str, message: str) -> None:
    """A refusal names its reason and says the rule, the value and what to do."""
    assert (reason, message) == refusal(data)


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"\0\0\0\x24ftypheic\0\0\0\0mif1", "HEIC"),
        (b"\0\0\0\x24ftypmif1\0\0\0\0heic", "HEIC"),
        (b"\0\0\0\x20ftypisom\0\0\0\0mp42", "video"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"8BPS", "Photoshop"),
        (b"\0\0\1\0", "ICO"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\3\4", "zip"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">', "SVG"),
        (b"<svg>", "SVG"),
    ],
)
def test_other_kinds_are_named(beginning: bytes, kind: str) -> None:
    """What is not read here is called by its name, so that its owner knows what to save anew."""
    reason, message = refusal(beginning + bytes(100))

    assert reason == "format"
    assert f"this one is {kind}: save it as JPEG or PNG" in message


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF"])
def test_cut_short(file_format: str) -> None:
    """A file that lost its second half on the way is refused, never shown half grey."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    data = encoded(Image.fromarray(noise), file_format)
    half = data[: len(data) // 2]

    assert refusal(half)[0] == "damaged"
    for show in (images.upright, lambda cut: images.pixels(cut, 8), lambda cut: images.rendition(cut, 8)):
        with pytest.raises(ImageRefused):
            show(half)


@pytest.mark.parametrize("late", [b"zTXt", b"iTXt"])
def test_text_bomb(late: bytes) -> None:
    """Text that unpacks to more than it should is refused, before and after the pixels."""
    flags = {b"zTXt": b"k\0\0", b"iTXt": b"k\0\1\0\0\0"}[late]
    bomb = png_chunk(late, flags + zlib.compress(bytes(50_000_000)))
    plain = png(8, 8)

    assert refusal(png(8, 8, bomb))[0] == "damaged"
    assert refusal(plain[:-12] + bomb + plain[-12:])[0] == "damaged"


def test_limits_are_inclusive() -> None:
    """What stands exactly at a limit is accepted."""
    data = encoded(Image.new("RGB", (200, 8)))
    limits = Limits(image_bytes=len(data), side_min_px=8, side_max_px=200, pixels=1600, aspect=25)

    assert (images.read(data, limits).width, images.read(data, limits).height) == (200, 8)


def test_reads_in_threads() -> None:
    """Many may read at once, and nothing of Pillow's is set for others."""
    data = encoded(drawn(400, 300), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01")
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)

    with ThreadPoolExecutor(8) as threads:
        pictures = list(threads.map(lambda _: images.read(data, LIMITS), range(40)))

    assert len(set(pictures)) == 1
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


def test_the_place_is_taken_out_of_a_file_that_tells_it() -> None:
    """A file with GPS comes back upright and without it; any other comes back as it is."""
    picture = Image.new("RGB", (40, 20), "red")
    plain, placed = io.BytesIO(), io.BytesIO()
    picture.save(plain, "JPEG")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 0.0)
    picture.save(placed, "JPEG", exif=exif)
    assert images.without_place(plain.getvalue()) == plain.getvalue()
    with Image.open(io.BytesIO(images.without_place(placed.getvalue()))) as shown:
        assert (shown.size, dict(shown.getexif())) == ((20, 40), {})
