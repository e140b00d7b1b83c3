"""Names of what lies in Redis: all begin with the prefix of a site."""

from __future__ import annotations

from dataclasses import dataclass

ASSOCIATORS = "associators"
"""The consumer group that takes tracklets from their streams."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a site.

    Attributes:
        prefix: What each begins with.
    """

    prefix: str = "reidtrack"

    @property
    def network(self) -> str:
        """Which network makes the features of all groups: JSON."""
        return f"{self.prefix}:network"

    @property
    def numbers(self) -> str:
        """The highest number that was set aside for somebody: a counter."""
        return f"{self.prefix}:numbers"

    @property
    def answers(self) -> str:
        """Who is who: a stream that every group reads."""
        return f"{self.prefix}:answers"

    @property
    def handed(self) -> str:
        """Who left a sector lately, and which numbers are one: a stream that every associator reads."""
        return f"{self.prefix}:handed"

    @property
    def site(self) -> str:
        """What tells the numbers of the site from those of all others: a string."""
        return f"{self.prefix}:site"

    def camera(self, name: str) -> str:
        """Who watches a camera: a string that expires."""
        return f"{self.prefix}:camera:{name}"

    def tracklets(self, sector: str) -> str:
        """What cameras of a sector saw: a stream."""
        return f"{self.prefix}:tracklets:{sector}"

    def lease(self, sector: str) -> str:
        """Which associator settles a sector: a string that expires."""
        return f"{self.prefix}:lease:{sector}"

    def state(self, sector: str) -> str:
        """Who is who in a sector so far, for whoever takes over: a hash."""
        return f"{self.prefix}:state:{sector}"

    def seen(self, sector: str) -> str:
        """Group to the last entry of it that was settled: a hash."""
        return f"{self.prefix}:seen:{sector}"
