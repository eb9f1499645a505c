"""Ninety-six awkward files, and what becomes of each: stored and shown right, or refused with its reason."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from cvcore import imaging
from cvcore.errors import ImageRefused
from cvcore.settings import Limits

# With the default limits: stored with its upright width and height, or refused with its reason.
OUTCOMES: dict[str, tuple[str, int, int] | tuple[str, str]] = {
    "cmyk/pil_sample_cmyk.jpg": ("stored", 100, 100),
    "cmyk/Channel_digital_image_CMYK_color_no_profile.jpg": ("stored", 500, 333),
    "png/basi0g16.png": ("stored", 32, 32),
    "png/basn6a16.png": ("stored", 32, 32),
    "png/rgba16.png": ("stored", 20, 20),
    "png/tbbn3p08.png": ("stored", 32, 32),
    "png/tm3n3p02.png": ("stored", 32, 32),
    "png/Flag_of_the_Netherlands-16bit.png": ("stored", 900, 600),
    "png/monkey16.png": ("stored", 149, 227),
    "png/p_16.png": ("stored", 128, 128),
    "png/full-transparent.png": ("stored", 300, 300),
    "truncated/truncated_image.png": ("refused", "damaged"),
    "truncated/truncated_jpeg.jpg": ("stored", 100, 100),
    "truncated/truncated.png": ("refused", "damaged"),
    "truncated/broken_data_stream.png": ("refused", "damaged"),
    "truncated/unknown_compression_method.png": ("stored", 57, 57),
    "jpeg/junk_jpeg_header.jpg": ("stored", 1024, 768),
    "jpeg/icc-after-SOF.jpg": ("stored", 10, 10),
    "jpeg/hopper_16bit_qtables.jpg": ("stored", 128, 128),
    "jpeg/ultrahdr.jpg": ("refused", "damaged"),
    "jpeg/sugarshack.mpo": ("stored", 640, 480),
    "jpeg/monkey12.jpg": ("refused", "damaged"),
    "jpeg/cat.jpg": ("stored", 320, 240),
    "exif/portrait_2.jpg": ("stored", 113, 150),
    "exif/hopper_bad_exif.jpg": ("stored", 500, 500),
    "exif/exif-dpi-zerodivision.jpg": ("stored", 200, 200),
    "exif/xmp_tags_orientation.png": ("stored", 326, 268),
    "exif/hopper_orientation_2.webp": ("stored", 128, 128),
    "exif/hopper_orientation_8.webp": ("stored", 128, 128),
    "exif/Landscape_1.jpg": ("stored", 1800, 1200),
    "exif/Landscape_3.jpg": ("stored", 1800, 1200),
    "exif/Landscape_5.jpg": ("stored", 1800, 1200),
    "exif/Landscape_7.jpg": ("stored", 1800, 1200),
    "exif/Portrait_0.jpg": ("stored", 1200, 1800),
    "exif/Portrait_2.jpg": ("stored", 1200, 1800),
    "exif/Portrait_4.jpg": ("stored", 1200, 1800),
    "exif/Portrait_6.jpg": ("stored", 1200, 1800),
    "exif/Portrait_8.jpg": ("stored", 1200, 1800),
    "exif/DSCN0010.jpg": ("stored", 640, 480),
    "exif/DSCN0021.jpg": ("stored", 640, 480),
    "exif/DSCN0027.jpg": ("stored", 640, 480),
    "exif/DSCN0038.jpg": ("stored", 640, 480),
    "exif/DSCN0042.jpg": ("stored", 640, 480),
    "exif/landscape_2.jpg": ("stored", 600, 450),
    "exif/landscape_4.jpg": ("stored", 600, 450),
    "exif/landscape_6.jpg": ("stored", 600, 450),
    "exif/landscape_8.jpg": ("stored", 600, 450),
    "exif/4d9212_portrait_2.jpg": ("stored", 450, 600),
    "exif/portrait_4.jpg": ("stored", 450, 600),
    "exif/portrait_6.jpg": ("stored", 450, 600),
    "exif/portrait_8.jpg": ("stored", 450, 600),
    "gif/rotating-squares.gif": ("stored", 80, 80),
    "gif/dispose_bgnd_transparency.gif": ("stored", 38, 32),
    "gif/no_palette.gif": ("refused", "pixels"),
    "gif/grey-plus-alpha.gif": ("refused", "pixels"),
    "huge/png_decompression_dos.png": ("refused", "damaged"),
    "webp/flower.webp": ("stored", 480, 360),
    "webp/5_webp_a.webp": ("stored", 300, 300),
    "webp/anim.webp": ("stored", 200, 200),
    "webp/iss634.webp": ("stored", 245, 245),
    "heic/corrupted.heic": ("refused", "damaged"),
    "avif/hopper.avif": ("stored", 128, 128),
    "avif/sdr_cosmos12920_cicp1-13-6_yuv444_full_qp10.avif": ("stored", 2048, 858),
    "other/hopper_lzw.tif": ("refused", "format"),
    "other/12in16bit.tif": ("refused", "format"),
    "other/pillow.ico": ("refused", "format"),
    "other/check.svg": ("refused", "format"),
    "other/hopper.psd": ("refused", "format"),
    "fuzz/id_000462_src_000000_op_havoc_rep_32_cov.jpg": ("refused", "damaged"),
    "fuzz/id_000564_src_000000_op_havoc_rep_2.jpg": ("refused", "damaged"),
    "fuzz/id_000597_sync_jpeg_turbo_src_000558.jpg": ("refused", "damaged"),
    "fuzz/id_001558_sync_jpeg9_src_003008.jpg": ("refused", "damaged"),
    "fuzz/id_002390_src_002102_op_havoc_rep_2.jpg": ("refused", "pixels"),
    "fuzz/id_004993_src_004992_op_flip2_pos_85.jpg": ("refused", "damaged"),
    "fuzz/id_004825_sync_jpeg_turbo_extras_src_002322.jpg": ("refused", "damaged"),
    "fuzz/id_003659_src_003627_op_flip1_pos_107.jpg": ("refused", "damaged"),
    "fuzz/id_001914_src_000886_op_int8_pos_4095_val_-1_cov.jpg": ("refused", "damaged"),
    "fuzz/id_000744_sync_jpeg_turbo_src_000701.jpg": ("refused", "damaged"),
    "fuzz/id_000960_src_000265_op_havoc_rep_8.jpg": ("refused", "format"),
    "fuzz/id_004784_src_004767_op_flip1_pos_119.jpg": ("refused", "damaged"),
    "fuzz/id_003798_sync_jpeg_turbo_src_002019.jpg": ("refused", "damaged"),
    "fuzz/1x1_444.jpg": ("refused", "pixels"),
    "fuzz/2x2_420.jpg": ("refused", "pixels"),
    "fuzz/8x8_420_tables.jpg": ("refused", "damaged"),
    "fuzz/testorig_hflip_2x4_q1_rst16.jpg": ("stored", 227, 149),
    "fuzz/testorig_rot180_cmyk_411_q50_opt_rst1B_test1icc.jpg": ("stored", 227, 149),
    "fuzz/testorig_rot90_441_q25_scan_script.jpg": ("stored", 149, 227),
    "fuzz/testorig_transverse_422_q95_prog_ari.jpg": ("stored", 149, 227),
    "wild/00000001.jpg": ("stored", 200, 200),
    "wild/00000004.jpg": ("stored", 250, 141),
    "wild/00000590.jpg": ("stored", 500, 661),
    "wild/00000606.jpg": ("stored", 500, 522),
    "wild/ukbench00555.jpg": ("stored", 480, 640),
    "wild/ukbench00571.jpg": ("stored", 480, 640),
    "wild/15028282454_8a147fd0de_o.jpg": ("stored", 360, 360),
    "wild/854a2b35c1.jpg": ("stored", 600, 401),
}

# One image in each family, stored under several orientations.
FAMILIES = {
    "Landscape": ["exif/Landscape_1.jpg", "exif/Landscape_3.jpg", "exif/Landscape_5.jpg", "exif/Landscape_7.jpg"],
    "Portrait": [f"exif/Portrait_{orientation}.jpg" for orientation in (0, 2, 4, 6, 8)],
    "landscape": [f"exif/landscape_{orientation}.jpg" for orientation in (2, 4, 6, 8)],
    "portrait": ["exif/4d9212_portrait_2.jpg", *(f"exif/portrait_{orientation}.jpg" for orientation in (2, 4, 6, 8))],
    "hopper": ["avif/hopper.avif", "exif/hopper_orientation_2.webp", "exif/hopper_orientation_8.webp"],
}
PHOTOS_WITH_GPS = [f"exif/DSCN{number}.jpg" for number in ("0010", "0021", "0027", "0038", "0042")]


@pytest.fixture(scope="module")
def odd(shared: Path) -> Path:
    """The folder of awkward files."""
    return shared / "odd"


def outcome_of(data: bytes) -> tuple[str, int, int] | tuple[str, str]:
    """What becomes of a file under the default limits."""
    try:
        picture = imaging.read(data, Limits())
    except ImageRefused as refused:
        return ("refused", refused.reason)
    return ("stored", picture.width, picture.height)


def test_every_file_has_its_outcome_stated(odd: Path) -> None:
    """The table above names each file of the index, and no other."""
    with (odd / "INDEX.csv").open(newline="") as index:
        listed = {row["file"] for row in csv.DictReader(index)}

    assert listed == set(OUTCOMES)


@pytest.mark.parametrize("file", OUTCOMES)
def test_outcome(file: str, odd: Path) -> None:
    """The file is stored with its upright size, or refused with the reason stated."""
    assert OUTCOMES[file] == outcome_of((odd / file).read_bytes())


@pytest.mark.parametrize("file", [file for file, outcome in OUTCOMES.items() if outcome[0] == "stored"])
def test_whatever_is_stored_can_be_shown_and_trained_on(file: str, odd: Path) -> None:
    """A file once stored never fails later: its thumbnail, rendition and pixels are there and agree."""
    data = (odd / file).read_bytes()

    picture = imaging.read(data, Limits())
    thumbnail, rendition = imaging.pixels(picture.thumbnail, 64), imaging.pixels(imaging.rendition(data, 640), 64)

    assert max(decoded(picture.thumbnail).size) == min(imaging.THUMBNAIL_PX, max(picture.width, picture.height))
    assert apart(thumbnail, imaging.pixels(data, 64)) < 10
    assert apart(rendition, imaging.pixels(data, 64)) < 10


@pytest.mark.parametrize("family", FAMILIES)
def test_rotated_photos_are_upright(family: str, odd: Path) -> None:
    """However the camera was held, the same scene comes out the same way up."""
    first, *others = [imaging.pixels((odd / file).read_bytes(), 64) for file in FAMILIES[family]]

    for other in others:
        assert apart(first, other) < 10
        assert apart(first, other[::-1]) > 18
        assert apart(first, other[:, ::-1]) > 18


@pytest.mark.parametrize("file", PHOTOS_WITH_GPS)
def test_gps_is_never_served(file: str, odd: Path) -> None:
    """Where a photo was taken stands in the original alone."""
    data = (odd / file).read_bytes()

    assert decoded(data).getexif().get_ifd(ExifTags.IFD.GPSInfo)
    for served in (imaging.read(data, Limits()).thumbnail, imaging.rendition(data, 1024)):
        assert len(decoded(served).getexif()) == 0
        assert b"EXIF" not in served


def decoded(data: bytes) -> Image.Image:
    """The image in a file, by Pillow alone."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """How far two squares of pixels are apart, in levels of 255 a channel."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())
