"""Crowds to track, drawn as boxes: people who walk, come and go, hide one another, and are missed by the detector."""

from __future__ import annotations

import numpy as np

from reidtrack.types import BoolArray, Detections, DoubleArray

WIDTH, HEIGHT = 1920.0, 1080.0
FPS = 25.0
_HIDDEN = 0.75
"""A person is not found where one person nearer to the camera covers more of their box than this."""


def walkers(people: int, frames: int, seed: int) -> list[Detections]:
    """Detections of a crowd that fills a picture of 1920 x 1080 at 25 frames per second.

    People are 60 to 140 pixels high, walk at up to a height per second, turn gently, and are replaced at the opposite
    side when they leave. One detection in twenty is missed, one in thirty is false; half-hidden people score less.
    """
    rng = np.random.default_rng(seed)
    height = rng.uniform(60, 140, people)
    feet = np.stack([rng.uniform(0, WIDTH, people), rng.uniform(0.2 * HEIGHT, HEIGHT, people)])
    heading, pace = rng.uniform(0, 2 * np.pi, people), rng.uniform(0.2, 1.0, people) * height / FPS
    found = []
    for _ in range(frames):
        heading += rng.normal(0, 0.05, people)
        feet += pace * np.stack([np.cos(heading), 0.3 * np.sin(heading)])
        left = (feet[0] < 0) | (feet[0] > WIDTH) | (feet[1] < 0.15 * HEIGHT) | (feet[1] > HEIGHT)
        feet[:, left] = np.stack([rng.uniform(0, WIDTH, left.sum()), rng.uniform(0.2 * HEIGHT, HEIGHT, left.sum())])
        xyxy = np.stack([feet[0] - 0.2 * height, feet[1] - height, feet[0] + 0.2 * height, feet[1]], axis=1)
        found.append(_detected(xyxy, rng))
    return found


def _detected(xyxy: DoubleArray, rng: np.random.Generator) -> Detections:
    people, hidden = len(xyxy), _hidden_share(xyxy)
    false = rng.uniform(0, [WIDTH, HEIGHT], (people // 30, 2))
    seen: BoolArray = (hidden < _HIDDEN) & (rng.random(people) > 0.05)
    score = np.clip(0.9 - 0.6 * hidden + rng.normal(0, 0.05, people), 0, 1)[seen]
    sides = (xyxy[:, 2:] - xyxy[:, :2])[:, [0, 1, 0, 1]]
    boxes = (xyxy + rng.normal(0, 0.02, (people, 4)) * sides)[seen]
    boxes = np.concatenate([boxes, np.concatenate([false, false + np.array([40, 100])], axis=1)])
    score = np.concatenate([score, rng.uniform(0.1, 0.7, len(false))])
    order = np.argsort(-score, kind="stable")  # as a detector gives them
    return Detections(boxes[order].astype(np.float32), score[order].astype(np.float32))


def _hidden_share(xyxy: DoubleArray) -> DoubleArray:
    """Largest share of each box (N, 4) that one person lower in the picture covers: (N,)."""
    low = np.maximum(xyxy[:, None, :2], xyxy[None, :, :2])
    high = np.minimum(xyxy[:, None, 2:], xyxy[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    area = np.prod(xyxy[:, 2:] - xyxy[:, :2], axis=1)
    nearer = xyxy[None, :, 3] > xyxy[:, None, 3]
    share: DoubleArray = (shared * nearer).max(axis=1, initial=0) / area
    return share
