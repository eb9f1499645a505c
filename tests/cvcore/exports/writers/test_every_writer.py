"""Every format writes a network with the layers that converters have trouble with, and gives its numbers."""

from __future__ import annotations

import importlib.util
import json
import runpy
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvcore.exports import formats, scripts
from cvcore.exports.writers.network import Network
from cvcore.networks import keras_backend
from tests.cvcore.exports.writers import vendor_reading

# Warnings of converters are hidden in an export, too.
pytestmark = [pytest.mark.network, pytest.mark.filterwarnings("ignore")]

INSTALLED = [
    each.name
    for each in formats.FORMATS
    if each.can_be_tested and all(importlib.util.find_spec(package) for package in each.packages)
]


@pytest.fixture(scope="module")
def network() -> Network:
    """As in EfficientNet: normalization by tensors, an activation with a gradient of its own, depthwise convolution."""
    keras_backend.prepare_backend()
    import keras

    reddish = np.array([120, 60, 0])
    pixels = (np.random.default_rng(0).integers(0, 136, (4, 32, 32, 3)) + reddish).astype(np.uint8)
    keras.utils.set_random_seed(0)
    images = keras.Input((32, 32, 3), name="pixels")
    values = keras.layers.Normalization(mean=[100, 110, 120], variance=[900, 1000, 1100])(images)
    values = keras.layers.Conv2D(8, 3, activation="swish")(values)
    values = keras.layers.BatchNormalization()(keras.layers.DepthwiseConv2D(3)(values))
    values = keras.layers.GlobalAveragePooling2D()(values)
    values = keras.layers.BatchNormalization()(values)
    outputs = keras.layers.Dense(3, "softmax", kernel_initializer=keras.initializers.RandomNormal(stddev=5))(values)
    return Network(keras.Model(images, outputs), pixels, ("rose", "tulip", "Äpfel"))


@pytest.mark.parametrize("name", INSTALLED)
def test_a_format_keeps_the_numbers(name: str, network: Network, tmp_path: Path) -> None:
    """What predict.py loads gives the Keras model's probabilities for every image."""
    wanted = formats.find(name)
    wanted.write(network, tmp_path)
    scripts.write(tmp_path, wanted)
    model = runpy.run_path(str(tmp_path / "predict.py"))["load_model"]()
    floats = network.pixels.astype(np.float32)
    given = np.concatenate([model(image[None]) for image in floats])
    assert pytest.approx(network.model.predict_on_batch(floats), abs=min(wanted.tolerance, 0.05)) == given


@pytest.fixture
def image(tmp_path: Path, network: Network) -> Path:
    """An image file of another size than the network's input."""
    path = tmp_path / "image.png"
    Image.fromarray(network.pixels[0]).resize((60, 50)).save(path)
    return path


@pytest.mark.parametrize("name", [name for name in vendor_reading.READERS if name in INSTALLED])
def test_a_vendors_sample_reads_it(name: str, network: Network, image: Path) -> None:
    """Read as Custom Vision's own sample does, it gives the network's numbers for the pixels in RGB, not in BGR."""
    wanted = formats.find(name)
    wanted.write(network, image.parent)
    pixels = vendor_reading.pixels(image, (32, 32))
    expected, swapped = network.model.predict_on_batch(np.concatenate([pixels, pixels[..., ::-1]]))
    given = vendor_reading.READERS[name](image.parent, image)
    assert pytest.approx(expected, abs=0.003) == given
    assert np.abs(expected - swapped).max() > 0.01


def test_a_conversion_leaves_the_model_as_it_was(network: Network) -> None:
    """The graph has one input and the nodes for one output, and Keras' layers keep their tensors."""
    assert ["Placeholder"] == [node.name for node in network.graph.node if node.op == "Placeholder"]
    assert "loss" == network.graph.node[-1].name
    assert "Tensor" in type(network.model.layers[1].mean).__name__


@pytest.mark.skipif(importlib.util.find_spec("coremltools") is None, reason="coreml needs the extra `export`")
def test_core_ml_names_image_tags_and_probabilities(network: Network, tmp_path: Path) -> None:
    """Its own reader finds an image `data` in RGB, the tags, and the outputs that Custom Vision's apps ask for."""
    import coremltools

    formats.find("coreml").write(network, tmp_path)
    model = coremltools.models.MLModel(str(tmp_path / "model.mlmodel"), skip_model_load=True)
    description = model.get_spec().description
    (image,) = description.input
    assert ("data", 32, 32, 20) == (
        *(image.name, image.type.imageType.width, image.type.imageType.height),
        image.type.imageType.colorSpace,
    )
    assert ("classLabel", "loss") == (description.predictedFeatureName, description.predictedProbabilitiesName)
    assert list(network.labels) == list(model.get_spec().neuralNetworkClassifier.stringClassLabels.vector)


# Custom Vision's own package for web pages, given the model's files and an image as float32.
IN_NODE = """
const fs = require("fs"), tf = require("@tensorflow/tfjs"), cv = require("@microsoft/customvision-tfjs");
const [folder, image] = process.argv.slice(2);
const { weightsManifest, ...model } = JSON.parse(fs.readFileSync(`${folder}/model.json`, "utf8"));
const floats = file => new Uint8Array(fs.readFileSync(file)).buffer;
(async () => {
  const classifier = new cv.ClassificationModel();
  const [{ paths, weights }] = weightsManifest;
  const artifacts = { ...model, weightSpecs: weights, weightData: floats(`${folder}/${paths[0]}`) };
  await classifier.loadModelAsync(tf.io.fromMemory(artifacts));
  const { input_size: side, is_rgb_input: rgb } = classifier;
  const pixels = tf.tensor(new Float32Array(floats(image)), [1, side, side, 3]);
  const [probabilities] = await classifier.executeAsync(pixels);
  fs.writeFileSync("answer.json", JSON.stringify({ rgb, probabilities }));
})();
"""


@pytest.mark.slow
def test_custom_visions_package_for_web_pages_runs_the_model(network: Network, image: Path, tmp_path: Path) -> None:
    """In Node.js, @microsoft/customvision-tfjs loads the export, takes it for RGB, and gives the network's numbers."""
    if not shutil.which("npm"):
        pytest.skip("needs Node.js with npm")
    packages = ["@tensorflow/tfjs@4.22.0", "@microsoft/customvision-tfjs@1.3.0"]
    subprocess.run(["npm", "install", "--silent", *packages], cwd=tmp_path, check=True, timeout=300)
    (tmp_path / "export").mkdir()
    formats.find("tfjs").write(network, tmp_path / "export")
    pixels = vendor_reading.pixels(image, (32, 32))
    (tmp_path / "image").write_bytes(pixels.tobytes())
    (tmp_path / "run.cjs").write_text(IN_NODE, "utf-8")
    subprocess.run(
        ["node", "run.cjs", "export", "image"],
        cwd=tmp_path,
        check=True,
        timeout=120,
        capture_output=True,
    )
    answer = json.loads((tmp_path / "answer.json").read_text("utf-8"))
    (expected,) = network.model.predict_on_batch(pixels)
    assert answer["rgb"]
    assert pytest.approx(expected, abs=1e-3) == answer["probabilities"]
