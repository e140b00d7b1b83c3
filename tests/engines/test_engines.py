"""Engines: the same answer from each, whatever the batch, and clear words where a device is not there."""

from __future__ import annotations

import copy
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reidtrack.engines.base import Engine
from reidtrack.engines.build import build_engine, open_engine
from reidtrack.engines.choose import choose_device, choose_engine
from reidtrack.engines.chunks import CHUNK, LONGEST, in_passes, passes
from reidtrack.engines.convert import write_onnx
from reidtrack.engines.names import EngineName
from reidtrack.engines.onnx_engine import OnnxEngine
from reidtrack.engines.openvino_engine import OpenVinoEngine
from reidtrack.engines.openvino_package import has_bfloat16, import_openvino
from reidtrack.engines.pictures import to_planes
from reidtrack.engines.torch_engine import TorchEngine
from reidtrack.errors import DeviceError, WeightsError
from reidtrack.models.card import IMAGENET_MEAN, IMAGENET_STD
from reidtrack.models.zoo import build_model
from reidtrack.types import FloatArray, ImageArray, PixelFormat

SIZE_HW = (32, 16)
DIGEST = "of the module's network"
"""Its conversion is kept, which spares a second one."""


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    """A network whose normalisation has seen something, so that features differ."""
    torch.manual_seed(0)
    net = build_model("osnet_x0_25", 3).train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(16, 3, *SIZE_HW))
    return net.eval()


@pytest.fixture(scope="module")
def batch() -> FloatArray:
    return np.random.default_rng(0).normal(size=(11, 3, *SIZE_HW)).astype(np.float32)


@pytest.fixture(scope="module", params=["openvino", "onnxruntime", "torch"])
def engine(request: pytest.FixtureRequest, model: torch.nn.Module) -> Engine:
    need(request.param)
    return build_engine(model, SIZE_HW, device="cpu", engine=request.param, digest=DIGEST)


def need(engine_name: str) -> None:
    """Skip where a package of the engine is not installed."""
    for package in {"openvino": ("openvino",), "onnxruntime": ("onnxruntime", "onnx")}.get(engine_name, ()):
        pytest.importorskip(package, reason=f"{package} is not installed")


@pytest.fixture(scope="module")
def small() -> torch.nn.Module:
    """A network that converts in no time, for what does not depend on the network."""
    torch.manual_seed(0)
    pool = torch.nn.AdaptiveAvgPool2d(1)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), pool, torch.nn.Flatten()).eval()


def lowest_cosine(a: FloatArray, b: FloatArray) -> float:
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(axis=1) / norms).min())


def test_same_input_gives_same_bytes(engine: Engine, batch: FloatArray) -> None:
    first = engine.infer(batch)[0]
    assert first.dtype == np.float32
    assert first.shape == (11, 512)
    for _ in range(3):
        assert np.array_equal(engine.infer(batch)[0], first)


@pytest.mark.parametrize("count", [1, CHUNK - 1, CHUNK, CHUNK + 1, 10])
def test_a_picture_does_not_depend_on_its_batch(engine: Engine, batch: FloatArray, count: int) -> None:
    whole = engine.infer(batch)[0]
    for start in (0, 11 - count):
        part = engine.infer(batch[start : start + count])[0]
        assert lowest_cosine(part, whole[start : start + count]) > 0.99999


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"], indirect=True)
def test_engines_for_cpus_are_exact_about_it(engine: Engine, batch: FloatArray) -> None:
    assert np.array_equal(engine.infer(batch[3:4])[0], engine.infer(batch)[0][3:4])


PIXELS = {
    "RGB in 0..1": PixelFormat(),
    "BGR in 0..255": PixelFormat("BGR", 255),
    "ImageNet": PixelFormat(mean=IMAGENET_MEAN, std=IMAGENET_STD),
    "BGR in 0..255, normalised": PixelFormat("BGR", 255, mean=(103.5, 116.3, 123.7), std=(57.4, 57.1, 58.4)),
}


def expected_planes(pictures: ImageArray, pixels: PixelFormat) -> NDArray[np.float64]:
    """The same in double precision, a channel at a time."""
    planes = [pictures[..., channel] / 255 * pixels.pixel_max for channel in map("BGR".index, pixels.channels)]
    return np.stack([(one - m) / s for one, m, s in zip(planes, pixels.mean, pixels.std, strict=True)], axis=1)


