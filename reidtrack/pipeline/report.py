"""Gathers what `report.html` shows and writes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reidtrack.files import write_whole
from reidtrack.identity.features import read_tracklets
from reidtrack.pipeline.crops import list_crops
from reidtrack.pipeline.folder import RunFolder
from reidtrack.report.page import render_report
from reidtrack.report.record import CameraSummary, ReportData
from reidtrack.types import Identity
from reidtrack.video.palette import colour_of

CROPS_PER_TRACKLET = 3


def write_report(folder: RunFolder, record: Mapping[str, Any], identities: Sequence[Identity]) -> None:
    """Write the page of a run.

    Raises:
        OutputError: If it cannot be written.
    """
    sizes = {entry["camera"]: entry.get("size") for entry in record["inputs"]}
    data = ReportData(
        title=folder.path.resolve().name,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        origin=str(record["origin_utc"]),
        cameras=[_camera(folder, name, entry, sizes.get(name)) for name, entry in record["cameras"].items()],
        identities=identities,
        crops=_crops(folder),
        colours={identity.id: _hex(colour_of(identity.id)) for identity in identities},
        settings=record["config"],
        timings=record["timings_s"],
        notes=_notes(record),
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


def _crops(folder: RunFolder) -> dict[tuple[str, int], list[bytes]]:
    """The best pictures of each tracklet that are on disk."""
    table = read_tracklets(folder.tracklets)
    columns = zip(table.camera.tolist(), table.track_id.tolist(), table.frame.tolist(), table.quality, strict=True)
    quality = {(table.cameras[c], track_id, frame): float(q) for c, track_id, frame, q in columns}
    ranked = defaultdict(list)
    for crop in list_crops(folder.crops):
        worth = quality.get((crop.camera, crop.track_id, crop.frame), 0.0)
        ranked[crop.camera, crop.track_id].append((-worth, crop.frame, crop.path))
    return {
        key: [path.read_bytes() for *_, path in sorted(found)[:CROPS_PER_TRACKLET]] for key, found in ranked.items()
    }


def _notes(record: Mapping[str, Any]) -> list[str]:
    notes = [f"{entry['camera']}: {entry['error']}" for entry in record["inputs"] if entry.get("error")]
    for camera, entry in record["cameras"].items():
        if entry["damaged_packets"]:
            notes.append(f"{camera}: {entry['damaged_packets']} damaged packets were passed over")
        if entry["skipped_crops"]:
            notes.append(f"{camera}: {entry['skipped_crops']} crops gave no usable feature")
    return notes


def _hex(bgr: tuple[int, int, int]) -> str:
    blue, green, red = bgr
    return f"#{red:02x}{green:02x}{blue:02x}"
