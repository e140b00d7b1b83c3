"""Cutting tracklets in which the tracker went over from one person to another.

A tracker that knows motion alone can leave one person for another where they cross. The appearances before and after
then differ as those of two people do: far more than one person's do over a tracklet. Cutting is worth 5.8 points of
cross-camera IDF1 over five recordings (docs/results/association.md).

It takes an occasion (`occasions`): a tracklet that never met another box, was never lost and never jumped stays whole,
whatever it looks like. And it takes crops that show what the others of the tracklet show: those of bad quality for it,
as where somebody walks out of the picture, decide nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from reidtrack.associate.appearance import unit
from reidtrack.associate.occasions import NEAR_S, Occasions, gaps_before
from reidtrack.types import BoolArray, DoubleArray, IntArray, Tracklet

LEAST_FEATURES = 3
"""Fewer features on either side of a cut are no evidence; not tuned."""
_LEAST_LOST = 2
"""Likewise where the track was lost in between: there trackers take over somebody else most often, and what they follow
then is often short. Not tuned."""
_LEAST_QUALITY = 0.7
"""Share of the tracklet's best quality below which a crop decides nothing: of somebody whose legs leave the picture,
what has less than 85 % of its height; not tuned."""
_NEVER = 2.0
"""No two appearances lie farther apart."""
_SCREEN = 0.6
"""Share of the threshold below which nobody looks closer; bounds time. The least share that is asked for in the end
lies above it for networks whose mean is not known, and near 1 for others."""

_LOT = 512
"""Tracklets that are screened at once; changes no result."""
_ROUNDING = 1e-6
"""Sums over many tracklets differ by less from those over one."""


class Biases(Protocol):
    """What cameras do to appearances, as a tracklet's own camera is seen without it; see `bias.CameraBias`."""

    def without(self, i: int, /) -> DoubleArray:
        """Bias (D,) of tracklet `i`'s camera without the person."""
        ...

    def without_lookalikes(self, i: int, /) -> tuple[DoubleArray, float]:
        """The same without whoever looks alike in any camera, and the distance expected of two people then."""
        ...


def split_switched(
    tracklets: Sequence[Tracklet], biases: Biases, threshold: float, only: Collection[int] | None = None
) -> list[Tracklet]:
    """Tracklets, cut where their appearance changes from one person's to another's and the tracker had occasion to.

    Args:
        tracklets: Tracklets of all cameras: meeting another one is an occasion.
        biases: Of the cameras; taken away before features are compared.
        threshold: Cosine distance between the mean appearances before and after a cut, 0..2, from which on they are two
            people's where biases are known, and that share of what is expected of two people where they are not; 2 cuts
            nothing.
        only: Indices of the tracklets that may be cut; None for all.

    Returns:
        The tracklets in their order, each cut one replaced by its parts: the first keeps the track id, the others get
        the camera's next free ones.
    """
    free: dict[str, int] = {}
    for tracklet in tracklets:
        free[tracklet.camera] = max(free.get(tracklet.camera, 1), tracklet.track_id + 1)
    result, occasions = [], Occasions(tracklets)
    changing = _changing(tracklets, biases, threshold, range(len(tracklets)) if only is None else sorted(only))
    by_camera = sorted(changing, key=lambda row: (tracklets[row].camera, row))  # occasions know one at a time
    cuts = {row: _cuts(row, tracklets[row], biases, threshold, occasions) for row in by_camera}
    for row, tracklet in enumerate(tracklets):
        parts = _parts(tracklet, cuts.get(row, []))
        result.append(parts[0])
        for part in parts[1:]:
            result.append(replace(part, track_id=free[part.camera], split_from=tracklet.logged_id))
            free[part.camera] += 1
    return result


def _changing(tracklets: Sequence[Tracklet], biases: Biases, threshold: float, rows: Sequence[int]) -> Iterator[int]:
    """Those of some rows, and a few more, whose appearance changes somewhere by as much as anybody looks closer at."""
    if threshold >= _NEVER:
        return
    for begin in range(0, len(rows), _LOT):
        lot = [i for i in rows[begin : begin + _LOT] if len(tracklets[i].features) >= 2 * _LEAST_LOST]
        if lot:
            largest = _largest_changes([tracklets[i] for i in lot], [biases.without(i) for i in lot])
            yield from np.array(lot)[largest >= _SCREEN * threshold - _ROUNDING].tolist()


