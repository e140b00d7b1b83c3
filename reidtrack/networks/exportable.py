"""What `export` has to know of each kind of network: its inputs, what its file says, and how near it is to torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reidtrack.detect.families import FAMILY_KEY
from reidtrack.detect.family import Found
from reidtrack.detect.letterbox import letterbox
from reidtrack.detect.network import NetworkDetector
from reidtrack.detect.protocol import DetectorOptions
from reidtrack.detect.weights import DetectorModule, find_person_class
from reidtrack.embed.preprocess import to_batch
from reidtrack.engines.base import Engine, FileEngine
from reidtrack.engines.convert import Shape, to_openvino
from reidtrack.engines.pictures import to_planes
from reidtrack.engines.torch_engine import TorchEngine
from reidtrack.geometry import iou
from reidtrack.image import resize
from reidtrack.models.card import ModelCard, card_to_json
from reidtrack.models.checkpoint import CARD_KEY
from reidtrack.types import FloatArray, Frame, ImageArray, Outputs

if TYPE_CHECKING:
    from torch import nn

_SCORE = 0.25
"""Least score of the boxes of real pictures that are compared."""
_BEST = 50
"""Boxes of random pictures that are compared, where scores mean nothing."""


Infer = Callable[[FloatArray], Outputs]
"""An engine's: a batch in, the network's outputs."""


class Agreement(NamedTuple):
    """How near a file is to what it was made from.

    Attributes:
        measure: What was compared.
        agreement: 1 for the same.
        pictures: Real ones that had something to compare; 0: on noise.
    """

    measure: str
    agreement: float
    pictures: int


@dataclass(frozen=True)
class ReidByCard:
    """What every re-identification network says by its card; the measure is the cosine of features.

    Attributes:
        stem: What files are named after.
        card: How to use it.
    """

    stem: str
    card: ModelCard

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width of its input, pixels."""
        return self.card.size_hw

    def least(self, *, half: bool, int8: bool) -> float:
        """Agreement below which a file is refused."""
        return 0.98 if int8 else 0.999 if half else 0.9999

    def texts(self) -> dict[str, str]:
        """What a file keeps about itself."""
        return {CARD_KEY: card_to_json(replace(self.card, exported_from=self.card.sha256))}

    def write_beside(self, folder: Path) -> None:
        """Nothing: the card is in the file."""

    def exact_operations(self) -> list[str]:
        """What stays in float32 when it is brought to 8 bits: the first layer, the gates and what comes last.

        With all in 8 bits, the least cosine of OSNet's features to their own fell to 0.83. The first block of the third
        stage stays exact too: with it in 8 bits the shipped OSNet x1.0 has 0.973 (200 pictures, mean 0.9964), without
        0.983 (mean 0.9986), for 13 % more time.
        """
        whole = [rf"__module\.{layer}[./].*" for layer in ("input_norm", "conv1", r"conv3\.0", "pool", "fc")]
        return [*whole, r".*\.gate[./].*"]

    def inputs(self, pictures: Sequence[ImageArray], size_hw: tuple[int, int] | None) -> list[FloatArray]:
        """Each picture of a person as a batch of one."""
        del size_hw
        return [reid_inputs(self.card, [picture]) for picture in pictures]


@dataclass(frozen=True)
class ReidNetwork(ReidByCard):
    """A re-identification network of torch.

    Attributes:
        module: In evaluation mode on the CPU.
    """

    module: nn.Module

    reference = "torch"
    """What an export has to agree with."""

    def to_openvino(self, shape: Shape) -> Any:
        """An `openvino.Model` of it, of that input."""
        return to_openvino(self.module, shape)

    def compare(self, engine: FileEngine, pictures: Sequence[ImageArray]) -> Agreement:
        """The least cosine of its features to torch's, on random pictures or on real ones."""
        return compare_features(self.card, engine.infer, TorchEngine(self.module).infer, pictures)


