"""Ground truth and tracks as TrackEval's metric classes take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reidtrack.geometry import iou
from reidtrack.mot import MotRows
from reidtrack.types import IntArray


def metric_input(pairs: Sequence[tuple[MotRows, MotRows]]) -> dict[str, Any]:
    """Input of TrackEval's metrics: the frames of all pairs one after the other, ids numbered from 0 over all.

    Args:
        pairs: Ground truth and tracks of each sequence or camera, only what is scored.

    Raises:
        ValueError: If an id stands twice in one frame.
    """
    truths = [_checked(gt, "ground truth") for gt, _ in pairs]
    predictions = [_checked(predicted, "tracks") for _, predicted in pairs]
    gt_names, gt_ids = _number_ids(truths)
    predicted_names, predicted_ids = _number_ids(predictions)
    data: dict[str, Any] = {"gt_ids": [], "tracker_ids": [], "similarity_scores": []}
    for truth, truth_ids, tracks, track_ids in zip(truths, gt_ids, predictions, predicted_ids, strict=True):
        for in_gt, in_tracks in frame_slices(truth, tracks):
            data["gt_ids"].append(truth_ids[in_gt])
            data["tracker_ids"].append(track_ids[in_tracks])
            data["similarity_scores"].append(iou(truth.xyxy[in_gt], tracks.xyxy[in_tracks]))
    return data | {
        "num_timesteps": len(data["gt_ids"]),
        "num_gt_ids": len(gt_names),
        "num_tracker_ids": len(predicted_names),
        "num_gt_dets": sum(map(len, truths)),
        "num_tracker_dets": sum(map(len, predictions)),
    }


def _checked(rows: MotRows, what: str) -> MotRows:
    repeated = repeated_id(rows)
    if repeated is not None:
        raise ValueError(f"{what}: id {repeated[1]} stands twice in frame {repeated[0]} (0-based)")
    return rows


def _number_ids(parts: Sequence[MotRows]) -> tuple[IntArray, list[IntArray]]:
    """Distinct ids of all parts, and the index among them of each row of each part."""
    names, numbers = np.unique(np.concatenate([part.id for part in parts]), return_inverse=True)
    stops = np.cumsum([len(part) for part in parts])[:-1]
    return names, np.split(numbers.astype(np.int64), stops)


def frame_slices(gt: MotRows, predicted: MotRows) -> list[tuple[slice, slice]]:
    """Rows of each frame in which either has any."""
    frames = np.union1d(gt.frame, predicted.frame)
    bounds = [
        (np.searchsorted(rows.frame, frames), np.searchsorted(rows.frame, frames, "right")) for rows in (gt, predicted)
    ]
    (gt_from, gt_to), (from_, to) = bounds
    return [(slice(a, b), slice(c, d)) for a, b, c, d in zip(gt_from, gt_to, from_, to, strict=True)]


def repeated_id(rows: MotRows) -> tuple[int, int] | None:
    """First 0-based frame and id that stand twice together; None where there are none."""
    order = np.lexsort((rows.id, rows.frame))
    keys = np.stack([rows.frame[order], rows.id[order]], axis=1)
    same = np.flatnonzero((keys[1:] == keys[:-1]).all(axis=1))
    return (int(keys[same[0], 0]), int(keys[same[0], 1])) if len(same) else None
