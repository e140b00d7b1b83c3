"""What a distance between two people's looks means, in numbers and in words.

Distances are taken with the network's mean embedding removed, where its card has one: so those were measured that tell
how far apart pictures of one person and of two people lie (`AppearancePrior.distances`). A network whose card says
nothing gives an order and no probability.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.types import FloatArray

VERY_ALIKE, ALIKE, SELDOM = 0.05, 0.5, 0.05
"""Strangers expected to look as alike below which two are called (very) alike; share of one person's pairs that lie
beyond a distance below which two are called unlike. One in twenty and one in two are customs, not tuned."""
_TINY = 1e-9


class Meaning(NamedTuple):
    """What a distance means.

    Attributes:
        probability: That both are one person, if it was as likely as not before; None where nothing is known.
        by_chance: How many of those who were searched would look as alike by chance; None where nothing is known.
        words: The same in words.
    """

    probability: float | None
    by_chance: float | None
    words: str


@dataclass(frozen=True, eq=False)
class Scale:
    """Distances of a network's features, and what they mean.

    Attributes:
        prior: What is known of the network.
    """

    prior: AppearancePrior

    def centred(self, features: FloatArray) -> FloatArray:
        """Features (..., D) without the network's mean, as unit vectors."""
        kept = features if self.prior.mean is None else features - self.prior.mean
        unit: FloatArray = np.asarray(
            kept / np.maximum(np.linalg.norm(kept, axis=-1, keepdims=True), _TINY), np.float32
        )
        return unit

    def distance(self, one: FloatArray, other: FloatArray) -> float:
        """Cosine distance, 0 to 2, of two features (D,)."""
        return float(np.clip(1 - self.centred(one) @ self.centred(other), 0, 2))

    def of_pair(self, distance: float) -> Meaning:
        """What the distance of two pictures means."""
        probability = self._probability(distance)
        if probability is None:
            return Meaning(None, None, "this network's card does not say what a distance means")
        return Meaning(probability, None, _of_pair(probability))

    def of_hit(self, distance: float, people: int) -> Meaning:
        """What the distance of somebody who was found among many means.

        Args:
            distance: Of the person.
            people: How many were searched.
        """
        probability = self._probability(distance)
        if probability is None:
            return Meaning(None, None, "only the order counts: this network's card does not say what a distance means")
        at = np.array([distance])
        by_chance = people * float(self.prior.distances.false_accept(at)[0])
        beyond = float(self.prior.distances.false_reject(at)[0])
        return Meaning(probability, by_chance, _of_hit(by_chance, beyond, people))

    def _probability(self, distance: float) -> float | None:
        if self.prior.mean is None:
            return None
        even = replace(self.prior.distances, share=0.5)
        return float(1 / (1 + np.exp(-even.log_odds(np.array([distance]))[0])))


def _of_pair(probability: float) -> str:
    grades = (
        (0.95, "they look like one person"),
        (0.75, "they are probably one person"),
        (0.25, "they may be one person or two"),
        (0.05, "they are probably two people"),
    )
    return next((words for least, words in grades if probability >= least), "they look like two people")


def _of_hit(by_chance: float, beyond: float, people: int) -> str:
    if beyond < SELDOM:
        return f"unlike: fewer than 1 in {round(1 / SELDOM)} pairs of pictures of one person are so far apart"
    among = f"of {people} people searched, {_count(by_chance)} would look this alike by chance"
    if by_chance <= VERY_ALIKE:
        return f"very alike: {among}"
    return f"alike: {among}" if by_chance <= ALIKE else f"uncertain: {among}"


def _count(number: float) -> str:
    if number < 0.01:
        return "fewer than 0.01"
    return f"about {number:.2g}" if number < 10 else f"about {number:.0f}"
