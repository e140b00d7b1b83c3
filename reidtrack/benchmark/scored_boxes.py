"""All boxes of a run beside the truth: whom each lies on, and what they would score under other ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from reidtrack.assign import assign
from reidtrack.benchmark.tracking import MATCH_IOU, TrackingPair, score_union, scored
from reidtrack.geometry import iou
from reidtrack.mot import MotRows
from reidtrack.types import BoolArray, DoubleArray, IntArray

Key = tuple[str, int]
"""Camera and track id."""
_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Points:
    """Percent, or percentage points, of the two cross-camera figures."""

    idf1: float
    hota: float

    def __sub__(self, other: Points) -> Points:
        return Points(self.idf1 - other.idf1, self.hota - other.hota)


@dataclass(frozen=True, eq=False, slots=True)
class CameraLoss:
    """What detection lost in one camera.

    Attributes:
        boxes: Ground-truth boxes.
        missed: Those that no box of ours lies on.
        false: How many boxes of ours lie on nobody.
        idf1: Points lost by both.
    """

    boxes: int
    missed: MotRows
    false: int
    idf1: float


@dataclass(frozen=True, eq=False)
class Boxes:
    """All boxes of all cameras that count, one after the other.

    Attributes:
        cameras: Camera to its pair, boxes that are not scored left out.
        camera: (N,) place among `cameras`.
        frame: (N,).
        identity: (N,).
        track: (N,) place in `keys`.
        truth: (N,) place in `persons` of the person that the box lies on, -1 for nobody.
        keys: Of the tracklets.
        persons: Ids in the ground truth.
        hits: (H, 2) person and box of all that overlap enough to match.
        found: Camera to which ground-truth boxes (G,) a box lies on.
    """

    cameras: Mapping[str, TrackingPair]
    camera: IntArray
    frame: IntArray
    identity: IntArray
    track: IntArray
    truth: IntArray
    keys: Sequence[Key]
    persons: IntArray
    hits: IntArray
    found: Mapping[str, BoolArray]
    members: list[IntArray] = field(init=False)

    def __post_init__(self) -> None:
        order = np.argsort(self.track, kind="stable")
        bounds = np.cumsum(np.bincount(self.track, minlength=len(self.keys)))[:-1]
        object.__setattr__(self, "members", np.split(order, bounds) if len(self.keys) else [])

    @classmethod
    def of(cls, cameras: Mapping[str, TrackingPair], track_ids: Mapping[str, IntArray]) -> Boxes:
        """Hold boxes against the truth; see `blame`."""
        kept, tracks = {}, {}
        for name, pair in cameras.items():
            gt, predicted, ids = pair.gt[pair.gt.score != 0], pair.predicted, track_ids[name]
            if pair.ignore is not None:
                counts = scored(gt, predicted, pair.ignore)
                predicted, ids = predicted[counts], ids[counts]
            kept[name], tracks[name] = TrackingPair(gt, predicted), ids
        persons = np.unique(np.concatenate([pair.gt.id for pair in kept.values()]))
        keys = sorted({(name, number) for name, ids in tracks.items() for number in ids.tolist()})
        place = {key: i for i, key in enumerate(keys)}
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
            np.array([place[name, number] for name, ids in tracks.items() for number in ids.tolist()], np.int64),
            np.concatenate(truth),
            keys,
            persons,
            np.concatenate(hits),
            found,
        )

    @property
    def total(self) -> int:
        """Boxes of ours and of the ground truth."""
        return len(self.truth) + sum(len(pair.gt) for pair in self.cameras.values())

    def score(self, ids: IntArray) -> Points:
        """The figures if the boxes had other ids (N,)."""
        bounds = np.cumsum([len(pair.predicted) for pair in self.cameras.values()])[:-1]
        parts = zip(self.cameras.items(), np.split(ids, bounds), strict=True)
        pairs = {name: TrackingPair(p.gt, replace(p.predicted, id=own.astype(np.int64))) for (name, p), own in parts}
        found = score_union(pairs)
        return Points(found.idf1, found.hota)

    def idf1(self, ids: IntArray) -> float:
        """The same figure without the rest, at once."""
        counts, pairs, _ = self.best_pairs(ids)
        return 200.0 * float(counts[pairs[0], pairs[1]].sum()) / max(self.total, 1)

    def best_pairs(self, ids: IntArray) -> tuple[DoubleArray, tuple[IntArray, IntArray], IntArray]:
        """Matches (persons, names) of each person with each name, the best pairs of both, and the names."""
        from scipy.optimize import linear_sum_assignment

        names, place = np.unique(ids, return_inverse=True)
        cells = self.hits[:, 0] * len(names) + place[self.hits[:, 1]]
        counts = np.bincount(cells, minlength=len(self.persons) * len(names)).reshape(len(self.persons), len(names))
        rows, columns = linear_sum_assignment(counts, maximize=True)
        return counts.astype(np.float64), (rows, columns), names

    def owner(self, track: int) -> int:
        """The person who is most of a tracklet; -1 for nobody."""
        truth = self.truth[self.members[track]]
        counts = np.bincount(truth[truth >= 0], minlength=1)
        return int(counts.argmax()) if counts.any() else -1

    def people(self) -> dict[Key, int | None]:
        """Tracklet to the person who is most of it."""
        owners = ((key, self.owner(i)) for i, key in enumerate(self.keys))
        return {key: None if owner < 0 else int(self.persons[owner]) for key, owner in owners}

    def perfectly_linked(self) -> IntArray:
        """(N,) the person who is most of each box's tracklet.

        Of several tracklets on one person at one time in one camera only the best has that person's id: no linking
        could join them. They and those on nobody have numbers beyond the persons'.
        """
        ids = np.empty(len(self.truth), np.int64)
        taken: dict[tuple[int, int], list[IntArray]] = defaultdict(list)
        owners = [self.owner(track) for track in range(len(self.keys))]
        hits = [int((self.truth[m] == owner).sum()) for m, owner in zip(self.members, owners, strict=True)]
        for track in sorted(range(len(self.keys)), key=lambda t: -hits[t]):
            rows, owner = self.members[track], owners[track]
            place = int(self.camera[rows[0]]), owner
            free = owner >= 0 and not any(np.isin(self.frame[rows], other).any() for other in taken[place])
            ids[rows] = owner if free else len(self.persons) + track
            if free:
                taken[place].append(self.frame[rows])
        return ids

    def losses(self) -> dict[str, CameraLoss]:
        """What detection lost, by camera."""
        losses = {}
        for number, (name, pair) in enumerate(self.cameras.items()):
            missed = pair.gt[~self.found[name]]
            false = int((self.truth[self.camera == number] < 0).sum())
            losses[name] = CameraLoss(len(pair.gt), missed, false, 100 * (len(missed) + false) / max(self.total, 1))
        return losses


def _compare(pair: TrackingPair, persons: IntArray) -> tuple[IntArray, IntArray, BoolArray]:
    """Whom each box lies on (N,), all that overlap enough (H, 2), person and box, and the true boxes that are found."""
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
