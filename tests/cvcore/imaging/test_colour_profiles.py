"""Pixels are brought to sRGB by the profile in the file, and a bad profile is no reason to refuse an image."""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms

from cvcore import imaging
from cvcore.imaging import colour_profiles, repairs
from tests.cvcore.imaging.conftest import LIMITS, decoded, difference, drawn, encoded, png_chunk
from tests.cvcore.imaging.profiles import ADOBE_RGB, DISPLAY_P3, grey_profile, rgb_profile

P3 = rgb_profile("Display P3", DISPLAY_P3)

# Pure red of sRGB, as each wider space writes it.
RED = {"Display P3": (DISPLAY_P3, (234, 51, 35)), "Adobe RGB (1998)": (ADOBE_RGB, (219, 0, 0))}


@pytest.mark.parametrize("name", RED)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_wide_colours_become_srgb(file_format: str, name: str) -> None:
    """A phone's red is the red that networks know, in the pixels, the thumbnail and the preview."""
    primaries, written = RED[name]
    data = encoded(Image.new("RGB", (64, 64), written), file_format, icc_profile=rgb_profile(name, primaries))
    expected = Image.new("RGB", (64, 64), "red")

    assert difference(expected, imaging.upright(data)) < 6
    assert difference(expected.resize((8, 8)), Image.fromarray(imaging.pixels(data, 8))) < 6
    assert difference(expected, decoded(imaging.read(data, LIMITS).thumbnail)) < 8
    preview = decoded(imaging.rendition(data, 64))
    assert difference(expected, preview) < 8
    assert "icc_profile" not in preview.info


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_with_a_profile(mode: str) -> None:
    """Grey, transparent, palette and 16-bit images with a profile for colours are decoded, on white."""
    image = (
        Image.new("I;16", (16, 16), 40_000) if mode == "I;16" else Image.new("RGBA", (16, 16), "white").convert(mode)
    )
    shown = imaging.upright(encoded(image, "PNG", icc_profile=P3))

    assert ("RGB", (16, 16)) == (shown.mode, shown.size)
    assert difference(Image.new("RGB", (16, 16), (156,) * 3 if mode == "I;16" else "white"), shown) < 2


def test_srgb_stays_as_it_is() -> None:
    """An image that is sRGB already keeps every pixel."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    assert 0 == difference(drawn(), imaging.upright(encoded(drawn(), icc_profile=profile)))


def test_cmyk() -> None:
    """A print without a profile, or with one of other colours, is converted by Pillow's own rule."""
    plain = imaging.upright(encoded(drawn().convert("CMYK"), "JPEG", quality=95))
    wrong = imaging.upright(encoded(drawn().convert("CMYK"), "JPEG", quality=95, icc_profile=P3))

    assert difference(drawn(), plain) < 12
    assert difference(drawn(), wrong) < 12


@pytest.mark.parametrize(
    "profile",
    [b"?" * 200, P3[:100], P3[:200] + bytes(len(P3) - 200), P3 + bytes(colour_profiles.PROFILE_BYTES)],
    ids=["no profile", "cut short", "emptied", "too large"],
)
def test_a_bad_profile_is_ignored(profile: bytes) -> None:
    """The image is shown as if the profile were not there."""
    plain = imaging.upright(encoded(drawn(), "JPEG"))

    assert 0 == difference(plain, imaging.upright(encoded(drawn(), "JPEG", icc_profile=profile)))


def test_in_threads_alike() -> None:
    """Many images that are converted at the same time come out as one does alone."""
    data = encoded(drawn(), icc_profile=P3)
    alone = imaging.pixels(data, 32)
    with ThreadPoolExecutor(8) as pool:
        for each in pool.map(lambda _: imaging.pixels(data, 32), range(64)):
            assert np.array_equal(alone, each)


# A row of colours; the rows of the tests are those of Chromium 156, whose numbers differ from ours by 2 at most.
ROW = [(0, 0, 0), (32, 32, 32), (128, 128, 128), (200, 60, 40), (40, 200, 60), (60, 40, 200), (250, 240, 220)]
LINEAR = [(0, 0, 0), (99, 99, 99), (188, 188, 188), (229, 133, 110), (110, 229, 133), (133, 110, 229), (253, 248, 239)]
AS_P3 = [(0, 0, 0), (32, 32, 32), (128, 128, 128), (217, 42, 23), (0, 204, 12), (64, 39, 208), (252, 240, 218)]
GAMMA_22 = [(0, 0, 0), (26, 26, 26), (129, 129, 129), (201, 57, 35), (35, 201, 57), (57, 35, 201), (250, 240, 221)]
OF_SRGB = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
OF_ADOBE = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)


