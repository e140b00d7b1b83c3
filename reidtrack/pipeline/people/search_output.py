"""Outputs of a search: plain values, times as text, a picture of the ranking."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.benchmark.pictures import CELL_HW, PictureRow, draw_rows
from reidtrack.errors import InputError, UsageError
from reidtrack.files import write_lines
from reidtrack.image import read_image
from reidtrack.pipeline.embed import digest
from reidtrack.pipeline.people.gallery import utc
from reidtrack.pipeline.people.search import Hit, SearchRequest, SearchResult
from reidtrack.report.times import format_time
from reidtrack.types import ImageArray

logger = logging.getLogger(__name__)

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")


def search_to_json(request: SearchRequest, result: SearchResult) -> dict[str, Any]:
    """Plain values of a result; distances are cosine distances, times seconds since the run's origin and UTC."""
    data: dict[str, Any] = {
        "photo": str(request.photo),
        "box_xyxy": np.round(result.box_xyxy.astype(np.float64), 2).tolist(),
        "gallery": str(request.gallery),
        "weights": {"path": result.weights.path, "sha256": digest(result.weights)},
        "hits": [_hit(rank, hit, result) for rank, hit in enumerate(result.hits, 1)],
        "faults": list(result.faults),
    }
    if result.origin is not None:
        data["origin_utc"], data["origin_known"] = result.origin.isoformat(), result.origin_known
    return data


def _hit(rank: int, hit: Hit, result: SearchResult) -> dict[str, Any]:
    data: dict[str, Any] = {
        "rank": rank,
        "distance": round(hit.distance, 4),
        "picture": None if hit.picture is None else str(hit.picture),
    }
    if hit.sighting is not None:
        seen = hit.sighting
        data |= {
            "key": seen.key,
            "name": seen.name,
            "camera": seen.camera,
            "track_ids": list(seen.tracks),
            "source": {"kind": seen.source.kind, "path": seen.source.path},
            "first_utc": utc(seen.first_utc),
            "last_utc": utc(seen.last_utc),
        }
    if hit.visit is not None and result.origin is not None:
        visit = hit.visit
        data |= {
            "identity": visit.identity,
            "camera": visit.camera,
            "track_id": visit.track_id,
            "first_time_s": visit.first_time_s,
            "last_time_s": visit.last_time_s,
            "first_utc": (result.origin + timedelta(seconds=visit.first_time_s)).isoformat(timespec="milliseconds"),
            "last_utc": (result.origin + timedelta(seconds=visit.last_time_s)).isoformat(timespec="milliseconds"),
            "cameras": list(visit.cameras),
        }
    return data


def when(result: SearchResult, time_s: float) -> str:
    """Text of a time of a run: UTC where the run knows its origin, else the time since the origin."""
    if result.origin is not None and result.origin_known:
        return f"{result.origin + timedelta(seconds=time_s):%Y-%m-%d %H:%M:%S} UTC"
    return format_time(time_s)


def check_picture(path: Path) -> None:
    """Raise unless a file's ending names an image format.

    Raises:
        UsageError: If it ends in none of `PICTURE_SUFFIXES`.
    """
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        raise UsageError(
            "its ending names no picture format", field="picture", where=path, expected=" or ".join(PICTURE_SUFFIXES)
        )


def write_picture(path: Path, result: SearchResult) -> None:
    """Draw the person searched for and the hits beside, each with rank and distance; grey where there is no picture.

    Raises:
        UsageError: If the name's ending is not one of `PICTURE_SUFFIXES`.
        OutputError: If it cannot be written.
    """
    import cv2

    check_picture(path)
    distance = np.array([hit.distance for hit in result.hits], np.float32)
    row = PictureRow(result.crop, "photo", [_picture(hit.picture) for hit in result.hits], distance, None)
    write_lines(path, [cv2.imencode(path.suffix.lower(), draw_rows([row]))[1].tobytes()])


def _picture(path: Path | None) -> ImageArray:
    if path is not None:
        try:
            return read_image(path)
        except InputError as error:
            logger.warning("%s", error)
    return np.full((*CELL_HW, 3), 225, np.uint8)
