"""Imports go down only, and what takes seconds to import is imported where it is used."""

from __future__ import annotations

import ast
import graphlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The rooms from the top down; a module may import from its own room and from those below it.
ROOMS = [
    {"app", "pages", "api", "cli", "commands", "packing_commands", "training_commands"},
    {
        *(
            "projects",
            "tagging",
            "uploads",
            "transfer",
            "training",
            "evaluation",
            "scorecards",
            "prediction",
            "worker",
            "assessment",
        ),
        *("learning", "readiness"),
        *("downloads", "handout", "explanation", "batches", "advanced", "notifying", "lessons", "rounds"),
        *("azure", "arrivals", "exporting", "publishing", "history", "suggestions", "deliveries"),
        *("listings", "review", "corrections"),
        *("datasets", "packing", "packed_networks", "unpacking", "outgoing"),
        *("selection", "novelty", "adoption"),
        *("thresholding", "comparing"),
    },
    {
        *("store", "blobs", "weights", "builtin", "networks", "backbones", "extractors", "features", "heads"),
        *("halves", "views", "benches", "checkpoints", "finetuning", "devices"),
        *("archives", "zips", "fetching", "endpoints", "custom_vision", "exports", "keys"),
    },
    {
        "metrics",
        "intervals",
        "deviations",
        "rekognition",
        "drawings",
        "sheets",
        "portraits",
        "overviews",
        "reports",
        "confusion",
        "suspects",
        "usefulness",
        "ranking",
        "sweeps",
        "curves",
        "thresholds",
        "verdicts",
        "comparison",
        *("courses", "fits"),
        "calibration",
        *("splits", "near_duplicates"),
        "regression",
        "images",
        "samples",
        "layouts",
        *(
            "labelling",
            "tables",
            "imagefolders",
            "json_lines",
            "manifests",
            "documents",
            "contents",
            "training_contents",
            "arrays",
            "excerpts",
        ),
        "snippets",
    },
    {"records", "domains", "augmentation", "settings", "names", "progress", "addresses", "quiet", "terminal"},
    {"errors"},
]
RANK = {module: rank for rank, room in enumerate(ROOMS) for module in room}

# Doors know nothing of each other, but for app.py, which puts pages and API on one port, and cli.py, which is the
# commands' own front; the command that trains ends by printing what another one prints.
DOORS_BEHIND = {
    "app": {"api"},
    "cli": {"commands", "packing_commands", "training_commands"},
    "training_commands": {"commands"},
}

SQL = {"sqlite3", "sqlite_utils"}
NETWORKS = {"tensorflow", "keras", "ai_edge_litert"}

SOURCES = sorted([ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "cvcore").rglob("*.py")])


def name_of(path: Path) -> str:
    """The dotted name that a file is imported by."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in SOURCES}


def module_of(name: str) -> str:
    """The module, listed in `ROOMS`, that a dotted name of ours belongs to; empty for cvcore itself."""
    parts = name.split(".")
    return parts[0] if parts[0] != "cvcore" else "".join(parts[1:2])


def imported_by(path: Path) -> Iterator[str]:
    """The dotted name of all that a file imports, inside functions too: a module's own, not what is in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield inside if inside in MODULES else str(node.module)


def ours_imported_by(path: Path) -> Iterator[str]:
    return (name for name in imported_by(path) if name.split(".")[0] in ("app", "pages", "cvcore"))


@pytest.fixture(params=MODULES, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    """Every module of ours in turn."""
    return str(request.param)


def test_every_module_has_a_room(name: str) -> None:
    """A new module is given its room in this file, so that its imports are looked at."""
    assert name == "cvcore" or module_of(name) in RANK


def test_imports_go_down(name: str) -> None:
    """No module imports from a room above its own."""
    up = {
        other
        for other in ours_imported_by(MODULES[name])
        if RANK.get(module_of(other), len(ROOMS)) < RANK.get(module_of(name), len(ROOMS))
    }
    assert up == set()


def test_doors_do_not_know_each_other(name: str) -> None:
    """Pages, API and commands share use-cases, never each other's code."""
    module = module_of(name)
    known = {module_of(other) for other in ours_imported_by(MODULES[name])} & ROOMS[0]
    assert known <= {module} | DOORS_BEHIND.get(module, set())


def test_nothing_is_imported_in_a_circle() -> None:
    """Modules of one room may import each other, in one direction."""
    graph = {name: set(ours_imported_by(path)) - {name} for name, path in MODULES.items()}
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_what_others_each_may_import(name: str) -> None:
    """Streamlit stays out of cvcore, SQL in the store, and networks away from the doors."""
    forbidden = set()
    if name.startswith("cvcore"):
        forbidden |= {"streamlit"}
    if module_of(name) != "store":
        forbidden |= SQL
    if module_of(name) in ROOMS[0]:
        forbidden |= NETWORKS
    assert {other.split(".")[0] for other in imported_by(MODULES[name])} & forbidden == set()


def loaded_by(script: str) -> list[str]:
    """What a script in a fresh interpreter prints."""
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ, timeout=120)
    # Streamlit grumbles on stderr where no server runs.
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_importing_cvcore_loads_nothing_heavy() -> None:
    """No module of cvcore, the commands among them, brings in a network library, pandas, matplotlib or Streamlit."""
    heavy = NETWORKS | {"pandas", "matplotlib", "streamlit"}
    script = f"""
import importlib, sys
for name in {[name for name in MODULES if name.startswith("cvcore")]}:
    importlib.import_module(name)
    for heavy in {heavy} & set(sys.modules):
        sys.exit(f"{{name}} loads {{heavy}}")
"""
    assert loaded_by(script) == []


def test_importing_what_pages_import_loads_no_network() -> None:
    """What the app and its pages import, run without the pages themselves, brings in no network library."""
    imports = {
        ast.unparse(node)
        for name, path in MODULES.items()
        if module_of(name) in ("app", "pages")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom) and "__future__" not in ast.unparse(node)
    }
    script = "\n".join(["import sys", *sorted(imports), f"print(*({NETWORKS} & set(sys.modules)))"])
    assert loaded_by(script) == []
