"""How sure a link is, in a word."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from reidtrack.types import Link

MARGIN = {"clear": 0.15, "fair": 0.05}
"""Smallest margin of each word while links carry no probability; below, a link is `close`. By eye, not calibrated."""

PROBABILITY = {"clear": 0.95, "fair": 0.8}
"""Smallest calibrated probability of each word."""

WORDS = ("clear", "fair", "close")


def certainty(link: Link) -> str:
    """`clear`, `fair` or `close`, by the link's probability or, where there is none, by its margin."""
    value, limits = (link.margin, MARGIN) if link.probability is None else (link.probability, PROBABILITY)
    return next((word for word, least in limits.items() if value >= least), "close")


def least_certain(links: Iterable[Link]) -> tuple[int, float]:
    """Key that sorts the least certain link first: place of its word from the close end, then probability or margin."""
    return min(
        ((-WORDS.index(certainty(x)), x.margin if x.probability is None else x.probability) for x in links),
        default=(1, inf),
    )
