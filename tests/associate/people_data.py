"""Tracklets with known owners: looks drawn around one direction a person, shifted by one a camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reidtrack.types import Tracklet

DIM = 64


def directions(count: int, seed: int) -> np.ndarray:
    """(count, DIM) unit rows, orthogonal."""
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(DIM, DIM)))[0]
    return basis[:count]


def tracklet(
    camera: str,
    track_id: int,
    look: np.ndarray,
    first: int,
    length: int = 50,
    *,
    features: int = 10,
    noise: float = 0.05,
    cast: np.ndarray | None = None,
) -> Tracklet:
    """A visit of somebody who looks like `look`, from frame `first` on, at 10 frames a second."""
    rng = np.random.default_rng([first, track_id, ord(camera[0]), length])
    rows = look + noise * rng.normal(size=(features, DIM)) + (0 if cast is None else cast)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    frame = np.arange(first, first + length)
    picked = frame[np.linspace(0, length - 1, features).astype(int)] if features else frame[:0]
    return Tracklet(
        camera,
        track_id,
        frame,
        frame / 10,
        np.tile(np.array([10, 10, 30, 70], np.float32), (length, 1)),
        np.ones(length, np.float32),
        rows.astype(np.float32).reshape(features, DIM),
        picked,
        np.ones(features, np.float32),
    )


def owners(identities: Sequence[object]) -> dict[tuple[str, int], int]:
    """(Camera, track id) to identity."""
    return {t.key: identity.id for identity in identities for t in identity}  # type: ignore[attr-defined]


def chained(first: Tracklet, *then: Tracklet) -> Tracklet:
    """One tracklet of several that follow each other: the tracker took them for one person."""
    columns = ("frame", "time_s", "xyxy", "score", "features", "feature_frame", "feature_quality")
    return replace(first, **{name: np.concatenate([getattr(t, name) for t in (first, *then)]) for name in columns})
