"""Image ranking figures: cumulative matching characteristic, average precision, inverse negative penalty.

The single-query protocol of Market-1501 (Zheng et al., ICCV 2015): for each query, gallery images of the same person by
the same camera and junk images (person -1) do not count, and queries without a true match are left out. Pure numpy.

Nothing is sorted where it can be avoided: the figures need the ranks of the true matches alone, and a rank, from 0, is
the number of gallery images that are nearer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from reidtrack.types import DoubleArray, FloatArray, IntArray, check_array

JUNK_ID = -1
"""Person id of gallery images that show part of a person, or several: neither right nor wrong."""

SORT_FROM = 64
"""Number of true matches from which on sorting a row is cheaper than counting for each match."""

ApRule = Literal["step", "trapezoid"]


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


class QueryScores(NamedTuple):
    """Figures of each query.

    Attributes:
        first: (Q,) int64, rank of the first true match from 0; -1 where there is none, and the query is left out.
        ap: (Q,) average precision, 0 where left out.
        inp: (Q,) inverse negative penalty, 0 where left out.
    """

    first: IntArray
    ap: DoubleArray
    inp: DoubleArray

    @property
    def used(self) -> IntArray:
        """Rows (U,) of the queries with a true match."""
        return np.flatnonzero(self.first >= 0)


class Gallery:
    """Labels of a gallery, arranged so that a query finds its person at once.

    Args:
        person_id: (G,) int64, -1 for junk.
        camera: (G,) int64.
    """

    def __init__(self, person_id: IntArray, camera: IntArray) -> None:
        self.person_id, self.camera = person_id, camera
        self.junk = np.flatnonzero(person_id == JUNK_ID)
        self._order = np.argsort(person_id, kind="stable")
        self._sorted = person_id[self._order]

    def __len__(self) -> int:
        return len(self.person_id)

    def of(self, person: int, camera: int) -> tuple[IntArray, IntArray]:
        """Columns of a person's images by other cameras, and of those by `camera`, both increasing; none for junk."""
        if person == JUNK_ID:
            return self._order[:0], self._order[:0]
        low, high = np.searchsorted(self._sorted, (person, person + 1))
        mine = self._order[low:high]
        same = self.camera[mine] == camera
        return mine[~same], mine[same]


def rank(
    distance: FloatArray | DoubleArray,
    query_id: IntArray,
    query_cam: IntArray,
    gallery_id: IntArray,
    gallery_cam: IntArray,
    *,
    max_rank: int = 50,
    ap_rule: ApRule = "step",
) -> RankingResult:
    """Score a ranking by distance.

    Equal distances are ranked in gallery order (a stable sort), which makes the figures reproducible but lets the order
    of files decide; constant features therefore do not score by luck alone.

    Args:
        distance: (Q, G), smaller is more alike, no NaN.
        query_id: (Q,) person of each query.
        query_cam: (Q,) camera of each query.
        gallery_id: (G,) person of each gallery image, -1 for junk.
        gallery_cam: (G,) camera of each gallery image.
        max_rank: Length of the CMC curve; ranks beyond the gallery repeat its last value.
        ap_rule: `step` sums precision at each true match over their number (scikit-learn's since 0.19, torchreid's);
            `trapezoid` averages it with the precision just before (the Market-1501 evaluation code, Oxford's).

    Returns:
        The figures; all 0 where no query could be used.

    Raises:
        ValueError: If shapes do not fit, or a distance is NaN.
    """
    if distance.ndim != 2:
        raise ValueError(f"rank: expected distances (Q, G), got shape {distance.shape}")
    queries, gallery = distance.shape
    named = {"query_id": query_id, "query_cam": query_cam, "gallery_id": gallery_id, "gallery_cam": gallery_cam}
    for name, values in named.items():
        wanted = (queries if name.startswith("query") else gallery,)
        if values.shape != wanted:
            raise ValueError(f"rank: expected {name} of shape {wanted}, got {values.shape}")
    scores = score_queries(distance, query_id, query_cam, Gallery(gallery_id, gallery_cam), ap_rule)
    return summarise([scores], max_rank)


