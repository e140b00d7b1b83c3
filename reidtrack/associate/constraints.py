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
    # One that has a box in every frame of the camera while it lasts is there when the later one begins.
    frame = np.unique(np.concatenate([t.frame for t in tracklets]))
    whole = np.searchsorted(frame, last) - np.searchsorted(frame, first) + 1 == [len(t) for t in tracklets]
    share = whole[earlier]
    begin = np.cumsum(count) - count
    at = [np.searchsorted(frame, t.frame) for t in tracklets]
    for k in np.flatnonzero(~whole & (count > 0)).tolist():
        there = np.zeros(at[k][-1] - at[k][0] + 1, np.bool_)
        there[at[k] - at[k][0]] = True
        for pair in range(begin[k], begin[k] + count[k]):
            other = at[later[pair]] - at[k][0]  # begins while this one lasts
            share[pair] = there[other[0]] or there[other[: other.searchsorted(len(there))]].any()
    pairs: IntArray = np.stack([earlier, later], axis=1)[share]
    return pairs
