"""The surest of more detections than are looked at."""

from __future__ import annotations

import numpy as np

from reidtrack.types import Detections

MOST_BOXES = 1000
"""Most boxes of a frame that are looked at: four times what there are in the fullest frame of MOT20. A detector that
gives 50,000 would fill the memory before anybody saw why."""


def surest(found: Detections, most: int) -> Detections:
    """Detections of highest score, at most `most`, in their order; of equal ones the earlier."""
    if len(found) <= most:
        return found
    return found[np.sort(np.argsort(-found.score, kind="stable")[:most])]
