"""The predict.py of every format: they share what they repeat, and see pictures as the page does."""

from __future__ import annotations

import io
import json
import re
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from cvcore import prediction
from cvcore.errors import ImageRefused
from cvcore.exports.exporting import TEMPLATES
from cvcore.imaging import images
from cvcore.prediction.predictor import Prediction
from cvcore.settings import Limits

SCRIPTS = sorted(TEMPLATES.glob("predict_*.py"))
SIDE = 96
LOAD_MODEL = r"def load_model.*?\n\n\n"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_only_the_model_is_loaded_in_another_way(script: Path) -> None:
    """But for load_model all predict.py are the same."""
    shared, given = (re.sub(LOAD_MODEL, "", path.read_text("utf-8"), flags=re.DOTALL) for path in (SCRIPTS[0], script))
    assert shared == given


@pytest.mark.parametrize("thresholds", [0.5, 0.3, (0.3, 0.9, 0.1), (0.9, 0.6, 0.05)], ids=str)
@pytest.mark.parametrize("multilabel", [False, True])
def test_the_answer_is_the_pages(tmp_path: Path, multilabel: bool, thresholds: float | tuple[float, ...]) -> None:
    """At one threshold for all tags or one a tag, predict.py answers as Quick Test does."""
    found = [Prediction("oak", "Regular", 0.6), Prediction("elm", "Regular", 0.5), Prediction("ash", "Regular", 0.1)]
    own = dict(zip(["elm", "oak", "ash"], np.broadcast_to(thresholds, 3).tolist(), strict=True))
    tags = [{"name": name, "threshold": threshold} for name, threshold in own.items()]
    (tmp_path / "model.json").write_text(json.dumps({"multilabel": multilabel, "tags": tags}), encoding="utf-8")
    script = shutil.copyfile(SCRIPTS[0], tmp_path / "predict.py")
    told = runpy.run_path(str(script))["answer"]([{"tag": p.tag, "probability": p.probability} for p in found])
    assert prediction.answer(found, own, multilabel=multilabel) == told


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pictures() -> dict[str, bytes]:
    """One picture of each kind that a network could be given wrongly."""
    noise = np.random.default_rng(0).integers(0, 256, (150, 230, 4), np.uint8)
    colour = Image.fromarray(noise[..., :3])
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    palette = colour.quantize(16)
    return {
        "jpeg": saved(colour.resize((1200, 900)), "JPEG"),
        "rotated": saved(colour, "JPEG", exif=exif),
        "rotated png": saved(colour, "PNG", exif=exif),
        "cmyk": saved(colour.convert("CMYK"), "JPEG"),
        "grey": saved(colour.convert("L"), "JPEG"),
        "grey 16": saved(Image.fromarray(noise[..., 0].astype(np.uint16) * 257), "PNG", exif=exif),
        "transparent": saved(Image.fromarray(noise), "PNG", exif=exif),
        "palette": saved(palette, "PNG", transparency=3),
        "animated": saved(palette, "GIF", save_all=True, append_images=[colour.convert("L")]),
    }


@pytest.mark.parametrize("kind", pictures())
def test_pictures_are_seen_as_the_page_sees_them(kind: str) -> None:
    """Pixel by pixel: upright, on white, 16 bits brought to 8, squeezed to the square."""
    data = pictures()[kind]
    read_picture = runpy.run_path(str(SCRIPTS[0]))["read_picture"]
    np.testing.assert_array_equal(images.pixels(data, SIDE), read_picture(io.BytesIO(data), SIDE))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning")
def test_odd_files_are_seen_as_the_page_sees_them(shared: Path) -> None:
    """Whatever odd file the page accepts, predict.py reads to the same pixels."""
    read_picture = runpy.run_path(str(SCRIPTS[0]))["read_picture"]
    differing, compared = [], 0
    for path in sorted((shared / "odd").glob("*/*")):
        try:
            images.check(path.read_bytes(), Limits())
            pixels = images.pixels(path.read_bytes(), SIDE)
        except ImageRefused:
            continue
        compared += 1
        if not np.array_equal(pixels, read_picture(path, SIDE)):
            differing.append(path.name)
    assert [] == differing
    assert compared > 50
