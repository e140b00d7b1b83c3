"""Scores of tracks against ground truth: HOTA, identity (IDF1) and CLEAR (MOTA), by TrackEval's metric classes.

HOTA: Luiten et al., IJCV 2021 (arXiv 2009.07736). IDF1: Ristani et al., ECCV-W 2016 (arXiv 1609.01775). CLEAR:
Bernardin and Stiefelhagen, 2008. Boxes match at IoU 0.5 for IDF1 and CLEAR. Ground-truth rows whose flag (score) is 0
are dropped, as TrackEval does for MOT15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reidtrack.assign import assign
from reidtrack.benchmark.trackeval_input import frame_slices, metric_input
from reidtrack.geometry import inside, iou
from reidtrack.mot import PEDESTRIAN, MotRows
from reidtrack.types import BoolArray, DoubleArray

MATCH_IOU = 0.5
IGNORE_INSIDE = 0.7
NEUTRAL_CLASSES = (2, 7, 8, 12)
"""Persons on vehicles, static persons, distractors, reflections: neither missed nor wrong (TrackEval, MOT16 and 17)."""
NEUTRAL_CLASSES_MOT20 = (2, 6, 7, 8, 12)
"""The same in MOT20, where vehicles without a motor join them."""
_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False, slots=True)
class TrackingPair:
    """Tracks of one sequence or camera beside its ground truth.

    Attributes:
        gt: Ground truth; rows with score 0 are dropped.
        predicted: Tracks.
        ignore: Boxes of things that need not be found but may be; their ids mean nothing.
    """

    gt: MotRows
    predicted: MotRows
    ignore: MotRows | None = None


@dataclass(frozen=True, slots=True)
class TrackingScore:
    """Figures of one sequence, one camera, or several of them together; rates are percent.

    Attributes:
        hota: Higher-order tracking accuracy, mean over the IoU thresholds 0.05 to 0.95.
        deta: Its detection part.
        assa: Its association part.
        loca: Mean IoU of the matches.
        idf1: Identity F1.
        idp: Identity precision.
        idr: Identity recall.
        mota: Multiple object tracking accuracy.
        motp: Mean IoU of the matches at IoU 0.5.
        idsw: Identity switches.
        fp: Predicted boxes without a match.
        fn: Ground-truth boxes without a match.
        mt: Ground-truth tracks found in more than 80 % of their frames.
        ml: Ground-truth tracks found in less than 20 %.
        gt_boxes: Ground-truth boxes.
        gt_ids: Ground-truth identities; over several sequences, their sum.
    """

    hota: float
    deta: float
    assa: float
    loca: float
    idf1: float
    idp: float
    idr: float
    mota: float
    motp: float
    idsw: int
    fp: int
    fn: int
    mt: int
    ml: int
    gt_boxes: int
    gt_ids: int


def score_tracking(gt: MotRows, predicted: MotRows, ignore: MotRows | None = None) -> TrackingScore:
    """Score one sequence.

    Raises:
        ValueError: If an id stands twice in one frame.
    """
    return _to_score(_evaluate(_metric_input([TrackingPair(gt, predicted, ignore)])))


def score_union(cameras: Mapping[str, TrackingPair]) -> TrackingScore:
    """Score several cameras as one: each frame of each camera is a frame of its own, ids hold over all of them.

    HOTA and the identity figures do not depend on the order of the cameras; switches (and with them MOTA) do, because
    passing from one camera to the next counts as passing from one frame to the next.

    Raises:
        ValueError: If an id stands twice in one frame of one camera.
    """
    return _to_score(_evaluate(_metric_input(list(cameras.values()))))


def score_sequences(sequences: Mapping[str, TrackingPair]) -> tuple[dict[str, TrackingScore], TrackingScore]:
    """Score sequences that have nothing to do with each other: each one, and all combined as TrackEval does.

    Raises:
        ValueError: If an id stands twice in one frame.
    """
    results = {name: _evaluate(_metric_input([pair])) for name, pair in sequences.items()}
    combined: dict[str, Any] = {}
    for metric in _metrics():
        kind = metric.get_name()
        combined[kind] = metric.combine_sequences({name: result[kind] for name, result in results.items()})
    return {name: _to_score(result) for name, result in results.items()}, _to_score(combined)


def people_only(gt: MotRows, predicted: MotRows, neutral: tuple[int, ...] = NEUTRAL_CLASSES) -> tuple[MotRows, MotRows]:
    """Ground truth of people who count, and the boxes that are scored, by the class rules of MOT16 to MOT20.

    As TrackEval does it: each frame's boxes are matched with all its ground truth, whatever its class and flag; a box
    that falls to one of a neutral class is not scored. Then ground truth counts whose flag is not 0 and whose class is
    pedestrian, or that has no class (MOT15).

    Args:
        gt: Ground truth with its classes.
        predicted: Tracks.
        neutral: Numbers of the classes that count neither way.
    """
    counted = gt[(gt.score != 0) & np.isin(gt.class_id, (-1, PEDESTRIAN))]
    is_neutral = np.isin(gt.class_id, neutral)
    if not is_neutral.any():
        return counted, predicted
    kept = np.ones(len(predicted), bool)
    for in_gt, in_predicted in frame_slices(gt, predicted):
        overlap = iou(predicted.xyxy[in_predicted], gt.xyxy[in_gt])
        cost = np.where(overlap >= MATCH_IOU - _EPSILON, 1 - overlap, np.inf)
        pairs = assign(cost, max_cost=1.0).pairs
        kept[in_predicted][pairs[is_neutral[in_gt][pairs[:, 1]], 0]] = False
    return counted, predicted[kept]


def scored(gt: MotRows, predicted: MotRows, ignore: MotRows) -> BoolArray:
    """Mask (N,) of the predicted boxes that are scored.

    A box that matches no ground truth at IoU 0.5 (best one-to-one matching of the frame) and lies on an ignore box
    (IoU at least 0.5, or 70 % of the predicted box inside) does not.
    """
    counts = np.ones(len(predicted), bool)
    truth, ignored = dict(gt.by_frame()), dict(ignore.by_frame())
    start = 0
    for frame, rows in predicted.by_frame():
        part = counts[start : start + len(rows)]
        start += len(rows)
        if frame not in ignored:
            continue
        region = ignored[frame].xyxy
        on_ignore = (iou(rows.xyxy, region) >= MATCH_IOU - _EPSILON) | (inside(rows.xyxy, region) >= IGNORE_INSIDE)
        unmatched = _unmatched(rows.xyxy, truth[frame].xyxy) if frame in truth else np.ones(len(rows), bool)
        part[on_ignore.any(axis=1) & unmatched] = False
    return counts


def _unmatched(predicted_xyxy: DoubleArray, gt_xyxy: DoubleArray) -> BoolArray:
    overlap = iou(predicted_xyxy, gt_xyxy)
    cost = np.where(overlap >= MATCH_IOU - _EPSILON, 1 - overlap, np.inf)
    free = np.zeros(len(predicted_xyxy), bool)
    free[assign(cost, max_cost=1.0).unmatched_rows] = True  # at 1.0 the pairing has the greatest total IoU
    return free


def _metric_input(pairs: Sequence[TrackingPair]) -> dict[str, Any]:
    """Input of TrackEval's metrics, of what is scored alone."""
    found = []
    for pair in pairs:
        gt, predicted = pair.gt[pair.gt.score != 0], pair.predicted
        if pair.ignore is not None:
            predicted = predicted[scored(gt, predicted, pair.ignore)]
        found.append((gt, predicted))
    return metric_input(found)


