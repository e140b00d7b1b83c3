"""Image ranking figures: cumulative matching characteristic, average precision, inverse negative penalty.

The single-query protocol of Market-1501 (Zheng et al., ICCV 2015): for each query, gallery images of the same person by
the same camera and junk images (person -1) do not count, and queries without a true match are left out. Pure numpy.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from reidtrack.types import BoolArray, DoubleArray, FloatArray, IntArray, RankingResult

JUNK_ID = -1
"""Person id of gallery images that show part of a person, or several: neither right nor wrong."""

BLOCK_ENTRIES = 8_000_000
"""Distances sorted at once, which bounds the memory whatever the gallery's size."""

ApRule = Literal["step", "trapezoid"]


class _Scores(NamedTuple):
    """Per used query: (Q,) rank of the first true match from 0, average precision, inverse negative penalty."""

    first: IntArray
    ap: DoubleArray
    inp: DoubleArray


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
    queries, gallery = _check(distance, query_id, query_cam, gallery_id, gallery_cam)
    rows = max(1, BLOCK_ENTRIES // max(gallery, 1))
    parts = []
    for start in range(0, queries, rows):
        block = slice(start, start + rows)
        person, camera = query_id[block, None], query_cam[block, None]
        match = gallery_id == person  # (B, G)
        counted = ~(match & (gallery_cam == camera)) & (gallery_id != JUNK_ID)
        order = np.argsort(distance[block], axis=1, kind="stable")
        match = np.take_along_axis(match, order, axis=1)
        counted = np.take_along_axis(counted, order, axis=1)
        parts.append(_score(match & counted, counted, ap_rule))
    first = np.concatenate([part.first for part in parts]) if parts else np.zeros(0, np.int64)
    used = len(first)
    hits = np.bincount(first[first < max_rank], minlength=max_rank)
    return RankingResult(
        cmc=np.cumsum(hits) / max(used, 1),
        mean_ap=sum(float(part.ap.sum()) for part in parts) / max(used, 1),
        mean_inp=sum(float(part.inp.sum()) for part in parts) / max(used, 1),
        queries_used=used,
        queries_left_out=queries - used,
    )


def _check(
    distance: FloatArray | DoubleArray,
    query_id: IntArray,
    query_cam: IntArray,
    gallery_id: IntArray,
    gallery_cam: IntArray,
) -> tuple[int, int]:
    if distance.ndim != 2:
        raise ValueError(f"rank: expected distances (Q, G), got shape {distance.shape}")
    queries, gallery = distance.shape
    named = {"query_id": query_id, "query_cam": query_cam, "gallery_id": gallery_id, "gallery_cam": gallery_cam}
    for name, values in named.items():
        wanted = (queries if name.startswith("query") else gallery,)
        if values.shape != wanted:
            raise ValueError(f"rank: expected {name} of shape {wanted}, got {values.shape}")
    if np.isnan(distance).any():
        raise ValueError("rank: a distance is NaN")
    return queries, gallery


def _score(match: BoolArray, counted: BoolArray, ap_rule: ApRule) -> _Scores:
    """Score sorted rows.

    Args:
        match: (B, G) true matches in order of distance, all of them counted.
        counted: (B, G) entries that take a place in the ranking.
        ap_rule: As in `rank`.
    """
    place = np.cumsum(counted, axis=1)  # (B, G) place from 1 among the entries that count
    found = np.cumsum(match, axis=1)  # (B, G) true matches so far
    used = np.flatnonzero(match.any(axis=1))
    row, column = np.nonzero(match[used])  # (M,) each true match, by row, then by place
    at, k = place[used][row, column], found[used][row, column]
    precision = k / at
    if ap_rule == "trapezoid":
        before = np.divide(k - 1, at - 1, out=np.ones(len(at)), where=at > 1)
        precision = (precision + before) / 2
    total = match[used].sum(axis=1)
    last = np.cumsum(total) - 1
    ap = np.bincount(row, weights=precision, minlength=len(used)) / total
    return _Scores(at[last - total + 1] - 1, ap, total / at[last])
