"""People who walk on a plain before pinhole cameras: boxes with exact places, looks as clear as wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.types import Tracklet

SIZE = (640.0, 480.0)
FPS = 10.0
TALL_M = 1.7
DIM = 32


class Camera(NamedTuple):
    """A camera 4 m above the plain."""

    name: str
    matrix: np.ndarray
    """(3, 4) from the world to pixels."""

    @property
    def to_plan(self) -> np.ndarray:
        """(3, 3) from pixels of the ground to metres."""
        return np.linalg.inv(self.matrix[:, [0, 1, 3]])


def camera(name: str, at: tuple[float, float], towards: tuple[float, float]) -> Camera:
    """A camera over a point of the plain that looks at another one."""
    eye = np.array([*at, 4.0])
    ahead = np.array([*towards, 0.0]) - eye
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(ahead, right), ahead])
    inner = np.array([[500.0, 0, SIZE[0] / 2], [0, 500.0, SIZE[1] / 2], [0, 0, 1]])
    return Camera(name, inner @ np.concatenate([turn, -turn @ eye[:, None]], axis=1))


def walk(start: tuple[float, float], end: tuple[float, float], begins_s: float, ends_s: float) -> np.ndarray:
    """(T, 3) time, x, y of somebody who walks straight on, ten times a second."""
    time_s = np.arange(round(begins_s * FPS), round(ends_s * FPS) + 1) / FPS
    share = (time_s - begins_s) / max(ends_s - begins_s, 1e-9)
    place = np.array(start) + share[:, None] * (np.array(end) - np.array(start))
    return np.concatenate([time_s[:, None], place], axis=1)


def seen(
    view: Camera, track_id: int, path: np.ndarray, look: np.ndarray, *, late_s: float = 0.0, noise_px: float = 0.0
) -> Tracklet | None:
    """What a camera whose clock is fast by `late_s` sees of a path; None if it is nothing."""
    rng = np.random.default_rng([track_id, len(path)])
    ground = np.concatenate([path[:, 1:], np.zeros((len(path), 1)), np.ones((len(path), 1))], axis=1)
    foot, head = (_pixels(view, ground + np.array([0, 0, z, 0])) for z in (0.0, TALL_M))
    foot[:, :2] += noise_px * rng.normal(size=(len(foot), 2))
    half = (foot[:, 1] - head[:, 1]) / 5
    xyxy = np.stack([foot[:, 0] - half, head[:, 1], foot[:, 0] + half, foot[:, 1]], axis=1)
    inside = (foot[:, 2] > 0.5) & (xyxy[:, 0] > 0) & (xyxy[:, 2] < SIZE[0]) & (xyxy[:, 3] < SIZE[1]) & (xyxy[:, 1] > 0)
    if inside.sum() < 3:
        return None
    rows = np.flatnonzero(inside)
    rows = rows[: np.argmax(np.append(np.diff(rows) > 1, True)) + 1]  # the first visit
    time_s = path[rows, 0] + late_s
    frame = np.round(time_s * FPS).astype(np.int64) + 10_000
    features = np.tile(look, (4, 1)).astype(np.float32)
    picked = frame[np.linspace(0, len(frame) - 1, 4).astype(int)]
    return Tracklet(
        view.name, track_id, frame, time_s, xyxy[rows].astype(np.float32), np.ones(len(rows), np.float32),
        features, picked, np.ones(4, np.float32),
    )  # fmt: skip


def _pixels(view: Camera, points: np.ndarray) -> np.ndarray:
    """(N, 3) pixel and depth of (N, 4) world points."""
    wide = points @ view.matrix.T
    wide[:, 2] = np.where(np.abs(wide[:, 2]) < 1e-6, -1.0, wide[:, 2])
    return np.concatenate([wide[:, :2] / wide[:, 2:], wide[:, 2:]], axis=1)


def looks(count: int, seed: int = 0) -> np.ndarray:
    """(count, DIM) unit rows, at right angles to each other."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(DIM, DIM)))[0][:count]


def crowd(
    views: Sequence[Camera], count: int, *, late_s: dict[str, float] | None = None, seed: int = 0
) -> list[Tracklet]:
    """People who cross the square between (-4, -4) and (4, 4) at any time of half a minute, in every direction.

    Track ids are the people's numbers, from 1.
    """
    rng = np.random.default_rng(seed)
    found = []
    for person, look in enumerate(looks(count, seed), start=1):
        angle = rng.uniform(0, 2 * np.pi)
        way = np.array([np.cos(angle), np.sin(angle)])
        aside = np.array([-way[1], way[0]]) * rng.uniform(-2.5, 2.5)
        begins = float(rng.uniform(0, 25))
        path = walk(tuple(aside - 4 * way), tuple(aside + 4 * way), begins, begins + 8 / rng.uniform(0.9, 1.8))
        for view in views:
            tracklet = seen(view, person, path, look, late_s=(late_s or {}).get(view.name, 0.0), noise_px=1.0)
            if tracklet is not None:
                found.append(tracklet)
    return found


SOUTH = camera("south", (0, -12), (0, 0))
WEST = camera("west", (-12, 0), (0, 0))
EAST = camera("east", (22, -12), (22, 0))
