"""Figures of one image benchmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reidtrack.types import DoubleArray, check_array


@dataclass(frozen=True, eq=False, slots=True)
class RankingResult:
    """Figures of one image benchmark, all in 0..1.

    Attributes:
        cmc: (K,) float64, cumulative matching characteristic; `cmc[k - 1]` is Rank-k.
        mean_ap: Mean average precision.
        mean_inp: Mean inverse negative penalty (arXiv 2001.04193).
        queries_used: Queries with at least one true match in the gallery.
        queries_left_out: Queries without one.
    """

    cmc: DoubleArray
    mean_ap: float
    mean_inp: float
    queries_used: int
    queries_left_out: int

    def __post_init__(self) -> None:
        check_array("RankingResult", "cmc", self.cmc, (None,), np.float64)
