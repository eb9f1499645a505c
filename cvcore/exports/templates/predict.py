"""Predicts the tags of an image: `python predict.py IMAGE`.

Prints JSON: every tag with its probability, 0 to 1, the highest first, and the answer: the tags that reach their
thresholds in model.json. Needs `pip install -r requirements.txt` once.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

HERE = Path(__file__).resolve().parent

Floats = NDArray[np.float32]
Model = Callable[[Floats], Floats]


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    raise NotImplementedError("in an export, the load_model of its format stands here")


def read_image(file: str | Path | IO[bytes], side: int) -> Floats:
    """The whole image, upright and resized to a square: (side, side, 3), red, green and blue, 0 to 255."""
    with Image.open(file) as opened:
        opened.draft(None, (2 * side, 2 * side))  # a large JPEG is decoded at a smaller size, which is faster
        image = ImageOps.exif_transpose(opened)
    small = to_srgb(image).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(small, np.float32)


def to_srgb(image: Image.Image) -> Image.Image:
    """The image as RGB on white, its colours converted to sRGB if it has a profile that says which they are."""
    rgb = to_rgb(image)
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return rgb
        space = profile.profile.xcolor_space.strip()
        if space != "RGB" and image.mode != {"GRAY": "L", "CMYK": "CMYK"}.get(space):
            return rgb
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(rgb if space == "RGB" else image, profile, target, outputMode="RGB") or rgb
    except Exception:  # there is no profile, or it is damaged
        return rgb


def to_rgb(image: Image.Image) -> Image.Image:
    """The image as RGB; transparent pixels become white."""
    if image.mode.startswith("I;16"):  # 16-bit grey, which `convert` would clip at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        transparent = image.convert("RGBA")
        image = Image.new("RGB", image.size, "white")
        image.paste(transparent, mask=transparent)
    return image.convert("RGB")


def predict(model: Model, file: str | Path | IO[bytes]) -> list[dict[str, Any]]:
    """Every tag with its probability, the highest first."""
    side = json.loads((HERE / "model.json").read_text(encoding="utf-8"))["side"]
    tags = (HERE / "labels.txt").read_text(encoding="utf-8").splitlines()
    probabilities = model(read_image(file, side)[None])[0]
    predictions = [{"tag": tag, "probability": float(number)} for tag, number in zip(tags, probabilities, strict=True)]
    return sorted(predictions, key=lambda prediction: -prediction["probability"])


def answer(predictions: list[dict[str, Any]]) -> list[str]:
    """The tags that reach their thresholds; of a Multiclass model only the most probable tag, if it does."""
    model_json = json.loads((HERE / "model.json").read_text(encoding="utf-8"))
    thresholds = {tag["name"]: tag["threshold"] for tag in model_json["tags"]}
    candidates = predictions if model_json["multilabel"] else predictions[:1]
    return [
        prediction["tag"] for prediction in candidates if prediction["probability"] >= thresholds[prediction["tag"]]
    ]


def main() -> None:
    """Read the command line and print JSON."""
    parser = argparse.ArgumentParser(description="Predict the tags of an image.")
    parser.add_argument("image", metavar="IMAGE", help="the image file")
    image = parser.parse_args().image
    model = load_model()
    try:
        predictions = predict(model, image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SystemExit(f"{image} is not an image that can be read: {error}") from None
    print(json.dumps({"predictions": predictions, "answer": answer(predictions)}))


if __name__ == "__main__":
    main()
