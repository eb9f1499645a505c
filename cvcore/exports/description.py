"""The files beside a model that say what it is: Tagwise's model.json and labels.txt, and Custom Vision's own two."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from cvcore import __version__, evaluation
from cvcore.exports import flavors
from cvcore.exports.agreement import Agreement
from cvcore.exports.formats import Format
from cvcore.exports.source import Source
from cvcore.exports.writers.onnx_files import PIXELS
from cvcore.records import Iteration, Project

RULES = {
    False: "the most probable tag, if its probability is at least its threshold; otherwise no answer",
    True: "every tag whose probability is at least its threshold",
}


def write(folder: Path, project: Project, iteration: Iteration, source: Source, export_format: Format) -> None:
    """Write all but the manifest; the model is there already."""
    requirements = [*export_format.requirements, "numpy>=2.0", "pillow>=12.0"]
    (folder / "requirements.txt").write_text("\n".join(requirements) + "\n", encoding="utf-8")
    labels = "".join(f"{tag.name}\n" for tag in source.tags)
    (folder / "labels.txt").write_text(labels, encoding="utf-8")
    _write_json(folder / "metadata_properties.json", _properties(source))
    model_json = folder / "model.json"
    # TensorFlow.js has its model in a file of that name; its own keys stay as they are.
    _write_json(model_json, _description(project, iteration, source, export_format) | _read_json(model_json))


def complete(folder: Path, iteration: Iteration, export_format: Format, agreement: Agreement | None) -> None:
    """Add the agreement to model.json, and write the manifest; no file that it names changes afterwards."""
    model_json = folder / "model.json"
    _write_json(model_json, _read_json(model_json) | {"agreement": asdict(agreement) if agreement else None})
    _write_json(folder / "cvexport.manifest", _manifest(folder / export_format.model, iteration, export_format))


def _read_json(path: Path) -> dict[str, Any]:
    """An object in a file; empty if there is no file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return content


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _description(project: Project, iteration: Iteration, source: Source, export_format: Format) -> dict[str, Any]:
    """The content of model.json, without the agreement."""
    thresholds = np.broadcast_to(evaluation.threshold_in_use(iteration), len(source.tags)).tolist()
    return {
        "made_by": f"Tagwise {__version__}",
        "format": export_format.name,
        "project": {"id": project.id, "name": project.name},
        "iteration": {"id": iteration.id, "name": iteration.name, "number": iteration.number},
        "backbone": iteration.backbone,
        "side": source.backbone.side,
        "multilabel": source.out_of_fold.multilabel,
        "answer": RULES[source.out_of_fold.multilabel],
        "tags": [
            {"id": tag.tag_id, "name": tag.name, "type": tag.kind, "threshold": threshold}
            for tag, threshold in zip(source.tags, thresholds, strict=True)
        ],
    }


def _manifest(model: Path, iteration: Iteration, export_format: Format) -> dict[str, Any]:
    """Custom Vision's cvexport.manifest, with the SHA-1 that it has: a checksum, no protection."""
    flavor = flavors.of_format(export_format.name)
    return {
        "DomainType": "Classification",
        "Platform": flavor.platform if flavor else "Tagwise",
        "Flavor": flavor.flavor if flavor else export_format.name,
        "ExporterVersion": "2.2",
        "ExportedDate": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "IterationId": iteration.id,
        "ModelFileName": model.name,
        "LabelFileName": "labels.txt",
        "MetadataPropsFileName": "metadata_properties.json",
        "ModelFileSHA1": hashlib.sha1(model.read_bytes(), usedforsecurity=False).hexdigest(),
        "SchemaVersion": "1.0",
    }


def _properties(source: Source) -> dict[str, str]:
    """Custom Vision's metadata_properties.json: how an image becomes the model's input."""
    side = str(source.backbone.side)
    kind = "MultiLabel" if source.out_of_fold.multilabel else "MultiClass"
    return {
        "CustomVision.Metadata.AdditionalModelInfo": f"{source.backbone.name}, by Tagwise {__version__}",
        "CustomVision.Metadata.Version": "1.1",
        "CustomVision.Postprocess.Method": f"Classification{kind}",
        "CustomVision.Postprocess.Yolo.Biases": "null",
        "CustomVision.Postprocess.Yolo.NmsThreshold": "null",
        "CustomVision.Preprocess.CropHeight": "0",
        "CustomVision.Preprocess.CropMethod": "NoCrop",
        "CustomVision.Preprocess.CropWidth": "0",
        "CustomVision.Preprocess.MaxDimension": "0",
        "CustomVision.Preprocess.MaxScale": "0",
        "CustomVision.Preprocess.MinDimension": "0",
        "CustomVision.Preprocess.MinScale": "0",
        "CustomVision.Preprocess.NormalizeMean": "[0.0, 0.0, 0.0]",
        "CustomVision.Preprocess.NormalizeStd": "[1.0, 1.0, 1.0]",
        "CustomVision.Preprocess.ResizeMethod": "Stretch",
        "CustomVision.Preprocess.TargetHeight": side,
        "CustomVision.Preprocess.TargetWidth": side,
        **PIXELS,
    }
