"""Which tracklets cannot be one person: nobody stands twice in one camera at the same time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidtrack.types import BoolArray, Tracklet


def conflicts(tracklets: Sequence[Tracklet]) -> BoolArray:
    """Pairs of one camera that share a frame: (N, N), symmetric, false on the diagonal."""
    n = len(tracklets)
    clash = np.zeros((n, n), np.bool_)
    for camera in sorted({t.camera for t in tracklets}):
        members = [i for i in range(n) if tracklets[i].camera == camera]
        members.sort(key=lambda i: int(tracklets[i].frame[0]))
        for place, i in enumerate(members):
            for j in members[place + 1 :]:
                if tracklets[j].frame[0] > tracklets[i].frame[-1]:
                    break
                clash[i, j] = clash[j, i] = _share_frame(tracklets[i], tracklets[j])
    return clash


def _share_frame(a: Tracklet, b: Tracklet) -> bool:
    return bool(np.isin(a.frame, b.frame, assume_unique=True).any())
