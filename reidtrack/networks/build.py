"""Makes the working parts of a run from its configuration: detector, embedder, trackers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from reidtrack.config.run import DetectConfig, EmbedConfig
from reidtrack.detect.protocol import Detector
from reidtrack.detect.weights import ExportedYolo, YoloModule, names_in_metadata, read_detector
from reidtrack.detect.yolo import YoloDetector, find_person_class
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.base import Engine, build_engine, choose_engine, open_engine
from reidtrack.engines.names import EngineName, Precision, Runtime
from reidtrack.engines.pictures import on_pictures
from reidtrack.engines.provenance import Weights, digests
from reidtrack.errors import InputError, WeightsError
from reidtrack.models.card import ModelCard, card_from_json
from reidtrack.models.checkpoint import CARD_KEY, load_checkpoint
from reidtrack.networks.converted import prepared
from reidtrack.networks.embedder_file import is_embedder_file, open_embedder
from reidtrack.networks.exportable import DetectorNetwork, ReidNetwork
from reidtrack.networks.find import find_weights
from reidtrack.types import FloatArray, ImageArray


def make_detector(
    config: DetectConfig, device: str, engine: EngineName, precision: Precision = "auto"
) -> tuple[Detector, Weights]:
    """Load the detector; an exported one runs in the precision it was written in.

    Raises:
        WeightsError: If it cannot be used.
        DeviceError: If the device or engine is not there.
    """
    place, chosen = choose_engine(device, engine, precision)
    path = find_weights(config.weights, "detector", exported=chosen == "openvino")
    if chosen == "openvino" and path.is_file() and path.suffix.lower() == ".pt":
        sha256 = digests(path)
        network = _prepare_detector(path, sha256[path.name], half=precision == "half")
    else:
        found, sha256 = read_detector(path), digests(path)
        if isinstance(found, ExportedYolo):
            network = _open_export(found, device, engine)
        else:
            network = _build(found, place, chosen, precision, sha256[path.name])
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
    return detector, Weights(str(config.weights), sha256, network.engine)


class _Network(NamedTuple):
    """A detector that is ready to run."""

    infer: Callable[[ImageArray], FloatArray]
    input_shape: Sequence[int]
    names: Mapping[int, str]
    engine: str
    stride: int = 32


def _open_export(found: ExportedYolo, device: str, engine: EngineName) -> _Network:
    opened = open_engine(found.path, device=device, engine=engine)
    names = found.names or names_in_metadata(opened.metadata, found.path)
    return _Network(on_pictures(opened), opened.input_shape, names, opened.name)


def _prepare_detector(path: Path, digest: str, *, half: bool) -> _Network:
    def load() -> DetectorNetwork:
        found = read_detector(path)
        assert isinstance(found, YoloModule)  # of a .pt file
        return DetectorNetwork(path.stem, found)

    built = prepared(load, digest, half=half)
    stride = int(built.metadata["framework"]["stride"])
    return _Network(on_pictures(built), built.input_shape, names_in_metadata(built.metadata, path), built.name, stride)


def _build(found: YoloModule, device: str, engine: EngineName, precision: Precision, digest: str) -> _Network:
    built = build_engine(found.module, None, device=device, engine=engine, precision=precision, digest=digest)
    return _Network(on_pictures(built), (-1, 3, -1, -1), found.names, built.name, found.stride)


def make_embedder(
    config: EmbedConfig, device: str, engine: EngineName, precision: Precision = "auto"
) -> tuple[Embedder, Weights]:
    """Load the re-identification network; one that an engine reads runs in the precision it was written in.

    Raises:
        WeightsError: If it cannot be used.
        ConfigError: If the card beside it does not fit.
        DeviceError: If the device or engine is not there.
    """
    on_cpu = precision == "auto" and engine in ("auto", "openvino") and choose_engine(device, engine)[1] == "openvino"
    path = find_weights(config.weights, "reid", exported=on_cpu)
    built: Engine
    if is_embedder_file(path):
        built, card = open_embedder(path, device, engine)
    else:
        built, card = _build_reid(path, config.architecture, *choose_engine(device, engine, precision), precision)
    used = Weights(str(config.weights), {path.name: card.sha256}, built.name, card.priors)
    _check_prior(used, card.feature_dim, path)
    embedder = Embedder(
        built.infer,
        size_hw=card.size_hw,
        mean=card.mean,
        std=card.std,
        channels=card.channels,
        pixel_max=card.pixel_max,
        feature_dim=card.feature_dim,
        batch=config.batch,
    )
    return embedder, used


def _check_prior(weights: Weights, feature_dim: int, path: Path) -> None:
    """Refuse a prior that cannot be this network's before anything is read with it."""
    try:
        prior = weights.prior
    except InputError as error:
        raise WeightsError(error.what, where=path) from error
    if not prior.fits(feature_dim):
        what = "the card's priors are of embeddings of another length"
        raise WeightsError(what, where=path, expected=f"{feature_dim} numbers")


def _build_reid(
    path: Path, architecture: str | None, place: str, chosen: Runtime, precision: Precision
) -> tuple[Engine, ModelCard]:
    if chosen != "openvino" or not path.is_file():
        loaded = load_checkpoint(path, architecture)
        size_hw, digest = loaded.card.size_hw, loaded.card.sha256
        built = build_engine(loaded.model, size_hw, device=place, engine=chosen, precision=precision, digest=digest)
        return built, loaded.card

    def load() -> ReidNetwork:
        loaded = load_checkpoint(path, architecture)
        return ReidNetwork(path.stem, loaded.card, loaded.model)

    digest = digests(path)[path.name]
    ready = prepared(load, digest, architecture or "", half=precision == "half")
    return ready, replace(card_from_json(str(ready.metadata["framework"][CARD_KEY])), sha256=digest)
