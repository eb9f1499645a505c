"""Brings pixels to sRGB: the colours that networks are trained on, and that screens assume where nothing else is said.

Phones store Display P3, cameras Adobe RGB, printers CMYK: read as sRGB, their colours would be pale or wrong.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

# The largest profiles of printers have about 3 MB.
PROFILE_BYTES = 4 * 2**20

# The modes in which an image can have the colours of a profile's colour space. RGB: every mode, once it is converted.
_MODES = {"GRAY": "L", "CMYK": "CMYK"}


def srgb(image: Image.Image) -> Image.Image:
    """The decoded image as RGB on white, its colours converted to sRGB.

    A profile that is damaged, too large or of other colours than the image is ignored: the colours stay as they are.
    16-bit grey is scaled to 8 bits.
    """
    profile = _profile(image.info.get("icc_profile"))
    if profile is None or "sRGB" in _name(profile):
        return _rgb(image)
    space = profile.profile.xcolor_space.strip()
    if space != "RGB" and image.mode != _MODES.get(space):
        return _rgb(image)
    source = _rgb(image) if space == "RGB" else image
    try:
        # A transform of its own for every image: they are not safe to share between threads.
        converted = ImageCms.profileToProfile(source, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, ValueError):
        return _rgb(image)
    return converted or _rgb(image)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # `convert` would clip it at 255
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    transparent = image if image.mode == "RGBA" else image.convert("RGBA")
    background = Image.new("RGB", image.size, "white")
    background.paste(transparent, mask=transparent)
    return background


def _profile(data: object) -> ImageCms.ImageCmsProfile | None:
    if not isinstance(data, bytes) or not 0 < len(data) <= PROFILE_BYTES:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(data))
    except Exception:  # littlecms and Pillow raise many kinds of errors for crafted bytes
        return None


def _name(profile: ImageCms.ImageCmsProfile) -> str:
    try:
        return ImageCms.getProfileDescription(profile)
    except Exception:  # a profile may lack its name and still be used
        return ""
