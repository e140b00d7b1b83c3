"""Where a person walked on the plan of the site, in the cameras that the user sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reidtrack.errors import InputError
from reidtrack.geometry import foot_points, project
from reidtrack.pipeline.run.floor_paths import DECIMALS, LEAST_STEP_S, even_path
from reidtrack.report.run.floor_plan import points_up
from reidtrack.runs.json_file import read_json
from reidtrack.server.data.library import RunSeen
from reidtrack.server.data.places import plain_file
from reidtrack.server.data.sightings import read_sightings
from reidtrack.types import DoubleArray

MOST_POINTS = 2000
"""Of a person's paths, about."""
MOST_LINES = 200_000
"""Lines of boxes that are looked at for one person: half a second; what lies beyond is said to be left out."""


def paths_of(run: RunSeen, entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Paths of a person of a run; None where no camera of theirs has a place on a plan.

    Args:
        run: The run.
        entry: The person, without what other cameras saw.

    Returns:
        `unit` of the plan, `up`: whether its y grows upwards, `step_s`, and `tracklets`, by time, each with `points`,
        one each step from `first_time_s` on. `whole` says whether nothing had to be left out.

    Raises:
        InputError: If `site.json` or the boxes cannot be read.
    """
    path = run.folder.path / "site.json"
    if path.is_symlink() or not path.is_file():
        return None
    site = run.made_once("site", lambda: read_json(path))
    homographies = _homographies(site, run)
    seen = [t for t in entry["tracklets"] if t["camera"] in homographies]
    if not seen:
        return None
    step_s = max(LEAST_STEP_S, sum(t["last_time_s"] - t["first_time_s"] for t in seen) / MOST_POINTS)
    left, whole, found = MOST_LINES, True, []
    for tracklet in sorted(seen, key=lambda t: (t["first_time_s"], t["camera"])):
        if not left:
            whole = False
            break
        times, boxes, used, complete = _boxes(run, tracklet, left)
        left, whole = left - used, whole and complete
        points = np.round(project(homographies[tracklet["camera"]], foot_points(boxes)), DECIMALS)
        if np.isfinite(points).any():
            about = {key: tracklet[key] for key in ("camera", "track_id", "last_time_s")}
            found.append(
                {**about, "first_time_s": float(times[0]), "points": even_path(times, points, step_s).tolist()}
            )
    sizes = {one.camera: one.size for one in run.manifest.inputs}
    up = points_up({camera: matrix.tolist() for camera, matrix in homographies.items()}, sizes)
    unit = site.get("unit") if isinstance(site.get("unit"), str) else None
    return {"unit": unit, "up": up, "step_s": step_s, "tracklets": found, "whole": whole} if found else None


def _homographies(site: Any, run: RunSeen) -> dict[str, DoubleArray]:
    """Camera to (3, 3), of those that the user sees and that have a place on the plan."""
    found = {}
    try:
        for camera in run.cameras:
            matrix = (site["cameras"].get(camera) or {}).get("homography")
            if matrix is not None:
                found[camera] = np.asarray(matrix, np.float64)
                if found[camera].shape != (3, 3) or not np.isfinite(found[camera]).all():
                    raise ValueError("no homography")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError("site.json cannot be read", hint="settle the run anew") from error
    return found


def _boxes(run: RunSeen, tracklet: Mapping[str, Any], most: int) -> tuple[DoubleArray, DoubleArray, int, bool]:
    """Times (T,) and boxes (T, 4) of a tracklet, about how many lines were looked at, and whether these are all."""
    lines = plain_file(run.folder.path / "sightings.jsonl")
    span = tracklet["first_time_s"] - 1e-6, tracklet["last_time_s"] + 1e-6
    page = read_sightings(lines, [tracklet["camera"]], *span, most=most, scan=most)
    own = [box for box in page.items if box["track_id"] == tracklet["track_id"]]
    times = np.array([box["time_s"] for box in own], np.float64)
    boxes = np.array([box["xyxy"] for box in own], np.float64).reshape(-1, 4)
    return times, boxes, min(most, max(1, len(page.items))), page.next is None
