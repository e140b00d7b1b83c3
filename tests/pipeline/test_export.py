"""`reidtrack export`: files that agree with torch, run where weights do, and are refused where they do not agree."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from installed import needs_openvino
from tiny_networks import save_network, save_onnx, write_card

from reidtrack.cli.main import main
from reidtrack.config.run import DetectConfig, EmbedConfig
from reidtrack.errors import DeviceError, InputError, OutputError, UsageError, WeightsError
from reidtrack.networks import exportable as export_network
from reidtrack.networks.build import make_detector, make_embedder
from reidtrack.networks.read_exportable import read_network
from reidtrack.pipeline.export import ExportRequest, export
from reidtrack.types import Frame, ImageArray


def need(*packages: str) -> None:
    for package in packages:
        pytest.importorskip(package, reason=f"{package} is not installed")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with something in them."""
    import cv2

    folder, generator = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(6):
        blocks = generator.integers(0, 256, (8, 4, 3), np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), cv2.resize(blocks, (32, 64), interpolation=cv2.INTER_CUBIC))
    return folder


def crops() -> ImageArray:
    return np.random.default_rng(1).integers(0, 256, (5, 64, 32, 3), np.uint8)


@pytest.mark.parametrize(
    ("options", "packages", "least"),
    [
        pytest.param({"format": "openvino"}, ["openvino"], 0.99999, id="openvino"),
        pytest.param({"format": "openvino", "half": True}, ["openvino"], 0.9999, id="openvino, weights of 16 bits"),
        pytest.param(
            {"format": "openvino", "int8": True}, ["openvino", "nncf"], 0.95, id="8 bits", marks=pytest.mark.slow
        ),
        pytest.param({"format": "onnx"}, ["onnx", "onnxruntime"], 0.99999, id="onnx"),
        pytest.param({"format": "onnx", "half": True}, ["onnx", "onnxruntime"], 0.9999, id="onnx, 16 bits"),
    ],
)
def test_an_exported_network_takes_the_place_of_its_weights(
    tmp_path: Path, reid: Path, pictures: Path, options: dict[str, Any], packages: list[str], least: float
) -> None:
    need(*packages)
    out = tmp_path / ("net.onnx" if options["format"] == "onnx" else "net_openvino_model")
    done = export(ExportRequest(reid, out=out, calibrate=pictures, **options))
    assert done.path == out
    assert done.pictures == 6
    assert done.agreement > least
    assert [path.name for path in tmp_path.iterdir()] == [out.name]  # and nothing of the work
    engine: Any = "onnxruntime" if options["format"] == "onnx" else "auto"
    exported, used = make_embedder(EmbedConfig(weights=out), "cpu", engine)
    whole, of_weights = make_embedder(EmbedConfig(weights=reid), "cpu", "torch")
    assert exported.size_hw == (64, 32)
    assert ((exported.embed(crops()).features * whole.embed(crops()).features).sum(axis=1) > min(least, 0.999)).all()
    # Their features can be compared: a gallery made with one is read with the other.
    assert list(used.sha256.values()) == list(of_weights.sha256.values())


