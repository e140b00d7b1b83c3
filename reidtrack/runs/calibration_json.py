"""`calibration.json`: how alike is alike enough in a run, how sure that is, and what other thresholds would do."""

from __future__ import annotations

from typing import Any

import numpy as np

from reidtrack.associate.associate import Association
from reidtrack.associate.calibration.calibration import Calibration, PairCalibration
from reidtrack.associate.calibration.mixture import EDGES
from reidtrack.associate.sweep import Change, change
from reidtrack.types import DoubleArray

SCHEMA_VERSION = 1
_BINS = 10
"""Bins of the counts in one of the file."""
_MOST_PAIRS = 30
"""Pairs of cameras that have curves of their own, those with most evidence first."""


def calibration_to_json(association: Association) -> dict[str, Any]:
    """Content of `calibration.json`.

    Args:
        association: How thresholds were found, and the identities with their final ids.
    """
    found = association.calibration
    rates = found.rates()
    most = sorted(found.pairs.values(), key=lambda p: (-p.positives, p.cameras))
    return {
        "schema": SCHEMA_VERSION,
        "threshold": round(found.threshold, 4),
        "same_camera_threshold": round(found.same_camera_threshold, 4),
        "source": found.source,
        "confidence": found.confidence,
        "reason": found.reason,
        "false_accept": round(rates.false_accept, 6),
        "false_reject": round(rates.false_reject, 6),
        "halves": {"visits": found.halves, "within_threshold": found.halves_within},
        "seen_together": {"pairs": found.seen_together, "within_threshold": found.seen_together_within},
        "pairs": [_pair(found.everywhere), *(_pair(pair) for pair in most[:_MOST_PAIRS])],
        "sweep": [_change(change(association.identities, other)) for other in association.others],
    }


def summary(found: Calibration) -> str:
    """The threshold and how far to trust it, in one line."""
    if found.source == "fixed":
        return f"threshold {found.threshold:.2f} as given"
    return f"threshold {found.threshold:.2f}, confidence {found.confidence}: {found.reason}"


def _pair(pair: PairCalibration) -> dict[str, Any]:
    return {
        "cameras": list(pair.cameras),
        "positives": pair.positives,
        "negatives": pair.negatives,
        "slope": round(pair.slope, 3),
        "midpoint": round(pair.midpoint, 4),
        "histogram": {
            "edges": [round(edge, 3) for edge in EDGES[::_BINS].tolist()],
            "same": _coarse(pair.same),
            "different": _coarse(pair.different),
        },
        "roc": [
            {
                "threshold": point.threshold,
                "false_accept": round(point.false_accept, 6),
                "false_reject": round(point.false_reject, 6),
            }
            for point in pair.roc()
        ],
    }


def _coarse(counts: DoubleArray) -> list[float]:
    return [round(value, 2) for value in np.add.reduceat(counts, np.arange(0, len(counts), _BINS)).tolist()]


def _change(found: Change) -> dict[str, Any]:
    return {
        "threshold": found.threshold,
        "identities": found.identities,
        "joined": [list(pair) for pair in found.joined],
        "parted": [{"camera": camera, "track_id": track_id} for camera, track_id in found.parted],
    }
