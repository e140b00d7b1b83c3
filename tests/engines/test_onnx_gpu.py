"""ONNX Runtime and TensorRT on a GPU, with a stand-in for it: what is asked of ONNX Runtime, and what it does not get.

The network runs on the CPU meanwhile, so that batches are seen to come back as they should.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reidtrack.engines import onnx_engine
from reidtrack.engines.base import build_engine, choose_engine, open_engine
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
    """ONNX Runtime as a machine with a GPU has it; `starts` are the providers that really start there."""

    def __init__(self, built_with: tuple[str, ...], starts: tuple[str, ...]) -> None:
        import onnxruntime

        self._real, self._built_with, self._starts = onnxruntime, built_with, starts
        self.SessionOptions = onnxruntime.SessionOptions
        self.asked: list[Any] = []
        self.lengths: list[int] = []

    def get_available_providers(self) -> list[str]:
        return [*self._built_with, "CPUExecutionProvider"]

    def InferenceSession(self, content: bytes, options: Any, providers: list[Any], **more: Any) -> Any:  # noqa: N802
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
    monkeypatch: pytest.MonkeyPatch, built_with: tuple[str, ...], starts: tuple[str, ...] | None = None
) -> Runtime:
    runtime = Runtime(built_with, built_with if starts is None else starts)
    monkeypatch.setattr(onnx_engine, "_import_onnxruntime", lambda: runtime)
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
    np.testing.assert_array_equal(engine.infer(batch), batch + 1)
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
    OnnxEngine(content + b"", "cuda:1", tensorrt=True)
    assert runtime.asked[0][1]["trt_engine_cache_path"] == str(kept)  # the same network, the same place
    assert not runtime.asked[0][1]["trt_fp16_enable"]


@pytest.mark.parametrize(
    ("built_with", "starts", "tensorrt", "said"),
    [
        pytest.param((), (), False, "was built without CUDA", id="built for CPUs"),
        pytest.param((CUDA,), (CUDA,), True, "was built without TensorRT", id="built without TensorRT"),
        pytest.param((CUDA,), (), False, f"{CUDA} does not start", id="CUDA does not load"),
        pytest.param((TENSORRT, CUDA), (CUDA,), True, f"{TENSORRT} does not start", id="TensorRT does not load"),
    ],
)
def test_it_is_never_the_cpu_in_silence(
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    built_with: tuple[str, ...],
    starts: tuple[str, ...],
    tensorrt: bool,
    said: str,
) -> None:
    stand_in(monkeypatch, built_with, starts)
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
    with pytest.raises(DeviceError, match="TensorRT does not run on cpu; use --engine torch"):
        choose_engine("auto", "tensorrt")
