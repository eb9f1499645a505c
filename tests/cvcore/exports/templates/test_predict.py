"""The predict.py of every format: each stands alone, and reads images as the page does."""

from __future__ import annotations

import ast
import io
import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from cvcore import imaging, prediction
from cvcore.errors import ImageRefused
from cvcore.exports import formats
from cvcore.exports.scripts import DECODING, TEMPLATES, predict_script
from cvcore.prediction.predictor import Prediction
from cvcore.settings import Limits
from tests.conftest import ROOT
from tests.cvcore.imaging.conftest import png_chunk
from tests.cvcore.imaging.profiles import DISPLAY_P3, rgb_profile
from tests.cvcore.imaging.test_colour_profiles import colours, of_codes, of_gamma

SCRIPT = TEMPLATES / "predict.py"
SIDE = 96

# What each format's predict.py imports beside Python's library, numpy and Pillow.
RUNTIMES = {
    "load_coreml.py": "coremltools",
    "load_keras.py": "keras",
    "load_onnx.py": "onnxruntime",
    "load_openvino.py": "openvino",
    "load_savedmodel.py": "tensorflow",
    "load_tensorflow.py": "tensorflow",
    "load_tflite.py": "ai_edge_litert",
    "load_tfjs.py": "tensorflow google",  # TensorFlow needs Google's protobuf itself
}


@pytest.fixture(params=RUNTIMES)
def script(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The predict.py of each format, as an export has it."""
    path = tmp_path / "predict.py"
    path.write_text(predict_script(request.param), encoding="utf-8")
    return path


def test_every_loader_is_tried() -> None:
    """The formats load their models by these files and no others, and none lies there unused."""
    assert RUNTIMES.keys() == {each.loader for each in formats.FORMATS} == {p.name for p in TEMPLATES.glob("load_*")}


@pytest.mark.parametrize("loader", RUNTIMES)
def test_a_script_is_joined_of_our_own_code(loader: str) -> None:
    """Every function is the template's, the loader's or that by which Tagwise decodes images, and stands there once."""
    functions = _functions(predict_script(loader))
    ours = _functions(SCRIPT.read_text("utf-8")) | _functions((TEMPLATES / loader).read_text("utf-8"))
    for path in DECODING:
        ours |= _functions(path.read_text("utf-8"))
    assert ours == functions
    assert "NotImplementedError" not in predict_script(loader)


def _functions(text: str) -> dict[str, str]:
    found = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert len(found) == len({node.name for node in found})
    return {node.name: ast.get_source_segment(text, node) or "" for node in found}


def test_a_script_stands_alone(script: Path, request: pytest.FixtureRequest) -> None:
    """It compiles, and imports its format's runtime, numpy and Pillow beside Python's own library."""
    tree = ast.parse(script.read_text("utf-8"))
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported = {name.partition(".")[0] for name in froms | names if name} - sys.stdlib_module_names
    assert {"numpy", "PIL", *RUNTIMES[request.node.callspec.params["script"]].split()} == imported


def test_a_script_is_linted(script: Path) -> None:
    """Joined, it is written as all our code: checked and formatted by ruff."""
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "--config", str(ROOT / "pyproject.toml")]
        done = subprocess.run([*ruff, str(script)], capture_output=True, text=True)
        assert 0 == done.returncode, done.stdout


def test_a_script_runs(script: Path) -> None:
    """Run as a command, apart from Tagwise, it says how it is used; no runtime is loaded for that."""
    command = [sys.executable, "-I", str(script), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=script.parent)
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("usage: predict.py [-h] IMAGE")


@pytest.mark.parametrize("thresholds", [0.5, 0.3, (0.3, 0.9, 0.1), (0.9, 0.6, 0.05)], ids=str)
@pytest.mark.parametrize("multilabel", [False, True])
def test_the_answer_is_the_pages(tmp_path: Path, multilabel: bool, thresholds: float | tuple[float, ...]) -> None:
    """At one threshold for all tags or one a tag, predict.py answers as Quick Test does."""
    predictions = [
        Prediction("oak", "Regular", 0.6),
        Prediction("elm", "Regular", 0.5),
        Prediction("ash", "Regular", 0.1),
    ]
    own = dict(zip(["elm", "oak", "ash"], np.broadcast_to(thresholds, 3).tolist(), strict=True))
    tags = [{"name": name, "threshold": threshold} for name, threshold in own.items()]
    (tmp_path / "model.json").write_text(json.dumps({"multilabel": multilabel, "tags": tags}), encoding="utf-8")
    script = shutil.copyfile(SCRIPT, tmp_path / "predict.py")
    answer = runpy.run_path(str(script))["answer"]([{"tag": p.tag, "probability": p.probability} for p in predictions])
    assert prediction.answer(predictions, own, multilabel=multilabel) == answer


def _read_image(folder: Path) -> Callable[..., np.ndarray]:
    """The `read_image` of a predict.py as an export has it."""
    path = folder / "predict.py"
    path.write_text(predict_script("load_onnx.py"), encoding="utf-8")
    return runpy.run_path(str(path))["read_image"]


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def drawn_images() -> dict[str, bytes]:
    """One image of each kind that could reach a network wrongly."""
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
        "display p3": saved(colour, "JPEG", icc_profile=rgb_profile("Display P3", DISPLAY_P3), exif=exif),
        "transparent p3": saved(Image.fromarray(noise), "PNG", icc_profile=rgb_profile("Display P3", DISPLAY_P3)),
        "grey p3": saved(colour.convert("L"), "JPEG", icc_profile=rgb_profile("Display P3", DISPLAY_P3)),
        "bad profile": saved(colour, "PNG", icc_profile=b"?" * 200),
        "grey 16": saved(Image.fromarray(noise[..., 0].astype(np.uint16) * 257), "PNG", exif=exif),
        "transparent": saved(Image.fromarray(noise), "PNG", exif=exif),
        "palette": saved(palette, "PNG", transparency=3),
        "linear": colours(of_gamma(100_000)),
        "display p3 by codes": colours(of_codes(12, 13)),
        "wrong checksum": colours(png_chunk(b"tEXt", b"Title\0Harbour")[:-1] + b"?"),
        "without its end": saved(colour, "JPEG")[:-2],
        "transparent grey 16": saved(Image.fromarray(noise[..., 0].astype(np.uint16)), "PNG", transparency=77),
        "turned in XMP alone": saved(colour, "JPEG", xmp=b'<rdf:Description tiff:Orientation="6"/>'),
        "animated": saved(palette, "GIF", save_all=True, append_images=[colour.convert("L")]),
    }


@pytest.mark.parametrize("kind", drawn_images())
def test_images_are_read_as_the_page_reads_them(kind: str, tmp_path: Path) -> None:
    """Pixel by pixel: upright, on white, 16 bits brought to 8, resized to the square."""
    data = drawn_images()[kind]
    read_image = _read_image(tmp_path)
    np.testing.assert_array_equal(imaging.pixels(data, SIDE), read_image(io.BytesIO(data), SIDE))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning")
def test_odd_files_are_read_as_the_page_reads_them(shared: Path, tmp_path: Path) -> None:
    """Whatever odd file the page accepts, predict.py reads to the same pixels."""
    read_image = _read_image(tmp_path)
    differing, compared = [], 0
    for path in sorted((shared / "odd").glob("*/*")):
        try:
            imaging.check(path.read_bytes(), Limits())
            pixels = imaging.pixels(path.read_bytes(), SIDE)
        except ImageRefused:
            continue
        compared += 1
        if not np.array_equal(pixels, read_image(path, SIDE)):
            differing.append(path.name)
    assert [] == differing
    assert compared > 50
