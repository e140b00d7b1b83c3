"""What a user says of pairs: one person, or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.graph import component_labels
from reidtrack.types import IntArray

Key = tuple[str, int]
"""Camera and track id of a tracklet, a part cut off having its own."""


class Bonds(NamedTuple):
    """What is certain of some pairs.

    Attributes:
        together: (P, 2) pairs that are one person.
        clash: (Q, 2) pairs that are not, each once, the lower first.
    """

    together: IntArray
    clash: IntArray

    @classmethod
    def of(
        cls,
        keys: Sequence[Key],
        conflicts: IntArray,
        together: Sequence[tuple[Key, Key]],
        apart: Sequence[tuple[Key, Key]],
    ) -> Bonds:
        """Take a user's word.

        Args:
            keys: Of N tracklets.
            conflicts: (Q, 2) pairs that stand in one camera at the same time, each once.
            together: Pairs that are one person; so is whoever a chain of them joins.
            apart: Pairs that are not.

        Raises:
            ValueError: If a key is not there or what is said cannot all be so.
        """
        place = {key: i for i, key in enumerate(keys)}
        joined, parted = _places(place, together), _places(place, apart)
        same = component_labels(len(keys), joined)
        for pairs, why in ((parted, "are said to be two people"), (conflicts, "stand in one camera at the same time")):
            wrong = pairs[same[pairs[:, 0]] == same[pairs[:, 1]]]
            if len(wrong):
                a, b = (f"{camera} {track_id}" for camera, track_id in (keys[i] for i in wrong[0].tolist()))
                raise ValueError(f"{a} and {b} are said to be one person, but {why}")
        return cls(
            joined,
            np.unique(np.sort(np.concatenate([conflicts, parted]), axis=1), axis=0) if len(parted) else conflicts,
        )


def _places(place: Mapping[Key, int], pairs: Sequence[tuple[Key, Key]]) -> IntArray:
    for camera, track_id in (key for pair in pairs for key in pair):
        if (camera, track_id) not in place:
            raise ValueError(f"{camera} {track_id} is no tracklet of this recording")
    return np.array([(place[a], place[b]) for a, b in pairs], np.int64).reshape(-1, 2)