def _largest_changes(tracklets: Sequence[Tracklet], bias: Sequence[DoubleArray]) -> DoubleArray:
    """Largest distance (N,) between the mean appearances before and after any moment of each; -1 where none counts."""
    owner = np.repeat(np.arange(len(tracklets)), [len(t.features) for t in tracklets])
    quality = np.concatenate([t.feature_quality for t in tracklets]).astype(np.float64)
    best = np.maximum.reduceat(quality, np.searchsorted(owner, np.arange(len(tracklets))))
    good = quality >= _LEAST_QUALITY * np.maximum(best, 0)[owner]
    rows = np.concatenate([t.features - b for t, b in zip(tracklets, bias, strict=True)])[good]
    owner, weight = owner[good], quality[good] + 1e-3
    count = np.bincount(owner, minlength=len(tracklets))
    ends = np.cumsum(count)
    sums = np.cumsum(weight[:, None] * unit(rows), axis=0)
    upto = np.concatenate([np.zeros((1, rows.shape[1])), sums])  # (K + 1, D)
    number = np.arange(len(owner)) - (ends - count)[owner]  # of the crops before each
    start = np.flatnonzero((number >= _LEAST_LOST) & (count[owner] - number >= _LEAST_LOST))
    first, last = (ends - count)[owner[start]], ends[owner[start]]
    before, after = upto[start] - upto[first], upto[last] - upto[start]
    distance = 1 - np.sum(unit(before) * unit(after), axis=1)
    found = np.full(len(tracklets), -1.0)
    np.maximum.at(found, owner[start], distance)
    return found


def _cuts(row: int, tracklet: Tracklet, biases: Biases, threshold: float, occasions: Occasions) -> list[int]:
    """Indices of the features with which a new person begins, increasing."""
    quality = tracklet.feature_quality.astype(np.float64)
    good = np.flatnonzero(quality >= _LEAST_QUALITY * quality.max(initial=0))
    if threshold >= _NEVER or len(good) < 2 * _LEAST_LOST:
        return []
    features, weight = tracklet.features[good].astype(np.float64), quality[good] + 1e-3
    least = np.where(_lost_before(tracklet, good), _LEAST_LOST, LEAST_FEATURES)

    def best(bias: DoubleArray, allowed: BoolArray, threshold: float) -> list[int]:
        return _best_cuts(unit(features - bias), weight, (0, len(good)), np.where(allowed, least, len(good)), threshold)

    # Nearly all end here; of the few others it is found out who else is there, and whether there was occasion.
    if not best(biases.without(row), np.ones(len(good) + 1, np.bool_), _SCREEN * threshold):
        return []
    bias, strangers = biases.without_lookalikes(row)
    allowed = _near_occasions(tracklet, good, occasions.times_s(row))
    found: list[int] = good[sorted(best(bias, allowed, threshold * strangers))].tolist()
    return found


def _lost_before(tracklet: Tracklet, features: IntArray) -> BoolArray:
    """Mask (K + 1,) of the features (K,) before which the track was lost since the one before."""
    lost = gaps_before(tracklet)[_rows(tracklet, features)]
    return np.concatenate([[False], np.diff(lost) > 0, [False]])


def _rows(tracklet: Tracklet, features: IntArray) -> IntArray:
    """Rows (K,) of the boxes that features (K,) were made of."""
    return np.minimum(np.searchsorted(tracklet.frame, tracklet.feature_frame[features]), len(tracklet) - 1)


def _near_occasions(tracklet: Tracklet, features: IntArray, times_s: DoubleArray) -> BoolArray:
    """Mask (K + 1,) of the features (K,) before which the tracker had occasion to change over."""
    time_s = tracklet.time_s[_rows(tracklet, features)]
    low, high = np.searchsorted(times_s, time_s[:-1] - NEAR_S), np.searchsorted(times_s, time_s[1:] + NEAR_S, "right")
    return np.concatenate([[False], high > low, [False]])


def _best_cuts(
    features: DoubleArray, weight: DoubleArray, span: tuple[int, int], least: IntArray, threshold: float
) -> list[int]:
    """Indices of the features of a span with which a new person begins, so many (K + 1,) at least on both sides."""
    first, last = span
    starts = np.arange(first + 1, last)
    starts = starts[np.minimum(starts - first, last - starts) >= least[starts]]
    if not len(starts):
        return []
    sums = np.cumsum(weight[first:last, None] * features[first:last], axis=0)
    before = sums[starts - first - 1]
    distance = 1 - np.sum(unit(before) * unit(sums[-1] - before), axis=1)
    # Of cuts that part the appearances alike, the one that leaves the longer parts on both sides is meant.
    balance = np.sqrt((starts - first) * (last - starts)) / (last - first)
    best = int((distance * balance).argmax())
    if distance[best] < threshold:
        return []
    start = int(starts[best])
    left = _best_cuts(features, weight, (first, start), least, threshold)
    return [*left, start, *_best_cuts(features, weight, (start, last), least, threshold)]


def _parts(tracklet: Tracklet, cuts: Sequence[int]) -> list[Tracklet]:
    """The parts of one tracklet, by time; the tracklet itself where nothing is cut."""
    if not cuts:
        return [tracklet]
    edges = [0, *cuts, len(tracklet.features)]
    # A cut lies half-way between the frames of the features on its two sides.
    bounds = [-1, *((tracklet.feature_frame[k - 1] + tracklet.feature_frame[k]) // 2 for k in cuts), tracklet.frame[-1]]
    return [
        tracklet.part((tracklet.frame > low) & (tracklet.frame <= high), slice(*span))
        for (low, high), span in zip(pairwise(bounds), pairwise(edges), strict=True)
    ]
