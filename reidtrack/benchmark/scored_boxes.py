"""All boxes of a run beside the ground truth: whom each lies on, and what they would score under other ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from reidtrack.assign import assign
from reidtrack.benchmark.tracking import MATCH_IOU, TrackingPair, score_union, scored
from reidtrack.geometry import iou
from reidtrack.mot import MotRows
from reidtrack.types import BoolArray, DoubleArray, IntArray, TrackletKey

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Points:
    """Percent, or percentage points, of the two cross-camera figures."""

    idf1: float
    hota: float

    def __sub__(self, other: Points) -> Points:
        return Points(self.idf1 - other.idf1, self.hota - other.hota)


@dataclass(frozen=True, eq=False, slots=True)
class DetectionLoss:
    """Points that detection lost in one camera.

    Attributes:
        boxes: Ground-truth boxes.
        missed: Ground-truth boxes that no box of ours lies on.
        false: How many boxes of ours lie on nobody.
        idf1: Points lost by both.
    """

    boxes: int
    missed: MotRows
    false: int
    idf1: float


@dataclass(frozen=True, eq=False)
class ScoredBoxes:
    """The N boxes of all cameras that are scored, camera after camera.

    Attributes:
        cameras: Ground truth and boxes of each camera, without boxes that are not scored.
        camera: (N,) index into `cameras`.
        frame: (N,) 0-based.
        identity: (N,) id of the identity that the run gave.
        track: (N,) index into `keys`.
        truth: (N,) index into `persons` of the person that the box lies on, -1 for nobody.
        keys: Camera and track id of each tracklet.
        persons: (P,) ids of the ground truth's people.
        hits: (H, 2) person and box, indices, of all pairs that overlap enough to match.
        found: Whether a box lies on each ground-truth box (G,), by camera.
        members: Rows of each tracklet's boxes.
    """

    cameras: Mapping[str, TrackingPair]
    camera: IntArray
    frame: IntArray
    identity: IntArray
    track: IntArray
    truth: IntArray
    keys: Sequence[TrackletKey]
    persons: IntArray
    hits: IntArray
    found: Mapping[str, BoolArray]
    members: list[IntArray] = field(init=False)

    def __post_init__(self) -> None:
        order = np.argsort(self.track, kind="stable")
        bounds = np.cumsum(np.bincount(self.track, minlength=len(self.keys)))[:-1]
        object.__setattr__(self, "members", np.split(order, bounds) if len(self.keys) else [])

    @classmethod
    def of(cls, cameras: Mapping[str, TrackingPair], track_ids: Mapping[str, IntArray]) -> ScoredBoxes:
        """Match boxes with the ground truth; arguments are those of `attribute_errors`."""
        kept, tracks = {}, {}
        for name, pair in cameras.items():
            gt, predicted, ids = pair.gt[pair.gt.score != 0], pair.predicted, track_ids[name]
            if pair.ignore is not None:
                counts = scored(gt, predicted, pair.ignore)
                predicted, ids = predicted[counts], ids[counts]
            kept[name], tracks[name] = TrackingPair(gt, predicted), ids
        persons = np.unique(np.concatenate([pair.gt.id for pair in kept.values()]))
        keys = sorted({(name, track) for name, ids in tracks.items() for track in ids.tolist()})
        index = {key: i for i, key in enumerate(keys)}
        truth, hits, found, start = [], [np.zeros((0, 2), np.int64)], {}, 0
        for name, pair in kept.items():
            own, near, found[name] = _compare(pair, persons)
            truth.append(own)
            hits.append(near + np.array([0, start]))
            start += len(own)
        return cls(
            kept,
            np.repeat(np.arange(len(kept)), [len(pair.predicted) for pair in kept.values()]),
            np.concatenate([pair.predicted.frame for pair in kept.values()]),
            np.concatenate([pair.predicted.id for pair in kept.values()]),
            np.array([index[name, track] for name, ids in tracks.items() for track in ids.tolist()], np.int64),
            np.concatenate(truth),
            keys,
            persons,
            np.concatenate(hits),
            found,
        )

    @property
    def total(self) -> int:
        """Number of boxes, ours and the ground truth's."""
        return len(self.truth) + sum(len(pair.gt) for pair in self.cameras.values())

    def score(self, ids: IntArray) -> Points:
        """IDF1 and HOTA if the boxes had these ids (N,)."""
        bounds = np.cumsum([len(pair.predicted) for pair in self.cameras.values()])[:-1]
        parts = zip(self.cameras.items(), np.split(ids, bounds), strict=True)
        pairs = {name: TrackingPair(p.gt, replace(p.predicted, id=own.astype(np.int64))) for (name, p), own in parts}
        found = score_union(pairs)
        return Points(found.idf1, found.hota)

    def idf1(self, ids: IntArray) -> float:
        """IDF1 alone, percent, if the boxes had these ids (N,): much faster than `score`."""
        counts, pairs, _ = self.best_pairs(ids)
        return 200.0 * float(counts[pairs[0], pairs[1]].sum()) / max(self.total, 1)

    def best_pairs(self, ids: IntArray) -> tuple[DoubleArray, tuple[IntArray, IntArray], IntArray]:
        """Count matching boxes of each person and each id, and pair both so that most boxes match.

        Args:
            ids: (N,).

        Returns:
            Counts (P, M) of people and distinct ids, the rows and columns of the best pairs, and the ids (M,).
        """
        from scipy.optimize import linear_sum_assignment

        names, column = np.unique(ids, return_inverse=True)
        cells = self.hits[:, 0] * len(names) + column[self.hits[:, 1]]
        counts = np.bincount(cells, minlength=len(self.persons) * len(names)).reshape(len(self.persons), len(names))
        rows, columns = linear_sum_assignment(counts, maximize=True)
        return counts.astype(np.float64), (rows, columns), names

    def owner(self, track: int) -> int:
        """Index of a tracklet's majority person; -1 for nobody."""
        truth = self.truth[self.members[track]]
        counts = np.bincount(truth[truth >= 0], minlength=1)
        return int(counts.argmax()) if counts.any() else -1

    def people(self) -> dict[TrackletKey, int | None]:
        """Majority person (id in the ground truth) of each tracklet, None for nobody."""
        owners = ((key, self.owner(i)) for i, key in enumerate(self.keys))
        return {key: None if owner < 0 else int(self.persons[owner]) for key, owner in owners}

    def perfectly_linked(self) -> IntArray:
        """Ids (N,) that linking without errors would give: index of the majority person of each box's tracklet.

        Of several tracklets on one person at one time in one camera only the one with most matching boxes has that
        person's index: no linking could join them. The others, and those on nobody, have ids beyond the people's.
        """
        ids = np.empty(len(self.truth), np.int64)
        taken: dict[tuple[int, int], list[IntArray]] = defaultdict(list)
        owners = [self.owner(track) for track in range(len(self.keys))]
        hits = [int((self.truth[m] == owner).sum()) for m, owner in zip(self.members, owners, strict=True)]
        for track in sorted(range(len(self.keys)), key=lambda t: -hits[t]):
            rows, owner = self.members[track], owners[track]
            camera = int(self.camera[rows[0]])
            free = owner >= 0 and not any(np.isin(self.frame[rows], other).any() for other in taken[camera, owner])
            ids[rows] = owner if free else len(self.persons) + track
            if free:
                taken[camera, owner].append(self.frame[rows])
        return ids

    def losses(self) -> dict[str, DetectionLoss]:
        """Detection's losses by camera."""
        losses = {}
        for camera, (name, pair) in enumerate(self.cameras.items()):
            missed = pair.gt[~self.found[name]]
            false = int((self.truth[self.camera == camera] < 0).sum())
            losses[name] = DetectionLoss(len(pair.gt), missed, false, 100 * (len(missed) + false) / max(self.total, 1))
        return losses


