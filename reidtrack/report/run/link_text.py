"""Links in words: how sure one is, what speaks for it, and who a person is in the gallery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp, inf, isfinite

from reidtrack.report.run.report_data import CONFIRMED, GalleryMatch
from reidtrack.report.times import format_duration
from reidtrack.types import Link

WORDS = ("clear", "fair", "close")
"""How sure a link is, the surest first."""

MARGIN = {"clear": 0.15, "fair": 0.05}
"""Smallest margin of each word while links carry no probability; below, a link is `close`. By eye, not calibrated."""

PROBABILITY = {"clear": 0.95, "fair": 0.8}
"""Smallest calibrated probability of each word."""

TERM_NAMES = {
    "travel": "travel time",
    "ground": "ground distance",
    "related": "ground distance, estimated",
    "log_odds": "place and time",
}
"""A term's key without its unit to what readers are told."""

_UNITS = {"s": "s", "m": "m", "px": "px", "mps": "m/s"}
_MOST_TIMES = 1000
"""Likelihood ratios above are told as "over 1,000": the last digits of larger ones mean nothing."""

_INDIFFERENT = 0.1
"""Log-odds nearer to zero than this, a ratio of at most 1.1, are told as saying nothing."""


def certainty(link: Link) -> str:
    """`clear`, `fair` or `close`, by the link's probability or, where there is none, by its margin."""
    value, limits = (link.margin, MARGIN) if link.probability is None else (link.probability, PROBABILITY)
    return next((word for word, least in limits.items() if value >= least), "close")


def certainty_class(link: Link) -> str:
    """CSS class of a link: its certainty, or `said` where a correction confirms it."""
    return "said" if link.decision == CONFIRMED else certainty(link)


def least_certain(links: Iterable[Link]) -> tuple[int, float]:
    """Sort key that puts whoever has the least certain link first: its word, then its probability or margin."""
    return min(
        ((-WORDS.index(certainty(x)), x.margin if x.probability is None else x.probability) for x in links),
        default=(1, inf),
    )


def named_terms(terms: Mapping[str, float]) -> list[tuple[str, str]]:
    """Name and value with unit of each finite term; the end of a term's key says its unit."""
    return [_named(key, value) for key, value in sorted(terms.items()) if isfinite(value)]


def brief_terms(terms: Mapping[str, float]) -> list[tuple[str, str]]:
    """Short text and full text of each finite term."""
    found = []
    for key, value in sorted(terms.items()):
        if isfinite(value):
            name, text = _named(key, value)
            found.append((_brief_ratio(value) if key == "log_odds" else text, f"{name}: {text}"))
    return found


def _brief_ratio(log_odds: float) -> str:
    if abs(log_odds) < _INDIFFERENT:
        return ""
    return f"{_ratio(log_odds)}× {'likelier' if log_odds > 0 else 'unlikelier'}"


def _named(key: str, value: float) -> tuple[str, str]:
    bare, _, unit = key.rpartition("_")
    if unit not in _UNITS or not bare:
        bare, unit = key, ""
    name = TERM_NAMES.get(bare, bare.replace("_", " "))
    return name, likelihood(value) if key == "log_odds" else _measured(value, _UNITS.get(unit, ""))


def likelihood(log_odds: float) -> str:
    """Log-odds in words: how many times likelier a pair is as one person, or as two."""
    if abs(log_odds) < _INDIFFERENT:
        return "says nothing"
    return f"{_ratio(log_odds)} times likelier as {'one person' if log_odds > 0 else 'two people'}"


def _ratio(log_odds: float) -> str:
    times = exp(min(abs(log_odds), 50.0))
    return f"over {_MOST_TIMES:,}" if times > _MOST_TIMES else f"{times:.1f}" if times < 10 else f"{times:.0f}"


def _measured(value: float, unit: str) -> str:
    if unit == "s":
        return f"−{format_duration(-value)}" if value < -0.05 else format_duration(abs(value))
    return f"{value:.0f} px" if unit == "px" else f"{value:.2f} {unit}".rstrip()


def percent(probability: float) -> str:
    """Probability as a percentage that is never 0 or 100, which nobody can know."""
    return "> 99%" if probability > 0.99 else "< 1%" if probability < 0.01 else f"{probability:.0%}"


def gallery_text(match: GalleryMatch | None) -> str | None:
    """Who a person is in the gallery, in words; None where no gallery was asked."""
    if match is None:
        return None
    if match.new:
        return f"new in the gallery as {match.key}"
    text = f"known from the gallery as {match.name or match.key}"
    if match.distance is not None:
        text += f" at distance {match.distance:.2f}"
    if match.probability is not None:
        text += f", {percent(match.probability)} sure"
    return text
