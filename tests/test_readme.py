"""The README leaves nothing out and says nothing that is not so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.routing import Route

from cvcore import cli, domains, urls
from cvcore.api import assets, downloads, pictures
from cvcore.api.customvision import routes
from cvcore.store import Store

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MODULES = sorted(path for path in (ROOT / "cvcore").iterdir() if not path.name.startswith("_"))
PAGES = re.findall(r'st\.Page\(.*?title="(.*?)"', (ROOT / "pages" / "router.py").read_text(encoding="utf-8"))


def commands() -> dict[str, str]:
    """Every command, with what its --help says."""
    overview = cli.parser().format_help()
    names = re.findall(r"^    (\w+)\b", overview, re.MULTILINE)
    told = {}
    for name in names:
        done = subprocess.run(
            [sys.executable, "-m", "cvcore.cli", name, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        told[name] = done.stdout
    return told


@pytest.mark.parametrize("title", PAGES)
def test_every_page(title: str) -> None:
    """Each page is in the README's table of pages."""
    assert f"\n| {title} |" in README


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_every_module(path: Path) -> None:
    """Each module of cvcore is on the map."""
    house = README.split("## The map of the house")[1]
    assert (f"{path.name}/" if path.is_dir() else path.name) in house


def test_every_command_and_option() -> None:
    """Each command and each of its options is in the README's list, and the list has no other."""
    listed = README.split("## Commands")[1].split("```")[1]
    found = commands()
    assert sorted(found) == sorted(set(re.findall(r"^tagwise (\w+)", listed, re.MULTILINE)))
    for name, told in found.items():
        mine = re.search(rf"^tagwise {name}\b(.*?)(?=^tagwise |\Z)", listed, re.MULTILINE | re.DOTALL)
        assert mine is not None
        assert set(re.findall(r"--[a-z-]+", told)) - {"--help"} == set(re.findall(r"--[a-z-]+", mine.group(1))), name


def test_every_setting() -> None:
    """Each environment variable that the code reads is in the table, and the table has no other."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "cvcore").rglob("*.py"))
    read = set(re.findall(r'"((?:TAGWISE|KERAS)_[A-Z_]+)"', code)) - {"KERAS_BACKEND"}
    assert read == set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))


@pytest.mark.parametrize("domain", domains.DOMAINS, ids=lambda domain: domain.name)
def test_every_domain(domain: domains.Domain) -> None:
    """Each domain stands in the table beside the network that it runs on."""
    rows = [row for row in README.splitlines() if row.startswith("|") and f"{domain.backbone} {domain.side}" in row]
    assert any(domain.name in re.split(r"[|,]\s*", row.replace(" |", "|")) for row in rows)


def test_every_route(store: Store) -> None:
    """Each address that answers beside the pages is in the README."""
    for route in [*pictures.routes(store), *downloads.routes(store), *assets.routes()]:
        assert isinstance(route, Route)
        path = route.path.replace(urls.PLOTLY, "/assets/plotly-VERSION.min.js").removeprefix(urls.STATIC)
        assert f"`{path}`" in README


def test_every_operation() -> None:
    """The table of the API's operations is the list of its routes, word by word."""
    table = README.split("<!-- operations -->\n")[1].split("\n<!-- /operations -->")[0]
    rows = [
        f"| `{each.name}` | {'yes' if each.is_supported else 'no'} | {each.note} |"
        for each in (*routes.TRAINING, *routes.PREDICTION)
    ]
    assert ["| operation | supported | notes |", "|---|---|---|", *rows] == table.splitlines()


def test_two_set_up_lines() -> None:
    """There are exactly two set-up lines, and no address of a package index anywhere."""
    block = README.split("<!-- set-up -->")[1].split("<!-- /set-up -->")[0]
    lines = [line for line in block.splitlines() if line and not line.startswith("```")]
    assert 2 == len(lines)
    assert all(line.startswith("python3 -m venv .venv && .venv/bin/pip install -c constraints.txt ") for line in lines)
    assert lines[0].endswith("tagwise serve")
    assert lines[1].endswith("pytest")


def test_pictures_are_there() -> None:
    """Every picture the README shows is in the repository."""
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / path).is_file()
