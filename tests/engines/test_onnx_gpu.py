"""ONNX Runtime and TensorRT on a GPU, with a stand-in for it: what is asked of ONNX Runtime, and what it does not get.

The network runs on the CPU meanwhile, so that batches are seen to come back as they should.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reidtrack.engines import onnx_session
from reidtrack.engines.build import build_engine, open_engine
from reidtrack.engines.choose import choose_engine
from reidtrack.engines.convert import write_onnx
from reidtrack.engines.onnx_engine import OnnxEngine
from reidtrack.errors import DeviceError, WeightsError

SIZE_HW = (8, 6)
CUDA, TENSORRT = "CUDAExecutionProvider", "TensorrtExecutionProvider"


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    """Of a file that adds one to each picture."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    pytest.importorskip("onnx", reason="onnx is not installed")

    class AddsOne(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + 1

    write_onnx(AddsOne(), (-1, 3, *SIZE_HW), tmp_path / "net.onnx")
    return (tmp_path / "net.onnx").read_bytes()


class Runtime:
    """ONNX Runtime as a machine with a GPU has it.

    Args:
        built_with: Providers that it knows.
        starts: Those that really start there.
        raises: Whether one that does not start is an error rather than left out: it depends on what is missing.
    """

    def __init__(self, built_with: tuple[str, ...], starts: tuple[str, ...], raises: bool) -> None:
        import onnxruntime

        self._real, self._built_with, self._starts, self._raises = onnxruntime, built_with, starts, raises
        self.SessionOptions = onnxruntime.SessionOptions
        self.preloaded = False
        self.asked: list[Any] = []
        self.lengths: list[int] = []

    def get_available_providers(self) -> list[str]:
        return [*self._built_with, "CPUExecutionProvider"]

    def preload_dlls(self) -> None:
        print("Failed to load libcublas.so.12")
        self.preloaded = True

    def InferenceSession(self, content: bytes, options: Any, providers: list[Any], **more: Any) -> Any:  # noqa: N802
        assert self.preloaded
        assert more == {"enable_fallback": 0}  # else it takes other providers where one raises, and prints that
        if self._raises and providers[0][0] not in self._starts:
            raise RuntimeError("Please install TensorRT libraries")
        self.asked, runtime = providers, self
        session = self._real.InferenceSession(content, options, providers=["CPUExecutionProvider"])

        class Session:
            def __getattr__(self, name: str) -> Any:
                return getattr(session, name)

            def get_providers(self) -> list[str]:
                return [p[0] for p in providers if p[0] in runtime._starts] + ["CPUExecutionProvider"]

            def run(self, names: None, given: dict[str, NDArray[Any]]) -> Any:
                runtime.lengths += [len(batch) for batch in given.values()]
                return session.run(names, given)

        return Session()


def stand_in(
    monkeypatch: pytest.MonkeyPatch,
    built_with: tuple[str, ...],
    starts: tuple[str, ...] | None = None,
    raises: bool = False,
) -> Runtime:
    runtime = Runtime(built_with, built_with if starts is None else starts, raises)
    monkeypatch.setattr(onnx_session, "import_onnxruntime", lambda: runtime)
    return runtime


@pytest.fixture
def one_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


@pytest.mark.parametrize(("tensorrt", "name"), [(False, "onnxruntime cuda:0"), (True, "tensorrt cuda:0 float16")])
def test_batches_go_in_a_few_lengths(
    monkeypatch: pytest.MonkeyPatch, content: bytes, tensorrt: bool, name: str
) -> None:
    runtime = stand_in(monkeypatch, (TENSORRT, CUDA))
    engine = OnnxEngine(content, "cuda:0", tensorrt=tensorrt, half=tensorrt)
    batch = np.random.default_rng(0).normal(size=(70, 3, *SIZE_HW)).astype(np.float32)
    np.testing.assert_array_equal(engine.infer(batch)[0], batch + 1)
    assert runtime.lengths == [64, 8]
    assert engine.name == name


def test_what_tensorrt_is_told(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    runtime = stand_in(monkeypatch, (TENSORRT, CUDA))
    OnnxEngine(content, "cuda:1", tensorrt=True, half=True)
    (first, settings), second = runtime.asked
    assert (first, second) == (TENSORRT, (CUDA, {"device_id": 1}))  # what TensorRT does not know is left to CUDA
    assert (settings["device_id"], settings["trt_fp16_enable"]) == (1, True)
    kept = Path(settings["trt_engine_cache_path"])
    assert kept.is_dir()
    OnnxEngine(content, "cuda:1", tensorrt=True)
    assert runtime.asked[0][1]["trt_engine_cache_path"] == str(kept)  # the same network, the same place
    assert not runtime.asked[0][1]["trt_fp16_enable"]


def test_libraries_that_came_as_wheels(
    monkeypatch: pytest.MonkeyPatch, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """ONNX Runtime finds those of CUDA and of TensorRT once they are loaded; what is missing is not printed."""
    runtime = stand_in(monkeypatch, (TENSORRT, CUDA))
    (tmp_path / "tensorrt.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
    OnnxEngine(content, "cuda:0")
    assert runtime.preloaded
    assert "tensorrt" not in sys.modules
    OnnxEngine(content, "cuda:0", tensorrt=True)
    assert "tensorrt" in sys.modules
    del sys.modules["tensorrt"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("built_with", "starts", "tensorrt", "raises", "said"),
    [
        pytest.param((), (), False, False, "was built without CUDA", id="built for CPUs"),
        pytest.param((CUDA,), (CUDA,), True, False, "was built without TensorRT", id="built without TensorRT"),
        pytest.param((CUDA,), (), False, False, f"{CUDA} does not start", id="CUDA does not load"),
        pytest.param((TENSORRT, CUDA), (CUDA,), True, False, f"{TENSORRT} does not start", id="TensorRT is left out"),
        pytest.param((TENSORRT, CUDA), (CUDA,), True, True, f"{TENSORRT} does not start", id="TensorRT does not load"),
    ],
)
def test_it_is_never_the_cpu_in_silence(
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    built_with: tuple[str, ...],
    starts: tuple[str, ...],
    tensorrt: bool,
    raises: bool,
    said: str,
) -> None:
    stand_in(monkeypatch, built_with, starts, raises)
    with pytest.raises(DeviceError, match=said) as caught:
        OnnxEngine(content, "cuda:0", tensorrt=tensorrt)
    assert caught.value.exit_code == 2


def test_tensorrt_from_networks_and_files(
    monkeypatch: pytest.MonkeyPatch, content: bytes, one_gpu: None, tmp_path: Path
) -> None:
    runtime = stand_in(monkeypatch, (TENSORRT, CUDA))
    assert choose_engine("auto", "tensorrt") == ("cuda:0", "tensorrt")
    built = build_engine(torch.nn.ReLU(), SIZE_HW, engine="tensorrt")
    assert built.name == "tensorrt cuda:0 float16"  # half is the default on a GPU
    assert runtime.asked[0][1]["trt_fp16_enable"]
    assert build_engine(torch.nn.ReLU(), SIZE_HW, engine="tensorrt", precision="fp32").name == "tensorrt cuda:0"
    assert open_engine(tmp_path / "net.onnx", engine="tensorrt").name == "tensorrt cuda:0"
    (tmp_path / "text.onnx").write_bytes(b"text")
    with pytest.raises(WeightsError, match="not a whole model"):
        open_engine(tmp_path / "text.onnx", engine="tensorrt")
    with pytest.raises(DeviceError, match="TensorRT does not run on cpu"):
        choose_engine("cpu", "tensorrt")
    with pytest.raises(DeviceError, match="TensorRT does not run on cpu"):
        open_engine(tmp_path / "net.onnx", device="cpu", engine="tensorrt")


def test_tensorrt_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="TensorRT does not run on cpu; use engine='torch'"):
        choose_engine("auto", "tensorrt")
