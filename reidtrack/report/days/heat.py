"""Small heat maps: a strip of 24 hours, darker where more people were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidtrack.report.html import Markup, tag
from reidtrack.types import IntArray

LEVELS = 5
"""Shades of hours in which somebody was seen."""


def heat_strip(people: IntArray, recorded: Sequence[bool], most: int, text: str) -> Markup:
    """A strip of one day; hours that were not recorded are left blank.

    Args:
        people: (24,) seen in each hour.
        recorded: Whether anything was recorded in each.
        most: People of the darkest shade.
        text: For who cannot see it.
    """
    shade = np.ceil(np.sqrt(people / max(most, 1)) * LEVELS).astype(np.int64).clip(0, LEVELS)
    levels: dict[int, list[int]] = {}
    for hour, level in enumerate(shade.tolist()):
        if level or recorded[hour]:
            levels.setdefault(level, []).append(hour)
    paths = [
        tag("path", d="".join(f"M{hour} 0h1v1h-1z" for hour in hours), class_=f"h{level}")
        for level, hours in sorted(levels.items())
    ]
    label = {"viewBox": "0 0 24 1", "preserveAspectRatio": "none"}
    return tag("svg", *paths, **label, class_="heat", role="img", aria_label=text)
