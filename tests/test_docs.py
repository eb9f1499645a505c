"""README and docs leave nothing out, say nothing that is not so, and link to what is there."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.routing import Route

from cvcore import cli, domains, urls
from cvcore.api import assets, authority, downloads, images
from cvcore.api.aws.rekognition import routes as rekognition
from cvcore.api.aws.s3 import routes as s3
from cvcore.api.customvision import routes
from cvcore.store import Store

ROOT = Path(__file__).resolve().parents[1]
README_BYTES_MOST = 9_000

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
EVERYTHING = "\n".join(TEXTS.values())
ARCHITECTURE = TEXTS["docs/architecture.md"]

PAGE_TITLES = re.findall(r'st\.Page\(.*?title="(.*?)"', (ROOT / "pages" / "router.py").read_text(encoding="utf-8"))
PACKAGES = sorted(path.parent for path in (ROOT / "cvcore").glob("*/__init__.py"))
MODULES = sorted(path for path in (ROOT / "cvcore").glob("*.py") if path.name != "__init__.py")


def commands() -> dict[str, str]:
    """Every command, with what its --help says."""
    overview = cli.parser().format_help()
    names = re.findall(r"^    ([\w-]+)", overview, re.MULTILINE)
    texts = {}
    for name in names:
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
            cli.parser().parse_args([name, "--help"])
        texts[name] = printed.getvalue()
    return texts


def between(text: str, mark: str) -> list[str]:
    """The lines between `<!-- mark -->` and `<!-- /mark -->`."""
    return text.split(f"<!-- {mark} -->\n")[1].split(f"\n<!-- /{mark} -->")[0].splitlines()


def anchors(text: str) -> set[str]:
    """What a page's headings are linked to by, as GitHub makes it from their words."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> list[str]:
    """Where a page's links and images lead, but for those to other hosts."""
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def test_readme_is_short() -> None:
    """The README is read in a few minutes; what it has no room for stands in docs/."""
    assert (ROOT / "README.md").stat().st_size <= README_BYTES_MOST


@pytest.mark.parametrize("path", PAGES[1:], ids=lambda path: path.name)
def test_readme_links_every_page_of_docs(path: Path) -> None:
    """Every page in docs/ is found from the README."""
    assert f"docs/{path.name}" in links(TEXTS["README.md"])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Every relative link names a file in the repository, and a heading in it where it names one."""
    for target in links(path.read_text(encoding="utf-8")):
        name, _, anchor = unquote(target).partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.is_file(), target
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target


def test_every_file_named_exists() -> None:
    """Every path of a file or folder of ours that a page names is there."""
    for path in re.findall(r"`((?:cvcore|pages|tests|\.ci)/[\w/.-]*)", EVERYTHING):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("title", PAGE_TITLES)
def test_every_page_of_the_app(title: str) -> None:
    """Each page of the app is in the README's table of pages."""
    assert f"\n| {title} |" in TEXTS["README.md"]


def test_every_package_in_its_order() -> None:
    """The table of packages says what their own docstrings begin with, from the top down as test_layers.py does.

    Copy the expected lines to docs/architecture.md when a docstring or the order has changed.
    """
    layers = ast.parse((ROOT / "tests" / "test_layers.py").read_text(encoding="utf-8"))
    (order,) = [
        node.value
        for node in layers.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PACKAGES"
    ]
    assert isinstance(order, ast.Tuple)
    rows = []
    for name in (ast.literal_eval(node) for node in order.elts if isinstance(node, ast.Constant)):
        if name.startswith("cvcore."):
            face = ROOT / name.replace(".", "/") / "__init__.py"
            docstring = ast.get_docstring(ast.parse(face.read_text(encoding="utf-8"))) or ""
            first, _, _ = docstring.partition("\n\n")
            rows.append(f"| `{name.replace('.', '/')}` | {' '.join(first.split())} |")
    assert ["| package | what it is for |", "|---|---|", *rows] == between(ARCHITECTURE, "packages")