def _metrics() -> list[Any]:
    from trackeval.metrics import CLEAR, HOTA, Identity

    options = {"THRESHOLD": MATCH_IOU, "PRINT_CONFIG": False}
    return [HOTA(), CLEAR(dict(options)), Identity(dict(options))]


def _evaluate(data: dict[str, Any]) -> dict[str, Any]:
    return {metric.get_name(): metric.eval_sequence(data) for metric in _metrics()}


def _to_score(result: Mapping[str, Any]) -> TrackingScore:
    hota, clear, identity = result["HOTA"], result["CLEAR"], result["Identity"]

    def percent(value: Any) -> float:
        return 100.0 * float(np.mean(value))

    return TrackingScore(
        hota=percent(hota["HOTA"]),
        deta=percent(hota["DetA"]),
        assa=percent(hota["AssA"]),
        loca=percent(hota["LocA"]),
        idf1=percent(identity["IDF1"]),
        idp=percent(identity["IDP"]),
        idr=percent(identity["IDR"]),
        mota=percent(clear["MOTA"]),
        motp=percent(clear["MOTP"]),
        idsw=int(clear["IDSW"]),
        fp=int(clear["CLR_FP"]),
        fn=int(clear["CLR_FN"]),
        mt=int(clear["MT"]),
        ml=int(clear["ML"]),
        gt_boxes=int(clear["CLR_TP"] + clear["CLR_FN"]),
        gt_ids=int(clear["MT"] + clear["PT"] + clear["ML"]),
    )
