"""Brings pixels to sRGB: the colours that networks are trained on, and that screens assume where nothing else is said.

Phones store Display P3, cameras Adobe RGB, printers CMYK: read as sRGB, their colours would be pale or wrong. The file
says which it is: by an ICC profile, or by numbers, from which `matrix_profile` makes one. Every exported predict.py
holds a copy of this module.
"""

from __future__ import annotations

import functools
import io
import re

import numpy as np
from PIL import Image, ImageCms

from cvcore.imaging.repairs import small_png_chunks

# The largest profiles of printers have about 3 MB.
PROFILE_BYTES = 4 * 2**20

# So many levels may a profile move a colour and still be sRGB: profiles of sRGB itself differ by one or two.
SRGB_LEVELS = 2

# White, red, green and blue by their chromaticities x, y: those of sRGB, and those of other codes of ITU-T H.273.
_D65 = (0.3127, 0.329)
SRGB = (*_D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_PRIMARIES = {
    1: SRGB,
    4: (0.31, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),
    6: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    7: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    8: (0.31, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    10: (1 / 3, 1 / 3, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    22: (*_D65, 0.63, 0.34, 0.295, 0.605, 0.155, 0.077),
}

# Video's codes for one curve, whose displays have gamma 2.4 (ITU-R BT.1886), and the codes of other gammas.
_GAMMAS = {1: 2.4, 6: 2.4, 14: 2.4, 15: 2.4, 4: 2.2, 5: 2.8, 8: 1.0}

# How bright white is on a screen without HDR, in cd/m²: twice the reference white of ITU-R BT.2408, as in Chromium.
_HDR_WHITE = 406.0

# A PNG's gamma within 5 % of that of sRGB means sRGB, as in libpng.
_SRGB_GAMMA, _GAMMA_TOLERANCE = 1 / 2.2, 0.05

# The modes in which an image can have the colours of a profile's colour space.
_MODES = {"GRAY": ("1", "L", "LA"), "CMYK": ("CMYK",), "RGB": ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX")}


def srgb(image: Image.Image, data: bytes) -> Image.Image:
    """The decoded image of a file as RGB on white, its colours converted to sRGB; the image may be changed.

    A profile that is damaged, too large or of other colours than the image is ignored: the colours stay as they are.
    16-bit grey is scaled to 8 bits.
    """
    image = _eight_bits(image, data)
    profile = source_profile(image, data)
    transparent = image.convert("RGBA") if image.has_transparency_data else None
    if profile and _space(profile) == "GRAY":
        colours = image.convert("L")
    else:
        colours = image if image.mode == "CMYK" else transparent or image.convert("RGB")
    shown = _converted(colours, profile) if profile else colours
    if transparent is None:
        return shown.convert("RGB")
    if shown.mode != "RGBA":
        shown = shown.convert("RGB")
        shown.putalpha(transparent.getchannel("A"))
    background = Image.new("RGB", image.size, "white")
    background.paste(shown, mask=shown)
    return background


def converts(image: Image.Image, data: bytes) -> bool:
    """Whether `srgb` changes the colours of an opened file; it need not be decoded."""
    profile = source_profile(image, data)
    try:
        return profile is not None and not (_space(profile) == "RGB" and _is_srgb(profile))
    except (ImageCms.PyCMSError, ValueError):
        return False


def source_profile(image: Image.Image, data: bytes) -> bytes | None:
    """The ICC profile of the image's colours; None if they are sRGB, or nothing usable says what they are.

    The order is that of https://www.w3.org/TR/png-3/#color-chunk-precendence, and of browsers.
    """
    chunks = small_png_chunks(data, (b"cICP", b"sRGB", b"gAMA", b"cHRM"))
    is_video = re.match(rb".{4}ftyp", data, re.DOTALL)
    found = _of_codes(chunks.get(b"cICP", b"")) or _usable(image.info.get("icc_profile"))
    if not found and is_video and (codes := re.search(rb"colrnclx\0(.)\0(.)", data[: 2**16], re.DOTALL)):
        # Of photos in AVIF and HEIC, browsers take the curve of video for that of sRGB.
        found = _of_codes(codes[1] + (b"\x0d" if _GAMMAS.get(codes[2][0]) == 2.4 else codes[2]) + b"\0\1")
    if not found and b"sRGB" not in chunks and b"gAMA" in chunks:
        found = _of_gamma(chunks[b"gAMA"], chunks.get(b"cHRM", b""))
    return found if found and image.mode in _MODES.get(_space(found), ()) else None


def matrix_profile(primaries: tuple[float, ...], curve: np.ndarray) -> bytes | None:
    """A profile of ICC.1:2001-04 with these chromaticities and the light, 0..1, of each of the 256 levels.

    None if there are no such colours.
    """
    if primaries[1] <= 0:
        return None
    red, green, blue, white = ((x, y, 1 - x - y) for x, y in np.reshape(primaries, (4, 2))[[1, 2, 3, 0]])
    to_cone = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])  # Bradford
    d50 = np.array([0.9642, 1.0, 0.8249])
    try:
        shares = np.transpose([red, green, blue]).astype(float)
        xyz = np.array(white) / white[1]
        colours = shares * np.linalg.solve(shares, xyz)
        adapted = np.linalg.solve(to_cone, (to_cone @ d50 / (to_cone @ xyz))[:, None] * (to_cone @ colours))
        columns = np.round(adapted * 65536).astype(">i4")
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(adapted).all() or np.abs(adapted).max() > 8:
        return None
    levels = np.round(np.clip(curve, 0, 1) * 65535).astype(">u2").tobytes()
    tags = {b"wtpt": b"XYZ \0\0\0\0" + np.round(d50 * 65536).astype(">i4").tobytes()}
    for letter, column in zip(b"rgb", columns.T, strict=True):
        tags[bytes([letter]) + b"XYZ"] = b"XYZ \0\0\0\0" + column.tobytes()
        tags[bytes([letter]) + b"TRC"] = b"curv\0\0\0\0" + np.array(256, ">u4").tobytes() + levels
    return _packed(tags)


def _packed(tags: dict[bytes, bytes]) -> bytes:
    start = 128 + 4 + 12 * len(tags)
    table, body = np.array(len(tags), ">u4").tobytes(), b""
    for name, content in tags.items():
        table += name + np.array([start + len(body), len(content)], ">u4").tobytes()
        body += content + bytes(-len(content) % 4)
    size, version = (np.array(number, ">u4").tobytes() for number in (start + len(body), 0x02400000))
    head = size + bytes(4) + version + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    return (head + tags[b"wtpt"][8:]).ljust(128, b"\0") + table + body


def _of_codes(codes: bytes) -> bytes | None:
    """The profile of a PNG's cICP: primaries, transfer function, matrix and range, each one byte of ITU-T H.273."""
    if len(codes) != 4 or codes[0] not in _PRIMARIES or codes[2:] != b"\0\1":
        return None
    light = _light(codes[1])
    return None if light is None else matrix_profile(_PRIMARIES[codes[0]], light)


def _of_gamma(gamma: bytes, chromaticities: bytes) -> bytes | None:
    """The profile of a PNG's gAMA with its cHRM, if there is one: white, red, green and blue."""
    exponent = int.from_bytes(gamma, "big") / 100_000
    if not 0.01 < exponent < 100:
        return None
    light = (np.arange(256) / 255) ** (1 / exponent)
    if len(chromaticities) == 32:
        return matrix_profile(tuple(np.frombuffer(chromaticities, ">u4") / 100_000), light)
    is_srgb = abs(exponent / _SRGB_GAMMA - 1) < _GAMMA_TOLERANCE
    return None if is_srgb else matrix_profile(SRGB, light)


def _light(transfer: int) -> np.ndarray | None:
    """The light, 1 for white, of each of the 256 levels by a transfer function of ITU-T H.273; None if it is rare."""
    level = np.arange(256) / 255
    if transfer in _GAMMAS:
        return level ** _GAMMAS[transfer]
    if transfer == 7:  # SMPTE 240M
        return np.where(level < 0.0912, level / 4, ((level + 0.1115) / 1.1115) ** (1 / 0.45))
    if transfer == 13:  # sRGB
        return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    if transfer == 16:  # PQ, SMPTE ST 2084
        root = level ** (1 / 78.84375)
        linear = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return 10_000 / _HDR_WHITE * linear ** (1 / 0.1593017578125)
    if transfer == 17:  # SMPTE ST 428-1
        return 52.37 / 48 * level**2.6
    if transfer == 18:  # HLG, ITU-R BT.2100, on a screen of 1,000 cd/m²
        scene = np.where(level <= 0.5, level**2 / 3, (np.exp((level - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        return 1000 / _HDR_WHITE * scene**1.2
    return None


def _eight_bits(image: Image.Image, data: bytes) -> Image.Image:
    """The image with 8 bits per colour, and the transparent colour of a PNG in the same measure."""
    if image.mode.startswith("I;16"):  # `convert` would clip it at 255
        values = np.asarray(image)
        grey = Image.fromarray((values >> 8).astype(np.uint8))
        if "transparency" in image.info:
            alpha = np.where(values == image.info["transparency"], 0, 255).astype(np.uint8)
            grey = Image.merge("LA", (grey, Image.fromarray(alpha)))
        grey.info["icc_profile"] = image.info.get("icc_profile")
        return grey
    colour, depth = image.info.get("transparency"), data[24:25]
    if data.startswith(b"\x89PNG") and image.mode == "L" and isinstance(colour, int) and depth in (b"\2", b"\4"):
        image.info["transparency"] = colour * 255 // (2 ** depth[0] - 1)
    if data.startswith(b"\x89PNG") and image.mode == "RGB" and isinstance(colour, tuple) and depth == b"\x10":
        image.info["transparency"] = tuple(value >> 8 for value in colour)
    return image


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    """The image in sRGB; the same image if the profile is that of sRGB or cannot be used."""
    try:
        return image if _space(profile) == "RGB" and _is_srgb(profile) else _to_srgb(image, profile)
    except (ImageCms.PyCMSError, ValueError):
        return image


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    # A transform of its own for every image: they are not safe to share between threads.
    transform = ImageCms.buildTransform(source, target, image.mode, mode)
    return ImageCms.applyTransform(image, transform) or image


# Half of all photos carry one of a few profiles, most of them sRGB's; to try one takes 5 ms.
@functools.lru_cache(maxsize=16)
def _is_srgb(profile: bytes) -> bool:
    """Whether a profile of RGB leaves colours of all kinds as they are."""
    steps = np.arange(0, 256, 51).astype(np.uint8)
    probe = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    moved = np.asarray(_to_srgb(Image.fromarray(probe), profile))
    return bool(np.abs(moved - probe.astype(int)).max() <= SRGB_LEVELS)


def _space(profile: bytes) -> str:
    """The space of a profile's colours, which stands in its head: RGB, GRAY, CMYK or a rarer one."""
    return profile[16:20].decode("latin-1").strip()


def _usable(profile: object) -> bytes | None:
    if not isinstance(profile, bytes) or not 0 < len(profile) <= PROFILE_BYTES:
        return None
    try:
        ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except Exception:  # littlecms and Pillow raise many kinds of errors for crafted bytes
        return None
    return profile
