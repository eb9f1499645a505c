"""Ask the model what a picture shows: `python predict.py IMAGE`.

Prints every tag with its probability, 0 to 1, the highest first, and the answer: the tags that reach their thresholds
in model.json. Needs `pip install -r requirements.txt` once.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent

Floats = NDArray[np.float32]
Model = Callable[[Floats], Floats]


def load_model() -> Model:
    """The model as a function: one picture, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    raise NotImplementedError("an export has the function of its format's load_….py here")


def read_picture(file: str | Path | IO[bytes], side: int) -> Floats:
    """The whole picture, upright and squeezed to a square: (side, side, 3), red, green and blue, 0 to 255."""
    with Image.open(file) as opened:
        opened.draft(None, (2 * side, 2 * side))  # a large JPEG is read smaller, which is faster
        image = ImageOps.exif_transpose(opened)
    if image.mode == "I;16":  # 16-bit grey, which `convert` would cut off at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:  # what can be seen through is white
        see_through = image.convert("RGBA")
        image = Image.new("RGB", image.size, "white")
        image.paste(see_through, mask=see_through)
    small = image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(small, np.float32)


def predict(model: Model, file: str | Path | IO[bytes]) -> list[dict[str, Any]]:
    """Every tag with its probability, the highest first."""
    side = json.loads((HERE / "model.json").read_text(encoding="utf-8"))["side"]
    tags = (HERE / "labels.txt").read_text(encoding="utf-8").splitlines()
    probabilities = model(read_picture(file, side)[None])[0]
    found = [{"tag": tag, "probability": float(number)} for tag, number in zip(tags, probabilities, strict=True)]
    return sorted(found, key=lambda each: -each["probability"])


def answer(predictions: list[dict[str, Any]]) -> list[str]:
    """The tags that the picture is answered with: those that reach their thresholds, or the top one if it does."""
    about = json.loads((HERE / "model.json").read_text(encoding="utf-8"))
    thresholds = {tag["name"]: tag["threshold"] for tag in about["tags"]}
    able = predictions if about["multilabel"] else predictions[:1]
    return [each["tag"] for each in able if each["probability"] >= thresholds[each["tag"]]]


def main() -> None:
    """Read the command line and print JSON."""
    parser = argparse.ArgumentParser(description="Say what a picture shows.")
    parser.add_argument("image", metavar="IMAGE", help="the picture's file")
    image = parser.parse_args().image
    model = load_model()
    try:
        predictions = predict(model, image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SystemExit(f"{image} is no picture that can be read: {error}") from None
    print(json.dumps({"predictions": predictions, "answer": answer(predictions)}))


if __name__ == "__main__":
    main()
