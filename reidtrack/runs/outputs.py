"""The final outputs of a run: who was where, in every format.

Every function takes identities whose tracklets hold all boxes, and the cameras in the order of the command line. Each
file is written whole or not at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from reidtrack.files import write_lines, write_whole
from reidtrack.mot import MotRows, write_mot
from reidtrack.runs.jsonl import json_line
from reidtrack.runs.logs import pixels, scores
from reidtrack.types import DoubleArray, FloatArray, Identity, IntArray, Link, Tracklet

_PART = 10_000
"""Lines made at once: as Python objects, all boxes of a long recording would fill the memory."""


class CameraBoxes(NamedTuple):
    """All boxes of one camera, sorted by frame, then track.

    Attributes:
        frame: (N,) int64, 0-based.
        time_s: (N,) float64, seconds.
        track_id: (N,) int64.
        logged_id: (N,) int64, the track id in the tracker's log.
        identity: (N,) int64.
        xyxy: (N, 4) float32, pixels.
        score: (N,) float32; 0 marks an interpolated box.
    """

    frame: IntArray
    time_s: DoubleArray
    track_id: IntArray
    logged_id: IntArray
    identity: IntArray
    xyxy: FloatArray
    score: FloatArray


def boxes_of_camera(identities: Sequence[Identity], camera: str) -> CameraBoxes:
    """Gather the boxes of every identity in one camera."""
    parts = [(identity.id, t) for identity in identities for t in identity if t.camera == camera]
    if not parts:
        ints = np.zeros(0, np.int64)
        return CameraBoxes(ints, np.zeros(0), ints, ints, ints, np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    boxes = CameraBoxes(
        np.concatenate([t.frame for _, t in parts]),
        np.concatenate([t.time_s for _, t in parts]),
        np.concatenate([np.full(len(t), t.track_id, np.int64) for _, t in parts]),
        np.concatenate([np.full(len(t), t.logged_id, np.int64) for _, t in parts]),
        np.concatenate([np.full(len(t), number, np.int64) for number, t in parts]),
        np.concatenate([t.xyxy for _, t in parts]),
        np.concatenate([t.score for _, t in parts]),
    )
    return _take(boxes, np.lexsort((boxes.track_id, boxes.frame)))


def write_identities(
    path: Path, identities: Sequence[Identity], people: Mapping[int, Mapping[str, Any]] = MappingProxyType({})
) -> None:
    """Write `identities.json`: a list with one entry for each person.

    Args:
        path: The file.
        identities: Everybody.
        people: Identity to who that is in a gallery.

    Raises:
        OutputError: If it cannot be written.
    """
    write_whole(
        path,
        json.dumps([_identity_entry(identity, people.get(identity.id)) for identity in identities], indent=1) + "\n",
    )


def _identity_entry(identity: Identity, person: Mapping[str, Any] | None) -> dict[str, Any]:
    links = {link.a: link for link in identity.links}
    return {
        "id": identity.id,
        **({} if identity.name is None else {"name": identity.name}),
        **({} if person is None else {"person": dict(person)}),
        "cameras": list(identity.cameras),
        "first_time_s": round(identity.first_time_s, 6),
        "last_time_s": round(identity.last_time_s, 6),
        "tracklets": [_tracklet_entry(t, links.get(t.key)) for t in identity],
    }


def _tracklet_entry(tracklet: Tracklet, link: Link | None) -> dict[str, Any]:
    return {
        "camera": tracklet.camera,
        "track_id": tracklet.track_id,
        "first_frame": int(tracklet.frame[0]),
        "last_frame": int(tracklet.frame[-1]),
        "first_time_s": round(tracklet.first_time_s, 6),
        "last_time_s": round(tracklet.last_time_s, 6),
        "frames": len(tracklet),
        **({} if tracklet.split_from is None else {"split_from": tracklet.split_from}),
        "link": None if link is None else _link_entry(link),
    }


def _link_entry(link: Link) -> dict[str, Any]:
    return {
        "camera": link.b[0],
        "track_id": link.b[1],
        "distance": round(link.distance, 4),
        "margin": round(link.margin, 4) if np.isfinite(link.margin) else None,
        "runner_up": None if link.runner_up is None else {"camera": link.runner_up[0], "track_id": link.runner_up[1]},
        "probability": None if link.probability is None else round(link.probability, 4),
        "terms": {name: round(value, 4) for name, value in link.terms.items()},
    }


def write_sightings(path: Path, identities: Sequence[Identity], cameras: Sequence[str]) -> None:
    """Write `sightings.jsonl`, one line for each box, sorted by time, camera (command line) and track.

    Boxes of people who have a name carry it.

    Raises:
        OutputError: If it cannot be written.
    """
    boxes = [boxes_of_camera(identities, camera) for camera in cameras]
    place = np.concatenate([np.full(len(b.frame), i, np.int64) for i, b in enumerate(boxes)])
    merged = _concatenate(boxes)
    order = np.lexsort((merged.track_id, place, merged.time_s))
    parts = (order[start : start + _PART] for start in range(0, len(order), _PART))
    names = {identity.id: identity.name for identity in identities if identity.name is not None}
    write_lines(path, chain.from_iterable(_sighting_lines(_take(merged, p), place[p], cameras, names) for p in parts))


def _concatenate(parts: Sequence[CameraBoxes]) -> CameraBoxes:
    return CameraBoxes(
        np.concatenate([p.frame for p in parts]),
        np.concatenate([p.time_s for p in parts]),
        np.concatenate([p.track_id for p in parts]),
        np.concatenate([p.logged_id for p in parts]),
        np.concatenate([p.identity for p in parts]),
        np.concatenate([p.xyxy for p in parts]),
        np.concatenate([p.score for p in parts]),
    )


def _take(boxes: CameraBoxes, index: IntArray) -> CameraBoxes:
    return CameraBoxes(
        boxes.frame[index],
        boxes.time_s[index],
        boxes.track_id[index],
        boxes.logged_id[index],
        boxes.identity[index],
        boxes.xyxy[index],
        boxes.score[index],
    )


def _sighting_lines(
    boxes: CameraBoxes, place: IntArray, cameras: Sequence[str], names: Mapping[int, str]
) -> Iterator[bytes]:
    columns = zip(
        place.tolist(),
        boxes.frame.tolist(),
        boxes.time_s.tolist(),
        boxes.track_id.tolist(),
        boxes.identity.tolist(),
        pixels(boxes.xyxy),
        scores(boxes.score),
        strict=True,
    )
    for camera, frame, time_s, track_id, identity, xyxy, score in columns:
        yield json_line(
            {
                "camera": cameras[camera],
                "frame": frame,
                "time_s": round(time_s, 6),
                "track_id": track_id,
                "identity": identity,
                **({"name": names[identity]} if identity in names else {}),
                "xyxy": xyxy,
                "score": score,
            }
        )


def write_mot_files(folder: Path, identities: Sequence[Identity], cameras: Sequence[str]) -> None:
    """Write `tracks/<camera>.txt` (id = what the tracker alone says) and `mot/<camera>.txt` (id = identity).

    Raises:
        OutputError: If they cannot be written.
    """
    for camera in cameras:
        boxes = boxes_of_camera(identities, camera)
        sure = np.ones(len(boxes.frame))  # as trackers write it: some readers drop rows of score 0
        for name, ids in (("tracks", boxes.logged_id), ("mot", boxes.identity)):
            write_mot(folder / name / f"{camera}.txt", MotRows.of(boxes.frame, ids, boxes.xyxy, sure))


def write_mtmc(
    path: Path,
    identities: Sequence[Identity],
    cameras: Sequence[str],
    places: Callable[[str, FloatArray], DoubleArray] | None = None,
) -> None:
    """Write `mtmc.txt` in the order of the AI City Challenge 2024: camera id frame x y w h xworld yworld.

    Cameras count from 1 in the order of the command line, frames from 0; pixels are whole numbers, and the world is
    -1 -1 where no plan view is known.

    Args:
        path: The file.
        identities: Everybody.
        cameras: Every camera of the command line.
        places: Where on the plan the boxes (N, 4) of a camera stand, (N, 2), nan where that is not known.

    Raises:
        OutputError: If it cannot be written.
    """
    lines = (_mtmc_lines(i, boxes_of_camera(identities, c), c, places) for i, c in enumerate(cameras, 1))
    write_lines(path, chain.from_iterable(lines))


def _mtmc_lines(
    number: int, boxes: CameraBoxes, camera: str, places: Callable[[str, FloatArray], DoubleArray] | None
) -> Iterator[bytes]:
    whole = np.round(boxes.xyxy).astype(np.int64)
    world = np.full((len(whole), 2), np.nan) if places is None else places(camera, boxes.xyxy)
    for frame, identity, (x1, y1, x2, y2), (x, y) in zip(
        boxes.frame.tolist(), boxes.identity.tolist(), whole.tolist(), world.tolist(), strict=True
    ):
        at = "-1 -1" if math.isnan(x) else f"{x:.3f} {y:.3f}"
        yield f"{number} {identity} {frame} {x1} {y1} {x2 - x1} {y2 - y1} {at}\n".encode()
