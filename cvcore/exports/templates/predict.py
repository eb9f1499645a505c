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
from PIL import Image, ImageFile

HERE = Path(__file__).resolve().parent

Floats = NDArray[np.float32]
Model = Callable[[Floats], Floats]


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    raise NotImplementedError("in an export, the load_model of its format stands here")


def upright_image(image: ImageFile.ImageFile, data: bytes, at_least_px: int) -> Image.Image:
    """The image as a person sees it: in sRGB, upright, on white."""
    raise NotImplementedError("in an export, the code by which Tagwise itself decodes images stands here")


def readable(data: bytes) -> bytes:
    """The file without what other programs leave out."""
    raise NotImplementedError("in an export, the code by which Tagwise itself decodes images stands here")


def read_image(file: str | Path | IO[bytes], side: int) -> Floats:
    """The whole image, upright and resized to a square: (side, side, 3), red, green and blue, 0 to 255."""
    data = Path(file).read_bytes() if isinstance(file, str | Path) else file.read()
    with Image.open(io.BytesIO(readable(data))) as opened:
        image = upright_image(opened, data, 2 * side)  # a large JPEG is decoded at a smaller size, which is faster
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR), np.float32)


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
