"""Packages import downward only, and slow libraries are imported only where they are used."""

from __future__ import annotations

import ast
import functools
import graphlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The packages from the top down; a package imports only from packages below it. The entry points stand first, and
# import each other only as `MAY_IMPORT` says. The modules beside the packages of cvcore are the ground.
GROUND = "cvcore"
PACKAGES = (
    "app",
    "pages",
    "cvcore.api",
    "cvcore.cli",
    "cvcore.azure",
    "cvcore.rekognition",
    "cvcore.training",
    "cvcore.classroom",
    "cvcore.similar_images",
    "cvcore.active_learning",
    "cvcore.archive",
    "cvcore.prediction",
    "cvcore.exports",
    "cvcore.html_report",
    "cvcore.projects",
    "cvcore.backups",
    "cvcore.next_steps",
    "cvcore.learning_curves",
    "cvcore.image_maps",
    "cvcore.slices",
    "cvcore.shortcuts",
    "cvcore.robustness",
    "cvcore.analyses",
    "cvcore.evaluation",
    "cvcore.finetuning",
    "cvcore.distillation",
    "cvcore.networks",
    "cvcore.image_facts",
    "cvcore.image_quality",
    "cvcore.datasets",
    "cvcore.annotations",
    "cvcore.store",
    "cvcore.buckets",
    "cvcore.certificates",
    "cvcore.files",
    "cvcore.cluster",
    "cvcore.net",
    "cvcore.imaging",
    "cvcore.metrics",
    "cvcore.validation",
    GROUND,
    "cvcore.languages",
)
ENTRY_POINTS = {"app", "pages", "cvcore.api", "cvcore.cli"}
MAY_IMPORT = {"app": {"cvcore.api"}}  # it puts pages and API on one port

# How many modules a folder may hold beside its __init__.
MODULES_MOST = 12
MODULES_MOST_IN = {"cvcore/store": 16, "cvcore": 9}

# Programs started with `python -m`: if their package's `__init__` imported them, they would be imported twice.
PROGRAMS = {
    "cvcore.training.worker",
    "cvcore.training.steps.preparation",
    "cvcore.exports.process",
    "cvcore.cli.__main__",
    "cvcore.distillation.distill",
    "cvcore.languages.update",
}

SQL = {"sqlite3", "sqlite_utils"}
NETWORKS = {"tensorflow", "keras", "ai_edge_litert"}

SOURCES = sorted([ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "cvcore").rglob("*.py")])


def name_of(path: Path) -> str:
    """The dotted name that a file is imported by."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in SOURCES}


@functools.cache
def package_of(name: str) -> str:
    """The package, listed in `PACKAGES`, that a dotted name of ours belongs to."""
    packages = [package for package in PACKAGES if package != GROUND and f"{name}.".startswith(f"{package}.")]
    return packages[0] if packages else GROUND


def folder_of(name: str, depth: int) -> str:
    """The folder that a module of ours lies in, at most so deep: `cvcore.api.customvision` at depth 3.

    The class Store stands above its folder: it puts together the tables there and in the folders below.
    """
    if name == "cvcore.store":
        return "cvcore.store.Store"
    return ".".join(MODULES[name].parent.relative_to(ROOT).parts[:depth])


@functools.cache
def imported_by(path: Path) -> tuple[str, ...]:
    """The dotted name of every module that a file imports, inside functions too."""
    return tuple(_imported_by(path))


def _imported_by(path: Path) -> Iterator[str]:
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


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> str:
    """Every package in turn."""
    return str(request.param)


def modules_of(package: str) -> list[str]:
    """The dotted names of the modules whose package this is; there is at least one."""
    names = [name for name in MODULES if package_of(name) == package]
    assert names
    return names


def test_every_package_is_listed() -> None:
    """A new package gets its place in this file, so that its imports are checked."""
    packages = {f"cvcore.{path.parent.name}" for path in (ROOT / "cvcore").glob("*/__init__.py")}
    assert packages | {"app", "pages", GROUND} == set(PACKAGES)


def test_imports_go_down(package: str) -> None:
    """No module imports from a package above its own."""
    rank = PACKAGES.index(package)
    up = {
        (name, other)
        for name in modules_of(package)
        for other in ours_imported_by(MODULES[name])
        if PACKAGES.index(package_of(other)) < rank
    }
    assert up == set()


def test_entry_points_do_not_import_each_other(package: str) -> None:
    """Pages, API and commands share the packages below, never each other's code."""
    others = ENTRY_POINTS - {package} - MAY_IMPORT.get(package, set())
    imported = {(name, other) for name in modules_of(package) for other in ours_imported_by(MODULES[name])}
    assert {(name, other) for name, other in imported if package_of(other) in others} == set()


