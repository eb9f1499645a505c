"""Images are decoded upright, to the last bit alike, and without what their metadata tell about their maker."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps

from cvcore import imaging
from tests.cvcore.imaging.conftest import LIMITS, decoded, difference, drawn, encoded, png_chunk

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


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF"])
def test_reads_every_format(file_format: str) -> None:
    """Each accepted format is recognised by its bytes, with its size and a WebP thumbnail that looks like it."""
    info = imaging.read(encoded(drawn(400, 300), file_format), LIMITS)

    assert (file_format, 400, 300) == (info.format, info.width, info.height)
    thumbnail = decoded(info.thumbnail)
    assert thumbnail.format == "WEBP"
    assert difference(drawn(320, 240), thumbnail.convert("RGB")) < 8


def test_reads_mpo() -> None:
    """A 3-D camera's file of two JPEGs is its first."""
    second = Image.new("RGB", (96, 64))

    info = imaging.read(encoded(drawn(), "MPO", save_all=True, append_images=[second]), LIMITS)

    assert (info.format, info.width, info.height) == ("MPO", 96, 64)
    assert difference(drawn(), decoded(info.thumbnail)) < 8


@pytest.mark.parametrize(
    ("size", "expected"), [((1600, 1200), (320, 240)), ((600, 3000), (64, 320)), ((90, 60), (90, 60))]
)
def test_thumbnail_size(size: tuple[int, int], expected: tuple[int, int]) -> None:
    """A thumbnail's longer side is 320 pixels, and a smaller image is not enlarged."""
    info = imaging.read(encoded(drawn(*size), "JPEG"), LIMITS)

    assert size == (info.width, info.height)
    assert expected == decoded(info.thumbnail).size


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int, file_format: str) -> None:
    """However the camera was held, the image is stored, shown and given to the network upright."""
    stored = drawn().transpose(AS_STORED[orientation]) if orientation > 1 else drawn()
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = encoded(stored, file_format, exif=exif)

    info = imaging.read(data, LIMITS)

    assert (info.width, info.height) == (96, 64)
    assert difference(drawn(), decoded(info.thumbnail)) < 8
    assert difference(drawn(), imaging.upright(data)) < 8
    expected = imaging.pixels(encoded(drawn()), 16)
    assert difference(Image.fromarray(expected), Image.fromarray(imaging.pixels(data, 16))) < 8