@dataclass(frozen=True)
class DetectorNetwork:
    """A detector: the measure is the share of boxes with a counterpart.

    Attributes:
        stem: What files are named after.
        found: The module and what is known of it.
        imgsz: Longer side of the input, pixels.
    """

    stem: str
    found: DetectorModule
    imgsz: int = DetectorOptions.imgsz

    reference = "torch"
    """What an export has to agree with."""

    @property
    def size_hw(self) -> tuple[int, int] | None:
        """Height and width of its input, pixels; None: of any size."""
        return self.found.family.input_hw(self.imgsz)

    @property
    def module(self) -> nn.Module:
        """In evaluation mode on the CPU."""
        return self.found.module

    def least(self, *, half: bool, int8: bool) -> float:
        """Agreement below which a file is refused."""
        del half
        return 0.8 if int8 else 0.98

    def texts(self) -> dict[str, str]:
        """What a file keeps about itself, in Ultralytics' words and with its family."""
        found = self.found
        return {
            "task": "detect",
            "stride": str(found.stride),
            "names": str(found.names),
            FAMILY_KEY: found.family.name,
        }

    def write_beside(self, folder: Path) -> None:
        """The metadata that Ultralytics reads."""
        import yaml

        texts = {
            "task": "detect",
            "stride": self.found.stride,
            "names": self.found.names,
            "imgsz": [self.imgsz, self.imgsz],
            FAMILY_KEY: self.found.family.name,
        }
        (folder / "metadata.yaml").write_text(yaml.safe_dump(texts, sort_keys=False), encoding="utf-8")

    def exact_operations(self) -> list[str]:
        """Names of the operations that stay in float32 when it is brought to 8 bits."""
        return self.found.family.exact_operations(self.module)

    def to_openvino(self, shape: Shape) -> Any:
        """An `openvino.Model` of it, of that input."""
        return to_openvino(self.module, shape)

    def inputs(self, pictures: Sequence[ImageArray], size_hw: tuple[int, int] | None) -> list[FloatArray]:
        """Each frame as a batch of one, in its letterbox."""
        family, size_hw = self.found.family, size_hw or self.size_hw
        boxes = [family.place((p.shape[1], p.shape[0]), size_hw, self.imgsz, self.found.stride) for p in pictures]
        batches = [letterbox([picture], box) for picture, box in zip(pictures, boxes, strict=True)]
        return [to_planes(batch, family.pixels) for batch in batches]

    def compare(self, engine: FileEngine, pictures: Sequence[ImageArray]) -> Agreement:
        """The share of boxes that the other has too, on real pictures; where those have none, of the best raw ones."""
        shares = [found for found in (self._shares(engine, picture) for picture in pictures) if found]
        every = [share for found in shares for share in found] or self._random(engine)
        return Agreement("share of boxes found by both", float(np.mean(every)), len(shares))

    def _shares(self, engine: FileEngine, picture: ImageArray) -> list[float]:
        """For each box of a picture, whether the other has it too."""
        frame = Frame("export", 0, 0.0, picture)
        ours, theirs = (
            NetworkDetector(
                partial(one.infer_pictures, pixels=self.found.family.pixels),
                self.found.family,
                DetectorOptions(self.imgsz, conf=_SCORE),
                person_class=self._person_class,
                input_shape=engine.input_shape,
                stride=self.found.stride,
            ).detect([frame])[0]
            for one in (engine, TorchEngine(self.module))
        )
        return [
            share for one, other in ((ours, theirs), (theirs, ours)) for share in _partnered(one.xyxy, other.xyxy, 0.75)
        ]

    def _random(self, engine: FileEngine) -> list[float]:
        """For each of the best boxes of a random picture, whether the other has it too."""
        fixed = engine.input_shape[2:]
        shares: list[float] = []
        for size in ((256, 320), (192, 128)) if -1 in fixed else (fixed,):
            batch = (_random((1, 3, *size)) / 4 + 0.5).astype(np.float32)
            found, wanted = (self._raw(one, batch, size) for one in (engine, TorchEngine(self.module)))
            rows = np.argsort(-wanted.score)[:_BEST]
            shares += _partnered(wanted.xyxy[rows], found.xyxy[rows], 0.9)
        return shares

    def _raw(self, engine: Engine, batch: FloatArray, size_hw: Sequence[int]) -> Found:
        """Every box of one picture, whatever its score."""
        outputs = tuple(output[0] for output in engine.infer(batch))
        height, width = size_hw
        return self.found.family.decode(outputs, (height, width), self._person_class, conf=-np.inf)

    @property
    def _person_class(self) -> int:
        return find_person_class(self.found.names)


def reid_inputs(card: ModelCard, pictures: Iterable[ImageArray]) -> FloatArray:
    """Pictures of people as one batch of a re-identification network's input."""
    crops = [resize(picture, card.size_hw) for picture in pictures]
    return to_batch(crops, card.mean, card.std, channels=card.channels, pixel_max=card.pixel_max)


def compare_features(card: ModelCard, infer: Infer, reference: Infer, pictures: Sequence[ImageArray]) -> Agreement:
    """The least cosine of the features that two engines give, on random pictures or on real ones."""
    batch = reid_inputs(card, pictures or _noise(5, card.size_hw))
    found, wanted = (engine(batch)[0].reshape(len(batch), -1) for engine in (infer, reference))
    norms = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
    return Agreement("least cosine of features", float(((found * wanted).sum(axis=1) / norms).min()), len(pictures))


def _noise(count: int, size_hw: tuple[int, int]) -> list[ImageArray]:
    return list(np.random.default_rng(0).integers(0, 256, (count, *size_hw, 3), np.uint8))


def _random(shape: tuple[int, ...]) -> FloatArray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def _partnered(boxes: FloatArray, others: FloatArray, least: float) -> list[float]:
    """For each box 1 where one of the others overlaps it by `least`, else 0."""
    if not len(boxes) or not len(others):
        return [0.0] * len(boxes)
    return [float(best >= least) for best in iou(boxes, others).max(axis=1)]
