"""A backbone is prepared once, is found again without Keras, and damage is noticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cvcore import domains
from cvcore.errors import InvalidInput, ModelDamaged, WeightsMissing
from cvcore.networks import architectures, backbones, heads

SIDE = 96


@pytest.fixture(scope="module")
def pristine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with MobileNetV2 prepared at 96 px."""
    folder = tmp_path_factory.mktemp("backbones")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(shared / "keras"))
        backbones.prepare("MobileNetV2", SIDE, folder)
    return folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """A copy of that, to be damaged."""
    return Path(shutil.copytree(pristine, tmp_path / "backbones"))


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty `KERAS_HOME` and no way to fill it."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")


def test_every_domain_runs_on_a_backbone() -> None:
    """Each domain names a network that is known here, or the built-in one at its own size."""
    known = {backbone.name for backbone in architectures.ARCHITECTURES}
    built_in = backbones.built_in()
    own = (built_in.name, built_in.side)
    assert [] == [each for each in domains.DOMAINS if each.backbone not in known and (each.backbone, each.side) != own]


def test_an_unknown_backbone_is_refused(tmp_path: Path) -> None:
    """The message lists those that exist."""
    with pytest.raises(InvalidInput) as refusal:
        backbones.prepare("ResNet50", 224, tmp_path)
    assert (
        "backbone must be one of MobileNetV2, MobileNetV3Small, MobileNetV3Large, EfficientNetV2B0, Built-in network, "
        "got 'ResNet50'"
    ) == str(refusal.value)


def test_availability_without_keras(tmp_path: Path) -> None:
    """A weights file where Keras keeps them is on this machine; elsewhere it is to be downloaded."""
    environ = {"KERAS_HOME": str(tmp_path / "keras")}
    assert "to download" == backbones.availability("EfficientNetV2B0", 224, tmp_path, environ)
    (tmp_path / "keras" / "models").mkdir(parents=True)
    (tmp_path / "keras" / "models" / "efficientnetv2-b0_notop.h5").touch()
    assert "on this machine" == backbones.availability("EfficientNetV2B0", 224, tmp_path, environ)


@pytest.mark.network
def test_a_prepared_backbone(pristine: Path) -> None:
    """The record describes the network, and the LiteRT file is the one it was written for."""
    backbone = backbones.prepare("MobileNetV2", SIDE, pristine)
    assert ("MobileNetV2", SIDE, 1280, heads.L2) == (backbone.name, backbone.side, backbone.dimension, backbone.l2)
    assert 16 == len(backbone.fingerprint)
    assert {"MobileNetV2-96.tflite", "MobileNetV2-96.json"} == {path.name for path in pristine.iterdir()}
    assert "ready" == backbones.availability("MobileNetV2", SIDE, pristine, {})
    assert len(backbones.litert_model(backbone, pristine)) > 8_000_000


@pytest.mark.network
def test_the_second_time_needs_no_keras(pristine: Path) -> None:
    """A prepared backbone is used again, and found by its fingerprint, without TensorFlow or Keras."""
    script = f"""
        import sys
        from pathlib import Path
        from cvcore.networks import backbones
        backbone = backbones.prepare("MobileNetV2", {SIDE}, Path({str(pristine)!r}))
        assert backbone == backbones.find(backbone.fingerprint, Path({str(pristine)!r}))
        print([name for name in ("keras", "tensorflow") if name in sys.modules])
    """
    root = Path(backbones.__file__).parents[2]
    command = [sys.executable, "-c", textwrap.dedent(script)]
    assert "[]\n" == subprocess.run(command, capture_output=True, text=True, cwd=root, check=True).stdout


@pytest.mark.slow
@pytest.mark.network
def test_damage_is_repaired_from_weights(folder: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A LiteRT file that was cut short is converted again, and embeddings kept so far stay valid."""
    before = backbones.prepare("MobileNetV2", SIDE, folder)
    path = folder / "MobileNetV2-96.tflite"
    path.write_bytes(path.read_bytes()[:1_000_000])
    monkeypatch.setenv("KERAS_HOME", str(shared / "keras"))
    after = backbones.prepare("MobileNetV2", SIDE, folder)
    assert before.fingerprint == after.fingerprint
    assert len(backbones.litert_model(after, folder)) > 8_000_000


@pytest.mark.network
@pytest.mark.usefixtures("no_weights")
def test_damage_without_weights_is_an_error(folder: Path) -> None:
    """Where it cannot be converted again, the message names the file."""
    path = folder / "MobileNetV2-96.tflite"
    path.write_bytes(b"")
    with pytest.raises(ModelDamaged) as refusal:
        backbones.prepare("MobileNetV2", SIDE, folder)
    assert f"the file {path} must be as it was written, it is missing or damaged: train again" == str(refusal.value)


@pytest.mark.usefixtures("no_weights")
def test_without_weights_nothing_is_prepared(tmp_path: Path) -> None:
    """Without network and weights the message names the backbone, and no file is left."""
    stages: list[str] = []
    with pytest.raises(WeightsMissing, match="MobileNetV3Small needs its ImageNet weights"):
        backbones.prepare("MobileNetV3Small", 224, tmp_path / "backbones", on_stage=stages.append)
    assert [] == stages
    assert not (tmp_path / "backbones").exists()


def test_an_unknown_fingerprint_is_an_error(tmp_path: Path) -> None:
    """A record of another version counts as none, and the message says what to do."""
    (tmp_path / "MobileNetV2-96.json").write_text('{"format": 0, "fingerprint": "0123456789abcdef"}')
    with pytest.raises(ModelDamaged) as refusal:
        backbones.find("0123456789abcdef", tmp_path)
    assert (
        f"the network 0123456789abcdef that this was trained with is not in {tmp_path} any more: train again"
    ) == str(refusal.value)