def test_a_file_that_does_not_agree_is_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reid: Path) -> None:
    need("openvino")

    class Other(export_network.TorchEngine):
        def infer(self, batch: Any) -> Any:
            return tuple(output[::-1] for output in super().infer(batch))

    monkeypatch.setattr(export_network, "TorchEngine", Other)
    with pytest.raises(
        WeightsError, match=r"does not agree with torch: least cosine of features 0\.\d+ \(expected 0.99"
    ):
        export(ExportRequest(reid, "openvino", tmp_path / "net"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        pytest.param({"format": "onnx", "int8": True}, UsageError, "int8: is for OpenVINO", id="8 bits in ONNX"),
        pytest.param({"format": "openvino", "int8": True}, UsageError, "calibrate FOLDER", id="nothing to learn from"),
        pytest.param({"format": "openvino", "int8": True, "half": True}, UsageError, "give one", id="both"),
        pytest.param({"format": "onnx", "out": Path("a.bin")}, UsageError, r"ends in \.onnx", id="another ending"),
        pytest.param({"format": "openvino", "size_hw": (64, 64)}, UsageError, "is for detectors", id="size of a re-ID"),
        pytest.param(
            {"format": "openvino", "weights": Path("yolo11n_person"), "size_hw": (100, 96)},
            UsageError,
            "two multiples of 32",
            id="size no multiple",
        ),
        pytest.param(
            {"format": "openvino", "weights": Path("yolo11n_person"), "size_hw": (0, 0)},
            UsageError,
            "two multiples of 32",
            id="no size",
        ),
        pytest.param(
            {"format": "openvino", "out": Path("file"), "overwrite": True}, OutputError, "is a file", id="a file there"
        ),
        pytest.param({"format": "openvino", "out": Path()}, OutputError, "is there already", id="there already"),
        pytest.param({"format": "openvino", "out": Path(), "overwrite": True}, OutputError, "holds files", id="a home"),
        pytest.param({"format": "onnx", "calibrate": Path("none")}, InputError, "holds no images", id="no pictures"),
        pytest.param({"format": "onnx", "weights": Path("no.pth")}, WeightsError, "no such file", id="no weights"),
    ],
)
def test_what_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reid: Path,
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        export(ExportRequest(**{"weights": reid, **options}))


@pytest.mark.parametrize(
    ("operation", "exact"),
    [
        pytest.param("__module.conv1.conv/aten::_convolution/Convolution", True, id="the first layer"),
        pytest.param("__module.conv2.0.conv1.conv/aten::_convolution/Convolution", False, id="a block's first"),
        pytest.param("__module.conv2.1.gate/aten::mul/Multiply_1", True, id="a gate"),
        pytest.param("__module.conv3.0.gate.fc1/aten::_convolution/Convolution", True, id="a layer of a gate"),
        pytest.param("__module.fc.0/aten::linear/MatMul", True, id="the last layer"),
        pytest.param("__module.conv2.2.1/aten::avg_pool2d/AvgPool", False, id="a pooling on the way"),
    ],
)
def test_what_stays_exact_in_8_bits(reid: Path, operation: str, exact: bool) -> None:
    patterns = read_network(reid).exact_operations()
    assert any(re.fullmatch(pattern, operation) for pattern in patterns) == exact


def test_8_bits_need_nncf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reid: Path, pictures: Path) -> None:
    need("openvino")
    monkeypatch.setitem(__import__("sys").modules, "nncf", None)
    with pytest.raises(DeviceError, match=r"pip install .reidtrack\[int8\]"):
        export(ExportRequest(reid, "openvino", tmp_path / "net", int8=True, calibrate=pictures))
    assert not list(tmp_path.iterdir())


def test_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("openvino")
    monkeypatch.chdir(tmp_path)
    words = ["export", str(reid), "--format", "openvino"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == "tiny_openvino_model"
    assert told["pictures"] == 0
    assert main(words) == 5
    assert "--overwrite replaces it" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
    assert "least cosine of features with torch, on random pictures: 1.0" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "text"])
def test_a_model_without_a_card_is_no_reid_network(tmp_path: Path, text: str) -> None:
    need("openvino", "onnx")
    import torch

    from reidtrack.engines.convert import write_onnx

    write_onnx(torch.nn.Flatten().eval(), (-1, 3, 8, 8), tmp_path / "a.onnx", {"reidtrack.card": text})
    with pytest.raises(WeightsError, match="expected a file that `reidtrack export` wrote"):
        make_embedder(EmbedConfig(weights=tmp_path / "a.onnx"), "cpu", "auto")


