"""Exports for real: each format is made of one trained iteration and asked in a process that knows only its runtime."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from packaging.requirements import Requirement

from cvcore import exports, prediction
from cvcore.cli import main
from cvcore.errors import InvalidInput, NotFound, Unavailable
from cvcore.evaluation import saved_thresholds
from cvcore.exports import formats
from cvcore.exports.source import Source
from cvcore.exports.writers.network import Network
from cvcore.projects import uploads
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import ROOT
from tests.cvcore.exports.conftest import Trees, trained_on_trees
from tests.cvcore.exports.writers import vendor_reading

LIMITS = Limits()
TAGS = ["Hemlock", "Japanese_Cherry"]

# `-I -S` leaves Python its own library alone; then the runtime's folder is let in, and nothing of ours.
CLEAN = """
import importlib.util, os, runpy, sys
script, runtime, *arguments = sys.argv[1:]
sys.path += [runtime, os.path.dirname(script)]
assert not any(map(importlib.util.find_spec, ["cvcore", "streamlit", "sqlite_utils"]))
sys.argv = [script, *arguments]
runpy.run_path(script, run_name="__main__")
"""

# One of floats and one of integers are tried each time, the others by `pytest -m slow`.
ALWAYS = ("tflite", "tflite-int8")

INSTALLED = [
    pytest.param(
        each.name,
        marks=[
            pytest.mark.skipif(
                not all(map(importlib.util.find_spec, each.packages)), reason=f"{each.name} needs the extra `export`"
            ),
            *([] if each.name in ALWAYS else [pytest.mark.slow]),
        ],
    )
    for each in formats.FORMATS
    if each.can_be_tested
]


@pytest.fixture(scope="module")
def page_predictions(trees: Trees, photo: Path) -> list[dict[str, Any]]:
    """The page's predictions for the photograph."""
    predictions = prediction.predict(*trees, photo.read_bytes(), limits=LIMITS)
    return [{"tag": each.tag, "probability": each.probability} for each in predictions]


def packages(requirements: list[str]) -> set[str]:
    """What is installed of them and of all that they need."""
    found: set[str] = set()
    while requirements:
        wanted = Requirement(requirements.pop())
        if wanted.name not in found and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            found.add(wanted.name)
            requirements += importlib.metadata.requires(wanted.name) or []
    return found


def runtime(folder: Path, requirements: str) -> Path:
    """A folder from which nothing but these requirements can be imported."""
    for name in packages(requirements.splitlines()):
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(str(distribution.locate_file(top)))
    return folder


def clean_command(script: Path, folder: Path, *arguments: str) -> list[str]:
    """Runs an exported script with what its requirements.txt lists."""
    folder.mkdir()
    packages = runtime(folder, (script.parent / "requirements.txt").read_text("utf-8"))
    return [sys.executable, "-I", "-S", "-c", CLEAN, str(script), str(packages), *arguments]


@pytest.mark.network
@pytest.mark.parametrize("name", INSTALLED)
def test_predict_py_predicts_as_the_page_does(
    name: str,
    exported: Callable[[str], exports.Export],
    photo: Path,
    page_predictions: list[dict[str, Any]],
    tmp_path: Path,
) -> None:
    """With its own runtime, Pillow and numpy alone predict.py prints the page's answer, and prints only that."""
    command = clean_command(exported(name).folder / "predict.py", tmp_path / "runtime", str(photo))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert 0 == done.returncode, done.stderr
    output = json.loads(done.stdout)
    assert {"predictions", "answer"} == set(output)
    assert [output["predictions"][0]["tag"]] == output["answer"]
    assert [each["tag"] for each in page_predictions] == [each["tag"] for each in output["predictions"]]
    tolerance = min(formats.find(name).tolerance, 0.05)
    for ours, theirs in zip(page_predictions, output["predictions"], strict=True):
        assert pytest.approx(ours["probability"], abs=tolerance) == theirs["probability"]


@pytest.mark.network
def test_a_folder_says_what_it_is(exported: Callable[[str], exports.Export], trees: Trees) -> None:
    """Tags stand one a line in the order of the model's output; model.json tells the rest, the agreement too."""
    export = exported("tflite")
    ours = {"labels.txt", "model.json", "model.tflite", "predict.py", "requirements.txt"}
    theirs = {"cvexport.manifest", "metadata_properties.json"}
    assert ours | theirs == {path.name for path in export.folder.iterdir()}
    assert TAGS == (export.folder / "labels.txt").read_text("utf-8").splitlines()
    about = json.loads((export.folder / "model.json").read_text("utf-8"))
    assert ("tflite", "MobileNetV2", 224, False) == tuple(
        about[key] for key in ("format", "backbone", "side", "multilabel")
    )
    assert trees[1].id == about["iteration"]["id"]
    assert export.agreement
    assert dataclasses.asdict(export.agreement) == about["agreement"]
    assert sum(path.stat().st_size for path in export.folder.iterdir()) == export.size_bytes


