"""Gathers what `report.html` shows and writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from reidtrack import clock
from reidtrack.errors import InputError
from reidtrack.files import write_whole
from reidtrack.image import read_image
from reidtrack.pipeline.run.confirmed_links import mark_said
from reidtrack.pipeline.run.floor_paths import read_plan
from reidtrack.report.run.page import render_report
from reidtrack.report.run.report_data import CameraSummary, FloorPaths, GalleryMatch, ReportData
from reidtrack.runs.crops import crop_places, list_crops
from reidtrack.runs.folder import RunFolder
from reidtrack.types import Identity
from reidtrack.video.palette import colour_of

CROPS_PER_TRACKLET = 3
MANY_TRACKLETS = 2000
"""From here on one picture of each is enough."""

THUMBNAIL = (96, 192)
"""Width and height, pixels."""


def write_report(folder: RunFolder, record: Mapping[str, Any], identities: Sequence[Identity]) -> None:
    """Write the page of a run.

    Raises:
        OutputError: If it cannot be written.
    """
    identities = mark_said(folder, record, identities)
    site = _read_json(folder.path / "site.json")
    sizes = {entry["camera"]: entry.get("size") for entry in record["inputs"]}
    data = ReportData(
        title=folder.path.resolve().name,
        created=clock.now_text(),
        origin=_origin(record),
        cameras=[_camera(folder, name, entry, sizes.get(name)) for name, entry in record["cameras"].items()],
        identities=identities,
        thumbnails=_thumbnails(folder, identities),
        colours={identity.id: _hex(colour_of(identity.id)) for identity in identities},
        settings={**record["config"], "association found": record["association"]},
        timings=record["timings_s"],
        notes=_notes(record) + _stale(folder, record),
        gallery=_gallery(folder.path / "identities.json"),
        folder=str(folder.path),
        calibration=_read_json(folder.path / "calibration.json"),
        site=site,
        floor_paths=_floor_paths(folder, record, site, identities),
    )
    write_whole(folder.report, render_report(data))


def _camera(folder: RunFolder, name: str, entry: Mapping[str, Any], size: Sequence[int] | None) -> CameraSummary:
    return CameraSummary(
        name=name,
        frames=entry["frames"],
        first_time_s=entry["first_time_s"],
        last_time_s=entry["last_time_s"],
        size=None if size is None else (size[0], size[1]),
        people=entry["people"],
        video=folder.video(name).name if folder.video(name).is_file() else None,
    )


def _thumbnails(folder: RunFolder, identities: Sequence[Identity]) -> dict[tuple[str, int], list[bytes]]:
    """The best pictures of each tracklet that are on disk."""
    paths = {(crop.camera, crop.track_id, crop.frame): crop.path for crop in list_crops(folder.crops)}
    chosen: dict[tuple[str, int], list[bytes]] = {}
    most = CROPS_PER_TRACKLET if sum(len(identity.tracklets) for identity in identities) < MANY_TRACKLETS else 1
    for tracklet in (t for identity in identities for t in identity):
        worth = zip(-tracklet.feature_quality, crop_places(tracklet), strict=True)
        found = [paths[place] for _, place in sorted(worth) if place in paths]
        chosen[tracklet.key] = [_thumbnail(path) for path in found[:most]]
    return chosen


def _thumbnail(path: Path) -> bytes:
    """A crop as a small JPEG, so that a page of many people stays small."""
    import cv2

    try:  # not by cv2.imread, which ends the process where a name is no UTF-8
        image = read_image(path)
    except InputError:
        return b""
    small = cv2.resize(image, THUMBNAIL, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())


def _origin(record: Mapping[str, Any]) -> str:
    """When the run's time begins, and how that is known."""
    time = datetime.fromisoformat(record["origin_utc"]).strftime("%Y-%m-%d %H:%M:%S UTC")
    return time if record["origin_from"] == "--origin" else f"{time} ({record['origin_from']})"


def _notes(record: Mapping[str, Any]) -> list[str]:
    notes = [f"{entry['camera']}: {entry['error']}" for entry in record["inputs"] if entry.get("error")]
    for camera, entry in record["cameras"].items():
        if entry["damaged_packets"]:
            notes.append(f"{camera}: {entry['damaged_packets']} damaged packets were passed over")
        if entry["skipped_crops"]:
            notes.append(f"{camera}: {entry['skipped_crops']} crops gave no usable feature")
    return notes


def _stale(folder: RunFolder, record: Mapping[str, Any]) -> list[str]:
    """What to know of videos that are older than the identities."""
    settled = folder.path / "identities.json"
    if not settled.is_file() or record["status"] == "rendering":
        return []
    videos = [folder.video(name) for name in record["cameras"]]
    if not any(video.is_file() and video.stat().st_mtime < settled.stat().st_mtime for video in videos):
        return []
    return [
        "Identities were settled anew after the videos were rendered: numbers and colours in the videos may be older "
        "ones. `reidtrack associate` renders them again where its video option says so."
    ]


def _floor_paths(
    folder: RunFolder, record: Mapping[str, Any], site: Mapping[str, Any] | None, identities: Sequence[Identity]
) -> FloorPaths | None:
    """Paths, where a camera has a plan view; without one, a long file need not be read."""
    if not any(entry.get("homography") for entry in ((site or {}).get("cameras") or {}).values()):
        return None
    return read_plan(folder.path / "mtmc.txt", [entry["camera"] for entry in record["inputs"]], identities)


def _read_json(path: Path) -> Any:
    """What a run may have left; None where it has not."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _gallery(path: Path) -> dict[int, GalleryMatch]:
    """Who people are in a gallery, from `identities.json`."""
    entries = _read_json(path) or ()
    return {entry["id"]: GalleryMatch.from_json(entry["person"]) for entry in entries if entry.get("person")}


def _hex(bgr: tuple[int, int, int]) -> str:
    blue, green, red = bgr
    return f"#{red:02x}{green:02x}{blue:02x}"
