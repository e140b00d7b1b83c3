"""What is known of a network's embeddings before a recording tells anything.

An embedding is a sum of parts (two-covariance model, PLDA: Ioffe, ECCV 2006; Brümmer and de Villiers, Odyssey 2010):
the mean of all people, what site and camera do to it, the person, how the person looks in this tracklet, and noise of
the crop. How large each part is says how far a mean of few people is to be trusted as the bias of their camera; where
the distances of one person and of two lie says what a distance means while the recording has told little. `prior_fit`
measures both on people whom a network was not trained on.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from reidtrack.associate.calibration.mixture import Belief, Mixture
from reidtrack.types import DoubleArray

_MOST_DIMENSIONS = 65_536
_PARTS = ("variances", "distances", "belief")


@dataclass(frozen=True, slots=True)
class Variances:
    """Mean squared lengths of the parts of an embedding.

    The defaults hold for networks in general, whose mean is not known: what is common to all cameras is in `camera`.
    docs/calibration.md names the networks and data sets; of each network on its own no table is kept.

    Attributes:
        person: Variance between people.
        tracklet: Variance of one person between tracklets in different cameras.
        crop: Variance between crops of a tracklet.
        camera: What a site and its camera do to all embeddings: between the means of cameras and that of all people.
    """

    person: float = 0.30
    tracklet: float = 0.19
    crop: float = 0.26
    camera: float = 0.26

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"Variances.{name}: expected a number above 0, got {value}")

    @property
    def of_tracklet(self) -> float:
        """Variance of the mean of a tracklet's crops, about its camera's."""
        return self.person + self.tracklet + self.crop / FULL_CROPS

    @property
    def worth(self) -> float:
        """How many people's mean is as near to a camera's bias as the mean of all is.

        Between 3 and 8 it does not matter (docs/results/few_people.md); with the defaults it is 2.
        """
        return self.of_tracklet / self.camera


FULL_CROPS = 8
"""A tracklet of so many crops is as well known as one of more; not tuned."""


@dataclass(frozen=True, eq=False, slots=True)
class AppearancePrior:
    """A network's embeddings, as far as they are known beforehand.

    Attributes:
        mean: (D,) mean embedding of all people; None where it is not known.
        variances: Variances of the parts.
        distances: How distances of one person's tracklets in two cameras and of two people's are distributed, the mean
            taken away; its share says nothing.
        belief: How many pairs that is worth against those of a recording.
        measured: On what, in words; empty for what holds of networks in general.
    """

    mean: DoubleArray | None = None
    variances: Variances = field(default_factory=Variances)
    distances: Mixture = field(default_factory=Mixture)
    belief: Belief = field(default_factory=Belief)
    measured: str = ""

    def __post_init__(self) -> None:
        if self.mean is not None and (self.mean.ndim != 1 or not np.isfinite(self.mean).all()):
            raise ValueError(f"AppearancePrior.mean: expected (D,) finite numbers, got shape {self.mean.shape}")

    def fits(self, dim: int) -> bool:
        """Whether the prior may belong to a network with embeddings of that length; one without a mean fits all."""
        return self.mean is None or len(self.mean) == dim

    def to_json(self) -> dict[str, Any]:
        """The prior as it is kept with a network: the mean as base64 of float16, the rest as numbers."""
        mean = None if self.mean is None else base64.b64encode(self.mean.astype("<f2").tobytes()).decode("ascii")
        rounded = {
            name: {key: float(f"{value:.4g}") for key, value in asdict(part).items()}
            for name, part in (("variances", self.variances), ("distances", self.distances), ("belief", self.belief))
        }
        return {"mean": mean, **rounded, "measured": self.measured}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AppearancePrior:
        """The prior that `to_json` wrote.

        Raises:
            ValueError: If it is none; the message says which part.
        """
        if not isinstance(data, Mapping):
            raise ValueError("priors: expected an object")
        unknown = sorted(set(data) - {"mean", *_PARTS, "measured"})
        if unknown:
            raise ValueError(f"priors: unknown key {unknown[0]!r}")
        try:
            parts = {name: {k: float(v) for k, v in data[name].items()} for name in _PARTS}
            return cls(
                _mean(data["mean"]),
                Variances(**parts["variances"]),
                Mixture(**parts["distances"]),
                Belief(**parts["belief"]),
                str(data.get("measured", "")),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"priors: {error}") from error


def _mean(text: Any) -> DoubleArray | None:
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > 4 * _MOST_DIMENSIONS:
        raise ValueError("priors.mean: expected base64 of half-precision numbers")
    try:
        mean = np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float64)
    except (binascii.Error, ValueError) as error:
        raise ValueError("priors.mean: expected base64 of half-precision numbers") from error
    return mean


GENERIC = AppearancePrior()
"""What holds of networks in general, whose mean is not known."""
