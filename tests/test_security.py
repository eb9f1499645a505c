"""docs/security.md names tests that are there, and what it says of the whole code and its settings holds."""

from __future__ import annotations

import ast
import re
import ssl
import tomllib
from pathlib import Path

import pytest
import uvicorn
from uvicorn.config import create_ssl_context

from cvcore import certificates

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
# The ways in which data would become code, or a command.
DANGEROUS = {"eval", "exec", "os.system", "os.popen", "pickle.load", "pickle.loads", "marshal.loads", "yaml.load"}
SOURCES = [ROOT / "app.py", *sorted((ROOT / "cvcore").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]


def rows() -> list[list[str]]:
    """The cells of the rows of every table that names tests, without its two first lines."""
    tables = re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE)
    shown = [table.splitlines() for table in tables if "shown by" in table.splitlines()[0]]
    return [[cell.strip() for cell in line.strip("|").split("|")] for lines in shown for line in lines[2:]]


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda part: str(part))
def test_every_test_named_exists(path: str, name: str) -> None:
    """A test that a row names is a function of its file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_row_names_a_test() -> None:
    """No row only claims."""
    assert len(rows()) > 50
    assert [] == [row for row in rows() if not re.search(r"`tests/[\w/]+\.py::\w+`", row[-1])]


def test_every_chapter_is_spoken_of() -> None:
    """The standard has 17 chapters."""
    assert [] == [number for number in range(1, 18) if not re.search(rf"\bV{number}\b", TEXT)]


def test_no_data_becomes_code() -> None:
    """Nothing is evaluated or unpickled, no command goes through a shell, and arrays hold no objects."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert set() == DANGEROUS & {ast.unparse(call.func) for call in calls}
    given = {(each.arg, ast.unparse(each.value)) for call in calls for each in call.keywords}
    assert set() == {("shell", "True"), ("allow_pickle", "True")} & given


def test_streamlit_is_set_carefully() -> None:
    """This machine only, no traceback on a page, no folder of files, no messages from elsewhere, its checks left on."""
    found = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    server, client = found["server"], found["client"]
    assert ("127.0.0.1", False) == (server["address"], server["enableStaticServing"])
    assert set() == {"enableCORS", "enableXsrfProtection", "corsAllowedOrigins", "enableAgentApi"} & set(server)
    assert ("none", []) == (client["showErrorDetails"], client["allowedOrigins"])
    assert found["browser"]["gatherUsageStats"] is False


def test_https_is_tls_1_2_at_least(tmp_path: Path) -> None:
    """As the server makes its context of the certificate."""
    path = certificates.ensure(tmp_path).path
    config = uvicorn.Config("app:app", ssl_certfile=path)
    context = create_ssl_context(path, path, None, config.ssl_version, config.ssl_cert_reqs, None, config.ssl_ciphers)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