# Pixels of 16 bits: grey, colours, and grey that is half transparent.
GREY_16 = struct.pack(">8H", 0, 1, 256, 1000, 30000, 40000, 65000, 65535)
RGB_16 = struct.pack(">24H", *(257 * level for level in range(24)))
HALF_16 = struct.pack(">16H", *(value for level in range(8) for value in (7710 * level, 32768)))


def of_gamma(value: int) -> bytes:
    return png_chunk(b"gAMA", struct.pack(">I", value))


def of_chromaticities(values: tuple[int, ...]) -> bytes:
    return png_chunk(b"cHRM", struct.pack(">8I", *values))


def of_codes(primaries: int, transfer: int, *more: int) -> bytes:
    return png_chunk(b"cICP", bytes([primaries, transfer, *(more or (0, 1))]))


def with_profile(profile: bytes) -> bytes:
    return png_chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))


def colours(*chunks: bytes) -> bytes:
    """A PNG of the row of colours, with these chunks before its pixels."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", len(ROW), 8, 8, 2, 0, 0, 0))
    rows = png_chunk(b"IDAT", zlib.compress((b"\0" + bytes(level for colour in ROW for level in colour)) * 8))
    return repairs.PNG_SIGNATURE + header + b"".join(chunks) + rows + png_chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([of_gamma(100_000)], LINEAR),
        ([of_gamma(45_455)], ROW),
        ([of_gamma(45_455), of_chromaticities(OF_SRGB)], GAMMA_22),
        ([of_gamma(100_000), png_chunk(b"sRGB", b"\0")], ROW),
        ([of_chromaticities(OF_ADOBE)], ROW),
        ([of_codes(12, 13)], AS_P3),
        ([of_codes(12, 13), with_profile(rgb_profile("Adobe", ADOBE_RGB)), of_gamma(100_000)], AS_P3),
        ([with_profile(b"?" * 200), of_gamma(100_000)], LINEAR),
        ([of_codes(1, 8)], LINEAR),
        ([of_codes(1, 4)], GAMMA_22),
        ([of_gamma(50_000)], [*ROW[:1], (34,) * 3, (137,) * 3, (206, 67, 43), (43, 206, 67), (67, 43, 206)]),
        ([of_codes(9, 14)], [*ROW[:1], (20,) * 3, (121,) * 3, (244, 0, 0), (0, 208, 0), (13, 15, 207)]),
        ([of_codes(6, 13)], [*ROW[:3], (195, 66, 39), (63, 197, 58), (63, 49, 201), (249, 240, 220)]),
        ([of_codes(7, 7)], [*ROW[:1], (50,) * 3, (141,) * 3, (201, 82, 57), (76, 203, 76), (79, 65, 207)]),
        ([of_codes(11, 17)], [*ROW[:1], (15,) * 3, (118,) * 3, (213, 8, 0), (0, 204, 0), (45, 18, 209)]),
        ([of_codes(9, 16)], [*ROW[:1], (5,) * 3, (132,) * 3, (255, 0, 0), (0, 255, 0), (0, 0, 255)]),
        ([of_codes(9, 18)], [*ROW[:1], (14,) * 3, (99,) * 3]),
        *(([chunk], ROW) for chunk in (
            of_codes(2, 2), of_codes(12, 13, 0, 0), of_codes(12, 13, 1, 1), png_chunk(b"cICP", b"\x0c"),
            of_gamma(0), png_chunk(b"gAMA", b"?"), png_chunk(b"cICP", b""),
        )),
        ([of_gamma(45_455), of_chromaticities((0,) * 8)], ROW),
        ([of_gamma(45_455), of_chromaticities((31270, 32900, *(33_000,) * 6))], ROW),
        ([of_gamma(45_455), of_chromaticities((31270, 0, *OF_SRGB[2:]))], ROW),
    ],
)  # fmt: skip
def test_what_a_png_says_of_its_colours(chunks: list[bytes], expected: list[tuple[int, int, int]]) -> None:
    """Codes count before a profile, that before sRGB and gamma; the colours are those that a browser shows."""
    shown = np.asarray(imaging.upright(colours(*chunks)))[4, : len(expected)]
    assert np.abs(shown.astype(int) - np.array(expected)).max() <= 2
    assert np.array_equal(imaging.pixels(colours(*chunks), 8), imaging.pixels(colours(*chunks), 8))


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((1, 13), (200, 61, 40)), ((1, 1), (200, 61, 40)), ((12, 1), (217, 43, 23)), ((2, 2), (200, 61, 40))],
)
def test_what_an_avif_says_of_its_colours(codes: tuple[int, int], expected: tuple[int, int, int]) -> None:
    """Without a profile the codes of its colour box count."""
    plain = encoded(Image.new("RGB", (64, 64), (200, 60, 40)), "AVIF", quality=100, subsampling="4:4:4")
    data = plain.replace(b"colrnclx\0\1\0\r", b"colrnclx" + struct.pack(">HH", *codes))
    assert np.abs(np.asarray(imaging.upright(data))[32, 32].astype(int) - expected).max() <= 3


@pytest.mark.parametrize(
    ("depth", "kind", "pixels", "transparent", "expected"),
    [
        (16, 0, GREY_16, [1000], [0, 0, 1, 255, 117, 156, 253, 255]),
        (16, 0, bytes(16), [0], [255] * 8),
        (8, 0, bytes([0, 32, 128, 100, 200, 60, 250, 255]), [100], [0, 32, 128, 255, 200, 60, 250, 255]),
        (4, 0, bytes([0x01, 0x23, 0x45, 0xEF]), [3], [0, 17, 34, 255, 68, 85, 238, 255]),
        (2, 0, bytes([0b00011011] * 2), [2], [0, 85, 255, 255, 0, 85, 255, 255]),
        (1, 0, bytes([0b01010101]), [0], [255] * 8),
        (16, 2, RGB_16, [257 * level for level in (9, 10, 11)], [1, 4, 7, 255, 13, 16, 19, 22]),
        (16, 4, HALF_16, [], [127, 142, 157, 172, 188, 203, 218, 233]),
    ],
)  # fmt: skip
def test_transparent_colours_of_every_depth(
    depth: int, kind: int, pixels: bytes, transparent: list[int], expected: list[int]
) -> None:
    """What a PNG of 1 to 16 bits declares transparent becomes white, and nothing else does."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, depth, kind, 0, 0, 0))
    extra = png_chunk(b"tRNS", struct.pack(f">{len(transparent)}H", *transparent)) if transparent else b""
    rows = png_chunk(b"IDAT", zlib.compress((b"\0" + pixels) * 8))
    shown = imaging.upright(repairs.PNG_SIGNATURE + header + extra + rows + png_chunk(b"IEND", b""))
    green = np.asarray(shown)[4, :, 1].astype(int)
    assert np.abs(green - expected).max() <= 1


