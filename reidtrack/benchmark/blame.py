"""Where the points of a cross-camera score were lost: detection, tracking or linking, and by which tracklets.

An oracle takes over stage by stage. Our boxes, each with the true person's id, score what detection allows; our
tracklets, each with the id of the person who is most of it, what tracking allows on top; our identities, what came out.
The three losses and the result add up to 100. Within a stage the mistakes are put right one after the other, the
costliest first, and each is blamed for what its correction gains.
"""

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
MOST_MISTAKES = 200
"""Of a stage; those of fewer boxes are blamed together."""
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


@dataclass(frozen=True, slots=True)
class Slip:
    """Boxes of a tracklet that are not of the person who is most of it, or of a second tracklet on one person.

    Attributes:
        key: The tracklet.
        owner: The person who is most of it.
        person: Whose boxes these are.
        boxes: How many.
        first_frame: The first of them, 0-based.
        last_frame: The last of them.
        idf1: Points lost.
    """

    key: Key
    owner: int
    person: int
    boxes: int
    first_frame: int
    last_frame: int
    idf1: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """Tracklets of one person in an identity that is not theirs.

    Attributes:
        person: Whose tracklets these are.
        keys: The tracklets.
        identity: Where they are.
        owner: The person whose identity that is; None where it is nobody else's.
        home: The person's identity; None where all of them belongs to others.
        boxes: How many boxes they have.
        idf1: Points lost.
    """

    person: int
    keys: tuple[Key, ...]
    identity: int
    owner: int | None
    home: int | None
    boxes: int
    idf1: float

    @property
    def kind(self) -> str:
        """`split`: one person in two identities; `merge`: two in one; or both."""
        if self.owner is None:
            return "split"
        return "merge" if self.home is None else "split and merge"


@dataclass(frozen=True, eq=False, slots=True)
class Blame:
    """The whole account.

    Attributes:
        result: What came out.
        tracks: What linking without mistakes would make of our tracklets.
        boxes: What tracking without mistakes besides would make of our boxes.
        cameras: What detection lost, by camera.
        slips: What tracking lost, the costliest first.
        mistakes: What linking lost, the costliest first.
        rest: Points of IDF1 that no single slip or mistake is to blame for, of tracking and of linking.
        people: Tracklet to the person who is most of it; None where it is nobody.
    """

    result: Points
    tracks: Points
    boxes: Points
    cameras: Mapping[str, CameraLoss]
    slips: Sequence[Slip]
    mistakes: Sequence[Mistake]
    rest: tuple[float, float]
    people: Mapping[Key, int | None]

    @property
    def losses(self) -> dict[str, Points]:
        """Stage to the points it lost; with the result they add up to 100."""
        return {
            "detection": Points(100.0, 100.0) - self.boxes,
            "tracking": self.boxes - self.tracks,
            "linking": self.tracks - self.result,
        }


def blame(cameras: Mapping[str, TrackingPair], track_ids: Mapping[str, IntArray]) -> Blame:
    """Find out what a cross-camera score was lost by.

    Args:
        cameras: Ground truth with one id per person over all cameras, and boxes with one id per identity.
        track_ids: Camera to the track id (N,) of each of its boxes.

    Raises:
        ValueError: If an id stands twice in one frame of one camera.
    """
    boxes = _Boxes.of(cameras, track_ids)
    linked = boxes.perfectly_linked()
    tracked = np.where(boxes.truth >= 0, boxes.truth, len(boxes.persons) + np.arange(len(boxes.truth)))
    result, tracks, ceiling = (boxes.score(ids) for ids in (boxes.identity, linked, tracked))
    mistakes, rest_linking = _mistakes(boxes, linked, tracks.idf1)
    slips, rest_tracking = _slips(boxes, linked, ceiling.idf1)
    return Blame(
        result, tracks, ceiling, boxes.losses(), slips, mistakes, (rest_tracking, rest_linking), boxes.people()
    )


@dataclass(frozen=True, eq=False)
class _Boxes:
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
    def of(cls, cameras: Mapping[str, TrackingPair], track_ids: Mapping[str, IntArray]) -> _Boxes:
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


@dataclass(frozen=True, eq=False)
class _Move:
    """Boxes that get another id."""

    rows: IntArray
    id: int


def _put_right(boxes: _Boxes, ids: IntArray, moves: Sequence[_Move]) -> tuple[list[tuple[int, float]], float]:
    """Make moves one after the other, the costliest first.

    Returns:
        Of each move its place and what it gained, in the order they were made, and the figure at the end.
    """
    start = boxes.idf1(ids)
    chosen = sorted(range(len(moves)), key=lambda i: -len(moves[i].rows))[:MOST_MISTAKES]

    def moved(ids: IntArray, move: _Move) -> IntArray:
        after = ids.copy()
        after[move.rows] = move.id
        return after

    alone = {i: boxes.idf1(moved(ids, moves[i])) - start for i in chosen}
    gains, now = [], start
    for i in sorted(chosen, key=lambda i: (-alone[i], -len(moves[i].rows), i)):
        ids = moved(ids, moves[i])
        after = boxes.idf1(ids)
        gains.append((i, after - now))
        now = after
    return gains, now


def _mistakes(boxes: _Boxes, linked: IntArray, ceiling: float) -> tuple[list[Mistake], float]:
    counts, (rows, columns), names = boxes.best_pairs(boxes.identity)
    real = counts[rows, columns] > 0
    home = dict(zip(rows[real].tolist(), names[columns[real]].tolist(), strict=True))
    owner = {identity: person for person, identity in home.items()}
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for track, members in enumerate(boxes.members):
        person, identity = int(linked[members[0]]), int(boxes.identity[members[0]])
        if person < len(boxes.persons) and home.get(person) != identity:
            groups[person, identity].append(track)
    beyond = int(boxes.identity.max(initial=0)) + 1
    moves = [
        _Move(np.concatenate([boxes.members[t] for t in tracks]), home.get(person, beyond + person))
        for (person, _), tracks in groups.items()
    ]
    gains, end = _put_right(boxes, boxes.identity, moves)
    found, entries = [], list(groups.items())
    for i, gain in gains:
        (person, identity), tracks = entries[i]
        other = owner.get(identity)
        found.append(
            Mistake(
                person=int(boxes.persons[person]),
                keys=tuple(boxes.keys[t] for t in tracks),
                identity=identity,
                owner=None if other is None else int(boxes.persons[other]),
                home=home.get(person),
                boxes=len(moves[i].rows),
                idf1=gain,
            )
        )
    return found, ceiling - end


def _slips(boxes: _Boxes, linked: IntArray, ceiling: float) -> tuple[list[Slip], float]:
    wrong = np.flatnonzero((boxes.truth >= 0) & (boxes.truth != linked))
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in wrong.tolist():
        groups[int(boxes.track[row]), int(boxes.truth[row])].append(row)
    moves = [_Move(np.array(rows), person) for (_, person), rows in groups.items()]
    gains, end = _put_right(boxes, linked, moves)
    found, entries = [], list(groups)
    for i, gain in gains:
        track, person = entries[i]
        frames = boxes.frame[moves[i].rows]
        found.append(
            Slip(
                key=boxes.keys[track],
                owner=int(boxes.persons[boxes.owner(track)]),
                person=int(boxes.persons[person]),
                boxes=len(frames),
                first_frame=int(frames.min()),
                last_frame=int(frames.max()),
                idf1=gain,
            )
        )
    return found, ceiling - end
