"""Writes a network for Core ML, Apple's devices. Only a Mac can run it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cvcore.exports.writers.network import INPUT, Network


def write_coreml(network: Network, folder: Path) -> None:
    """Write model.mlmodel: the image `data` to `loss`, the probability of each tag, and `classLabel`."""
    import coremltools

    image = coremltools.ImageType(INPUT, (1, network.side, network.side, 3), color_layout=coremltools.colorlayout.RGB)
    model = coremltools.convert(
        [network.function],
        source="tensorflow",
        convert_to="neuralnetwork",
        inputs=[image],
        classifier_config=coremltools.ClassifierConfig(list(network.labels)),
    )
    specification = model.get_spec()
    coremltools.utils.rename_feature(specification, INPUT, "data")
    coremltools.utils.rename_feature(specification, specification.description.predictedProbabilitiesName, "loss")
    coremltools.utils.save_spec(specification, str(folder / "model.mlmodel"))
    _check(folder / "model.mlmodel", network)


def _check(file: Path, network: Network) -> None:
    """Read the file back by Core ML's own reader; raises ValueError if input, output or tags are not the network's."""
    import coremltools

    specification: Any = coremltools.models.MLModel(str(file), skip_model_load=True).get_spec()
    image = specification.description.input[0].type.imageType
    labels = tuple(specification.neuralNetworkClassifier.stringClassLabels.vector)
    outputs = {output.name for output in specification.description.output}
    if ((image.width, image.height), labels, outputs) != ((network.side,) * 2, network.labels, {"loss", "classLabel"}):
        raise ValueError("what was written cannot be read back")