@pytest.mark.network
def test_a_folder_says_what_custom_visions_say(exported: Callable[[str], exports.Export], trees: Trees) -> None:
    """The manifest tells platform, flavor, iteration and the model's checksum; a file beside it tells the input."""
    folder = exported("tflite").folder
    manifest = vendor_reading.manifest(folder)
    assert ("Classification", "TensorFlow", "TensorFlowLite", trees[1].id, "model.tflite") == tuple(
        manifest[key] for key in ("DomainType", "Platform", "Flavor", "IterationId", "ModelFileName")
    )
    assert hashlib.sha1((folder / "model.tflite").read_bytes()).hexdigest() == manifest["ModelFileSHA1"]
    properties = json.loads((folder / manifest["MetadataPropsFileName"]).read_text("utf-8"))
    expected = {
        "Image.BitmapPixelFormat": "Rgb8",
        "Image.NominalPixelRange": "NominalRange_0_255",
        "CustomVision.Preprocess.TargetWidth": "224",
        "CustomVision.Preprocess.ResizeMethod": "Stretch",
        "CustomVision.Postprocess.Method": "ClassificationMultiClass",
    }
    assert expected == {key: properties[key] for key in expected}


@pytest.mark.network
def test_a_web_model_says_what_it_is(exported: Callable[[str], exports.Export]) -> None:
    """TensorFlow.js' model.json holds what Tagwise's does beside its own keys; the manifest has its checksum."""
    folder = exported("tfjs").folder
    content = (folder / "model.json").read_bytes()
    about = json.loads(content)
    assert ("graph-model", 224, "MobileNetV2") == (about["format"], about["side"], about["backbone"])
    assert "Rgb8" == about["userDefinedMetadata"]["Image.BitmapPixelFormat"]
    assert 0 == about["agreement"]["changed"]
    manifest = vendor_reading.manifest(folder)
    assert ("model.json", "TensorFlowJs") == (manifest["ModelFileName"], manifest["Flavor"])
    assert hashlib.sha1(content).hexdigest() == manifest["ModelFileSHA1"]


@pytest.mark.slow
@pytest.mark.network
def test_tags_of_a_multilabel_project_are_independent(store_of_trees: Store, shared: Path, tmp_path: Path) -> None:
    """Each has a probability of its own, and a threshold; the decision rule is in model.json."""
    iteration = trained_on_trees(store_of_trees, shared, "Trees, several", "Multilabel")
    saved_thresholds.save(store_of_trees, iteration, (0.4, 0.75))
    iteration = store_of_trees.iterations.get(iteration.id)
    export = exports.export(store_of_trees, iteration, formats.find("keras"), tmp_path / "out")
    assert export.agreement
    assert export.agreement.difference < 1e-3
    about = json.loads((export.folder / "model.json").read_text("utf-8"))
    assert (True, "every tag whose probability is at least its threshold") == (about["multilabel"], about["answer"])
    assert [0.4, 0.75] == [tag["threshold"] for tag in about["tags"]]


@pytest.mark.network
def test_an_export_needs_an_image_to_be_tested_on(
    store: Store, fill: Callable[..., Project], trained: Callable[..., Iteration], tmp_path: Path
) -> None:
    """Of an iteration whose images were all erased nothing can be tested, so nothing is written."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    uploads.erase(store, [each.id for each in store.images.page(project.id, take=20)])
    with pytest.raises(
        NotFound, match=r"^an export is tested on .* images, but all their files were deleted: train again$"
    ):
        exports.export(store, iteration, formats.find("tflite"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_8_bit_integers_predict_nearly_the_same(exported: Callable[[str], exports.Export]) -> None:
    """The smallest model gives most of the page's answers, and the export says how many it does not."""
    export = exported("tflite-int8")
    assert export.agreement
    assert 20 == export.agreement.pictures
    assert export.agreement.changed <= 2
    assert export.size_bytes < exported("tflite").size_bytes / 3