def test_a_grey_profile() -> None:
    """Grey of another gamma is brought to sRGB, where it is half transparent too; on colours the profile is ignored."""
    grey = grey_profile(1.0)
    plain = Image.new("L", (16, 16), 128)
    assert difference(Image.new("RGB", (16, 16), (188,) * 3), imaging.upright(encoded(plain, icc_profile=grey))) < 2
    half = Image.merge("LA", (plain, Image.new("L", (16, 16), 128)))
    assert difference(Image.new("RGB", (16, 16), (221,) * 3), imaging.upright(encoded(half, icc_profile=grey))) < 2
    assert difference(drawn(), imaging.upright(encoded(drawn(), icc_profile=grey))) == 0


def test_a_profile_by_what_it_does() -> None:
    """Linear light is converted though its profile is called sRGB; an sRGB by another name changes nothing."""
    primaries = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
    linear = encoded(
        Image.new("RGB", (16, 16), (128,) * 3), icc_profile=rgb_profile("Linear sRGB", primaries, gamma=1.0)
    )
    assert difference(Image.new("RGB", (16, 16), (188,) * 3), imaging.upright(linear)) < 2
    renamed = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"sRGB", b"mine")
    assert difference(drawn(), imaging.upright(encoded(drawn(), icc_profile=renamed))) == 0


def test_colours_are_converted_before_they_are_laid_on_white() -> None:
    """Half of a linear grey on white is brighter than the same grey of sRGB."""
    half = Image.new("RGBA", (16, 16), (128, 128, 128, 128))
    data = encoded(half)
    data = data[:33] + of_gamma(100_000) + data[33:]
    assert difference(Image.new("RGB", (16, 16), (221,) * 3), imaging.upright(data)) < 2
