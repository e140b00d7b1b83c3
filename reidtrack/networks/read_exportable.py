"""Reading the network that is exported: a detector, a re-identification network, or a file of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidtrack.detect.weights import DetectorModule, read_detector
from reidtrack.engines.base import FileEngine
from reidtrack.engines.build import open_engine
from reidtrack.engines.convert import Shape
from reidtrack.engines.openvino_engine import OpenVinoEngine
from reidtrack.engines.openvino_package import read_model
from reidtrack.errors import WeightsError, param
from reidtrack.models.checkpoint import load_checkpoint
from reidtrack.networks.embedder_file import is_embedder_file, network_file, open_embedder, says_detector
from reidtrack.networks.exportable import Agreement, DetectorNetwork, ReidByCard, ReidNetwork, compare_features
from reidtrack.networks.find import find_weights
from reidtrack.types import ImageArray

_TORCH = "weights of torch: .pt, .pth or .safetensors"
_QUANTISED = "FakeQuantize"


@dataclass(frozen=True)
class ReidFile(ReidByCard):
    """A re-identification network in a file that OpenVINO reads; exports are checked against that file.

    Attributes:
        file: An `.xml`, its `.bin` beside it, or an `.onnx`.
    """

    file: Path

    reference = "the file it was made from"

    def to_openvino(self, shape: Shape) -> Any:
        """An `openvino.Model` of it, of the batch that it has."""
        del shape
        return read_model(self.file)

    def compare(self, engine: FileEngine, pictures: Sequence[ImageArray]) -> Agreement:
        """Least cosine of features to those of the file, on random pictures or on real ones."""
        return compare_features(self.card, engine.infer, OpenVinoEngine.from_file(self.file).infer, pictures)

    def check_precision(self) -> None:
        """Raise if the file is in 8 bits already.

        Raises:
            WeightsError: If it is.
        """
        if any(node.get_type_name() == _QUANTISED for node in read_model(self.file).get_ops()):
            raise WeightsError("is in 8 bits already", where=self.file, hint=f"leave out {param('int8')}")

    def in_torch(self) -> ReidNetwork:
        """Read the file as a network of torch, which alone can be written as ONNX.

        Raises:
            WeightsError: If it is ONNX already, or of an architecture that is not known.
        """
        if self.file.suffix == ".onnx":
            raise WeightsError("is ONNX already", where=self.file, expected=param("format", "openvino"))
        try:
            loaded = load_checkpoint(self.file)
        except WeightsError as error:
            expected = f"{param('format', 'openvino')}, or {_TORCH}"
            raise WeightsError("cannot be made an ONNX file", where=self.file, expected=expected) from error
        return ReidNetwork(self.stem, loaded.card, loaded.model)


def read_network(given: Path) -> DetectorNetwork | ReidNetwork | ReidFile:
    """Read weights of a detector or of a re-identification network.

    Args:
        given: A path, or a name.

    Raises:
        WeightsError: If they are neither, missing, or damaged.
        ConfigError: If the card beside a file does not fit.
    """
    try:
        path = find_weights(given, "reid")
        if not is_embedder_file(path):
            loaded = load_checkpoint(path)
            return ReidNetwork(path.stem, loaded.card, loaded.model)
    except WeightsError as error:
        if given.suffix in (".pth", ".safetensors", ".xml", ".onnx"):
            raise
        first = error
    else:
        return _read_file(path)
    try:
        path = find_weights(given, "detector")
    except WeightsError as error:
        raise (first if not given.suffix else error) from error
    found = read_detector(path)
    if isinstance(found, DetectorModule):
        return DetectorNetwork(path.stem, found)
    raise WeightsError("is an export already", where=path, expected=_TORCH)


def _read_file(path: Path) -> ReidFile:
    file = network_file(path)
    if says_detector(open_engine(file)):
        raise WeightsError("is an export already", where=path, expected=_TORCH)
    _, card = open_embedder(file, "cpu", "openvino")
    return ReidFile(file.stem, card, file)
