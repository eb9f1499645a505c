"""The widgets' scripts, as they are joined for Streamlit; what they do is tested in a browser."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from pages.parts.widgets import component

FOLDER = Path(component.__file__).parent
WIDGETS = sorted(FOLDER.glob("*/widget.js"))


@pytest.mark.parametrize("script", WIDGETS, ids=lambda path: path.parent.name)
def test_a_joined_script_is_one_module(script: Path) -> None:
    """Nothing is imported any more, one function is exported, and no name is given twice in the one scope."""
    joined = component.joined(script)
    assert [] == re.findall(r"^import .*", joined, re.MULTILINE)
    assert ["export default function"] == re.findall(r"^export [a-z]+ [a-z]+", joined, re.MULTILINE)
    declared = re.findall(r"^(?:async )?(?:const|let|function|class) (\w+)", joined, re.MULTILINE)
    assert [] == [name for name, number in Counter(declared).items() if number > 1]
    assert "element" in declared


def test_what_is_imported_twice_comes_once(tmp_path: Path) -> None:
    """A file stands in front of all that import it, also by imports over several lines."""
    (tmp_path / "a.js").write_text("export const a = 1;\n")
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\n\nexport function b() { return a; }\n')
    (tmp_path / "c.js").write_text(
        'import {\n  a,\n} from "./a.js";\nimport { b } from "./b.js";\nexport default a + b();\n'
    )
    expected = ["const a = 1;", "function b() { return a; }", "export default a + b();"]
    assert expected == [line for line in component.joined(tmp_path / "c.js").splitlines() if line]


@pytest.mark.parametrize(
    "file", sorted([*FOLDER.rglob("*.js"), *FOLDER.rglob("*.css")]), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_names_are_text_and_lines_are_short(file: Path) -> None:
    """No script writes HTML, and no line has more than 120 characters."""
    text = file.read_text(encoding="utf-8")
    assert "innerHTML" not in text
    assert [] == [line for line in text.splitlines() if len(line) > 120]


def test_style_sheets_are_joined_with_their_scripts(tmp_path: Path) -> None:
    """A sheet beside each script of the same name comes in the scripts' order, each once."""
    (tmp_path / "a.js").write_text("export const a = 1;\n")
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\n\nexport function b() { return a; }\n')
    (tmp_path / "widget.js").write_text(
        'import { a } from "./a.js";\nimport { b } from "./b.js";\nexport default a + b();\n'
    )
    (tmp_path / "b.css").write_text(".b {}\n")
    (tmp_path / "widget.css").write_text(".widget {}\n")
    (tmp_path / "other.css").write_text(".other {}\n")
    sheets = [line for line in component.joined_styles(tmp_path / "widget.js").splitlines() if line]
    assert [".b {}", ".widget {}"] == sheets
