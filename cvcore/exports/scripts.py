"""Writes the scripts of an export from the files in `templates`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from cvcore.exports.formats import Format

TEMPLATES = Path(__file__).with_name("templates")

_LOAD_MODEL = re.compile(r"^def load_model\b.*?(?=\n\n\n|\n\Z)", re.DOTALL | re.MULTILINE)


def write(folder: Path, export_format: Format) -> None:
    """Write a format's predict.py into an export's folder, and copy the other files it needs."""
    (folder / "predict.py").write_text(predict_script(export_format.loader), encoding="utf-8")
    for name in export_format.files:
        shutil.copyfile(TEMPLATES / name, folder / name)


def predict_script(loader: str) -> str:
    """The text of predict.py with the `load_model` of another file in `templates`: one script without other files.

    >>> "onnxruntime" in predict_script("load_onnx.py"), "cvcore" in predict_script("load_onnx.py")
    (True, False)
    """
    script, load_model = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("predict.py", loader))
    (function,) = _LOAD_MODEL.findall(load_model)
    return _LOAD_MODEL.sub(lambda _: function, script)
