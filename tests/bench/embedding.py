"""Images embedded per second: LiteRT, `keras predict` of the same network, and the built-in network.

    python tests/bench/embedding.py --images 200 [--network MobileNetV2] [--folder FOLDER]

Decoding is not counted, but for the last line: one photo from its file's bytes to its tags' probabilities.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from cvcore import imaging
from cvcore.networks import architectures, backbones, feature_extraction, heads

SIDE = 224
TAGS = 20


def main() -> None:
    arguments = parse()
    files = image_files(arguments.folder, arguments.images)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        backbone = backbones.prepare(arguments.network, SIDE, folder, on_stage=print)
        built_in = backbones.prepare(architectures.NAME_BUILT_IN, backbones.built_in().side, folder)
        litert, own = feature_extraction.load(backbone, folder), feature_extraction.load(built_in, folder)
    model = architectures.keras_model(backbone.name, backbone.side)
    batch = np.stack([imaging.pixels(data, SIDE) for data in files])
    small = np.stack([imaging.pixels(data, built_in.side) for data in files])
    by_keras = rate(lambda: model.predict(batch, batch_size=32, verbose=0), len(files))
    by_litert = rate(lambda: litert(batch), len(files))
    print(f"{backbone.name}, keras predict   {by_keras:7.0f} images/s")
    print(f"{backbone.name}, LiteRT          {by_litert:7.0f} images/s   {by_litert / by_keras:.1f} times as fast")
    print(f"{built_in.name}             {rate(lambda: own(small), len(files)):7.0f} images/s")
    photo = drawn(0, 1600, 1200, quality=62)
    print(
        f"one photo of {len(photo) // 1000} KB, to probabilities   {latency_ms(photo, backbone, litert):.1f} ms, median"
    )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--network", default="MobileNetV2")
    parser.add_argument("--folder", type=Path, help="a folder of images; drawn ones by default")
    return parser.parse_args()


def image_files(folder: Path | None, count: int) -> list[bytes]:
    """So many files of the folder, in turn, or so many drawn ones."""
    if folder is None:
        return [drawn(seed, 256, 256) for seed in range(count)]
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    return [files[index % len(files)].read_bytes() for index in range(count)]


def drawn(seed: int, width: int, height: int, *, quality: int = 85) -> bytes:
    """A JPEG of random colours."""
    grain = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(grain).resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG", quality=quality)
    return file.getvalue()


def rate(work: Callable[[], object], count: int) -> float:
    """Images per second, the best of three runs, the first of which warms up."""
    return count / min(seconds(work) for _ in range(3))


def latency_ms(photo: bytes, backbone: backbones.Backbone, extractor: feature_extraction.Extractor) -> float:
    """The median duration of 30 Quick Tests."""
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(backbone.dimension, TAGS)).astype(np.float32), np.zeros(TAGS, np.float32)

    def quick_test() -> None:
        embedding = extractor(imaging.pixels(photo, backbone.side)[None])
        heads.probabilities(embedding, kernel, bias, multilabel=False)

    return 1000 * float(np.median([seconds(quick_test) for _ in range(30)]))


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