def test_nothing_is_imported_in_a_circle() -> None:
    """Modules of one package may import each other, in one direction."""
    graph = {name: set(ours_imported_by(path)) - {name} for name, path in MODULES.items()}
    assert list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_folders_import_in_one_direction(depth: int) -> None:
    """Folders inside packages do not import each other in a circle either, at any depth."""
    graph: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        folder = folder_of(name, depth)
        graph.setdefault(folder, set()).update(folder_of(other, depth) for other in ours_imported_by(path))
    for folder, others in graph.items():
        others.discard(folder)
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_no_folder_holds_too_much() -> None:
    """A folder holds at most 12 modules, the store 16, and beside the packages of cvcore there are at most 9."""
    counts: dict[str, int] = {}
    for path in SOURCES:
        if path.name != "__init__.py":
            folder = path.parent.relative_to(ROOT).as_posix()
            counts[folder] = counts.get(folder, 0) + 1
    too_many = {folder: n for folder, n in counts.items() if n > MODULES_MOST_IN.get(folder, MODULES_MOST)}
    assert too_many == {}


@pytest.mark.parametrize("package", [package for package in PACKAGES if package.count(".") == 1])
def test_a_package_says_what_it_is_for_and_only_re_exports(package: str) -> None:
    """A package's `__init__` has a docstring, and defines nothing unless it is one of the few named here."""
    tree = ast.parse(MODULES[package].read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    if package != "cvcore.store":  # it holds the class Store, which puts the tables' classes together
        kinds = {type(node) for node in tree.body[1:]}
        assert kinds <= {ast.ImportFrom, ast.Assign}
        assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
        assert [ast.unparse(node.targets[0]) for node in assigned] in ([], ["__all__"])


def test_programs_are_not_imported_by_their_package() -> None:
    """What is started with `python -m` is not imported by its own package, which Python would warn of."""
    for program in PROGRAMS:
        init = MODULES[program.rpartition(".")[0]]
        assert program not in set(imported_by(init))


def test_libraries_stay_in_their_packages(package: str) -> None:
    """Streamlit is not imported in cvcore, SQL only in the store, and network libraries not by the entry points."""
    forbidden = set()
    if package.startswith("cvcore"):
        forbidden |= {"streamlit"}
    if package != "cvcore.store":
        forbidden |= SQL
    if package in ENTRY_POINTS:
        forbidden |= NETWORKS
    imported = {(name, other) for name in modules_of(package) for other in imported_by(MODULES[name])}
    assert {(name, other) for name, other in imported if other.split(".")[0] in forbidden} == set()


def loaded_by(script: str) -> list[str]:
    """What a script in a fresh interpreter prints."""
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ, timeout=120)
    # Streamlit warns on stderr where no server runs.
    assert completed.returncode == 0, completed.stderr
    return completed.stdout.split()


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
        if package_of(name) in ("app", "pages")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom) and "__future__" not in ast.unparse(node)
    }
    script = "\n".join(["import sys", *sorted(imports), f"print(*({NETWORKS} & set(sys.modules)))"])
    assert loaded_by(script) == []
