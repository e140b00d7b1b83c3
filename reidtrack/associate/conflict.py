"""Which tracklets cannot be one person: nobody stands twice in one camera at the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from reidtrack.types import IntArray, Tracklet


def conflicts(tracklets: Sequence[Tracklet]) -> IntArray:
    """Pairs of one camera that share a frame: (P, 2), each once, the lower index first."""
    members = defaultdict(list)
    for i, tracklet in enumerate(tracklets):
        members[tracklet.camera].append(i)
    found = [np.zeros((0, 2), np.int64)]
    for camera in sorted(members):
        index = np.array(sorted(members[camera], key=lambda i: int(tracklets[i].frame[0])), np.int64)
        pairs = index[_sharing([tracklets[i] for i in index.tolist()])]
        found.append(np.sort(pairs, axis=1))
    return np.concatenate(found)


def _sharing(tracklets: Sequence[Tracklet]) -> IntArray:
    """The same for one camera's tracklets, sorted by first frame; the one that begins earlier comes first."""
    first = np.array([t.frame[0] for t in tracklets])
    last = np.array([t.frame[-1] for t in tracklets])
    count = np.searchsorted(first, last, side="right") - np.arange(1, len(first) + 1)  # begin before this one's end
    earlier = np.repeat(np.arange(len(first)), count)
    later = earlier + 1 + np.arange(len(earlier)) - np.repeat(np.cumsum(count) - count, count)
    # One that has a box in every frame of the camera while it lasts is there when the later one begins.
    frame = np.unique(np.concatenate([t.frame for t in tracklets]))
    whole = np.searchsorted(frame, last) - np.searchsorted(frame, first) + 1 == [len(t) for t in tracklets]
    share = whole[earlier]
    for k in np.flatnonzero(~share).tolist():
        share[k] = _share_frame(tracklets[earlier[k]], tracklets[later[k]])
    pairs: IntArray = np.stack([earlier, later], axis=1)[share]
    return pairs


def _share_frame(a: Tracklet, b: Tracklet) -> bool:
    return bool(np.isin(a.frame, b.frame, assume_unique=True).any())
