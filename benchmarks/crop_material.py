"""Crops whose quality can be judged, for `crop_quality.py`: boxes of runs, pictures of data sets damaged on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reidtrack.datasets.zoo import load_dataset
from reidtrack.embed.preprocess import cut_crops
from reidtrack.embed.quality import (
    FULL_HEIGHT_PX,
    FULL_SHARPNESS,
    UsualAspect,
    box_factors,
    sharpness,
    uncovered,
    visibility,
)
from reidtrack.geometry import iou
from reidtrack.image import read_image, resize
from reidtrack.mot import read_mot
from reidtrack.runs.features import read_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import read_track_log
from reidtrack.types import DoubleArray, FloatArray, ImageArray, IntArray, Tracks
from reidtrack.video.source import open_source

CROP_HW = (256, 128)
FAR_S = 1.5
"""Crops of a track that are nearer in time show the same pose, and are no measure of each other."""
LEAST_OTHERS = 10
"""Crops that make a person's mean."""


@dataclass(frozen=True, eq=False)
class Material:
    """Crops with what is known of them.

    Attributes:
        group: (N,) person and camera; crops are compared within.
        factors: (N, 6) in 0..1, columns as `Powers`.
        distance: (N,) cosine distance to the mean of the person's other crops; NaN where there are too few.
    """

    group: IntArray
    factors: DoubleArray
    distance: DoubleArray


@dataclass(frozen=True, eq=False)
class Boxes(Material):
    """Every box of a run that embedded every box.

    Attributes:
        camera: (N,) place among `cameras`.
        track: (N,) id within the camera.
        frame: (N,) 0-based.
        time_s: (N,).
        person: (N,) of the ground truth, -1 where it has none; the track where there is no truth.
        features: (N, D) rows of unit norm.
        hand: (N,) quality by hand.
    """

    cameras: tuple[str, ...]
    camera: IntArray
    track: IntArray
    frame: IntArray
    time_s: DoubleArray
    person: IntArray
    features: DoubleArray
    hand: DoubleArray


def unit(rows: DoubleArray) -> DoubleArray:
    """Rows at unit norm."""
    scaled: DoubleArray = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
    return scaled


def by_hand(xyxy: FloatArray, score: FloatArray, width: int, height: int) -> DoubleArray:
    """The product that was used before: score, height over 64 px, aspect over 2, uncovered share, 0.3 at the border."""
    box_wh = np.maximum(xyxy[:, 2:] - xyxy[:, :2], 1e-6)
    margin = np.maximum(2.0, 0.003 * np.array([width, height]))
    border = (xyxy[:, :2] <= margin).any(1) | (xyxy[:, 2:] >= np.array([width, height]) - margin).any(1)
    shape = np.minimum(1, box_wh[:, 1] / (2.0 * box_wh[:, 0]))
    product: DoubleArray = score * np.minimum(1, box_wh[:, 1] / 64) * shape * uncovered(xyxy) * np.where(border, 0.3, 1)
    return product


def read_boxes(run: Path, gt: Path | None) -> Boxes:
    """Boxes of a run with `embed.every_s=0`, its recordings read once more for the sharpness of the crops."""
    folder = RunFolder(run)
    table, logged = read_tracklets(folder.tracklets), read_track_log(folder.tracks)
    inputs = {entry.camera: entry for entry in folder.read_manifest().inputs}
    keys = zip(table.camera.tolist(), table.track_id.tolist(), table.frame.tolist(), strict=True)
    rows = {(table.cameras[camera], track, frame): i for i, (camera, track, frame) in enumerate(keys)}
    parts = []
    for place, camera in enumerate(table.cameras):
        entry, tracks, usual = inputs[camera], logged[camera], UsualAspect()
        width, height = entry.size
        truth = _truth(gt, camera)
        with open_source(entry.source, camera) as source:
            for frame in source:
                now = tracks[tracks.frame == frame.index]
                view = visibility(now.xyxy, width, height)
                crops, kept = cut_crops(frame.image, now.xyxy, CROP_HW)
                factors = box_factors(now.xyxy, now.score, view, usual.value)
                hand = by_hand(now.xyxy, now.score, width, height)
                usual = usual.after(now.xyxy, view)
                person = now.track_id if truth is None else _people(now, truth(frame.index))
                for crop, i in zip(crops, kept.tolist(), strict=True):
                    row = rows.get((camera, int(now.track_id[i]), frame.index))
                    if row is not None:
                        sharp = min(1.0, sharpness(crop) / FULL_SHARPNESS)
                        fact = [*factors[i], sharp]
                        parts.append(
                            (place, now.track_id[i], frame.index, frame.time_s, person[i], hand[i], row, *fact)
                        )
    found = np.array(parts, np.float64)
    camera_of, track, frames, person = (found[:, k].astype(np.int64) for k in (0, 1, 2, 4))
    features = unit(table.feature[found[:, 6].astype(np.int64)].astype(np.float64))
    person = person if gt else person * len(table.cameras) + camera_of
    return Boxes(
        group=np.where(person < 0, -1, person * len(table.cameras) + camera_of),
        factors=found[:, 7:],
        distance=_distances(features, camera_of, found[:, 3], person),
        cameras=table.cameras,
        camera=camera_of,
        track=track,
        frame=frames,
        time_s=found[:, 3],
        person=person,
        features=features,
        hand=found[:, 5],
    )


