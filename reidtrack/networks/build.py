"""Makes the working parts of a run from its configuration: detector, embedder, trackers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from reidtrack.config.run import DetectConfig, EmbedConfig
from reidtrack.detect.families import FAMILIES, family_of_export
from reidtrack.detect.family import Family
from reidtrack.detect.network import NetworkDetector
from reidtrack.detect.weights import (
    DetectorModule,
    ExportedDetector,
    class_names,
    find_person_class,
    read_detector,
    said_by_file,
)
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.base import Engine
from reidtrack.engines.build import build_engine, open_engine
from reidtrack.engines.choose import choose_engine
from reidtrack.engines.names import EngineName, Precision, Runtime
from reidtrack.engines.provenance import Weights, digests
from reidtrack.errors import InputError, WeightsError
from reidtrack.models.card import ModelCard, card_from_json
from reidtrack.models.checkpoint import CARD_KEY, load_checkpoint
from reidtrack.networks.converted import prepared
from reidtrack.networks.embedder_file import is_embedder_file, open_embedder
from reidtrack.networks.exportable import DetectorNetwork, ReidNetwork
from reidtrack.networks.find import find_weights


def make_detector(
    config: DetectConfig, device: str, engine: EngineName, precision: Precision = "auto"
) -> tuple[NetworkDetector, Weights]:
    """Load the detector, of whichever family; an exported one runs in the precision it was written in.

    Raises:
        WeightsError: If it cannot be used.
        DeviceError: If the device or engine is not there.
    """
    on, chosen = choose_engine(device, engine, precision)
    path = find_weights(config.weights, "detector", exported=chosen == "openvino")
    if chosen == "openvino" and path.is_file() and path.suffix.lower() == ".pt":
        sha256 = digests(path)
        network = _converted_detector(path, sha256[path.name], config.options.imgsz, half=precision == "half")
    else:
        found, sha256 = read_detector(path), digests(path)
        if isinstance(found, ExportedDetector):
            network = _exported_detector(found, device, engine)
        else:
            network = _detector_module(found, config.options.imgsz, on, chosen, precision, sha256[path.name])
    detector = NetworkDetector(
        partial(network.engine.infer_pictures, pixels=network.family.pixels),
        network.family,
        config.options,
        person_class=find_person_class(network.names),
        named_classes=max(network.names, default=-1) + 1,
        input_shape=network.input_shape,
        stride=network.stride,
    )
    return detector, Weights(str(config.weights), sha256, network.engine.name)


class _Network(NamedTuple):
    """A detector's network that is ready to run."""

    engine: Engine
    family: Family
    names: Mapping[int, str]
    input_shape: Sequence[int]
    stride: int = 32


def _exported_detector(found: ExportedDetector, device: str, engine: EngineName) -> _Network:
    """One that an engine reads as it is."""
    opened = open_engine(found.path, device=device, engine=engine)
    said = {**said_by_file(opened.metadata, found.path), **found.said}
    family = family_of_export(said, opened.output_count)
    if family is None:
        what = f"is a detector of no known family: it has {opened.output_count} outputs"
        raise WeightsError(what, where=found.path, expected=" or ".join(family.name for family in FAMILIES))
    return _Network(opened, family, class_names(said), opened.input_shape)


def _converted_detector(path: Path, digest: str, imgsz: int, *, half: bool) -> _Network:
    """A checkpoint for OpenVINO, converted once and kept."""

    def load() -> DetectorNetwork:
        found = read_detector(path)
        assert isinstance(found, DetectorModule)  # of a .pt file
        return DetectorNetwork(path.stem, found, imgsz)

    opened = prepared(load, digest, f"imgsz {imgsz}", half=half)
    said = said_by_file(opened.metadata, path)
    family = family_of_export(said, opened.output_count)
    assert family is not None  # `DetectorNetwork.texts` says it
    return _Network(opened, family, class_names(said), opened.input_shape, int(said["stride"]))


def _detector_module(
    found: DetectorModule, imgsz: int, device: str, engine: EngineName, precision: Precision, digest: str
) -> _Network:
    """A checkpoint by torch, or by ONNX Runtime through ONNX."""
    size_hw = found.family.input_hw(imgsz)
    built = build_engine(found.module, size_hw, device=device, engine=engine, precision=precision, digest=digest)
    return _Network(built, found.family, found.names, (-1, 3, *(size_hw or (-1, -1))), found.stride)


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
        lambda crops: built.infer(crops)[0],
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
    path: Path, architecture: str | None, device: str, chosen: Runtime, precision: Precision
) -> tuple[Engine, ModelCard]:
    if chosen != "openvino" or not path.is_file():
        loaded = load_checkpoint(path, architecture)
        size_hw, digest = loaded.card.size_hw, loaded.card.sha256
        built = build_engine(loaded.model, size_hw, device=device, engine=chosen, precision=precision, digest=digest)
        return built, loaded.card

    def load() -> ReidNetwork:
        loaded = load_checkpoint(path, architecture)
        return ReidNetwork(path.stem, loaded.card, loaded.model)

    digest = digests(path)[path.name]
    ready = prepared(load, digest, architecture or "", half=precision == "half")
    return ready, replace(card_from_json(str(ready.metadata["framework"][CARD_KEY])), sha256=digest)