def test_every_module_beside_the_packages() -> None:
    """Each module beside the packages has its row."""
    rows = between(ARCHITECTURE, "modules")[2:]
    assert [f"cvcore/{path.name}" for path in MODULES] == [row.split("`")[1] for row in rows]


def test_every_command_and_option() -> None:
    """Each command and each of its options is in the list of commands, and the list has no other."""
    listed = TEXTS["docs/commands.md"].split("```")[1]
    helps = commands()
    assert sorted(helps) == sorted(set(re.findall(r"^tagwise ([\w-]+)", listed, re.MULTILINE)))
    for name, text in helps.items():
        own = re.search(rf"^tagwise {name}\b(.*?)(?=^tagwise |\Z)", listed, re.MULTILINE | re.DOTALL)
        assert own is not None
        assert set(re.findall(r"--[a-z-]+", text)) - {"--help"} == set(re.findall(r"--[a-z-]+", own.group(1))), name


def test_every_setting() -> None:
    """Each environment variable that the code reads is in the table, and the table has no other."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "cvcore").rglob("*.py"))
    read = set(re.findall(r'"((?:TAGWISE|KERAS)_[A-Z_]+)"', code)) - {"KERAS_BACKEND"}
    assert read == set(re.findall(r"^\| `([A-Z_]+)` \|", TEXTS["docs/commands.md"], re.MULTILINE))


@pytest.mark.parametrize("domain", domains.DOMAINS, ids=lambda domain: domain.name)
def test_every_domain(domain: domains.Domain) -> None:
    """Each domain stands in the table beside the network that it runs on."""
    lines = TEXTS["docs/networks.md"].splitlines()
    rows = [line for line in lines if line.startswith("|") and f"{domain.backbone} {domain.side}" in line]
    assert any(domain.name in re.split(r"[|,]\s*", row.replace(" |", "|")) for row in rows)


def test_every_route(store: Store) -> None:
    """Each address that answers beside the pages is in the table."""
    for route in [*images.routes(store), *downloads.routes(store), *assets.routes(), *authority.routes(store)]:
        assert isinstance(route, Route)
        path = route.path.replace(urls.PLOTLY, "/assets/plotly-VERSION.min.js").removeprefix(urls.STATIC)
        assert f"`{path}`" in TEXTS["docs/custom-vision-api.md"]


def test_every_operation() -> None:
    """The table of the API's operations is the list of its routes, word by word."""
    rows = [
        f"| `{each.name}` | {'yes' if each.is_supported else 'no'} | {each.note} |"
        for each in (*routes.TRAINING, *routes.PREDICTION)
    ]
    table = between(TEXTS["docs/custom-vision-api.md"], "operations")
    assert ["| operation | supported | notes |", "|---|---|---|", *rows] == table


@pytest.mark.parametrize(("mark", "operations"), [("operations", rekognition.OPERATIONS), ("s3", s3.OPERATIONS)])
def test_every_operation_of_amazon_s(mark: str, operations: Sequence[Any]) -> None:
    """The tables of Amazon's operations are the lists of the services' routes, word by word."""
    rows = [f"| `{each.name}` | {each.note} |" for each in operations]
    assert ["| operation | notes |", "|---|---|", *rows] == between(TEXTS["docs/rekognition-api.md"], mark)


def test_two_set_up_lines() -> None:
    """There are exactly two set-up lines, and no address of a package index anywhere."""
    lines = [line for line in between(TEXTS["README.md"], "set-up") if line and not line.startswith("```")]
    assert 2 == len(lines)
    assert all(line.startswith("python3 -m venv .venv && .venv/bin/pip install -c constraints.txt ") for line in lines)
    assert lines[0].endswith("tagwise serve")
    assert lines[1].endswith("pytest")
    assert re.findall(r"index-url|pypi|simple/", EVERYTHING) == []
