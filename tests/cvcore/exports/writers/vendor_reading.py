"""Reads exports in the way of Custom Vision's own samples, with what each sample imports and nothing of Tagwise.

https://github.com/Azure-Samples/customvision-export-samples, the samples of "General (compact) [S1]": the whole image
resized, red, green and blue, 0 to 255. Each function returns the probabilities in the order of labels.txt. As a program
it prints those of every folder in FOLDER that has a reader, as JSON: `python vendor_reading.py FOLDER IMAGE`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Reader = Callable[[Path, Path], np.ndarray]


def pixels(image: Path, size: tuple[int, int]) -> np.ndarray:
    """The image as all samples read it: (1, height, width, 3)."""
    with Image.open(image) as opened:
        return np.array(opened.convert("RGB").resize(size), np.float32)[None]


def manifest(folder: Path) -> dict[str, str]:
    """What the export says about itself; the files that it names are there."""
    content: dict[str, str] = json.loads((folder / "cvexport.manifest").read_text("utf-8"))
    for key in ("ModelFileName", "LabelFileName", "MetadataPropsFileName"):
        assert (folder / content[key]).is_file(), key
    return content


def frozen_graph(folder: Path, image: Path) -> np.ndarray:
    """model.pb in a session: the only placeholder is the input, the only node that nothing reads is the output."""
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString((folder / "model.pb").read_bytes())
    (entry,) = (node for node in graph.node if node.op == "Placeholder")
    read = {name.partition(":")[0] for node in graph.node for name in node.input}
    (output,) = {node.name for node in graph.node} - read
    assert ("Placeholder", "loss") == (entry.name, output)
    _, height, width, _ = (dimension.size for dimension in entry.attr["shape"].shape.dim)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(graph, name="")
        feed = {"Placeholder:0": pixels(image, (height, width))}
        return session.run(session.graph.get_tensor_by_name("loss:0"), feed)[0]


def saved_model(folder: Path, image: Path) -> np.ndarray:
    """The folder itself as a SavedModel, by its signature for serving."""
    import tensorflow as tf

    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    result = serve(tf.convert_to_tensor(pixels(image, tuple(serve.inputs[0].shape[1:3]))))
    return next(iter(result.values())).numpy()[0]


def tflite(folder: Path, image: Path) -> np.ndarray:
    """model.tflite with one input and one output."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(folder / "model.tflite"))
    interpreter.allocate_tensors()
    (entry,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.set_tensor(entry["index"], pixels(image, tuple(entry["shape"][1:3])))
    interpreter.invoke()
    return interpreter.get_tensor(output["index"])[0]


def onnx(folder: Path, image: Path) -> np.ndarray:
    """model.onnx with channels first; what the pixels are is in the model's own metadata, as the C# sample reads it."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    metadata = session.get_modelmeta().custom_metadata_map
    assert ("Rgb8", "NominalRange_0_255") == (metadata["Image.BitmapPixelFormat"], metadata["Image.NominalPixelRange"])
    (entry,) = session.get_inputs()
    array = pixels(image, tuple(entry.shape[2:])).transpose(0, 3, 1, 2)
    return session.run(None, {entry.name: array})[0][0]


READERS: dict[str, Reader] = {
    "tensorflow": frozen_graph,
    "savedmodel": saved_model,
    "tflite": tflite,
    "tflite-fp16": tflite,
    "onnx-nchw": onnx,
    "onnx-fp16": onnx,
}


def main(folder: str, image: str) -> None:
    """Print the probabilities of all exports."""
    found = {path.name: READERS[path.name] for path in Path(folder).iterdir() if path.name in READERS}
    print(json.dumps({name: read(Path(folder) / name, Path(image)).tolist() for name, read in found.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
