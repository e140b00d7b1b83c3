"""Error attribution: which stage, and which tracklets, a cross-camera score lost its points by.

An oracle takes over stage by stage. Our boxes, each with the true person's id, score what detection allows; our
tracklets, each with the id of its majority person, what tracking allows on top; our identities, what came out. The
three losses and the result add up to 100. Within a stage the errors are corrected one after the other, the costliest
first, and each is charged with what its correction gains.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reidtrack.benchmark.scored_boxes import DetectionLoss, Points, ScoredBoxes
from reidtrack.benchmark.tracking import TrackingPair
from reidtrack.types import IntArray, TrackletKey

MOST_ERRORS = 200
"""Errors of a stage that are corrected one by one, those of most boxes; the others are counted together."""


@dataclass(frozen=True, slots=True)
class TrackingError:
    """Boxes of a tracklet that show another person than its majority, or of a second tracklet on one person.

    Attributes:
        key: The tracklet, camera and track id.
        owner: The tracklet's majority person.
        person: The person whom these boxes show.
        boxes: How many.
        first_frame: The first of them, 0-based.
        last_frame: The last of them.
        idf1: Points lost.
    """

    key: TrackletKey
    owner: int
    person: int
    boxes: int
    first_frame: int
    last_frame: int
    idf1: float


@dataclass(frozen=True, slots=True)
class LinkingError:
    """Tracklets of one person in an identity that is not the person's own.

    Attributes:
        person: The person whose tracklets these are.
        keys: The tracklets, camera and track id.
        identity: The identity that they were given.
        owner: The person whose identity that is; None where it is nobody else's.
        home: The person's own identity; None where every identity of theirs is somebody else's.
        boxes: How many boxes they have.
        idf1: Points lost.
    """

    person: int
    keys: tuple[TrackletKey, ...]
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
class ErrorAttribution:
    """Every point that a cross-camera score lost, by stage and by error.

    Attributes:
        result: The score itself.
        tracks: The score of our tracklets, were they linked without errors.
        boxes: The score of our boxes, were they tracked and linked without errors.
        cameras: Detection's losses by camera.
        tracking_errors: The costliest first.
        linking_errors: The costliest first.
        rest: Points of IDF1 that no single error accounts for, of tracking and of linking.
        people: Majority person of each tracklet; None where it shows nobody.
    """

    result: Points
    tracks: Points
    boxes: Points
    cameras: Mapping[str, DetectionLoss]
    tracking_errors: Sequence[TrackingError]
    linking_errors: Sequence[LinkingError]
    rest: tuple[float, float]
    people: Mapping[TrackletKey, int | None]

    @property
    def losses(self) -> dict[str, Points]:
        """Points that each stage lost; with the result they add up to 100."""
        return {
            "detection": Points(100.0, 100.0) - self.boxes,
            "tracking": self.boxes - self.tracks,
            "linking": self.tracks - self.result,
        }


def attribute_errors(cameras: Mapping[str, TrackingPair], track_ids: Mapping[str, IntArray]) -> ErrorAttribution:
    """Find out which stage and which tracklets a cross-camera score lost its points by.

    Args:
        cameras: Ground truth with one id per person over all cameras, and boxes with one id per identity.
        track_ids: Camera to the track id (N,) of each of its boxes.

    Raises:
        ValueError: If an id stands twice in one frame of one camera.
    """
    boxes = ScoredBoxes.of(cameras, track_ids)
    linked = boxes.perfectly_linked()
    tracked = np.where(boxes.truth >= 0, boxes.truth, len(boxes.persons) + np.arange(len(boxes.truth)))
    result, tracks, ceiling = (boxes.score(ids) for ids in (boxes.identity, linked, tracked))
    linking, rest_linking = _linking_errors(boxes, linked, tracks.idf1)
    tracking, rest_tracking = _tracking_errors(boxes, linked, ceiling.idf1)
    return ErrorAttribution(
        result, tracks, ceiling, boxes.losses(), tracking, linking, (rest_tracking, rest_linking), boxes.people()
    )


@dataclass(frozen=True, eq=False)
class _Move:
    """Boxes that get another id."""

    rows: IntArray
    id: int


def _correct_in_turn(
    boxes: ScoredBoxes, ids: IntArray, moves: Sequence[_Move]
) -> tuple[list[tuple[int, float]], float]:
    """Make moves one after the other, the costliest first.

    Returns:
        Index and gain (IDF1) of each move in the order they were made, and IDF1 at the end.
    """
    start = boxes.idf1(ids)
    chosen = sorted(range(len(moves)), key=lambda i: -len(moves[i].rows))[:MOST_ERRORS]

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


def _linking_errors(boxes: ScoredBoxes, linked: IntArray, ceiling: float) -> tuple[list[LinkingError], float]:
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
    gains, end = _correct_in_turn(boxes, boxes.identity, moves)
    found, entries = [], list(groups.items())
    for i, gain in gains:
        (person, identity), tracks = entries[i]
        other = owner.get(identity)
        found.append(
            LinkingError(
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


def _tracking_errors(boxes: ScoredBoxes, linked: IntArray, ceiling: float) -> tuple[list[TrackingError], float]:
    wrong = np.flatnonzero((boxes.truth >= 0) & (boxes.truth != linked))
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in wrong.tolist():
        groups[int(boxes.track[row]), int(boxes.truth[row])].append(row)
    moves = [_Move(np.array(rows), person) for (_, person), rows in groups.items()]
    gains, end = _correct_in_turn(boxes, linked, moves)
    found, entries = [], list(groups)
    for i, gain in gains:
        track, person = entries[i]
        frames = boxes.frame[moves[i].rows]
        found.append(
            TrackingError(
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
