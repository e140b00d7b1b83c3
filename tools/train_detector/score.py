"""How well people are found: average precision as COCO counts it, recall, false alarms where nobody is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.detect.protocol import Detector
from reidtrack.engines.chunks import CHUNK
from reidtrack.geometry import inside, iou
from reidtrack.types import BoolArray, Detections, FloatArray, Frame
from tools.train_detector.data import Picture

LEAST_SCORE = 0.001
"""Detections to count from: COCO's curve needs the weak ones too."""
OVERLAPS = np.linspace(0.5, 0.95, 10)
CONFIDENCES = (0.1, 0.02, 0.5)
"""`reidtrack run` keeps scores from the first on; the second lets in more, which tells detectors apart."""


class Score(NamedTuple):
    """What a detector reaches on some pictures.

    Attributes:
        ap: Average precision over overlaps 0.5 to 0.95, percent.
        ap50: The same at overlap 0.5.
        recall: Share of people found with overlap 0.5, percent, at each of `CONFIDENCES`.
        false_alarms: Detections in pictures without people, at each of `CONFIDENCES`.
        empty: Number of pictures without people.
    """

    ap: float
    ap50: float
    recall: tuple[float, ...]
    false_alarms: tuple[int, ...]
    empty: int


def detect(detector: Detector, pictures: Sequence[Picture]) -> list[Detections]:
    """Run a detector over pictures, a few at a time: OpenVINO fills a smaller batch up with zeros."""
    frames = [Frame("picture", i, 0.0, picture.image) for i, picture in enumerate(pictures)]
    return [found for first in range(0, len(frames), CHUNK) for found in detector.detect(frames[first : first + CHUNK])]


def score(found: Sequence[Detections], pictures: Sequence[Picture]) -> Score:
    """Compare detections, kept down to `LEAST_SCORE`, with the truth."""
    people = sum(len(p.xyxy) for p in pictures)
    precision, recall = [], ()
    for overlap in OVERLAPS:
        matched = [match(f, p, float(overlap)) for f, p in zip(found, pictures, strict=True)]
        confidence = np.concatenate([m[0] for m in matched])
        hit = np.concatenate([m[1] for m in matched])
        precision.append(average_precision(confidence, hit, people))
        recall = recall or tuple(100 * float((hit & (confidence >= c)).sum()) / max(1, people) for c in CONFIDENCES)
    empty = [f for f, p in zip(found, pictures, strict=True) if not len(p.xyxy) and not len(p.ignored)]
    alarms = tuple(sum(int((f.score >= c).sum()) for f in empty) for c in CONFIDENCES)
    return Score(100 * float(np.mean(precision)), 100 * precision[0], recall, alarms, len(empty))


def match(found: Detections, picture: Picture, overlap: float) -> tuple[FloatArray, BoolArray]:
    """Give each person the best-scored detection that overlaps enough, greedily.

    Returns:
        Scores (K,) and hits (K,) of the detections that count: those lying in a box to ignore do not.
    """
    order = np.argsort(-found.score, kind="stable")
    xyxy, confidence = found.xyxy[order], found.score[order]
    overlaps = iou(xyxy, picture.xyxy)  # (K, N)
    hit, taken = np.zeros(len(xyxy), bool), np.zeros(len(picture.xyxy), bool)
    for i in range(len(xyxy)):
        free = np.where(taken, 0.0, overlaps[i])
        if len(free) and free.max() >= overlap:
            hit[i] = taken[int(free.argmax())] = True
    counts = hit | ~(inside(xyxy, picture.ignored) >= 0.5).any(axis=1)
    return confidence[counts], hit[counts]


def average_precision(confidence: FloatArray, hit: BoolArray, people: int) -> float:
    """Area under precision over recall, read at 101 recalls with precision made falling, as COCO does."""
    if not people:
        return 0.0
    order = np.argsort(-confidence, kind="stable")
    right = np.cumsum(hit[order])
    precision = right / np.arange(1, len(right) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(right / people, np.linspace(0, 1, 101), side="left")
    return float(np.append(falling, 0.0)[np.minimum(at, len(falling))].mean())