def _compare(pair: TrackingPair, persons: IntArray) -> tuple[IntArray, IntArray, BoolArray]:
    """Match one camera's boxes with its ground truth.

    Returns:
        Index of the person that each box lies on, (N,), -1 for nobody; person and box (H, 2) of all pairs that overlap
        enough to match; whether each ground-truth box (G,) is found.
    """
    own, found = np.full(len(pair.predicted), -1, np.int64), np.zeros(len(pair.gt), np.bool_)
    person = np.searchsorted(persons, pair.gt.id)
    hits = [np.zeros((0, 2), np.int64)]
    for frame in np.intersect1d(pair.gt.frame, pair.predicted.frame).tolist():
        true, ours = (np.arange(*np.searchsorted(rows.frame, [frame, frame + 1])) for rows in (pair.gt, pair.predicted))
        overlap = iou(pair.gt.xyxy[true], pair.predicted.xyxy[ours])
        near = overlap >= MATCH_IOU - _EPSILON
        rows, columns = np.nonzero(near)
        hits.append(np.stack([person[true[rows]], ours[columns]], axis=1))
        matched = assign(np.where(near, 1 - overlap, np.inf), max_cost=1.0).pairs
        own[ours[matched[:, 1]]] = person[true[matched[:, 0]]]
        found[true[matched[:, 0]]] = True
    return own, np.concatenate(hits), found