@pytest.mark.network
def test_the_container_serves(
    exported: Callable[[str], exports.Export], photo: Path, page_predictions: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Its server, as a plain process with the runtime alone, answers the prediction route with the page's answer."""
    folder = exported("container").folder
    assert "server.py" in (folder / "Dockerfile").read_text("utf-8")
    command = clean_command(folder / "server.py", tmp_path / "runtime")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PORT": "0"}) as server:
        assert server.stdout
        port = server.stdout.readline().rpartition(" ")[2].strip()
        route = f"http://127.0.0.1:{port}/any/classify/iterations/any/image"
        with urllib.request.urlopen(urllib.request.Request(route, photo.read_bytes()), timeout=30) as answer:
            served = json.load(answer)["predictions"]
        server.terminate()
    assert 0 == server.returncode
    assert [each["tag"] for each in page_predictions] == [each["tagName"] for each in served]
    assert pytest.approx([each["probability"] for each in page_predictions], abs=1e-3) == [
        each["probability"] for each in served
    ]


@pytest.mark.slow
@pytest.mark.network
def test_the_command_prints_its_result_alone(trees: Trees, tmp_path: Path) -> None:
    """One line on standard output for each format, nothing on standard error, and folders that were not there."""
    formats_wanted = "TensorFlow, tflite,tflite"
    command = [sys.executable, "-m", "cvcore.cli", "export", "Trees", formats_wanted, str(tmp_path / "new")]
    environ = os.environ | {"TAGWISE_HOME": str(trees[0].home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120)
    assert ("", 0) == (done.stderr, done.returncode)
    *lines, end = done.stdout.split("\n")
    for line, name in zip(lines, ["tensorflow", "tflite"], strict=True):
        assert line.startswith(f"Trees, Iteration 1: exported to {tmp_path / 'new' / name}, ")
        assert line.endswith(" and gives the same answers")
    assert "" == end


def test_the_command_refuses_a_format_that_there_is_not(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It is misuse, told with the formats that there are, whatever others are asked for."""
    with pytest.raises(SystemExit) as misuse:
        main(["export", "Trees", "keras,abacus", str(tmp_path)])
    assert 2 == misuse.value.code
    expected = f"the format must be one of {', '.join(formats.NAMES)}, got 'abacus'"
    assert expected in " ".join(capsys.readouterr().err.split())


@pytest.mark.network
def test_a_model_that_disagrees_is_not_kept(trees: Trees, tmp_path: Path) -> None:
    """The message has the numbers, and no folder is left, not even part of one."""

    def write_another(network: Network, folder: Path) -> None:
        head = network.model.get_layer("probabilities")
        head.set_weights([np.zeros_like(weights) for weights in head.get_weights()])
        network.model.save(folder / "model.keras")

    wanted = dataclasses.replace(formats.find("keras"), write=write_another)
    with pytest.raises(Unavailable) as refusal:
        exports.export(*trees, wanted, tmp_path / "out")
    message = str(refusal.value)
    assert message.startswith(
        "the keras export must agree with the page to 0.001, on 20 images it differs from the page"
    )
    assert message.endswith("and gives 10 other answers: nothing was written, choose another format")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.network
def test_a_converter_that_fails_leaves_nothing(trees: Trees, tmp_path: Path) -> None:
    """Whatever other people's code raises comes out as one sentence."""

    def write_nothing(network: Network, folder: Path) -> None:
        (folder / "half").write_bytes(b"half")
        raise RuntimeError("no such operation.\nTraceback: pages of it")

    wanted = dataclasses.replace(formats.find("keras"), write=write_nothing)
    with pytest.raises(Unavailable) as refusal:
        exports.export(*trees, wanted, tmp_path / "out")
    assert "this iteration cannot be exported as keras (no such operation): choose another format" == str(refusal.value)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.network
def test_a_folder_that_cannot_be_written_is_refused(trees: Trees, tmp_path: Path) -> None:
    """A file in the way is named by OUT_DIR's name, not by the home folder's."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidInput, match=r"^OUT_DIR must be a folder that can be written, .*file/out is not \("):
        exports.export(*trees, formats.find("keras"), tmp_path / "file" / "out")


def test_a_folder_in_use_is_refused(
    store: Store, fill: Callable[..., Project], trained: Callable[..., Iteration], tmp_path: Path
) -> None:
    """What lies in OUT_DIR is never written over."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work", "utf-8")
    for folder in (tmp_path / "out", tmp_path / "out" / "thesis.txt"):
        with pytest.raises(InvalidInput) as refusal:
            exports.export(store, trained(fill(folder.name, oak=5, elm=5)), formats.find("keras"), folder)
        assert f"OUT_DIR must be a new or an empty folder, {folder} is neither: choose another" == str(refusal.value)
    assert "years of work" == (tmp_path / "out" / "thesis.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("error", "words"),
    [(errno.ENOSPC, "the disk is full: free some space on it and try again"), (errno.EIO, "choose another format")],
)
def test_a_full_disk_is_no_fault_of_the_format(
    store: Store,
    fill: Callable[..., Project],
    trained: Callable[..., Iteration],
    tmp_path: Path,
    error: int,
    words: str,
) -> None:
    """A converter that finds no room is told as a full disk; any other error of it names the format."""

    def fail(network: Network, folder: Path) -> None:
        raise OSError(error, os.strerror(error))

    failing = dataclasses.replace(formats.find("tflite"), write=fail)
    unread = cast(Source, SimpleNamespace(network=None))
    with pytest.raises(Unavailable, match=words):
        exports.export(store, trained(fill(oak=5, elm=5)), failing, tmp_path / "out", shared=unread)
    assert not (tmp_path / "out").exists()
