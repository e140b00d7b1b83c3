r"""The final outputs of a run: who was where, in every format. `OUTPUTS` lists them.

A new output is one function and one line in `OUTPUTS`:

    def write_counts(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
        counts = {camera: sum(camera in one.cameras for one in identities) for camera in context.cameras}
        write_whole(path, json.dumps(counts) + "\n")

    OUTPUTS = {..., "counts.json": write_counts}

The name is the file's, or a folder's, within the folder of the run; from then on `run` and `associate` write it, a run
that overwrites removes it, and nothing else has to know of it. The identities' tracklets hold all boxes, and times are
seconds since the run's origin. Write each file whole or not at all: `files.write_whole`, or `files.write_lines` for
one that may be long. What a writer needs beside the identities stands in `OutputContext`.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.errors import DeviceError
from reidtrack.files import write_lines, write_whole
from reidtrack.mot import MotRows, write_mot
from reidtrack.runs.boxes import CameraBoxes, boxes_of_camera, join_boxes
from reidtrack.runs.identities import identity_to_json
from reidtrack.runs.jsonl import json_line
from reidtrack.runs.logs import pixels, scores
from reidtrack.runs.parquet import remove_parquet, write_parquet
from reidtrack.types import DoubleArray, FloatArray, Identity, IntArray

logger = logging.getLogger(__name__)
_AT_ONCE = 10_000
"""Lines made at once: as Python objects, all boxes of a long recording would fill the memory."""


@dataclass(frozen=True, eq=False, slots=True)
class OutputContext:
    """What is known of a run beside its identities when the outputs are written.

    Attributes:
        cameras: Those that were read, in the order of the command line.
        named: Every camera of the command line, also those that could not be read.
        people: Identity to who that is in a gallery, as `identities.json` says it.
        locate: Where on the plan the boxes (N, 4) of a camera stand, (N, 2), nan where that is not known; None
            without a plan.
        site: Content of `site.json`; None where nothing was learned.
        calibration: Content of `calibration.json`.
        zones: Content of `zones.json`; None where the site has no zones and no lines.
        parquet: Whether tables are written; where they are already, they are kept up to date.
        origin: The moment from which times count; None where tables are not written.
        zone: Whose days the tables are cut by.
    """

    cameras: Sequence[str]
    named: Sequence[str]
    people: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    locate: Callable[[str, FloatArray], DoubleArray] | None = None
    site: Mapping[str, Any] | None = None
    calibration: Mapping[str, Any] = field(default_factory=dict)
    zones: Mapping[str, Any] | None = None
    parquet: bool = False
    origin: datetime | None = None
    zone: tzinfo = UTC


Writer = Callable[[Path, Sequence[Identity], OutputContext], None]


def write_outputs(folder: Path, identities: Sequence[Identity], context: OutputContext) -> None:
    """Write every output of `OUTPUTS` into the folder of a run.

    Raises:
        OutputError: If one cannot be written.
    """
    for name, write in OUTPUTS.items():
        write(folder / name, identities, context)


def write_identities(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
    """Write `identities.json`: a list with one entry for each person, see `identities`."""
    entries = [identity_to_json(identity, context.people.get(identity.id)) for identity in identities]
    write_whole(path, json.dumps(entries, indent=1) + "\n")


def write_sightings(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
    """Write `sightings.jsonl`, one line for each box, sorted by time, camera (command line) and track.

    Boxes of people who have a name carry it.
    """
    boxes = [boxes_of_camera(identities, camera) for camera in context.cameras]
    camera = np.concatenate([np.full(len(b.frame), i, np.int64) for i, b in enumerate(boxes)])
    merged = join_boxes(boxes)
    order = np.lexsort((merged.track_id, camera, merged.time_s))
    parts = (order[start : start + _AT_ONCE] for start in range(0, len(order), _AT_ONCE))
    names = {identity.id: identity.name for identity in identities if identity.name is not None}
    lines = (_sighting_lines(merged.take(part), camera[part], context.cameras, names) for part in parts)
    write_lines(path, chain.from_iterable(lines))


def _sighting_lines(
    boxes: CameraBoxes, camera: IntArray, cameras: Sequence[str], names: Mapping[int, str]
) -> Iterator[bytes]:
    columns = zip(
        camera.tolist(),
        boxes.frame.tolist(),
        boxes.time_s.tolist(),
        boxes.track_id.tolist(),
        boxes.identity.tolist(),
        pixels(boxes.xyxy),
        scores(boxes.score),
        strict=True,
    )
    for index, frame, time_s, track_id, identity, xyxy, score in columns:
        yield json_line(
            {
                "camera": cameras[index],
                "frame": frame,
                "time_s": round(time_s, 6),
                "track_id": track_id,
                "identity": identity,
                **({"name": names[identity]} if identity in names else {}),
                "xyxy": xyxy,
                "score": score,
            }
        )


def write_tracks(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
    """Write `tracks/<camera>.txt` in the MOTChallenge format; the id is what the tracker alone says."""
    for camera in context.cameras:
        boxes = boxes_of_camera(identities, camera)
        _write_mot(path / f"{camera}.txt", boxes, boxes.logged_id)


def write_mot_files(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
    """Write `mot/<camera>.txt` in the MOTChallenge format; the id is the identity."""
    for camera in context.cameras:
        boxes = boxes_of_camera(identities, camera)
        _write_mot(path / f"{camera}.txt", boxes, boxes.identity)


def _write_mot(path: Path, boxes: CameraBoxes, ids: IntArray) -> None:
    sure = np.ones(len(boxes.frame))  # as trackers write it: some readers drop rows of score 0
    write_mot(path, MotRows.of(boxes.frame, ids, boxes.xyxy, sure))


def write_mtmc(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
    """Write `mtmc.txt` in the order of the AI City Challenge 2024: camera id frame x y w h xworld yworld.

    Cameras count from 1 in the order of the command line, frames from 0; pixels are whole numbers, and the world is
    -1 -1 where no plan view is known.
    """
    lines = (_mtmc_lines(number, camera, identities, context) for number, camera in enumerate(context.named, 1))
    write_lines(path, chain.from_iterable(lines))


def _mtmc_lines(number: int, camera: str, identities: Sequence[Identity], context: OutputContext) -> Iterator[bytes]:
    boxes = boxes_of_camera(identities, camera)
    whole = np.round(boxes.xyxy).astype(np.int64)
    world = np.full((len(whole), 2), np.nan) if context.locate is None else context.locate(camera, boxes.xyxy)
    for frame, identity, (x1, y1, x2, y2), (x, y) in zip(
        boxes.frame.tolist(), boxes.identity.tolist(), whole.tolist(), world.tolist(), strict=True
    ):
        at = "-1 -1" if math.isnan(x) else f"{x:.3f} {y:.3f}"
        yield f"{number} {identity} {frame} {x1} {y1} {x2 - x1} {y2 - y1} {at}\n".encode()


def write_site(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
    """Write `site.json`, or remove that of an earlier settling where nothing was learned of the site now."""
    del identities
    _write_or_remove(path, context.site)


def write_zones(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
    """Write `zones.json`, see `zones_json`, or remove that of an earlier settling where the site has no zones now."""
    del identities
    _write_or_remove(path, context.zones)


def _write_or_remove(path: Path, content: Mapping[str, Any] | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        write_whole(path, json.dumps(content, indent=1) + "\n")


def write_tables(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
    """Write `parquet/`, see `parquet`, where it is wanted or there already; it goes where it cannot be written."""
    if context.origin is None or not (context.parquet or path.is_dir()):
        return
    try:
        people = {number: str(person["key"]) for number, person in context.people.items() if "key" in person}
        write_parquet(path, identities, people, context.origin, context.zone)
    except DeviceError as error:
        if context.parquet:
            raise
        remove_parquet(path)
        logger.warning("%s: of an earlier settling, removed: %s", path, error)


def write_calibration(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
    """Write `calibration.json`, see `calibration_json`."""
    del identities
    write_whole(path, json.dumps(context.calibration, indent=1) + "\n")


OUTPUTS: Mapping[str, Writer] = {
    "identities.json": write_identities,
    "sightings.jsonl": write_sightings,
    "tracks": write_tracks,
    "mot": write_mot_files,
    "mtmc.txt": write_mtmc,
    "site.json": write_site,
    "zones.json": write_zones,
    "parquet": write_tables,
    "calibration.json": write_calibration,
}
"""Name within the folder of a run to what writes it, in the order of writing."""
