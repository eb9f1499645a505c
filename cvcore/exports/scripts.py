"""Writes the scripts of an export from the files in `templates` and the modules that decode images."""

from __future__ import annotations

import ast
import re
import shutil
import sys
from pathlib import Path

from cvcore.exports.formats import Format
from cvcore.imaging import decoding

TEMPLATES = Path(__file__).with_name("templates")

# predict.py decodes images by the very code of Tagwise: each module after those that it imports.
DECODING = tuple(
    Path(decoding.__file__).with_name(f"{name}.py") for name in ("repairs", "colour_profiles", "upright_images")
)

_LOAD_MODEL = re.compile(r"^def load_model\b.*?(?=\n\n\n|\n\Z)", re.DOTALL | re.MULTILINE)
_DECODING = re.compile(r"^def upright_image\b.*?^def readable\b.*?(?=\n\n\n)", re.DOTALL | re.MULTILINE)


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
    template, load_model = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("predict.py", loader))
    (function,) = _LOAD_MODEL.findall(load_model)
    script = _LOAD_MODEL.sub(lambda _: function, template)
    modules = [path.read_text(encoding="utf-8") for path in DECODING]
    script = _DECODING.sub(lambda _: "\n\n\n".join(map(_without_imports, modules)), script)
    return _with_imports(script, [template, *modules])


def _without_imports(module: str) -> str:
    """A module's text after its docstring and imports."""
    last = [node for node in ast.parse(module).body if isinstance(node, ast.Import | ast.ImportFrom)][-1]
    return "\n".join(module.splitlines()[last.end_lineno :]).strip("\n")


def _with_imports(script: str, texts: list[str]) -> str:
    """The script with the imports of all texts in place of its own, sorted as our code's are."""
    plain: set[str] = set()
    names: dict[str, set[str]] = {}
    for node in (node for text in texts for node in ast.parse(text).body):
        if isinstance(node, ast.Import):
            plain.add(ast.unparse(node))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] != "cvcore":
            names.setdefault(node.module, set()).update(alias.name for alias in node.names)
    lines = sorted(plain) + [
        # Constants stand before classes, these before functions.
        f"from {module} import {', '.join(sorted(names[module], key=lambda name: (not name.isupper(), name)))}"
        for module in sorted(names.keys() - {"__future__"}, key=str.casefold)
    ]
    own, others = (
        "\n".join(line for line in lines if (line.split()[1].partition(".")[0] in sys.stdlib_module_names) is is_own)
        for is_own in (True, False)
    )
    before, _, after = script.partition("from __future__ import annotations\n\n")
    rest = after[after.index("\n\nHERE = ") :]
    return f"{before}from __future__ import annotations\n\n{own}\n\n{others}{rest}"