def score_queries(
    distance: FloatArray | DoubleArray,
    query_id: IntArray,
    query_cam: IntArray,
    gallery: Gallery,
    ap_rule: ApRule = "step",
) -> QueryScores:
    """Score some queries, each on its own: all rows of `rank`'s matrix, or a block of them.

    Args:
        distance: (B, G), no NaN.
        query_id: (B,) person of each query.
        query_cam: (B,) camera of each query.
        gallery: Labels of the G columns.
        ap_rule: As in `rank`.

    Raises:
        ValueError: If a distance is NaN.
    """
    ranks = []
    for row, person, camera in zip(distance, query_id.tolist(), query_cam.tolist(), strict=True):
        if np.isnan(row).any():
            raise ValueError("rank: a distance is NaN")
        right, hidden = gallery.of(person, camera)
        ranks.append(_ranks(row, right, hidden, gallery.junk))
    return _score(ranks, ap_rule)


def summarise(parts: Iterable[QueryScores], max_rank: int = 50) -> RankingResult:
    """Mean figures of blocks of queries.

    Args:
        parts: One or more blocks.
        max_rank: Length of the CMC curve.
    """
    scores = join_scores(parts)
    used = scores.used
    first = scores.first[used]
    hits = np.bincount(first[first < max_rank], minlength=max_rank)
    return RankingResult(
        cmc=np.cumsum(hits) / max(len(used), 1),
        mean_ap=float(scores.ap.sum()) / max(len(used), 1),
        mean_inp=float(scores.inp.sum()) / max(len(used), 1),
        queries_used=len(used),
        queries_left_out=len(scores.first) - len(used),
    )


def join_scores(parts: Iterable[QueryScores]) -> QueryScores:
    """Concatenate the scores of blocks of queries."""
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return QueryScores(*columns) if columns else QueryScores(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def _ranks(row: FloatArray | DoubleArray, right: IntArray, hidden: IntArray, junk: IntArray) -> IntArray:
    """Ranks from 0, increasing, of the columns `right` among all but `hidden` and `junk`."""
    if len(right) == 0:
        return right
    counted = row.astype(np.float64 if row.dtype == np.float64 else np.float32)  # a copy
    counted[hidden] = counted[junk] = np.nan  # no number is above, below or equal to it
    at = counted[right]
    if len(right) >= SORT_FROM:
        ordered = np.sort(counted)
        nearer, upto = np.searchsorted(ordered, at, "left"), np.searchsorted(ordered, at, "right")
    else:
        nearer = np.array([np.count_nonzero(counted < d) for d in at])
        upto = np.array([np.count_nonzero(counted <= d) for d in at])
    for tied in np.flatnonzero(upto - nearer > 1):
        nearer[tied] += np.count_nonzero(counted[: right[tied]] == at[tied])
    return np.sort(nearer).astype(np.int64)


def _score(ranks: Sequence[IntArray], ap_rule: ApRule) -> QueryScores:
    """Figures of queries whose true matches have these ranks from 0, increasing for each query."""
    total = np.array([len(part) for part in ranks], np.int64)
    query = np.repeat(np.arange(len(ranks)), total)  # (M,) of each true match
    at = np.concatenate([*ranks, np.zeros(0, np.int64)]) + 1.0
    end = np.cumsum(total)
    k = np.arange(len(at)) - (end - total)[query] + 1.0  # true matches up to this one
    precision = k / at
    if ap_rule == "trapezoid":
        before = np.divide(k - 1, at - 1, out=np.ones(len(at)), where=at > 1)
        precision = (precision + before) / 2
    some = total > 0
    first, ap, inp = np.full(len(ranks), -1, np.int64), np.zeros(len(ranks)), np.zeros(len(ranks))
    first[some] = at[(end - total)[some]].astype(np.int64) - 1
    ap[some] = np.bincount(query, weights=precision, minlength=len(ranks))[some] / total[some]
    inp[some] = total[some] / at[end[some] - 1]
    return QueryScores(first, ap, inp)