def _truth(gt: Path | None, camera: str) -> Callable[[int], tuple[IntArray, DoubleArray]] | None:
    """Of a frame: the ids and boxes of who is in it."""
    if gt is None:
        return None
    names = (f"gt_{camera}_person.txt", f"{camera}.txt", f"{camera}_gt_eval.txt")
    rows = read_mot(next(gt / name for name in names if (gt / name).is_file()))
    rows = rows[rows.score > 0]
    return lambda frame: (rows.id[rows.frame == frame], rows.xyxy[rows.frame == frame])


def _people(tracks: Tracks, truth: tuple[IntArray, DoubleArray]) -> IntArray:
    """Whom each box shows: the person whose box it overlaps most, if neither has a better one; else -1."""
    ids, boxes = truth
    overlap = iou(tracks.xyxy.astype(np.float64), boxes)
    if not overlap.size:
        return np.full(len(tracks), -1)
    best = overlap.argmax(axis=1)
    rows = np.arange(len(tracks))
    sure = (overlap[rows, best] >= 0.5) & (overlap.argmax(axis=0)[best] == rows)
    people: IntArray = np.where(sure, ids[best], -1)
    return people


def _distances(features: DoubleArray, camera: IntArray, time_s: DoubleArray, person: IntArray) -> DoubleArray:
    """Distance of each crop, its camera's mean taken away, to the person's mean in other cameras.

    Where the person has too few crops there, to the mean of those of the same camera that are far in time.
    """
    free = np.empty_like(features)
    for c in np.unique(camera):
        free[camera == c] = unit(features[camera == c] - features[camera == c].mean(axis=0))
    distance = np.full(len(features), np.nan)
    for p in np.unique(person[person >= 0]):
        own = np.flatnonzero(person == p)
        elsewhere = camera[own][:, None] != camera[own][None, :]
        far = (np.abs(time_s[own][:, None] - time_s[own][None, :]) > FAR_S) & ~elsewhere
        others = np.where(elsewhere.sum(axis=1, keepdims=True) >= LEAST_OTHERS, elsewhere, far)
        enough = others.sum(axis=1) >= LEAST_OTHERS
        means = unit(others.astype(np.float64) @ free[own])
        distance[own[enough]] = 1 - (free[own] * means).sum(axis=1)[enough]
    return distance


def damaged(
    name: str, root: str, people: int, rng: np.random.Generator
) -> tuple[list[ImageArray], Callable[[FloatArray], Material]]:
    """Training pictures of a data set, whole and damaged, and what turns their features (N, D) into material.

    Six pictures of each person; of four of them there are also one cut off below, one cut off at a side, one blurred
    and one shrunk, the first mildly, the last strongly. Distances are to the same person's whole pictures of other
    cameras.
    """
    by_person: dict[int, list[tuple[int, Path]]] = {}
    for sample in load_dataset(name, root).train:
        by_person.setdefault(sample.person_id, []).append((sample.camera_id, sample.path))
    usable = sorted(p for p, own in by_person.items() if len({c for c, _ in own}) > 1 and len(own) >= 6)
    crops, rows = [], []
    for person in rng.choice(usable, people, replace=False).tolist():
        own = sorted(by_person[person], key=lambda item: item[1].name)
        for k, i in enumerate(sorted(rng.choice(len(own), 6, replace=False).tolist())):
            camera, path = own[i]
            for whole, factors, image in _versions(read_image(path), k, rng):
                crops.append(resize(image, CROP_HW))
                rows.append((person, camera, whole, *factors, min(1.0, sharpness(crops[-1]) / FULL_SHARPNESS)))
    return crops, lambda features: _compared(np.array(rows, np.float64), unit(features.astype(np.float64)))


def _compared(rows: DoubleArray, features: DoubleArray) -> Material:
    """Material of rows person, camera, whole, factors."""
    person, camera, whole = rows[:, 0], rows[:, 1], rows[:, 2] > 0
    distance = np.full(len(rows), np.nan)
    for i in range(len(rows)):
        others = whole & (person == person[i]) & (camera != camera[i])
        if others.any():
            distance[i] = 1 - features[i] @ unit(features[others].mean(axis=0))
    return Material(person.astype(np.int64), rows[:, 3:], distance)


def _versions(
    image: ImageArray, k: int, rng: np.random.Generator
) -> Iterator[tuple[bool, tuple[float, float, float, float, float], ImageArray]]:
    """Whether it is whole, the factors of the box, and the picture: itself, and the damaged ones of the first four."""
    import cv2

    yield True, (1, 1, 1, 1, 1), image
    if k >= 4:
        return
    height, width = image.shape[:2]
    kept = 0.85 - 0.15 * k
    yield False, (1, 1, 1, kept, 1), image[: round(height * kept)]
    columns = round(width * kept)
    yield False, (1, 1, 1, 1, kept), image[:, :columns] if rng.random() < 0.5 else image[:, width - columns :]
    spread = (1.0, 2.0, 3.0, 4.5)[k] * height / 128
    yield False, (1, 1, 1, 1, 1), cv2.GaussianBlur(image, (0, 0), spread)
    small = (64, 48, 32, 20)[k]
    shrunk = cv2.resize(image, (max(4, width * small // height), small), interpolation=cv2.INTER_AREA)
    yield False, (1, min(1.0, small / FULL_HEIGHT_PX), 1, 1, 1), shrunk
