"""Makes the working parts of a run from its configuration: detector, embedder, trackers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reidtrack.config import DetectConfig, EmbedConfig, TrackConfig
from reidtrack.detect.protocol import Detector
from reidtrack.detect.weights import ExportedYolo, YoloModule, names_in_metadata, read_detector
from reidtrack.detect.yolo import YoloDetector, find_person_class
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.base import Engine, EngineName, build_engine, choose_device, choose_engine
from reidtrack.errors import DeviceError
from reidtrack.pipeline.track import tracker_values
from reidtrack.pipeline.weights import find_weights
from reidtrack.track.tracker import Tracker, build_tracker
from reidtrack.types import FloatArray

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Weights:
    """Where a network came from, for `run.json`.

    Attributes:
        path: As given: a path, or a name.
        sha256: File name to its digest.
        engine: What runs it.
    """

    path: str
    sha256: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""


def make_detector(config: DetectConfig, device: str, engine: EngineName) -> tuple[Detector, Weights]:
    """Load the detector.

    Raises:
        WeightsError: If it cannot be used.
        DeviceError: If the device or engine is not there.
    """
    path = find_weights(config.weights, "detector", exported=choose_engine(device, engine)[1] == "openvino")
    found = read_detector(path)
    network = _open_export(found, device, engine) if isinstance(found, ExportedYolo) else _build(found, device, engine)
    detector = YoloDetector(
        network.infer,
        person_class=find_person_class(network.names),
        imgsz=config.imgsz,
        conf=config.conf,
        iou=config.iou,
        max_det=config.max_det,
        input_shape=network.input_shape,
        stride=network.stride,
    )
    return detector, Weights(str(config.weights), _digests(path), network.engine)


class _Network(NamedTuple):
    """A detector that is ready to run."""

    infer: Callable[[FloatArray], FloatArray]
    input_shape: Sequence[int]
    names: Mapping[int, str]
    engine: str
    stride: int = 32


def _open_export(found: ExportedYolo, device: str, engine: EngineName) -> _Network:
    from reidtrack.engines.openvino_engine import OpenVinoEngine

    if engine == "torch":
        raise DeviceError("torch does not run an exported detector", where="--engine", hint="give its .pt file")
    if choose_device("cpu" if device == "auto" else device) != "cpu":
        raise DeviceError(f"an exported detector does not run on {device}", where="--device", hint="give its .pt file")
    opened = OpenVinoEngine.from_file(found.path)
    names = found.names or names_in_metadata(opened.metadata, found.path)
    return _Network(opened.infer, opened.input_shape, names, opened.name)


def _build(found: YoloModule, device: str, engine: EngineName) -> _Network:
    built = _PerSize(found.module, device, engine)
    return _Network(built.infer, (-1, 3, -1, -1), found.names, built.name, found.stride)


class _PerSize:
    """One engine for each input size that the cameras bring: an engine's pictures all have one size."""

    def __init__(self, module: nn.Module, device: str, engine: EngineName) -> None:
        self._module, self._device, self._engine = module, device, engine
        self._engines: dict[tuple[int, int], Engine] = {}
        self.name = self._of((640, 640)).name  # built at once, so that a wrong device shows at once

    def infer(self, batch: FloatArray) -> FloatArray:
        """Run (N, 3, h, w)."""
        return self._of((batch.shape[2], batch.shape[3])).infer(batch)

    def _of(self, size_hw: tuple[int, int]) -> Engine:
        if size_hw not in self._engines:
            built = build_engine(self._module, size_hw, device=self._device, engine=self._engine)
            self._engines[size_hw] = built
        return self._engines[size_hw]


def make_embedder(config: EmbedConfig, device: str, engine: EngineName) -> tuple[Embedder, Weights]:
    """Load the re-identification network.

    Raises:
        WeightsError: If it cannot be used.
        DeviceError: If the device or engine is not there.
    """
    from reidtrack.models.checkpoint import load_checkpoint

    path = find_weights(config.weights, "reid")
    loaded = load_checkpoint(path, config.architecture)
    built = build_engine(loaded.model, loaded.card.size_hw, device=device, engine=engine)
    embedder = Embedder(
        built.infer,
        size_hw=loaded.card.size_hw,
        mean=loaded.card.mean,
        std=loaded.card.std,
        feature_dim=loaded.card.feature_dim,
        batch=config.batch,
    )
    return embedder, Weights(str(config.weights), {path.name: loaded.card.sha256}, built.name)


def make_trackers(config: TrackConfig, cameras: Sequence[str]) -> dict[str, Tracker]:
    """One tracker for each camera."""
    return {camera: build_tracker(**tracker_values(config)) for camera in cameras}


def _digests(path: Path) -> dict[str, str]:
    """sha256 of a file, or of each file of a folder."""
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