def test_large_jpeg_turned_upright() -> None:
    """The faster, reduced decoding of a large JPEG keeps its original size and its orientation."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = encoded(drawn(2400, 1600).transpose(AS_STORED[6]), "JPEG", exif=exif)

    info = imaging.read(data, LIMITS)

    assert (info.width, info.height) == (2400, 1600)
    assert difference(drawn(320, 213), decoded(info.thumbnail)) < 4


def test_xmp_orientation() -> None:
    """An orientation that stands in XMP alone turns no image, as in browsers."""
    xmp = '<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    packet = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp.encode())
    plain = encoded(drawn())
    data = plain.replace(plain[-12:], packet + plain[-12:])

    for each in (data, encoded(drawn(), xmp=xmp.encode(), file_format="WEBP", lossless=True)):
        assert difference(drawn(), imaging.upright(each)) == 0
        assert (96, 64) == (imaging.read(each, LIMITS).width, imaging.read(each, LIMITS).height)


@pytest.mark.parametrize("block", [b"II*\0\x08\0\0\0\xff\xff\x12\x01", b"no TIFF header at all", b"MM\0*"])
def test_broken_exif(block: bytes) -> None:
    """A broken EXIF block costs the orientation, not the image, and warns nobody."""
    info = imaging.read(encoded(drawn(), "JPEG", exif=b"Exif\0\0" + block), LIMITS)

    assert (info.width, info.height) == (96, 64)


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
    """Bilevel, grey and palette images become RGB, and transparent parts become white."""
    if image.mode == "P":
        image.putpalette([0, 0, 0, 255, 255, 255])

    shown = imaging.upright(encoded(image, **options))

    assert shown.mode == "RGB"
    assert pytest.approx(expected, abs=1) == shown.getpixel((4, 4))


def test_16_bit_grey_is_scaled() -> None:
    """16-bit grey keeps its tones: it is scaled to 8 bits, not clipped."""
    tones = np.array([[0, 300, 32768, 65535]] * 8, np.uint16).repeat(2, axis=1)

    shown = imaging.upright(encoded(Image.fromarray(tones)))

    assert np.asarray(shown)[0, ::2, 0].tolist() == [0, 1, 128, 255]


def test_cmyk() -> None:
    """A CMYK JPEG from a print shop keeps its colours."""
    shown = imaging.upright(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"))

    assert shown.getpixel((8, 8)) == pytest.approx((255, 0, 0), abs=8)


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_animation_is_its_first_frame(file_format: str) -> None:
    """Of an animation the first frame counts."""
    frames = [Image.new("RGB", (96, 64), colour) for colour in ("black", "white")]

    info = imaging.read(encoded(drawn(), file_format, save_all=True, append_images=frames), LIMITS)

    assert difference(drawn(), decoded(info.thumbnail).convert("RGB")) < 8


def test_reduced_decoding() -> None:
    """A JPEG may come smaller, as long as both its sides keep the pixels asked for."""
    data = encoded(drawn(1700, 900), "JPEG")

    assert imaging.upright(data, at_least_px=224).size == (425, 225)
    assert imaging.upright(data, at_least_px=901).size == (1700, 900)
    assert imaging.upright(data).size == (1700, 900)


def test_pixels_are_the_entire_image() -> None:
    """The network sees the entire image, squeezed: nothing is cut off."""
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (150, 0, 300, 100))

    square = imaging.pixels(encoded(image), 20)

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

    assert np.array_equal(np.asarray(square), imaging.pixels(data, 32))


def test_rendition_size() -> None:
    """A rendition is a WebP file no longer than asked for."""
    shown = decoded(imaging.rendition(encoded(drawn(900, 600), "JPEG"), 450))

    assert (shown.format, shown.size) == ("WEBP", (450, 300))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_metadata_is_not_passed_on(file_format: str) -> None:
    """Where a image was taken shows in nothing that is served."""
    exif = Image.Exif()
    exif[GPS] = {1: "N", 2: (43.0, 28.0, 2.8)}
    data = encoded(drawn(), file_format, exif=exif, icc_profile=b"a profile", xmp=b"<xmp/>")

    for shown in (imaging.read(data, LIMITS).thumbnail, imaging.rendition(data, 64)):
        assert {"exif", "icc_profile", "xmp"}.isdisjoint(decoded(shown).info)
    assert imaging.upright(data).info == {}


@pytest.mark.parametrize(
    "data",
    [
        encoded(drawn(), "JPEG"),
        encoded(drawn(), "JPEG", progressive=True),
        encoded(drawn().convert("L"), "JPEG"),
        encoded(drawn()),
        encoded(drawn().quantize(8)),
        encoded(drawn().convert("1")),
    ],
)
def test_a_small_plain_file_is_its_own_thumbnail(data: bytes) -> None:
    """A file of nothing but pixels need not be encoded again to be shown small."""
    assert imaging.read(data, LIMITS).thumbnail is data


JPEG, PNG = encoded(drawn(), "JPEG"), encoded(drawn())
TURNED = Image.Exif()
TURNED[ORIENTATION] = 6
NOTE = b"\xff\xfe\x00\x08secret"
TEXT = png_chunk(b"tEXt", b"Comment\0secret")


@pytest.mark.parametrize(
    "data",
    [
        encoded(drawn(), "JPEG", exif=TURNED),
        encoded(drawn(), "JPEG", icc_profile=b"a profile"),
        encoded(drawn(), "JPEG", comment=b"secret"),
        encoded(drawn(), "JPEG", xmp=b"<xmp/>"),
        encoded(drawn().convert("CMYK"), "JPEG"),
        encoded(drawn(), "MPO", save_all=True, append_images=[drawn()]),
        JPEG[:-2] + NOTE + JPEG[-2:],
        JPEG + b"secret",
        JPEG + JPEG,
        JPEG[:-2],
        encoded(drawn(400, 300), "JPEG"),
        encoded(Image.effect_noise((300, 300), 90), "JPEG"),
        encoded(drawn(), exif=TURNED),
        encoded(drawn(), icc_profile=b"a profile"),
        encoded(drawn().convert("RGBA")),
        encoded(drawn().convert("LA")),
        encoded(drawn().quantize(8), transparency=0),
        encoded(Image.new("I;16", (96, 64), 999)),
        PNG[:-12] + TEXT + PNG[-12:],
        PNG + b"secret",
        encoded(drawn(), "WEBP"),
        encoded(drawn().quantize(8), "GIF"),
        encoded(drawn(), "BMP"),
    ],
)
def test_whatever_else_a_file_holds_is_not_shown(data: bytes) -> None:
    """Metadata, profiles, transparency, rare modes, bytes at the end, and size: a WebP without them is made."""
    thumbnail = imaging.read(data, LIMITS).thumbnail
    assert thumbnail.startswith(b"RIFF")
    assert thumbnail != data
    assert b"secret" not in thumbnail


def test_signature() -> None:
    """A smaller, re-encoded copy keeps nearly the same signature; another image's is far away."""

    def signature(image: Image.Image, file_format: str) -> np.ndarray:
        return np.frombuffer(imaging.read(encoded(image, file_format), LIMITS).signature, np.uint8).astype(int)

    original = signature(drawn(640, 480), "PNG")
    copy = signature(drawn(640, 480).resize((200, 150)), "JPEG")
    other = signature(ImageOps.mirror(drawn(640, 480)), "PNG")

    assert len(original) == 192
    assert np.abs(original - copy).mean() < 2
    assert np.abs(original - other).mean() > 40


def test_reads_in_threads() -> None:
    """Many may read at once, and nothing of Pillow's is set for others."""
    data = encoded(drawn(400, 300), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01")
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)

    with ThreadPoolExecutor(8) as threads:
        infos = list(threads.map(lambda _: imaging.read(data, LIMITS), range(40)))

    assert len(set(infos)) == 1
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


def test_the_location_is_removed_from_a_file() -> None:
    """A file with GPS comes back upright and without it; any other comes back as it is."""
    image = Image.new("RGB", (40, 20), "red")
    plain, placed = io.BytesIO(), io.BytesIO()
    image.save(plain, "JPEG")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 0.0)
    image.save(placed, "JPEG", exif=exif)
    assert imaging.without_location(plain.getvalue()) == plain.getvalue()
    with Image.open(io.BytesIO(imaging.without_location(placed.getvalue()))) as shown:
        assert (shown.size, dict(shown.getexif())) == ((20, 40), {})
