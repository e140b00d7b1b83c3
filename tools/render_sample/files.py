"""The files beside the videos: MOTChallenge ground truth, boxes to ignore, plan positions, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from tools.render_sample.cameras import HEIGHT, WIDTH, Camera
from tools.render_sample.truth import Seen

COUNTED_VISIBILITY = 0.4
"""Less visible people need not be found: their rows carry flag 0 and they stand in the file of boxes to ignore."""
_PERSON = 1


def write_boxes(folder: Path, camera: str, frames: Sequence[Sequence[Seen]]) -> None:
    """Write `<camera>.txt` (frame,id,left,top,width,height,flag,class,visibility) and `ignore_<camera>.txt`."""
    rows, ignored = [], []
    for number, people in enumerate(frames, 1):
        for person in people:
            left, top, right, bottom = person.xyxy
            counts = person.visibility >= COUNTED_VISIBILITY
            box = f"{number},{person.number},{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f}"
            row = f"{box},{int(counts)},{_PERSON},{person.visibility:.3f}\n"
            rows.append(row)
            if not counts:
                ignored.append(row)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{camera}.txt").write_text("".join(rows), encoding="ascii")
    (folder / f"ignore_{camera}.txt").write_text("".join(ignored), encoding="ascii")


def write_plan(path: Path, places_m: np.ndarray, fps: int) -> None:
    """Write where everybody is at each frame, seen or not: frame,time_s,id,x_m,y_m.

    Args:
        path: The file.
        places_m: (frames, people, 2), identity 1 first.
        fps: Frames a second.
    """
    lines = ["frame,time_s,id,x_m,y_m\n"]
    for index, people in enumerate(places_m):
        for number, (x, y) in enumerate(people, 1):
            lines.append(f"{index + 1},{index / fps:.4f},{number},{x:.3f},{y:.3f}\n")
    path.write_text("".join(lines), encoding="ascii")


def write_calibration(path: Path, cameras: Sequence[Camera]) -> None:
    """Write K, R, t (OpenCV's axes, metres, no distortion) and the homography of ground pixels to plan metres."""
    content = {
        camera.name: {
            "image_size": [WIDTH, HEIGHT],
            "K": camera.intrinsics.tolist(),
            "R": camera.rotation.tolist(),
            "t": camera.translation.tolist(),
            "image_to_plan": camera.image_to_plan.tolist(),
        }
        for camera in cameras
    }
    text = (
        "# x_camera = R x_world + t, pixel = K x_camera; image_to_plan maps pixels of the ground (z = 0) to metres.\n"
        + yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=120)
    )
    path.write_text(text, encoding="ascii")