@pytest.mark.parametrize("pixels", PIXELS.values(), ids=PIXELS)
def test_planes(pixels: PixelFormat) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (2, *SIZE_HW, 3), np.uint8)
    planes = to_planes(pictures, pixels)
    assert planes.dtype == np.float32
    assert planes.flags["C_CONTIGUOUS"]
    np.testing.assert_allclose(planes, expected_planes(pictures, pixels), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("pixels", PIXELS.values(), ids=PIXELS)
@pytest.mark.parametrize("engine_name", ["openvino", "onnxruntime", "torch"])
def test_pictures_become_what_the_network_takes(engine_name: EngineName, pixels: PixelFormat) -> None:
    need(engine_name)

    class Same(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 1

    engine = build_engine(Same(), SIZE_HW, device="cpu", engine=engine_name)
    for count in (0, 1, 5):
        pictures = np.random.default_rng(1).integers(0, 256, (count, *SIZE_HW, 3), np.uint8)
        (found,) = engine.infer_pictures(pictures, pixels)
        np.testing.assert_allclose(found, expected_planes(pictures, pixels), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("engine_name", ["openvino", "onnxruntime", "torch"])
def test_every_output_of_a_network(engine_name: EngineName, batch: FloatArray) -> None:
    """In the network's order, whatever their shapes, and in several passes."""
    need(engine_name)

    class Three(torch.nn.Module):
        output_names = ("mean", "picture", "both")

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            mean = x.mean((2, 3))
            return mean, x + 1, mean[:, None, :2]

    mean, plus_one, both = build_engine(Three(), SIZE_HW, device="cpu", engine=engine_name).infer(batch)
    np.testing.assert_allclose(mean, batch.mean((2, 3)), atol=1e-5)
    np.testing.assert_allclose(plus_one, batch + 1, atol=1e-5)
    np.testing.assert_allclose(both, mean[:, None, :2])


def test_threads_at_once_get_what_one_gets(engine: Engine, batch: FloatArray) -> None:
    wanted = engine.infer(batch)[0]
    with ThreadPoolExecutor(4) as pool:
        for (found,) in pool.map(engine.infer, [batch] * 12):
            assert np.array_equal(found, wanted)


def test_torch_stays_exact_while_another_thread_leaves() -> None:
    """cuDNN's settings are those of the process: who leaves first must not put them back under the others."""
    cudnn = torch.backends.cudnn
    first_in, second_in, first_left = threading.Event(), threading.Event(), threading.Event()
    seen = []

    class Watched(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if len(x) == 1:
                first_in.set()
                second_in.wait(60)
            else:
                second_in.set()
                first_left.wait(60)
                seen.append((cudnn.deterministic, cudnn.allow_tf32))
            return x

    before, engine = (cudnn.deterministic, cudnn.allow_tf32), TorchEngine(Watched())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(engine.infer, np.zeros((1, 3, 2, 2), np.float32))
        first_in.wait(60)
        second = pool.submit(engine.infer, np.zeros((2, 3, 2, 2), np.float32))
        first.result(60)
        first_left.set()
        second.result(60)
    assert seen == [(True, False)]
    assert (cudnn.deterministic, cudnn.allow_tf32) == before


def test_openvino_goes_on_after_passes_that_failed() -> None:
    """Their requests are there again: who comes next does not wait for them for ever."""
    need("openvino")
    openvino = import_openvino()
    ops = openvino.opset13
    given = ops.parameter([-1, 3, -1, -1], openvino.Type.f32)
    highest = ops.convert(ops.reduce_max(given, ops.constant(np.arange(4)), keep_dims=True), "i64")
    rows = ops.add(ops.reshape(highest, ops.constant([1]), special_zero=False), ops.constant([3]))
    shape = ops.concat([rows, ops.constant([-1])], 0)
    engine = OpenVinoEngine(openvino.Model([ops.result(ops.reshape(given, shape, special_zero=False))], [given]))
    # 48 numbers in 7, 9 and 10 rows. Never one number twice: OpenVINO's Reshape keeps what it was asked for before it
    # fails, and takes the same once more for a shape that it had found, so that the second pass need not fail.
    for highest_of_all in (4, 6, 7):
        with pytest.raises(RuntimeError, match="shape"):
            engine.infer(np.full((9, 3, 4, 4), highest_of_all, np.float32))
    assert engine.infer(np.zeros((1, 3, 4, 4), np.float32))[0].shape == (1, 16)


def test_empty_batch(engine: Engine, batch: FloatArray) -> None:
    assert engine.infer(batch[:0])[0].shape == (0, 512)


@pytest.mark.parametrize("engine_name", ["openvino", "onnxruntime"])
def test_engines_agree_with_torch(engine_name: EngineName, batch: FloatArray) -> None:
    need(engine_name)
    torch.manual_seed(1)
    net = build_model("osnet_ain_x0_25").eval()  # instance and batch normalisation
    found, wanted = (build_engine(net, SIZE_HW, device="cpu", engine=e).infer(batch)[0] for e in (engine_name, "torch"))
    assert lowest_cosine(found, wanted) >= 0.9999


@pytest.mark.shared
def test_openvino_agrees_with_torch_on_published_weights(shared: Path) -> None:
    need("openvino")
    net = build_model("osnet_x0_25", 1041)
    net.load_state_dict(torch.load(shared / "weights/osnet_x0_25_msmt17.pth", weights_only=True))
    crops = np.random.default_rng(0).normal(size=(5, 3, 256, 128)).astype(np.float32)
    found, wanted = (
        build_engine(net, (256, 128), device="cpu", engine=e).infer(crops)[0] for e in ("openvino", "torch")
    )
    assert lowest_cosine(found, wanted) >= 0.9999


@pytest.mark.parametrize("engine_name", ["openvino", "onnxruntime", "torch"])
def test_the_chosen_engine_is_named(small: torch.nn.Module, engine_name: EngineName) -> None:
    need(engine_name)
    assert build_engine(small, SIZE_HW, device="cpu", engine=engine_name).name == f"{engine_name} cpu"


@pytest.mark.parametrize("engine_name", ["openvino", "onnxruntime", "torch"])
def test_pictures_of_any_size(small: torch.nn.Module, engine_name: EngineName) -> None:
    need(engine_name)
    built = build_engine(small, None, device="cpu", engine=engine_name)
    generator = np.random.default_rng(0)
    for size in ((32, 48), (48, 32), (32, 48)):
        pictures = generator.normal(size=(3, 3, *size)).astype(np.float32)
        assert lowest_cosine(built.infer(pictures)[0], TorchEngine(small).infer(pictures)[0]) > 0.99999


@pytest.mark.parametrize("engine_name", ["openvino", "torch"])
def test_half_precision_is_near(model: torch.nn.Module, batch: FloatArray, engine_name: EngineName) -> None:
    need(engine_name)
    if engine_name == "openvino" and not has_bfloat16():
        with pytest.raises(DeviceError, match="does not compute in bfloat16"):
            build_engine(model, SIZE_HW, device="cpu", engine="openvino", precision="half")
        pytest.skip("this processor has no bfloat16")
    built = build_engine(model, SIZE_HW, device="cpu", engine=engine_name, precision="half", digest=DIGEST)
    assert built.name in ("openvino cpu bf16", "torch cpu bfloat16")
    found, wanted = built.infer(batch)[0], TorchEngine(model).infer(batch)[0]
    assert found.dtype == np.float32
    assert lowest_cosine(found, wanted) > 0.99
    assert next(model.parameters()).dtype == torch.float32  # the caller's network stays as it is


def test_onnx_runtime_has_no_half_precision(small: torch.nn.Module) -> None:
    need("onnxruntime")
    with pytest.raises(DeviceError, match="fp32 only"):
        build_engine(small, SIZE_HW, device="cpu", engine="onnxruntime", precision="half")


@pytest.mark.gpu
def test_a_gpu_agrees_with_the_cpu(model: torch.nn.Module, batch: FloatArray) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA GPU is usable here")
    wanted = TorchEngine(copy.deepcopy(model)).infer(batch)[0]
    for precision, least in (("fp32", 0.99999), ("half", 0.999)):
        built = build_engine(copy.deepcopy(model), SIZE_HW, device="cuda", precision=precision)  # type: ignore[arg-type]
        assert lowest_cosine(built.infer(batch)[0], wanted) >= least
        assert built.infer(batch[:0])[0].shape == (0, 512)


@pytest.mark.parametrize(
    ("count", "lengths"),
    [
        pytest.param(0, [1], id="none"),
        pytest.param(1, [1], id="one"),
        pytest.param(5, [8], id="to the next power of two"),
        pytest.param(LONGEST, [LONGEST], id="a whole pass"),
        pytest.param(LONGEST + 3, [LONGEST, 4], id="and a rest"),
        pytest.param(2 * LONGEST, [LONGEST, LONGEST], id="two whole ones"),
    ],
)
def test_passes_on_a_gpu(count: int, lengths: list[int]) -> None:
    assert passes(count) == lengths
    parts = list(in_passes(np.arange(1, count + 1)))
    assert [len(part) for part in parts] == lengths
    assert np.array_equal(np.concatenate(parts)[:count], np.arange(1, count + 1))
    assert not np.concatenate(parts)[count:].any()  # filled up with zeros


@pytest.mark.parametrize("text", ["gpu", "cuda:", "cuda:x", "", "0"])
def test_unknown_devices(text: str) -> None:
    with pytest.raises(DeviceError, match="expected auto, cpu, cuda or cuda:N"):
        choose_device(text)


@pytest.mark.parametrize(
    ("text", "gpus", "device"),
    [
        pytest.param("auto", 0, "cpu", id="auto without GPU"),
        pytest.param("auto", 2, "cuda:0", id="auto with GPUs"),
        pytest.param(" CPU ", 2, "cpu", id="cpu beside GPUs"),
        pytest.param("cuda", 1, "cuda:0", id="cuda"),
        pytest.param("cuda:1", 2, "cuda:1", id="second GPU"),
    ],
)
def test_devices(monkeypatch: pytest.MonkeyPatch, text: str, gpus: int, device: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    assert choose_device(text) == device


@pytest.mark.parametrize(
    ("text", "gpus", "message"),
    [
        pytest.param("cuda", 0, "'cuda' is not there: no CUDA GPU is usable here; use device='cpu'", id="no GPU"),
        pytest.param("cuda:2", 2, "'cuda:2' is not there: there are 2 CUDA GPUs, cuda:0 to cuda:1", id="too few GPUs"),
        pytest.param("cuda:1", 1, "'cuda:1' is not there: there is one CUDA GPU, cuda:0", id="one GPU"),
    ],
)
def test_missing_devices(monkeypatch: pytest.MonkeyPatch, text: str, gpus: int, message: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    with pytest.raises(DeviceError, match=message) as caught:
        choose_device(text)
    assert caught.value.exit_code == 2


def test_engine_and_device_that_do_not_go_together(monkeypatch: pytest.MonkeyPatch, small: torch.nn.Module) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DeviceError, match="OpenVINO does not run on cuda:0"):
        build_engine(small, SIZE_HW, device="cuda", engine="openvino")
    with pytest.raises(DeviceError, match="unknown engine"):
        build_engine(small, SIZE_HW, engine="tflite")  # type: ignore[arg-type]
    need("openvino")
    assert build_engine(small, SIZE_HW, engine="openvino").name == "openvino cpu"


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        pytest.param({"openvino", "onnxruntime", "onnx"}, "openvino", id="OpenVINO first"),
        pytest.param({"onnxruntime", "onnx"}, "onnxruntime", id="then ONNX Runtime"),
        pytest.param({"onnxruntime"}, "torch", id="which needs onnx"),
        pytest.param(set(), "torch", id="torch is always there"),
    ],
)
def test_auto_takes_what_is_installed(monkeypatch: pytest.MonkeyPatch, installed: set[str], expected: str) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name if name in installed else None)
    assert choose_engine("cpu", "auto") == ("cpu", expected)


@pytest.mark.parametrize(
    ("engine_name", "message"),
    [
        pytest.param("openvino", "OpenVINO is not installed; pip install openvino", id="openvino"),
        pytest.param("onnxruntime", "ONNX Runtime is not installed; pip install onnxruntime onnx", id="onnxruntime"),
    ],
)
def test_engines_that_are_not_installed(
    monkeypatch: pytest.MonkeyPatch, small: torch.nn.Module, engine_name: EngineName, message: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert build_engine(small, SIZE_HW, device="cpu").name == "torch cpu"
    with pytest.raises(DeviceError, match=message):
        build_engine(small, SIZE_HW, device="cpu", engine=engine_name)


def save_xml(folder: Path, net: torch.nn.Module, shape: list[int]) -> Path:
    need("openvino")
    openvino = import_openvino()
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        converted = openvino.convert_model(net, example_input=torch.zeros(1, 3, *SIZE_HW), input=shape)
    converted.set_rt_info("person", ["model_info", "labels"])
    openvino.save_model(converted, folder / "net.xml", compress_to_fp16=False)
    return folder / "net.xml"


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param([1, 3, *SIZE_HW], id="batch fixed at one"),
        pytest.param([-1, 3, *SIZE_HW], id="batch open"),
        pytest.param([-1, 3, -1, -1], id="everything open"),
    ],
)
def test_a_file_gives_what_the_module_gave(
    tmp_path: Path, small: torch.nn.Module, batch: FloatArray, shape: list[int]
) -> None:
    engine = OpenVinoEngine.from_file(save_xml(tmp_path, small, shape))
    assert engine.input_shape == tuple(shape)
    assert engine.metadata["model_info"]["labels"] == "person"
    assert lowest_cosine(engine.infer(batch)[0], TorchEngine(small).infer(batch)[0]) > 0.99999
    assert engine.infer(batch[:0])[0].shape == (0, 8)


def _break_xml(path: Path) -> None:
    path.write_text(path.read_text()[:400])


@pytest.mark.parametrize(
    ("change", "name", "message"),
    [
        pytest.param(None, "other.xml", "no such file", id="missing"),
        pytest.param(
            lambda p: p.rename(p.with_suffix(".tflite")), "net.tflite", "cannot read .tflite", id="other kind"
        ),
        pytest.param(_break_xml, "net.xml", "not a whole model", id="cut short"),
        pytest.param(lambda p: p.with_suffix(".bin").write_bytes(b"0"), "net.xml", "not a whole model", id="cut .bin"),
        pytest.param(
            lambda p: p.with_name("net.onnx").write_bytes(b"text"), "net.onnx", "not a whole", id="text .onnx"
        ),
    ],
)
def test_files_that_are_refused(
    tmp_path: Path, small: torch.nn.Module, change: Callable[[Path], object] | None, name: str, message: str
) -> None:
    path = save_xml(tmp_path, small, [-1, 3, *SIZE_HW])
    if change is not None:
        change(path)
    with pytest.raises(WeightsError, match=message) as caught:
        open_engine(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_an_onnx_file_runs_in_either_engine(tmp_path: Path, small: torch.nn.Module, batch: FloatArray) -> None:
    need("onnxruntime")
    path = tmp_path / "net.onnx"
    write_onnx(small, (-1, 3, -1, -1), path, {"task": "detect"})
    wanted = TorchEngine(small).infer(batch)[0]
    for engine_name in ("openvino", "onnxruntime"):
        need(engine_name)
        opened = open_engine(path, engine=engine_name)  # type: ignore[arg-type]
        assert opened.name == f"{engine_name} cpu"
        assert opened.input_shape == (-1, 3, -1, -1)
        assert opened.metadata["framework"]["task"] == "detect"
        assert lowest_cosine(opened.infer(batch)[0], wanted) > 0.99999


def test_what_no_engine_runs(tmp_path: Path) -> None:
    (tmp_path / "net.xml").write_text("<net/>")
    (tmp_path / "net.onnx").write_bytes(b"text")
    with pytest.raises(DeviceError, match=r"torch does not run an exported \.onnx file"):
        open_engine(tmp_path / "net.onnx", engine="torch")
    with pytest.raises(DeviceError, match=r"ONNX Runtime does not run an exported \.xml file"):
        open_engine(tmp_path / "net.xml", engine="onnxruntime")
    need("onnxruntime")
    with pytest.raises(WeightsError, match="not a whole model"):
        open_engine(tmp_path / "net.onnx", engine="onnxruntime")
    with pytest.raises(DeviceError, match="was built without CUDA"):
        OnnxEngine(b"", "cuda:0")


def test_openvino_is_silent() -> None:
    need("openvino")
    code = (
        "import sys; from reidtrack.engines.openvino_package import import_openvino; import_openvino();"
        "import openvino.tools.ovc; from openvino.tools.ovc.telemetry_utils import tm;"
        "assert tm.__name__ == 'openvino.tools.ovc.telemetry_stub', tm; assert not sys.modules['openvino_telemetry']"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
