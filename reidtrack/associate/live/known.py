"""Who keeps people beyond what is held in memory: what a gallery is to live cameras."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from reidtrack.types import FloatArray


class CameraView(NamedTuple):
    """What one camera saw of a person.

    Attributes:
        camera: Its name.
        weight: How much it counts, in tracklets, above 0.
        feature: (D,) float32, mean of the raw features, of unit norm.
        first_s: When, seconds since the folder's origin.
        last_s: Until when.
    """

    camera: str
    weight: float
    feature: FloatArray
    first_s: float
    last_s: float


class SeenPerson(NamedTuple):
    """An identity of live cameras, as a gallery takes it.

    Attributes:
        number: The identity, from 1.
        views: Of each camera that saw the person and embedded a crop, at least one.
    """

    number: int
    views: tuple[CameraView, ...]


class KnownAs(NamedTuple):
    """The person whom somebody was recognised as.

    Attributes:
        number: The identity that the person had before on these cameras; None for somebody known from elsewhere.
        name: What the person is called, or None.
        probability: That it is this person, 0..1.
    """

    number: int | None
    name: str | None
    probability: float


class KnownPeople(Protocol):
    """People of before, whom `OnlineIdentities` asks about and tells of; called from its thread alone."""

    def recognise(
        self,
        people: Sequence[SeenPerson],
        others: Sequence[SeenPerson],
        present: Collection[int],
        threshold: float,
        slope: float,
    ) -> list[KnownAs | None]:
        """Who each of some people is, or None.

        Args:
            people: Identities that are new.
            others: People whom the same cameras saw lately: they tell what the cameras do to appearances.
            present: Numbers that are held in memory: who has one of these is nobody of `people`.
            threshold: Largest distance at which two are taken for one person now.
            slope: Log-odds that a unit of distance is worth.
        """
        ...

    def keep(self, people: Sequence[SeenPerson]) -> None:
        """Keep what was seen of people since the origin; what was kept of the same identity and day is replaced."""
        ...

    def merge(self, number: int, into: int) -> None:
        """Take it that an identity was another one all along."""
        ...