@needs_openvino
@pytest.mark.parametrize("half", [False, True], ids=["32 bits", "16 bits"])
@pytest.mark.parametrize("name", ["theirs.onnx", "theirs.xml"])
def test_a_file_of_others_becomes_one_that_knows_its_card(tmp_path: Path, name: str, *, half: bool) -> None:
    source = save_network(tmp_path / name, "grid", (1, 3, 64, 32))
    write_card(source, channels="RGB", std=[2, 3, 4])
    done = export(ExportRequest(source, "openvino", tmp_path / "out", half=half))
    assert (done.reference, done.pictures) == ("the file it was made from", 0)
    assert done.agreement > 0.9999
    first, second = (make_embedder(EmbedConfig(weights=path), "cpu", "auto")[0] for path in (source, tmp_path / "out"))
    np.testing.assert_allclose(second.embed(crops()).features, first.embed(crops()).features, atol=1e-5)
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["theirs.bin", "theirs.xml"]


@needs_openvino
@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        pytest.param("theirs.onnx", {"format": "onnx"}, r"theirs\.onnx: is ONNX already", id="ONNX of ONNX"),
        pytest.param("theirs.xml", {"format": "onnx"}, "cannot be made an ONNX file", id="ONNX of OpenVINO"),
        pytest.param("theirs.xml", {"format": "openvino", "size_hw": (64, 32)}, "is for detectors", id="a size"),
        pytest.param("map.onnx", {"format": "openvino"}, "gives an output of", id="no embedder"),
        pytest.param("yolo.onnx", {"format": "openvino"}, "is an export already", id="a detector"),
        pytest.param("none.xml", {"format": "openvino"}, "no such file", id="nothing there"),
    ],
)
def test_what_cannot_be_made_of_a_file(tmp_path: Path, name: str, options: dict[str, Any], message: str) -> None:
    save_network(tmp_path / "theirs.xml")
    save_network(tmp_path / "theirs.onnx")
    save_onnx(tmp_path / "map.onnx", "map")
    save_onnx(tmp_path / "yolo.onnx", "map", task="detect")
    with pytest.raises((UsageError, WeightsError), match=message):
        export(ExportRequest(tmp_path / name, out=tmp_path / "out.onnx", **options))
    assert not (tmp_path / "out.onnx").exists()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("options", "packages", "atol"),
    [
        pytest.param({"format": "openvino"}, ["openvino"], 0.05, id="openvino"),
        pytest.param({"format": "openvino", "size_hw": (512, 640)}, ["openvino"], 0.05, id="openvino, fixed size"),
        pytest.param({"format": "onnx"}, ["onnx", "onnxruntime"], 0.05, id="onnx"),
    ],
)
def test_an_exported_detector_takes_the_place_of_its_weights(
    tmp_path: Path, shared: Path, options: dict[str, Any], packages: list[str], atol: float
) -> None:
    need(*packages, "ultralytics", "av")
    import av

    with av.open(str(shared / "data/pets-s2l1/View_001.mp4")) as container:
        image = next(container.decode(video=0)).to_ndarray(format="bgr24")
    weights = shared / "weights/yolo11n.pt"
    out = tmp_path / ("net.onnx" if options["format"] == "onnx" else "net")
    assert export(ExportRequest(weights, out=out, **options)).agreement >= 0.98
    engine: Any = "onnxruntime" if options["format"] == "onnx" else "auto"
    exported = make_detector(DetectConfig(weights=out), "cpu", engine)[0]
    whole = make_detector(DetectConfig(weights=weights), "cpu", "torch")[0]
    frames = [Frame("a", 0, 0.0, image)]
    if "size_hw" not in options:
        frames.append(Frame("b", 0, 0.0, np.ascontiguousarray(image[:, 100:500])))  # upright: another input size
    for found, wanted in zip(exported.detect(frames), whole.detect(frames), strict=True):
        assert len(found) == len(wanted)
        np.testing.assert_allclose(found.xyxy, wanted.xyxy, atol=atol)
