"""Must-links and cannot-links: pairs of tracklets that are certainly one person, or certainly two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.clustering.pairs import unique_pairs
from reidtrack.graph import component_labels
from reidtrack.types import IntArray, Tracklet, TrackletKey


class PairConstraints(NamedTuple):
    """What is certain of some pairs of N tracklets.

    Attributes:
        must_link: (P, 2) pairs that are one person.
        cannot_link: (Q, 2) pairs that are two people, each once, the lower first.
    """

    must_link: IntArray
    cannot_link: IntArray

    @classmethod
    def of(
        cls,
        keys: Sequence[TrackletKey],
        overlapping: IntArray,
        must_link: Sequence[tuple[TrackletKey, TrackletKey]],
        cannot_link: Sequence[tuple[TrackletKey, TrackletKey]],
    ) -> PairConstraints:
        """Combine what a user says with what the recording shows.

        Args:
            keys: Keys of N tracklets.
            overlapping: (Q, 2) pairs that stand in one camera at the same time, each once (`overlapping_pairs`).
            must_link: Pairs that are one person; so is whoever a chain of them joins.
            cannot_link: Pairs that are not.

        Raises:
            ValueError: If a key is not there, or not all of it can be true.
        """
        index = {key: i for i, key in enumerate(keys)}
        joined, parted = _indices(index, must_link), _indices(index, cannot_link)
        _check(keys, joined, parted, "are said to be two people")
        _check(keys, joined, overlapping, "stand in one camera at the same time")
        if not len(parted):
            return cls(joined, overlapping)
        return cls(joined, np.unique(np.sort(np.concatenate([overlapping, parted]), axis=1), axis=0))

    def with_cannot_link(self, pairs: IntArray, count: int) -> PairConstraints:
        """The constraints with more cannot-links (P, 2) among `count` tracklets."""
        return self._replace(cannot_link=unique_pairs(np.concatenate([self.cannot_link, pairs]), count)[0])


def _indices(index: Mapping[TrackletKey, int], pairs: Sequence[tuple[TrackletKey, TrackletKey]]) -> IntArray:
    for camera, track_id in (key for pair in pairs for key in pair):
        if (camera, track_id) not in index:
            raise ValueError(f"{camera} {track_id} is no tracklet of this recording")
    return np.array([(index[a], index[b]) for a, b in pairs], np.int64).reshape(-1, 2)


def _check(keys: Sequence[TrackletKey], must_link: IntArray, pairs: IntArray, why: str) -> None:
    """Raise ValueError if chains of must-links join one of some pairs (P, 2)."""
    person = component_labels(len(keys), must_link)
    wrong = pairs[person[pairs[:, 0]] == person[pairs[:, 1]]]
    if len(wrong):
        a, b = (f"{camera} {track_id}" for camera, track_id in (keys[i] for i in wrong[0].tolist()))
        raise ValueError(f"{a} and {b} are said to be one person, but {why}")


def overlapping_pairs(tracklets: Sequence[Tracklet]) -> IntArray:
    """Pairs of tracklets of one camera that share a frame, and so are two people: (P, 2), each once, the lower first.

    Args:
        tracklets: Tracklets of all cameras, in any order.
    """
    members = defaultdict(list)
    for i, tracklet in enumerate(tracklets):
        members[tracklet.camera].append(i)
    found = [np.zeros((0, 2), np.int64)]
    for camera in sorted(members):
        index = np.array(sorted(members[camera], key=lambda i: int(tracklets[i].frame[0])), np.int64)
        pairs = index[_overlapping([tracklets[i] for i in index.tolist()])]
        found.append(np.sort(pairs, axis=1))
    return np.concatenate(found)


def _overlapping(tracklets: Sequence[Tracklet]) -> IntArray:
    """Pairs (P, 2) of one camera's tracklets that share a frame, the one that begins earlier first.

    Args:
        tracklets: Sorted by first frame.
    """
    first = np.array([t.frame[0] for t in tracklets])
    last = np.array([t.frame[-1] for t in tracklets])
    count = np.searchsorted(first, last, side="right") - np.arange(1, len(first) + 1)  # begin before this one's end
    earlier = np.repeat(np.arange(len(first)), count)
    later = earlier + 1 + np.arange(len(earlier)) - np.repeat(np.cumsum(count) - count, count)
    share = np.ones(len(earlier), np.bool_)  # one without a gap is there when the later one begins
    begin = np.cumsum(count) - count
    run_first, run_last, run = _runs([t.frame for t in tracklets])
    for k in np.flatnonzero((np.diff(run) > 1) & (count > 0)).tolist():
        own, behind = slice(run[k], run[k + 1]), k + 1 + int(count[k])
        others = slice(run[k + 1], run[behind])
        at = run_last[own].searchsorted(run_first[others])  # of its runs the first that does not end before
        met = run_first[own].take(at, mode="clip") <= run_last[others]
        met &= at < run[k + 1] - run[k]
        share[begin[k] : begin[k] + count[k]] = np.logical_or.reduceat(met, run[k + 1 : behind] - run[k + 1])
    pairs: IntArray = np.stack([earlier, later], axis=1)[share]
    return pairs


def _runs(frames: Sequence[IntArray]) -> tuple[IntArray, IntArray, IntArray]:
    """First and last frames (R,) of runs without a gap, by tracklet and time; index (N + 1,) of each one's first run.

    Args:
        frames: Frames of N tracklets of a camera, increasing; those in which it has no box at all are no gap.
    """
    every = np.concatenate(frames)
    at = np.searchsorted(np.unique(every), every)
    owner = np.repeat(np.arange(len(frames)), [len(own) for own in frames])
    gap = np.flatnonzero((np.diff(at) != 1) | (np.diff(owner) != 0))
    first, last = np.append(0, gap + 1), np.append(gap, len(every) - 1)
    return every[first], every[last], owner[first].searchsorted(np.arange(len(frames) + 1))
